//! Functions of single elements, their gradients, and reductions.

const call = @import("call.zig").call;
const elementwise = @import("../ops/elementwise.zig");
const elementwise_gradients = @import("../ops/elementwise_gradients.zig");
const reduction = @import("../ops/reduction.zig");

/// f(x), with a code of kernels/cpu/elementwise_interface.zig; out 0 makes it, here and below.
export fn q_unary(kind: u32, x: u32, out: u32) i32 {
    return call(elementwise.unary, .{ kind, x, out });
}

/// a op b with broadcasting.
export fn q_binary(kind: u32, a: u32, b: u32, out: u32) i32 {
    return call(elementwise.binary, .{ kind, a, b, out });
}

/// x op value, or value op x when reversed.
export fn q_binary_scalar(kind: u32, x: u32, value: f32, reversed: u32, out: u32) i32 {
    return call(elementwise.binaryScalar, .{ kind, x, value, reversed, out });
}

/// f(x) with two parameters.
export fn q_parametric(kind: u32, x: u32, first: f32, second: f32, out: u32) i32 {
    return call(elementwise.parametric, .{ kind, x, first, second, out });
}

/// f(a, b, c) with broadcasting.
export fn q_ternary(kind: u32, a: u32, b: u32, c: u32, out: u32) i32 {
    return call(elementwise.ternary, .{ kind, a, b, c, out });
}

/// gradient * f'(saved) with two parameters.
export fn q_derivative(
    kind: u32,
    gradient: u32,
    saved: u32,
    first: f32,
    second: f32,
    out: u32,
) i32 {
    return call(elementwise_gradients.derivative, .{ kind, gradient, saved, first, second, out });
}

/// silu(gate) * up.
export fn q_silu_mul(gate: u32, up: u32, out: u32) i32 {
    return call(elementwise.siluMul, .{ gate, up, out });
}

/// Writes the gradients of silu(gate) * up; the outputs are required.
export fn q_silu_mul_gradients(gradient: u32, gate: u32, up: u32, gate_out: u32, up_out: u32) i32 {
    return call(elementwise_gradients.siluMulGradients, .{ gradient, gate, up, gate_out, up_out });
}

/// x with a share of its elements 0, the others scaled up; the same seed gives the same mask.
export fn q_dropout(x: u32, probability: f32, low: u32, high: u32, out: u32) i32 {
    return call(elementwise_gradients.dropout, .{ x, probability, low, high, out });
}

// Reductions.

/// Reduces the axes whose bits are set, with a code of ops/reduction.zig; correction: see variance.
export fn q_reduce(kind: u32, x: u32, axes: u32, keep_dims: u32, correction: f32) i32 {
    return call(reduction.reduce, .{ kind, x, axes, keep_dims, correction });
}

/// Sums x down to a shape that broadcasts to x's; parameters: sizes.
export fn q_sum_to(x: u32, rank: u32) i32 {
    return call(reduction.sumTo, .{ x, rank });
}

/// Indices along one axis, i32, of the largest (kind 0) or smallest (1) elements.
export fn q_index_of_extreme(kind: u32, x: u32, axis: u32, keep_dims: u32) i32 {
    return call(reduction.indexOfExtreme, .{ kind, x, axis, keep_dims });
}
