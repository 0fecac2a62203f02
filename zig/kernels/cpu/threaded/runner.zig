//! What a threaded kernel needs from its caller.

const Arena = @import("../../../core/arena.zig").Arena;
const Pool = @import("../../../core/pool.zig").Pool;
const Kernels = @import("../interface.zig").Kernels;

pub const Runner = struct {
    kernels: *const Kernels,
    pool: *Pool,
    /// Workspace is taken here and given back before the kernel returns.
    scratch: *Arena,
};
