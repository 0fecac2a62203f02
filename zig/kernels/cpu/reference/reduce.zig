//! Scalar references of the reductions, computed in f64. Tests only.

const std = @import("std");
const interface = @import("../reduce_interface.zig");
const Shape = @import("../threaded/reduce.zig").Shape;

/// `out [outer][inner]` from `x [outer][reduced][inner]`.
pub fn reduce(
    reduction: interface.Reduction,
    out: []f32,
    x: []const f32,
    shape: Shape,
    centers: []const f32,
) void {
    for (out, 0..) |*result, i| {
        var value: f64 = switch (reduction) {
            .sum, .squares => 0,
            .max => -std.math.inf(f64),
            .min => std.math.inf(f64),
        };
        for (0..shape.reduced) |r| {
            const row = i / shape.inner * shape.reduced + r;
            const number: f64 = x[row * shape.inner + i % shape.inner];
            const difference = number - if (reduction == .squares) centers[i] else 0;
            switch (reduction) {
                .sum => value += number,
                .squares => value += difference * difference,
                .max => if (number > value or std.math.isNan(number)) {
                    value = number;
                },
                .min => if (number < value or std.math.isNan(number)) {
                    value = number;
                },
            }
            if (std.math.isNan(value)) break;
        }
        result.* = @floatCast(value);
    }
}

/// Index along the middle of the extreme, the first of equals, the first NaN.
pub fn indexOfExtreme(extreme: interface.Extreme, out: []i32, x: []const f32, shape: Shape) void {
    for (out, 0..) |*result, i| {
        const first = x[i / shape.inner * shape.reduced * shape.inner + i % shape.inner ..];
        var best: usize = 0;
        for (0..shape.reduced) |r| {
            const number = first[r * shape.inner];
            const known = first[best * shape.inner];
            if (std.math.isNan(known)) break;
            const beyond = if (extreme == .max) number > known else number < known;
            if (beyond or std.math.isNan(number)) best = r;
        }
        result.* = @intCast(best);
    }
}
