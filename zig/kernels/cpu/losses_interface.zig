//! Kernels of losses: value and gradient in one pass.

const Flow = @import("rows_interface.zig").Flow;

/// Losses of single elements. The codes are part of the ABI.
pub const Pointwise = enum(u32) {
    /// `(x - t)^2`.
    squared = 0,
    /// `|x - t|`.
    absolute = 1,
    /// Squared near 0, absolute from `delta` on.
    huber = 2,
    /// Cross entropy of `sigmoid(x)` with the probability t.
    binary_cross_entropy = 3,
    /// `t (log t - x)`, 0 where t is 0.
    divergence = 4,
    /// `e^t (t - x)`: the target is a logarithm too.
    log_divergence = 5,
};

/// `count` elements of x and target, and what belongs to them.
pub const PointwiseSpan = extern struct {
    x: [*]const f32,
    target: [*]const f32,
    /// Factors of the elements' losses.
    weight: ?[*]const f32 = null,
    /// Factors of the positive part of `binary_cross_entropy`.
    positive_weight: ?[*]const f32 = null,
    /// Takes the elements' losses.
    loss: ?[*]f32 = null,
    /// Takes the derivatives of the losses times `scale`.
    gradient: ?[*]f32 = null,
    delta: f32 = 1,
    scale: f32 = 1,
    count: usize,
};

/// One row of logits with its class or the probabilities of the classes.
pub const ClassRow = extern struct {
    x: [*]const f32,
    /// Probabilities of the classes; null when `label` is the class.
    probabilities: ?[*]const f32 = null,
    /// Below `count`.
    label: usize = 0,
    /// Factors of the classes.
    weight: ?[*]const f32 = null,
    /// Takes the derivatives of the loss times `scale`; may not be `x`.
    gradient: ?[*]f32 = null,
    /// Share of the target that is spread evenly over the classes.
    smoothing: f32 = 0,
    scale: f32 = 1,
    count: usize,
    flow: ?*const Flow = null,
};

pub const Table = extern struct {
    /// Returns the sum of the losses.
    pointwise: *const fn (function: Pointwise, span: *const PointwiseSpan) callconv(.c) f64,
    /// Returns the cross entropy of `softmax(x)` with the target.
    cross_entropy: *const fn (row: *const ClassRow) callconv(.c) f64,
};
