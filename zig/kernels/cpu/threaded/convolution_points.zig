//! Convolutions with kernels of 1 x 1: a matrix product for each image, with operands as they lie:
//! `[out][in]` times `[in][pixels]`. In steps, the pixels that are read are brought together first,
//! or those of a gradient are brought to their places afterwards.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Operands = @import("convolution_correlate.zig").Operands;
const Geometry = @import("convolution_geometry.zig").Geometry;
const matmul = @import("matmul.zig");

/// Fewest pixels of an image: rows of the operands shorter than that are read slowly.
const least_pixels = 64;

/// Pixels that are worth handing to another thread.
const chunk_pixels = 16 << 10;

/// Most images whose parts of a weight's gradient are computed side by side, and most floats of
/// these parts together, unless one is larger: 4 MB.
const max_parts = 16;
const max_part_floats = 1 << 20;

/// Floats of a gradient that one chunk adds up.
const sum_floats = 4 << 10;

pub fn suits(geometry: Geometry) bool {
    const is_point = geometry.groups == 1 and geometry.kernelSize() == 1 and
        std.mem.eql(usize, &geometry.padding, &.{ 0, 0 });
    if (!is_point or geometry.out[0] * geometry.out[1] < least_pixels) return false;
    for (0..2) |axis| {
        // A transposed convolution may leave out rows of its input.
        const size = (geometry.in[axis] - 1) / geometry.stride[axis] + 1;
        if (size != geometry.out[axis]) return false;
    }
    return true;
}

/// Planes of which some pixels are read or written, and those pixels beside each other.
const Thinned = struct {
    size: [2]usize,
    step: [2]usize,
    thin_size: [2]usize,
    planes: usize,
    from: [*]const f32,
    out: [*]f32,
    /// What pixels get that are not among these, for each of so many channels; null: zeros.
    bias: ?[]const f32 = null,

    fn planesPerChunk(job: *const Thinned) usize {
        return @max(1, chunk_pixels / (job.size[0] * job.size[1]));
    }

    fn run(
        job: *const Thinned,
        runner: *const Runner,
        comptime bring: fn (*const Thinned, usize) void,
    ) void {
        const Chunk = struct {
            fn call(pointer: *const anyopaque, number: u32, _: u32) void {
                const planes: *const Thinned = @ptrCast(@alignCast(pointer));
                const first = number * planes.planesPerChunk();
                const end = @min(first + planes.planesPerChunk(), planes.planes);
                for (first..end) |plane| bring(planes, plane);
            }
        };
        const chunks = (job.planes + job.planesPerChunk() - 1) / job.planesPerChunk();
        runner.pool.run(@intCast(chunks), job, Chunk.call);
    }

    fn thin(job: *const Thinned, plane: usize) void {
        var out = job.out + plane * job.thin_size[0] * job.thin_size[1];
        for (0..job.thin_size[0]) |row| {
            const from = job.from + (plane * job.size[0] + row * job.step[0]) * job.size[1];
            const pixels = out[0..job.thin_size[1]];
            // Known steps become shuffles.
            switch (job.step[1]) {
                inline 1, 2 => |step| for (pixels, 0..) |*x, i| {
                    x.* = from[i * step];
                },
                else => |step| for (pixels, 0..) |*x, i| {
                    x.* = from[i * step];
                },
            }
            out += job.thin_size[1];
        }
    }

    fn spread(job: *const Thinned, plane: usize) void {
        const rest = if (job.bias) |bias| bias[plane % bias.len] else 0;
        var from = job.from + plane * job.thin_size[0] * job.thin_size[1];
        const columns = job.size[1];
        for (0..job.size[0]) |row| {
            const out = (job.out + (plane * job.size[0] + row) * columns)[0..columns];
            if (row % job.step[0] > 0) {
                @memset(out, rest);
                continue;
            }
            if (job.step[1] == 2) {
                for (from[0 .. columns / 2], 0..) |x, i| out[2 * i ..][0..2].* = .{ x, rest };
                if (columns % 2 > 0) out[columns - 1] = from[columns / 2];
            } else {
                @memset(out, rest);
                for (from[0..job.thin_size[1]], 0..) |x, i| out[i * job.step[1]] = x;
            }
            from += job.thin_size[1];
        }
    }
};

fn isThinned(geometry: Geometry) bool {
    return !std.mem.eql(usize, &geometry.stride, &.{ 1, 1 });
}

/// Every pixel that is read of `planes` planes of the input. The caller gives scratch back.
fn thinned(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
) Arena.Error![*]const f32 {
    if (!isThinned(geometry)) return x;
    const planes = geometry.images * geometry.in_channels;
    const out = try runner.scratch.slice(f32, planes *| geometry.out[0] *| geometry.out[1]);
    const job: Thinned = .{
        .size = geometry.in,
        .step = geometry.stride,
        .thin_size = geometry.out,
        .planes = planes,
        .from = x,
        .out = out.ptr,
    };
    job.run(runner, Thinned.thin);
    return out.ptr;
}

/// Writes the whole result of `forward`.
pub fn forward(runner: *const Runner, given: *const Operands, geometry: Geometry) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var operands = given.*;
    operands.source = try thinned(runner, geometry, given.source);
    operands.source_size = geometry.out;
    try multiply(runner, &operands);
}

/// Writes the whole result of `inputGradient`.
pub fn inputGradient(
    runner: *const Runner,
    given: *const Operands,
    geometry: Geometry,
) Arena.Error!void {
    if (!isThinned(geometry)) return multiply(runner, given);
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const planes = given.images * given.channels;
    const floats = planes *| geometry.out[0] *| geometry.out[1];
    var operands = given.*;
    operands.size = geometry.out;
    operands.out = (try runner.scratch.slice(f32, floats)).ptr;
    try multiply(runner, &operands);
    const job: Thinned = .{
        .size = geometry.in,
        .step = geometry.stride,
        .thin_size = geometry.out,
        .planes = planes,
        .from = operands.out,
        .out = given.out,
        .bias = if (given.bias) |bias| bias[0..given.channels] else null,
    };
    job.run(runner, Thinned.spread);
}

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

/// The products, for a source and a result of one size.
fn multiply(runner: *const Runner, operands: *const Operands) Arena.Error!void {
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

/// Adds up the parts of a gradient.
const Sum = struct {
    parts: []const f32,
    out: []f32,

    fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
        const job: *const Sum = @ptrCast(@alignCast(pointer));
        const first = @as(usize, number) * sum_floats;
        const out = job.out[first..@min(first + sum_floats, job.out.len)];
        var part = first;
        @memcpy(out, job.parts[part..][0..out.len]);
        while (part + job.out.len < job.parts.len) {
            part += job.out.len;
            for (out, job.parts[part..][0..out.len]) |*sum, x| sum.* += x;
        }
    }
};

/// Writes `[out_channels][in_channels]`: for each image the product of its gradient `[out][pixels]`
/// and its pixels `[in][pixels]`, turned around. Some images have sums of their own.
pub fn weightGradient(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const source = try thinned(runner, geometry, x);
    const pixels = geometry.out[0] * geometry.out[1];
    const floats = geometry.weightCount();
    const fitting = std.math.clamp(max_part_floats / floats, 1, max_parts);
    const parts = @min(fitting, geometry.images);
    const sums = if (parts == 1) out[0..floats] else try runner.scratch.slice(f32, parts * floats);
    var image: usize = 0;
    while (image < geometry.images) : (image += parts) {
        const count = @min(parts, geometry.images - image);
        try matmul.matmul(
            runner,
            .{
                .m = geometry.out_channels,
                .n = geometry.in_channels,
                .k = pixels,
                .batch = .{ 1, 1, 1, count },
            },
            .{
                .data = gradient + image * geometry.out_channels * pixels,
                .row_stride = pixels,
                .column_stride = 1,
                .batch_strides = .{ 0, 0, 0, geometry.out_channels * pixels },
            },
            .{
                .data = source + image * geometry.in_channels * pixels,
                .row_stride = 1,
                .column_stride = pixels,
                .batch_strides = .{ 0, 0, 0, geometry.in_channels * pixels },
            },
            .{
                .data = sums.ptr,
                .row_stride = geometry.in_channels,
                .batch_strides = .{ 0, 0, 0, floats },
                .accumulate = image > 0,
            },
        );
    }
    if (parts == 1) return;
    const sum: Sum = .{ .parts = sums, .out = out[0..floats] };
    runner.pool.run(@intCast((floats + sum_floats - 1) / sum_floats), &sum, Sum.chunk);
}
