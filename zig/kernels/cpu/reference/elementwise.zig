//! Scalar references of the elementwise kernels, computed in f64. Tests only.

const std = @import("std");
const interface = @import("../elementwise_interface.zig");

pub extern "c" fn erf(x: f64) f64;
pub extern "c" fn erfc(x: f64) f64;

/// `f(x)` in f64.
pub fn exact(function: interface.Unary, x: f64) f64 {
    return switch (function) {
        .relu => if (x < 0) 0 else x,
        .silu => x / (1 + @exp(-x)),
        .gelu => x * 0.5 * erfc(-x * std.math.sqrt1_2),
        .gelu_tanh => x / (1 + @exp(-2 * @sqrt(2.0 / std.math.pi) * (x + 0.044715 * x * x * x))),
        .sigmoid => 1 / (1 + @exp(-x)),
        .tanh => std.math.tanh(x),
        .exp => @exp(x),
        .neg => -x,
        .sqrt => @sqrt(x),
        .erf => erf(x),
    };
}

pub fn unary(function: interface.Unary, out: []f32, x: []const f32) void {
    for (out, x) |*y, value| y.* = @floatCast(exact(function, value));
}

pub fn binaryValue(function: interface.Binary, a: f32, b: f32) f32 {
    return switch (function) {
        .add => a + b,
        .sub => a - b,
        .mul => a * b,
        .div => a / b,
        .maximum => if (std.math.isNan(a) or a > b) a else b,
        .minimum => if (std.math.isNan(a) or a < b) a else b,
        .equal => @floatFromInt(@intFromBool(a == b)),
        .not_equal => @floatFromInt(@intFromBool(a != b)),
        .less => @floatFromInt(@intFromBool(a < b)),
        .less_equal => @floatFromInt(@intFromBool(a <= b)),
        .greater => @floatFromInt(@intFromBool(a > b)),
        .greater_equal => @floatFromInt(@intFromBool(a >= b)),
    };
}

pub fn siluMul(out: []f32, gate: []const f32, up: []const f32) void {
    for (out, gate, up) |*y, g, u| y.* = @floatCast(exact(.silu, g) * u);
}
