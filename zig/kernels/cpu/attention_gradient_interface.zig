//! Gradients of attention, without the matrix of scores: weights are computed again from each
//! row's log-sum-exp, tile by tile (Dao et al. 2022).

const std = @import("std");
const attention = @import("attention_interface.zig");

pub const Strides = attention.Strides;
pub const Mask = attention.Mask;
pub const Dropout = attention.Dropout;

/// Gradients of the numbers that were added to the scores; strides may be 0, to sum.
pub const MaskGradient = extern struct {
    data: [*]f32,
    strides: Strides,
};

/// The gradients that a range of one key/value head's keys gives. Rows of every operand are
/// `head_size` neighbours.
pub const Job = extern struct {
    /// The query heads that share the key/value head.
    query: [*]const f32,
    query_strides: Strides,
    /// The gradient of the output, for the same heads.
    gradient: [*]const f32,
    gradient_strides: Strides,
    /// `head` of both strides is not used.
    key: [*]const f32,
    key_strides: Strides,
    value: [*]const f32,
    value_strides: Strides,
    mask: ?*const Mask,
    dropout: ?*const Dropout,

    /// Of each row, `[head][position]`: the logarithm of its sum of exponentials, and the product of
    /// its output with the output's gradient.
    log_sums: [*]const f32,
    products: [*]const f32,
    row_head_stride: usize,

    /// Written; in a causal job positions before the range get zeros.
    query_gradient: [*]f32,
    query_gradient_strides: Strides,
    /// Written, at the range's keys.
    key_gradient: [*]f32,
    value_gradient: [*]f32,
    /// From one key to the next in both.
    key_gradient_stride: usize,
    /// Is added to where there is one.
    mask_gradient: ?*const MaskGradient,

    group: usize,
    head_size: usize,
    query_count: usize,
    /// The range, at least one key; begins at a multiple of `tile`.
    key_begin: usize,
    key_end: usize,
    /// Position p sees keys 0 to p only.
    causal: bool,
    /// Multiplied the scores.
    scale: f32,
    /// `workspaceFloats(head_size)` floats.
    workspace: [*]align(64) f32,
};

/// Keys, and query positions, handled at a time.
pub const tile = attention.key_tile;

/// Floats of workspace that one job needs.
pub fn workspaceFloats(head_size: usize) usize {
    return 2 * tile * attention.paddedSize(head_size) + 2 * tile * tile;
}

pub const Table = extern struct {
    backward: *const fn (job: *const Job) callconv(.c) void,
    /// `sum(a[i] * b[i])`.
    dot: *const fn (a: [*]const f32, b: [*]const f32, count: usize) callconv(.c) f32,
};
