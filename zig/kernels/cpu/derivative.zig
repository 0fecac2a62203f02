//! Gradients of functions of single elements in one pass: `gradient * f'(saved)`. Where a function
//! has a corner, PyTorch's choice.

const simd = @import("simd.zig");
const math = @import("math.zig");
const power = @import("parametric.zig").power;
const interface = @import("elementwise_interface.zig");

const V = simd.V;
const lanes = simd.lanes;

/// The kernel with one way of writing its results.
pub fn Derivative(comptime stores: simd.Stores) type {
    return struct {
        pub fn derivative(
            function: interface.Derivative,
            out: [*]f32,
            gradient: [*]const f32,
            saved: [*]const f32,
            first: f32,
            second: f32,
            count: usize,
        ) callconv(.c) void {
            @setEvalBranchQuota(20_000);
            switch (function) {
                inline else => |f| {
                    var i: usize = 0;
                    while (i + lanes <= count) : (i += lanes) {
                        const g = simd.loadFor(stores, gradient + i);
                        const s = simd.loadFor(stores, saved + i);
                        simd.storeBy(stores, out + i, apply(f, g, s, first, second));
                    }
                    simd.release(stores);
                    if (i == count) return;
                    const rest = count - i;
                    const g = simd.loadPart(gradient + i, rest, 0);
                    const s = simd.loadPart(saved + i, rest, 0);
                    simd.storePart(out + i, apply(f, g, s, first, second), rest);
                },
            }
        }
    };
}

inline fn splat(value: f32) V {
    return @splat(value);
}

inline fn apply(comptime function: interface.Derivative, g: V, s: V, first: f32, second: f32) V {
    const a = splat(first);
    const b = splat(second);
    const zero = splat(0);
    const one = splat(1);
    return switch (function) {
        .relu => @select(f32, s <= zero, zero, g),
        .silu => g * siluSlope(s, math.sigmoid(s)),
        .gelu => g * math.normalSlope(s),
        .gelu_tanh => g * geluTanhSlope(s),
        .sigmoid => g * (one - s) * s,
        .tanh => g * (one - s * s),
        .sqrt => g / (s + s),
        .abs => @select(f32, s > zero, g, @select(f32, s < zero, -g, zero)),
        .leaky_relu => @select(f32, s > zero, g, g * a),
        .elu => @select(f32, s <= zero, g * a * math.exp(s), g),
        .softplus => @select(f32, a * s > b, g, g * math.sigmoid(a * s)),
        .clamp => @select(f32, (s >= a) & (s <= b), g, zero),
        .pow => if (first == 0) zero else g * (a * power(s, first - 1)),
    };
}

inline fn siluSlope(x: V, sigmoid: V) V {
    const one = splat(1);
    return sigmoid * simd.mulAdd(x, one - sigmoid, one);
}

/// The function is `x sigmoid(2u)` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`.
inline fn geluTanhSlope(x: V) V {
    const one = splat(1);
    const twice_root = splat(2 * 0.79788456080286536);
    const square = x * x;
    const inner = twice_root * simd.mulAdd(splat(0.044715) * square, x, x);
    const inner_slope = twice_root * simd.mulAdd(splat(3 * 0.044715), square, one);
    const sigmoid = math.sigmoid(inner);
    return sigmoid * simd.mulAdd(x * (one - sigmoid), inner_slope, one);
}

pub fn siluMulGradients(
    gate_out: [*]f32,
    up_out: [*]f32,
    gradient: [*]const f32,
    gate: [*]const f32,
    up: [*]const f32,
    count: usize,
) callconv(.c) void {
    @setEvalBranchQuota(20_000);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        const g = simd.load(gradient + i);
        const x = simd.load(gate + i);
        const sigmoid = math.sigmoid(x);
        const gate_gradient = g * simd.load(up + i) * siluSlope(x, sigmoid);
        simd.store(up_out + i, g * x * sigmoid);
        simd.store(gate_out + i, gate_gradient);
    }
    if (i == count) return;
    const rest = count - i;
    const g = simd.loadPart(gradient + i, rest, 0);
    const x = simd.loadPart(gate + i, rest, 0);
    const sigmoid = math.sigmoid(x);
    const gate_gradient = g * simd.loadPart(up + i, rest, 0) * siluSlope(x, sigmoid);
    simd.storePart(up_out + i, g * x * sigmoid, rest);
    simd.storePart(gate_out + i, gate_gradient, rest);
}
