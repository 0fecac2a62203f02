//! The kernels that processors with bf16 arithmetic have beside the others.

const matmul = @import("matmul_interface.zig");

pub const Kernels = extern struct {
    /// f32 operands, rounded to bf16 when they are packed; f32 results.
    matmul: matmul.Table,
};
