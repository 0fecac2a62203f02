//! What a threaded kernel needs from its caller.

const Arena = @import("../../../core/arena.zig").Arena;
const Pool = @import("../../../core/pool.zig").Pool;
const Kernels = @import("../interface.zig").Kernels;
const Bf16Kernels = @import("../bf16_interface.zig").Kernels;
const ProductTable = @import("../matmul_interface.zig").Table;

/// How products of f32 operands are computed. The codes are part of the ABI.
pub const Precision = enum(u32) {
    f32 = 0,
    /// Operands are rounded to bf16, sums and results are f32.
    bf16 = 1,
};

pub const Runner = struct {
    kernels: *const Kernels,
    /// Null where the processor has no arithmetic in bf16.
    bf16: ?*const Bf16Kernels = null,
    pool: *Pool,
    /// Workspace is taken here and given back before the kernel returns.
    scratch: *Arena,
    /// Of matrix products, convolutions and recurrences; everything else is f32.
    precision: Precision = .f32,

    /// The kernels of matrix products in this precision. Those for bf16 round operands themselves,
    /// see `roundsFirst`.
    pub fn products(runner: *const Runner) *const ProductTable {
        if (runner.precision == .bf16) if (runner.bf16) |bf16| return &bf16.matmul;
        return &runner.kernels.matmul;
    }

    /// Whether `products` are those of f32 and get operands that were rounded to bf16 before.
    pub fn roundsFirst(runner: *const Runner) bool {
        return runner.precision == .bf16 and runner.bf16 == null;
    }
};
