//! The gradient of a convolution's weights: taps of the source times the gradient of the result,
//! summed over the pixels of all images. Each chunk sums some images for some channels; the partial
//! sums are added in one order.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../convolution_interface.zig");
const matmul_interface = @import("../matmul_interface.zig");
const geometry_module = @import("convolution_geometry.zig");
const stage_module = @import("convolution_stage.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;
const Blocks = stage_module.Blocks;
const Stage = stage_module.Stage;
const Tile = stage_module.Tile;
const Tiling = stage_module.Tiling;

/// Most floats of all partial sums together, unless one set of them is larger: 16 MB.
const max_partial_floats = 4 << 20;

/// Floats of the gradient that a tile should have at most.
const gradient_floats = 64 << 10;

/// Elements of k that one chunk of the last sum takes.
const reduce_depth = 32;

const Job = struct {
    kernels: *const Kernels,
    geometry: Geometry,
    phase: *const Phase,
    blocks: Blocks,
    tiling: Tiling,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
    /// Channels of the result in whole registers.
    width: usize,
    image_parts: usize,
    is_direct: bool,
    partial: []f32,
    workspace: []f32,
    stage_floats: usize,
    workspace_floats: usize,

    fn partialAt(job: *const Job, image_part: usize, group: usize, k: usize) [*]f32 {
        const index = (image_part * job.geometry.groups + group) * job.blocks.total + k;
        return job.partial.ptr + index * job.width;
    }
};

/// Writes `[groups][out_channels][in_channels][kernel]`. When the workspace does not fit, nothing
/// has been written.
pub fn weightGradient(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const is_empty = geometry.images == 0 or geometry.in[0] * geometry.in[1] == 0;
    if (is_empty) return @memset(out[0..geometry.weightCount()], 0);
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const phase = try geometry_module.forwardPhase(runner.scratch, geometry);
    var job = plan(runner.kernels, geometry, &phase);
    job.x = x;
    job.gradient = gradient;
    job.out = out;
    const sums = job.image_parts *| geometry.groups *| job.blocks.total *| job.width;
    job.partial = try runner.scratch.slice(f32, sums);
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace = try runner.scratch.slice(f32, workers *| job.workspace_floats);

    const chunks = job.image_parts * geometry.groups * job.blocks.count;
    runner.pool.run(@intCast(chunks), &job, sumChunk);
    const reductions = (job.blocks.total + reduce_depth - 1) / reduce_depth;
    runner.pool.run(@intCast(geometry.groups * reductions), &job, reduceChunk);
}

fn plan(kernels: *const Kernels, geometry: Geometry, phase: *const Phase) Job {
    const width = (geometry.out_channels + 15) / 16 * 16;
    const is_direct = geometry.out_channels <= interface.max_direct_rows;
    const weights = geometry.groups * geometry.in_channels * phase.taps.len * width;
    const most_parts = @max(1, max_partial_floats / weights);
    const image_parts = @min(geometry.images, @min(stage_module.wanted_chunks, most_parts));

    // Channels are shared out as well where there are too few images for all threads.
    const parts = @max(1, stage_module.wanted_chunks / (image_parts * geometry.groups));
    const stage_one = Stage.of(phase, .{ 1, @min(phase.size[1], 1536) });
    const fitting = (64 << 10) / @max(1, stage_one.channelFloats());
    const least = (32 + phase.taps.len - 1) / phase.taps.len;
    const shared = @max(least, (geometry.in_channels + parts - 1) / parts);
    const most_channels = @max(1, @min(fitting, shared));
    const blocks: Blocks = .of(geometry.in_channels, phase.taps.len, most_channels);
    const max_pixels = @max(32, gradient_floats / width);
    const tiling: Tiling = .of(phase, blocks.mostChannels(), max_pixels, max_pixels, 1);
    const stage_floats = Stage.of(phase, tiling.size).floats(blocks.mostChannels());
    const row_floats = (tiling.size[1] + 15) / 16 * 16;
    const tile_floats = if (is_direct)
        geometry.out_channels * tiling.size[0] * row_floats
    else
        matmul_interface.packedColumnsFloats(width, tiling.size[0] * tiling.size[1]);
    return .{
        .kernels = kernels,
        .geometry = geometry,
        .phase = phase,
        .blocks = blocks,
        .tiling = tiling,
        .x = undefined,
        .gradient = undefined,
        .out = undefined,
        .width = width,
        .image_parts = image_parts,
        .is_direct = is_direct,
        .partial = undefined,
        .workspace = undefined,
        .stage_floats = stage_floats,
        .workspace_floats = (stage_floats +| tile_floats +| 63) & ~@as(usize, 63),
    };
}

/// The sum over some images for one block of k of one group.
fn sumChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const geometry = job.geometry;
    const block = job.blocks.at(number % job.blocks.count);
    const group = number / job.blocks.count % geometry.groups;
    const image_part = number / job.blocks.count / geometry.groups;
    const out = job.partialAt(image_part, group, block.start);
    @memset(out[0 .. block.depth * job.width], 0);

    const workspace = job.workspace[worker * job.workspace_floats ..][0..job.workspace_floats];
    const gradient_tile = workspace[job.stage_floats..];
    var offsets: [stage_module.max_depth]usize = undefined;
    var image = image_part * geometry.images / job.image_parts;
    const end = (image_part + 1) * geometry.images / job.image_parts;
    while (image < end) : (image += 1) {
        const index = image * geometry.groups + group;
        const in_plane = geometry.in[0] * geometry.in[1];
        const channel = index * geometry.in_channels + block.first_channel;
        const out_plane = geometry.out[0] * geometry.out[1];
        const gradient = job.gradient + index * geometry.out_channels * out_plane;
        for (0..job.tiling.count()) |t| {
            const tile = job.tiling.at(job.phase, t);
            const stage: Stage = .of(job.phase, tile.size);
            stage.offsets(job.phase, block, &offsets);
            const source = job.x + channel * in_plane;
            stage.fill(workspace.ptr, source, geometry.in, block.channels, job.phase, tile);
            const part: interface.Gradient = .{
                .staged = workspace.ptr,
                .staged_row_step = stage.rowFloats() * job.phase.source_step[0],
                .offsets = &offsets,
                .depth = block.depth,
                .rows = tile.size[0],
                .columns = tile.size[1],
                .channels = geometry.out_channels,
                .gradient = gradient_tile.ptr,
                .out = out,
                .out_row_step = job.width,
            };
            if (job.is_direct) {
                copyRows(job, gradient_tile, gradient, tile);
                job.kernels.convolution.gradient_dots(&part);
            } else {
                packTile(job, gradient_tile.ptr, gradient, tile);
                job.kernels.convolution.gradient_tile(&part);
            }
        }
    }
}

/// `[pixels][channels]` of a tile of the gradient in strips.
fn packTile(job: *const Job, out: [*]f32, gradient: [*]const f32, tile: Tile) void {
    const size = job.geometry.out;
    const matrix: matmul_interface.Matrix = .{
        .data = gradient + tile.start[0] * size[1] + tile.start[1],
        .row_stride = 1,
        .column_stride = size[0] * size[1],
    };
    const pixels = tile.size[0] * tile.size[1];
    job.kernels.matmul.pack_columns(out, &matrix, pixels, job.geometry.out_channels);
}

/// `[channels][rows]` of a tile of the gradient, rows filled up with zeros to whole registers.
fn copyRows(job: *const Job, out: []f32, gradient: [*]const f32, tile: Tile) void {
    const size = job.geometry.out;
    const lanes = job.kernels.convolution.lanes;
    const row_floats = (tile.size[1] + lanes - 1) / lanes * lanes;
    var done: usize = 0;
    for (0..job.geometry.out_channels) |channel| {
        for (0..tile.size[0]) |row| {
            const place = (channel * size[0] + tile.start[0] + row) * size[1] + tile.start[1];
            const target = out[done..][0..row_floats];
            @memcpy(target[0..tile.size[1]], (gradient + place)[0..tile.size[1]]);
            @memset(target[tile.size[1]..], 0);
            done += row_floats;
        }
    }
}

/// Adds the partial sums of some elements of k and turns them around.
fn reduceChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const reductions = (job.blocks.total + reduce_depth - 1) / reduce_depth;
    const group = number / reductions;
    const start = number % reductions * reduce_depth;
    const end = @min(start + reduce_depth, job.blocks.total);
    const channels = job.geometry.out_channels;
    const out = job.out + group * channels * job.blocks.total;
    for (start..end) |k| {
        const sums = job.partialAt(0, group, k);
        for (1..job.image_parts) |image_part| {
            const more = job.partialAt(image_part, group, k);
            for (sums[0..channels], more[0..channels]) |*sum, x| sum.* += x;
        }
        for (sums[0..channels], 0..) |sum, channel| out[channel * job.blocks.total + k] = sum;
    }
}
