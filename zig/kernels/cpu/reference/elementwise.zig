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
        .log => @log(x),
        .abs => @abs(x),
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
        .pow => @floatCast(std.math.pow(f64, a, b)),
    };
}

/// `f(x, first, second)` in f64.
pub fn parametric(function: interface.Parametric, x: f64, first: f64, second: f64) f64 {
    return switch (function) {
        .leaky_relu => if (x > 0) x else first * x,
        .elu => if (x > 0) x else first * std.math.expm1(x),
        .softplus => if (first * x > second) x else std.math.log1p(@exp(first * x)) / first,
        .clamp => @min(@max(x, first), second),
        .pow => std.math.pow(f64, x, first),
    };
}

/// `gradient * f'(saved, first, second)` in f64.
pub fn derivative(function: interface.Derivative, g: f64, s: f64, first: f64, second: f64) f64 {
    const sigmoid = 1 / (1 + @exp(-s));
    return switch (function) {
        .relu => if (s <= 0) 0 else g,
        .silu => g * sigmoid * (1 + s * (1 - sigmoid)),
        .gelu => blk: {
            const density = @exp(-0.5 * s * s) / @sqrt(2 * std.math.pi);
            break :blk g * (0.5 * erfc(-s * std.math.sqrt1_2) + s * density);
        },
        .gelu_tanh => blk: {
            const root = @sqrt(2.0 / std.math.pi);
            const t = std.math.tanh(root * (s + 0.044715 * s * s * s));
            const inner_slope = root * (1 + 3 * 0.044715 * s * s);
            break :blk g * (0.5 * (1 + t) + 0.5 * s * (1 - t * t) * inner_slope);
        },
        .sigmoid => g * s * (1 - s),
        .tanh => g * (1 - s * s),
        .sqrt => g / (2 * s),
        .abs => g * std.math.sign(s),
        .leaky_relu => if (s > 0) g else g * first,
        .elu => if (s <= 0) g * first * @exp(s) else g,
        .softplus => if (first * s > second) g else g / (1 + @exp(-first * s)),
        .clamp => if (s >= first and s <= second) g else 0,
        .pow => if (first == 0) 0 else g * first * std.math.pow(f64, s, first - 1),
    };
}

/// `f(a, b, c)` in f64.
pub fn ternary(function: interface.Ternary, a: f64, b: f64, c: f64) f64 {
    return switch (function) {
        .where => if (a != 0) b else c,
        .maximum_share => if (b < c) 0 else if (b == c) a / 2 else a,
        .minimum_share => if (b > c) 0 else if (b == c) a / 2 else a,
        .pow_base => if (c == 0) 0 else a * c * std.math.pow(f64, b, c - 1),
        .pow_exponent => if (b == 0 and c >= 0) 0 else a * std.math.pow(f64, b, c) * @log(b),
    };
}

pub fn siluMul(out: []f32, gate: []const f32, up: []const f32) void {
    for (out, gate, up) |*y, g, u| y.* = @floatCast(exact(.silu, g) * u);
}
