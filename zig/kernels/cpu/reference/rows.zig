//! Scalar references of the row kernels, summed in f64. Tests only.

const std = @import("std");
const interface = @import("../rows_interface.zig");

pub fn softmax(out: []f32, x: []const f32, scale: f32) void {
    var highest: f64 = -std.math.inf(f64);
    for (x) |value| highest = @max(highest, @as(f64, value) * scale);
    var total: f64 = 0;
    for (x) |value| total += @exp(@as(f64, value) * scale - highest);
    for (out, x) |*y, value| y.* = @floatCast(@exp(@as(f64, value) * scale - highest) / total);
}

pub fn rmsnorm(out: []f32, x: []const f32, weight: []const f32, epsilon: f32) void {
    var total: f64 = 0;
    for (x) |value| total += @as(f64, value) * value;
    const root = @sqrt(total / @as(f64, @floatFromInt(x.len)) + epsilon);
    for (out, x, weight) |*y, value, w| y.* = @floatCast(value / root * w);
}

pub fn layernorm(
    out: []f32,
    x: []const f32,
    weight: []const f32,
    bias: ?[]const f32,
    epsilon: f32,
) void {
    const n: f64 = @floatFromInt(x.len);
    var mean: f64 = 0;
    for (x) |value| mean += value / n;
    var variance: f64 = 0;
    for (x) |value| variance += (value - mean) * (value - mean) / n;
    const root = @sqrt(variance + epsilon);
    for (out, x, weight, 0..) |*y, value, w, i| {
        y.* = @floatCast((value - mean) / root * w + if (bias) |b| b[i] else 0);
    }
}

pub fn rope(
    out: []f32,
    x: []const f32,
    cosines: []const f32,
    sines: []const f32,
    style: interface.RopeStyle,
) void {
    const pairs = x.len / 2;
    for (cosines[0..pairs], sines[0..pairs], 0..) |cosine, sine, i| {
        const first = if (style == .half) i else 2 * i;
        const second = if (style == .half) i + pairs else 2 * i + 1;
        out[first] = @floatCast(@as(f64, x[first]) * cosine - @as(f64, x[second]) * sine);
        out[second] = @floatCast(@as(f64, x[second]) * cosine + @as(f64, x[first]) * sine);
    }
}

pub fn argmax(x: []const f32) u32 {
    var best: ?usize = null;
    for (x, 0..) |value, i| {
        if (std.math.isNan(value)) continue;
        if (best == null or value > x[best.?]) best = i;
    }
    return @intCast(best orelse 0);
}
