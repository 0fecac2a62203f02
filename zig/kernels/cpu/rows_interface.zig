//! Kernels that work on one row at a time: softmax, norms, rotary embedding, look-up, sampling.

const DType = @import("../../core/dtype.zig").DType;

/// Which elements of a head are turned together. The codes are part of the ABI.
pub const RopeStyle = enum(u32) {
    /// (0, 1), (2, 3), ...
    neighbouring = 0,
    /// (0, n/2), (1, n/2 + 1), ...
    half = 1,
};

/// How a kernel goes over a row of operands and results that are larger than the caches: its result
/// is written past them, and while it computes, operands of the next row are asked for. Rows that
/// flow are multiples of 64 elements; `out` is aligned to 64 bytes and replaces no operand.
/// `release` must follow the last one.
pub const Flow = extern struct {
    next: [2]?[*]const f32,
    /// Room for a row that is not finished.
    row: [*]f32,
};

pub const Table = extern struct {
    /// Lets other processors see what was written past the caches.
    release: *const fn () callconv(.c) void,
    /// `out = softmax(scale * x)`; `out` may be `x`. -inf gives 0; a row of only -inf
    /// gives NaN, as PyTorch's does.
    softmax: *const fn (
        out: [*]f32,
        x: [*]const f32,
        count: usize,
        scale: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// `out = x / sqrt(mean(x^2) + epsilon) * weight`; `out` may be `x`.
    rmsnorm: *const fn (
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        count: usize,
        epsilon: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// `residual += x`, then `out = rmsnorm(residual)`: the pre-norm step of a transformer
    /// block in one pass.
    add_rmsnorm: *const fn (
        out: [*]f32,
        residual: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        count: usize,
        epsilon: f32,
    ) callconv(.c) void,
    /// `out = (x - mean) / sqrt(variance + epsilon) * weight + bias`; no bias when null.
    /// `out` may be `x`.
    layernorm: *const fn (
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        bias: ?[*]const f32,
        count: usize,
        epsilon: f32,
        flow: ?*const Flow,
    ) callconv(.c) void,
    /// Turns one head of `head_size` elements; `cosines` and `sines` have `head_size / 2` entries
    /// for this position; `inverse` turns back. `out` may be `x`.
    rope: *const fn (
        out: [*]f32,
        x: [*]const f32,
        cosines: [*]const f32,
        sines: [*]const f32,
        head_size: usize,
        style: RopeStyle,
        inverse: bool,
    ) callconv(.c) void,
    /// Index of the largest element, the first of equals; NaN counts as smallest unless all are.
    argmax: *const fn (x: [*]const f32, count: usize) callconv(.c) u32,
    /// `out[i] = f32(x[i])` for a row of f32, f16 or bf16.
    widen: *const fn (out: [*]f32, x: [*]const u8, dtype: DType, count: usize) callconv(.c) void,
    /// `out[i] = dtype(x[i])`, to f32, f16 or bf16, nearest even; NaN stays NaN.
    narrow: *const fn (out: [*]u8, x: [*]const f32, dtype: DType, count: usize) callconv(.c) void,
    /// `out[i]` = the bf16 nearest to x[i], ties to even, as f32; NaN stays NaN. `out` may be `x`.
    round_bf16: *const fn (out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void,
};
