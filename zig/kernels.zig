//! Root of one kernel object. build.zig compiles it once per instruction set; each object exports
//! one symbol, its table of kernels, which `core/cpu.zig` picks from.

const std = @import("std");
const simd = @import("kernels/cpu/simd.zig");
const interface = @import("kernels/cpu/interface.zig");

/// A kernel never reports: what could go wrong was checked before it was called.
pub const panic = std.debug.FullPanic(struct {
    fn panicked(_: []const u8, _: ?usize) noreturn {
        @trap();
    }
}.panicked);

const table: interface.Kernels = .{
    .matmul = @import("kernels/cpu/matmul.zig").table,
    .quantized = @import("kernels/cpu/quantized.zig").table,
    .elementwise = @import("kernels/cpu/elementwise.zig").table,
    .rows = @import("kernels/cpu/rows.zig").table,
    .reduce = @import("kernels/cpu/reduce.zig").table,
    .attention = @import("kernels/cpu/attention.zig").table,
    .attention_gradient = @import("kernels/cpu/attention_gradient.zig").table,
    .normalization = @import("kernels/cpu/normalization.zig").table,
    .channels = @import("kernels/cpu/channels.zig").table,
    .losses = @import("kernels/cpu/losses.zig").table,
    .optimizers = @import("kernels/cpu/optimizers.zig").table,
    .convolution = @import("kernels/cpu/convolution.zig").table,
    .recurrent = @import("kernels/cpu/recurrent.zig").table,
    .pooling = @import("kernels/cpu/pooling.zig").table,
};

comptime {
    @export(&table, .{ .name = "qk_" ++ simd.isa ++ "_table", .visibility = .hidden });
}
