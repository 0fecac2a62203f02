//! Scalar references of the losses, in f64. Tests only.

const std = @import("std");
const interface = @import("../losses_interface.zig");

/// Writes losses and derivatives; returns the sum of the losses.
pub fn pointwise(function: interface.Pointwise, span: *const interface.PointwiseSpan) f64 {
    var total: f64 = 0;
    for (0..span.count) |i| {
        const x: f64 = span.x[i];
        const target: f64 = span.target[i];
        const weight: f64 = if (span.weight) |w| w[i] else 1;
        const positive: f64 = if (span.positive_weight) |w| w[i] else 1;
        const result = element(function, x, target, positive, span.delta);
        const loss = weight * result[0];
        total += loss;
        if (span.loss) |out| out[i] = @floatCast(loss);
        if (span.gradient) |out| out[i] = @floatCast(weight * span.scale * result[1]);
    }
    return total;
}

/// Loss and derivative.
fn element(function: interface.Pointwise, x: f64, target: f64, positive: f64, delta: f64) [2]f64 {
    const d = x - target;
    switch (function) {
        .squared => return .{ d * d, 2 * d },
        .absolute => return .{ @abs(d), std.math.sign(d) },
        .huber => return if (@abs(d) <= delta)
            .{ d * d / 2, d }
        else
            .{ delta * (@abs(d) - delta / 2), delta * std.math.sign(d) },
        .binary_cross_entropy => {
            const probability = 1 / (1 + @exp(-x));
            const log1p = std.math.log1p;
            const loss = positive * target * log1p(@exp(-x)) + (1 - target) * log1p(@exp(x));
            return .{ loss, (1 - target + positive * target) * probability - positive * target };
        },
        .divergence => {
            const entropy = if (target == 0) 0 else target * @log(target);
            return .{ entropy - target * x, -target };
        },
        .log_divergence => return .{ @exp(target) * (target - x), -@exp(target) },
    }
}

/// Writes the derivatives; returns the loss.
pub fn crossEntropy(row: *const interface.ClassRow) f64 {
    const x = row.x[0..row.count];
    var highest: f64 = -std.math.inf(f64);
    for (x) |value| highest = @max(highest, value);
    var total: f64 = 0;
    for (x) |value| total += @exp(value - highest);
    var loss: f64 = 0;
    var shares: f64 = 0;
    for (x, 0..) |value, i| {
        const share = shareOf(row, i);
        if (share != 0) loss -= share * (value - highest - @log(total));
        shares += share;
    }
    const gradient = row.gradient orelse return loss;
    for (x, 0..) |value, i| {
        const probability = @exp(value - highest) / total;
        gradient[i] = @floatCast(row.scale * (shares * probability - shareOf(row, i)));
    }
    return loss;
}

fn shareOf(row: *const interface.ClassRow, i: usize) f64 {
    const hard: f64 = if (row.probabilities) |p| p[i] else if (i == row.label) 1 else 0;
    const even = row.smoothing / @as(f64, @floatFromInt(row.count));
    const weight: f64 = if (row.weight) |w| w[i] else 1;
    return weight * ((1 - row.smoothing) * hard + even);
}
