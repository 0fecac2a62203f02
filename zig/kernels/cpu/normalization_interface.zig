//! Log-softmax, and the gradients of softmax and of norms, one row of f32 at a time.

const Flow = @import("rows_interface.zig").Flow;

pub const Table = extern struct {
    /// `out = x - log(sum(e^x))`; `out` may be `x`. A row of only -inf gives NaN, as PyTorch's
    /// does.
    log_softmax: *const fn (
        out: [*]f32,
        x: [*]const f32,
        count: usize,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// The gradient of `y = softmax(scale * x)`: `out = scale * y * (gradient - sum(gradient * y))`.
    /// `out` may be either operand.
    softmax_gradient: *const fn (
        out: [*]f32,
        y: [*]const f32,
        gradient: [*]const f32,
        count: usize,
        scale: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// The gradient of `y = log_softmax(x)`: `out = gradient - e^y * sum(gradient)`. `out` may be
    /// either operand.
    log_softmax_gradient: *const fn (
        out: [*]f32,
        y: [*]const f32,
        gradient: [*]const f32,
        count: usize,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// The gradient of `rmsnorm(x)` goes to `out`, which may be `x` or `gradient`; that of its
    /// weight is added to `weight_gradient`.
    rmsnorm_gradient: *const fn (
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        gradient: [*]const f32,
        weight_gradient: [*]f32,
        count: usize,
        epsilon: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// The gradient of `layernorm(x)` goes to `out`, which may be `x` or `gradient`; those of its
    /// weight and bias are added to the others.
    layernorm_gradient: *const fn (
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        gradient: [*]const f32,
        weight_gradient: [*]f32,
        bias_gradient: [*]f32,
        count: usize,
        epsilon: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// `out[i] += x[i]`.
    add_row: *const fn (out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void,
};
