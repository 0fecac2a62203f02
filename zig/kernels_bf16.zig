//! Root of the object with the kernels that need AVX512-BF16. The instruction set `v4_bf16` is v4
//! with these beside it: there is no second copy of all others.

const std = @import("std");
const simd = @import("kernels/cpu/simd.zig");
const interface = @import("kernels/cpu/bf16_interface.zig");

/// A kernel never reports: what could go wrong was checked before it was called.
pub const panic = std.debug.FullPanic(struct {
    fn panicked(_: []const u8, _: ?usize) noreturn {
        @trap();
    }
}.panicked);

const table: interface.Kernels = .{
    .matmul = @import("kernels/cpu/bf16_matmul.zig").table,
    .pack_weights = @import("kernels/cpu/bf16_weights.zig").packWeights,
    .multiply_few = @import("kernels/cpu/bf16_few.zig").multiply,
};

comptime {
    @export(&table, .{ .name = "qk_" ++ simd.isa ++ "_table", .visibility = .hidden });
}
