//! Convolutions with kernels of 1 x 1 in steps of 1: a matrix product for each image, with operands
//! as they lie: `[out][in]` times `[in][pixels]`.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Operands = @import("convolution_correlate.zig").Operands;
const matmul = @import("matmul.zig");

/// Fewest pixels of an image: rows of the operands shorter than that are read slowly.
pub const least_pixels = 64;

const Fill = struct {
    operands: *const Operands,
    pixels: usize,

    fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
        const fill: *const Fill = @ptrCast(@alignCast(pointer));
        const channels = fill.operands.channels;
        const out = fill.operands.out + number * channels * fill.pixels;
        for (fill.operands.bias.?[0..channels], 0..) |bias, channel| {
            @memset(out[channel * fill.pixels ..][0..fill.pixels], bias);
        }
    }
};

/// Writes the whole result.
pub fn run(runner: *const Runner, operands: *const Operands) Arena.Error!void {
    const pixels = operands.size[0] * operands.size[1];
    if (operands.bias != null) {
        const fill: Fill = .{ .operands = operands, .pixels = pixels };
        runner.pool.run(@intCast(operands.images), &fill, Fill.chunk);
    }
    const strides = operands.weight_strides;
    try matmul.matmul(
        runner,
        .{
            .m = operands.channels,
            .n = pixels,
            .k = operands.source_channels,
            .batch = .{ 1, 1, 1, operands.images },
        },
        .{ .data = operands.weights, .row_stride = strides[1], .column_stride = strides[2] },
        .{
            .data = operands.source,
            .row_stride = pixels,
            .column_stride = 1,
            .batch_strides = .{ 0, 0, 0, operands.source_channels * pixels },
        },
        .{
            .data = operands.out,
            .row_stride = pixels,
            .batch_strides = .{ 0, 0, 0, operands.channels * pixels },
            .accumulate = operands.bias != null,
        },
    );
}
