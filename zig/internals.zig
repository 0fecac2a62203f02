//! What benchmarks use of the library: the module `qorus` of bench/kernels.

pub const Arena = @import("core/arena.zig").Arena;
pub const Pool = @import("core/pool.zig").Pool;
pub const cpu = @import("core/cpu.zig");
pub const dtype = @import("core/dtype.zig");
pub const Runner = @import("kernels/cpu/threaded/runner.zig").Runner;
pub const Precision = @import("kernels/cpu/threaded/runner.zig").Precision;
pub const matmul = @import("kernels/cpu/threaded/matmul.zig");
pub const linear = @import("kernels/cpu/threaded/linear.zig");

comptime {
    _ = @import("core/memset.zig");
}
