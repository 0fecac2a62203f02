//! Log-softmax, and gradients of softmax and norms, in double precision.

const std = @import("std");

pub fn logSoftmax(out: []f32, x: []const f32) void {
    var highest: f64 = -std.math.inf(f64);
    for (x) |value| highest = @max(highest, value);
    var total: f64 = 0;
    for (x) |value| total += @exp(value - highest);
    for (out, x) |*y, value| y.* = @floatCast(value - highest - @log(total));
}

pub fn softmaxGradient(out: []f32, y: []const f32, gradient: []const f32, scale: f64) void {
    var total: f64 = 0;
    for (y, gradient) |value, given| total += @as(f64, value) * given;
    for (out, y, gradient) |*result, value, given| {
        result.* = @floatCast(scale * value * (given - total));
    }
}

pub fn logSoftmaxGradient(out: []f32, y: []const f32, gradient: []const f32) void {
    var total: f64 = 0;
    for (gradient) |given| total += given;
    for (out, y, gradient) |*result, value, given| {
        result.* = @floatCast(given - @exp(@as(f64, value)) * total);
    }
}

/// The gradient of `x * weight`; that of the weight is added.
pub fn rowProductGradient(
    out: []f32,
    x: []const f32,
    weight: []const f32,
    gradient: []const f32,
    weight_gradient: []f32,
) void {
    for (out, x, weight, gradient, 0..) |*result, value, w, given, i| {
        result.* = given * w;
        weight_gradient[i] += given * value;
    }
}

/// The gradient of a layer norm; without `bias_gradient`, of a root mean square norm. Gradients of
/// parameters are added.
pub fn normGradient(
    out: []f32,
    x: []const f32,
    weight: []const f32,
    gradient: []const f32,
    weight_gradient: []f32,
    bias_gradient: ?[]f32,
    epsilon: f64,
) void {
    const n: f64 = @floatFromInt(x.len);
    var mean: f64 = 0;
    if (bias_gradient != null) {
        for (x) |value| mean += value / n;
    }
    var variance: f64 = 0;
    for (x) |value| variance += (value - mean) * (value - mean) / n;
    const inverse = 1 / @sqrt(variance + epsilon);
    var total: f64 = 0;
    var product: f64 = 0;
    for (x, weight, gradient) |value, w, given| {
        total += @as(f64, given) * w / n;
        product += @as(f64, given) * w * (value - mean) * inverse / n;
    }
    if (bias_gradient == null) total = 0;
    for (out, x, weight, gradient, 0..) |*result, value, w, given, i| {
        const normed = (value - mean) * inverse;
        result.* = @floatCast(inverse * (@as(f64, given) * w - total - normed * product));
        weight_gradient[i] += @floatCast(given * normed);
        if (bias_gradient) |sums| sums[i] += given;
    }
}
