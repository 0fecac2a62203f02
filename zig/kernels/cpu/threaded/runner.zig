//! What a threaded kernel needs from its caller.

const Arena = @import("../../../core/arena.zig").Arena;
const Pool = @import("../../../core/pool.zig").Pool;
const Kernels = @import("../interface.zig").Kernels;

/// How products of f32 operands are computed. The codes are part of the ABI.
pub const Precision = enum(u32) {
    f32 = 0,
    /// Operands are rounded to bf16, sums and results are f32.
    bf16 = 1,
};

pub const Runner = struct {
    kernels: *const Kernels,
    pool: *Pool,
    /// Workspace is taken here and given back before the kernel returns.
    scratch: *Arena,
    /// Of matrix products, convolutions and recurrences; everything else is f32.
    precision: Precision = .f32,
};
