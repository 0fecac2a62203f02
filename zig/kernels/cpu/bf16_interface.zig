//! The kernels that processors with bf16 arithmetic have beside the others.

const matmul = @import("matmul_interface.zig");
const quantized = @import("quantized_interface.zig");

/// A block of bf16 weights: rows `stride` elements apart, `depth` neighbouring columns.
pub const Weights = extern struct {
    data: [*]const u16,
    stride: usize,
    rows: usize,
    depth: usize,
};

pub const Kernels = extern struct {
    /// f32 operands, rounded to bf16 when they are packed; f32 results.
    matmul: matmul.Table,
    /// Packs weights as `matmul.pack_columns` packs their transpose.
    pack_weights: *const fn (out: [*]f32, weights: *const Weights) callconv(.c) void,
    /// BF16 weights with few tokens; x holds tokens rounded to bf16, `bf16TokenBytes` apart.
    multiply_few: *const fn (job: *const quantized.Job) callconv(.c) void,
};
