//! Log-softmax, and the gradients of softmax and of norms, one row of f32 at a time.

const Flow = @import("rows_interface.zig").Flow;

/// What rows went through before they were multiplied by a weight.
pub const NormKind = enum(u32) { layer_norm, rms_norm, product };

/// Rows `[rows][columns]` of a norm's operand and gradient.
pub const NormRows = extern struct {
    kind: NormKind,
    /// Takes the gradient of x; may be `x` or `gradient`.
    out: [*]f32,
    x: [*]const f32,
    /// `[columns]`.
    weight: [*]const f32,
    gradient: [*]const f32,
    /// `[columns]`: what the rows give is added.
    weight_gradient: [*]f32,
    /// As `weight_gradient`, for layer norms; null for what has no bias.
    bias_gradient: ?[*]f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
    /// Whether operands and result are larger than the caches, see `Flow`.
    flows: bool,
};

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
    /// The gradients of norms of rows, or of their products with a weight.
    norm_gradient: *const fn (norm: *const NormRows) callconv(.c) void,
    /// `out[i] += x[i]`.
    add_row: *const fn (out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void,
};
