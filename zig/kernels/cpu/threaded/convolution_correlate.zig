//! One correlation on all threads: chunks are tiles of one image's result. For each block of k the
//! source is staged once, then strip by strip packed and multiplied with the packed weights, as in
//! matrix products whose right operand never exists as a whole (Chetlur et al. 2014 do so on GPUs).
//! Results with few channels are summed directly from the staged source.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../convolution_interface.zig");
const matmul_interface = @import("../matmul_interface.zig");
const partSize = matmul_interface.partSize;
const geometry_module = @import("convolution_geometry.zig");
const stage_module = @import("convolution_stage.zig");

const Phase = geometry_module.Phase;
const Blocks = stage_module.Blocks;
const Block = stage_module.Block;
const Stage = stage_module.Stage;
const Tile = stage_module.Tile;
const Tiling = stage_module.Tiling;

/// Most columns of a strip, for any instruction set.
const max_strip = 64;

/// What a correlation reads and writes. Channels are those of one group; planes are contiguous,
/// channels follow each other, then groups, then images.
pub const Operands = struct {
    images: usize,
    groups: usize,
    source_channels: usize,
    source_size: [2]usize,
    source: [*]const f32,
    /// Element (group, channel of the result, channel of the source, element of the kernel).
    weights: [*]const f32,
    weight_strides: [3]usize,
    bias: ?[*]const f32,
    channels: usize,
    size: [2]usize,
    out: [*]f32,

    fn sourceAt(
        operands: *const Operands,
        image: usize,
        group: usize,
        channel: usize,
    ) [*]const f32 {
        const index = (image * operands.groups + group) * operands.source_channels + channel;
        return operands.source + index * operands.source_size[0] * operands.source_size[1];
    }

    fn outAt(operands: *const Operands, image: usize, group: usize) [*]f32 {
        const index = (image * operands.groups + group) * operands.channels;
        return operands.out + index * operands.size[0] * operands.size[1];
    }
};

const Job = struct {
    kernels: *const Kernels,
    operands: *const Operands,
    phase: *const Phase,
    blocks: Blocks,
    tiling: Tiling,
    is_direct: bool,
    groups_per_chunk: usize,
    group_chunks: usize,
    weights: []f32,
    workspace: []f32,
    workspace_floats: usize,
    stage_floats: usize,

    /// Floats of a block's weights with, unless they are used directly, the bias as one more tap.
    fn blockFloats(job: *const Job) usize {
        return matmul_interface.packedRowsFloats(job.operands.channels, job.blocks.depth + 1);
    }

    fn blockWeights(job: *const Job, group: usize, block: usize) [*]f32 {
        return job.weights.ptr + (group * job.blocks.count + block) * job.blockFloats();
    }

    fn hasBiasTap(job: *const Job, block: usize) bool {
        return !job.is_direct and job.operands.bias != null and block + 1 == job.blocks.count;
    }

    /// Whether pixels are neighbours in the result.
    fn isDense(job: *const Job) bool {
        return job.phase.out_step[0] == 1 and job.phase.out_step[1] == 1;
    }
};

/// Writes every pixel of `phase`. When the workspace does not fit, nothing has been written.
pub fn run(runner: *const Runner, operands: *const Operands, phase: *const Phase) Arena.Error!void {
    if (operands.images == 0 or phase.size[0] == 0 or phase.size[1] == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var job = plan(runner, operands, phase);
    const block_count = operands.groups *| job.blocks.count;
    job.weights = try runner.scratch.slice(f32, block_count *| job.blockFloats());
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace = try runner.scratch.slice(f32, workers *| job.workspace_floats);

    runner.pool.run(@intCast(operands.groups * job.blocks.count), &job, arrangeChunk);
    const chunks = operands.images * job.tiling.count() * job.group_chunks;
    runner.pool.run(@intCast(chunks), &job, correlateChunk);
}

fn plan(runner: *const Runner, operands: *const Operands, phase: *const Phase) Job {
    const stage_one = Stage.of(phase, .{ 1, @min(phase.size[1], 1536) });
    const fitting = (64 << 10) / @max(1, stage_one.channelFloats());
    const blocks: Blocks = .of(operands.source_channels, phase.taps.len, @max(1, fitting));
    const work_per_pixel = @max(1, operands.channels * blocks.total);
    const min_pixels = @max(1, stage_module.chunk_work / work_per_pixel);
    const images_and_groups = operands.images * operands.groups;
    const wanted = @max(1, stage_module.wanted_chunks / images_and_groups);
    const is_direct = operands.channels <= interface.max_direct_rows;
    const max_pixels: usize = if (is_direct) 4096 else 1 << 30;
    const tiling: Tiling = .of(phase, blocks.mostChannels(), max_pixels, min_pixels, wanted);
    const pixels = tiling.size[0] * tiling.size[1];
    const groups_per_chunk = std.math.clamp(min_pixels / pixels, 1, operands.groups);
    const stage_floats = Stage.of(phase, tiling.size).floats(blocks.mostChannels());
    const strip_floats = max_strip * (blocks.depth + 1) + interface.slack_floats;
    const result_floats = operands.channels * if (is_direct) pixels else max_strip;
    return .{
        .kernels = runner.kernels,
        .operands = operands,
        .phase = phase,
        .blocks = blocks,
        .tiling = tiling,
        .is_direct = is_direct,
        .groups_per_chunk = groups_per_chunk,
        .group_chunks = (operands.groups + groups_per_chunk - 1) / groups_per_chunk,
        .weights = undefined,
        .workspace = undefined,
        .stage_floats = stage_floats,
        .workspace_floats = (stage_floats +| strip_floats +| result_floats +| 63) & ~@as(usize, 63),
    };
}

/// Brings one block of one group's weights into the order in which it is read.
fn arrangeChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const operands = job.operands;
    const group = number / job.blocks.count;
    const index = number % job.blocks.count;
    const block = job.blocks.at(index);
    const out = job.blockWeights(group, index);
    if (job.is_direct) {
        for (0..operands.channels) |channel| {
            gather(job, group, channel, block, out + channel * block.depth);
        }
        return;
    }
    const depth = block.depth + @intFromBool(job.hasBiasTap(index));
    const tile_rows = job.kernels.matmul.tile_rows;
    var panel: [8 * (stage_module.max_depth + 1)]f32 = undefined;
    var row: usize = 0;
    while (row < operands.channels) {
        const rows = partSize(operands.channels - row, tile_rows);
        for (0..rows) |i| {
            gather(job, group, row + i, block, panel[i * depth ..].ptr);
            if (depth == block.depth) continue;
            panel[i * depth + block.depth] = operands.bias.?[group * operands.channels + row + i];
        }
        const matrix: matmul_interface.Matrix =
            .{ .data = &panel, .row_stride = depth, .column_stride = 1 };
        job.kernels.matmul.pack_rows(out + row * depth, &matrix, rows, depth);
        row += rows;
    }
}

/// The weights of one channel of the result for a block of k.
fn gather(job: *const Job, group: usize, channel: usize, block: Block, out: [*]f32) void {
    const strides = job.operands.weight_strides;
    const source = job.operands.weights + group * strides[0] + channel * strides[1];
    const taps = job.phase.taps;
    var source_channel = block.first_channel;
    var tap = block.start - block.first_channel * taps.len;
    for (0..block.depth) |k| {
        out[k] = source[source_channel * strides[2] + taps[tap].element];
        tap += 1;
        if (tap == taps.len) {
            tap = 0;
            source_channel += 1;
        }
    }
}

fn correlateChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const first_group = number % job.group_chunks * job.groups_per_chunk;
    const rest = number / job.group_chunks;
    const tile = job.tiling.at(job.phase, rest % job.tiling.count());
    const image = rest / job.tiling.count();
    const last_group = @min(first_group + job.groups_per_chunk, job.operands.groups);
    const workspace = job.workspace[worker * job.workspace_floats ..][0..job.workspace_floats];
    for (first_group..last_group) |group| correlateTile(job, image, group, tile, workspace);
}

fn correlateTile(job: *const Job, image: usize, group: usize, tile: Tile, workspace: []f32) void {
    const operands = job.operands;
    const stage: Stage = .of(job.phase, tile.size);
    const staged = workspace.ptr;
    const rest = workspace[job.stage_floats..];
    var offsets: [stage_module.max_depth]usize = undefined;
    for (0..job.blocks.count) |index| {
        const block = job.blocks.at(index);
        if (block.depth > 0) {
            const source = operands.sourceAt(image, group, block.first_channel);
            stage.offsets(job.phase, block, &offsets);
            stage.fill(staged, source, operands.source_size, block.channels, job.phase, tile);
        }
        const part: Part = .{
            .job = job,
            .tile = tile,
            .staged = staged,
            .staged_row_step = stage.rowFloats() * job.phase.source_step[0],
            .offsets = &offsets,
            .block = block,
            .weights = job.blockWeights(group, index),
            .has_bias_tap = job.hasBiasTap(index),
            .bias = if (operands.bias) |bias| bias + group * operands.channels else null,
            .out = operands.outAt(image, group),
            .accumulate = index > 0,
        };
        if (job.is_direct) part.direct(rest) else part.strips(rest);
    }
}

/// One block of k of one tile.
const Part = struct {
    job: *const Job,
    tile: Tile,
    staged: [*]const f32,
    staged_row_step: usize,
    offsets: [*]const usize,
    block: Block,
    weights: [*]const f32,
    has_bias_tap: bool,
    bias: ?[*]const f32,
    /// The group's planes of the result.
    out: [*]f32,
    accumulate: bool,

    fn planeFloats(part: *const Part) usize {
        return part.job.operands.size[0] * part.job.operands.size[1];
    }

    fn direct(part: *const Part, workspace: []f32) void {
        const job = part.job;
        const channels = job.operands.channels;
        const size = part.tile.size;
        var start: [interface.max_direct_rows]f32 = @splat(0);
        if (part.bias) |bias| {
            if (!part.accumulate) @memcpy(start[0..channels], bias[0..channels]);
        }
        const width = job.operands.size[1];
        const is_dense = job.isDense();
        const first = part.tile.start[0] * width + part.tile.start[1];
        job.kernels.convolution.direct(&.{
            .staged = part.staged,
            .staged_row_step = part.staged_row_step,
            .offsets = part.offsets,
            .depth = part.block.depth,
            .weights = part.weights,
            .channels = channels,
            .start = &start,
            .out = if (is_dense) part.out + first else workspace.ptr,
            .out_channel_step = if (is_dense) part.planeFloats() else size[0] * size[1],
            .out_row_step = if (is_dense) width else size[1],
            .rows = size[0],
            .columns = size[1],
            .accumulate = part.accumulate and is_dense,
        });
        if (!is_dense) part.scatter(workspace.ptr, size[0] * size[1], 0, size[0] * size[1]);
    }

    fn strips(part: *const Part, workspace: []f32) void {
        const job = part.job;
        const depth = part.block.depth + @intFromBool(part.has_bias_tap);
        const lanes = job.kernels.convolution.lanes;
        const pixels = part.tile.size[0] * part.tile.size[1];
        if (depth == 0) return part.clear();
        const packed_taps = workspace.ptr;
        const result = workspace.ptr + max_strip * (job.blocks.depth + 1) + interface.slack_floats;
        const is_dense = job.isDense();
        const first = part.tile.start[0] * job.operands.size[1] + part.tile.start[1];
        var done: usize = 0;
        while (done < pixels) {
            const vectors = (pixels - done + lanes - 1) / lanes;
            const width = partSize(vectors, job.kernels.matmul.tile_columns / lanes) * lanes;
            const count = @min(width, pixels - done);
            part.packStrip(packed_taps, done, count, width);
            if (part.has_bias_tap) @memset((packed_taps + part.block.depth * width)[0..width], 1);
            job.kernels.matmul.packed_product(&.{
                .m = job.operands.channels,
                .n = count,
                .k = depth,
                .a = .{ .data = part.weights, .row_stride = 1, .column_stride = 1 },
                .b = .{ .data = packed_taps, .row_stride = 1, .column_stride = 1 },
                .out = if (is_dense) part.out + first + done else result,
                .out_row_stride = if (is_dense) part.planeFloats() else max_strip,
                .accumulate = part.accumulate and is_dense,
            });
            if (!is_dense) part.scatter(result, max_strip, done, count);
            done += count;
        }
    }

    fn packStrip(part: *const Part, out: [*]f32, first: usize, count: usize, width: usize) void {
        var segments: [max_strip]interface.Segment = undefined;
        var segment_count: usize = 0;
        var done: usize = 0;
        const columns = part.tile.size[1];
        while (done < count) {
            const pixel = first + done;
            const column = pixel % columns;
            const length = @min(count - done, columns - column);
            segments[segment_count] = .{
                .from = pixel / columns * part.staged_row_step + column,
                .to = done,
                .count = length,
            };
            segment_count += 1;
            done += length;
        }
        part.job.kernels.convolution.pack_taps(out, &.{
            .staged = part.staged,
            .offsets = part.offsets,
            .depth = part.block.depth,
            .segments = &segments,
            .segment_count = segment_count,
            .width = width,
        });
    }

    /// Brings pixels `first` to `first + count` of the tile to where they belong in the result.
    fn scatter(
        part: *const Part,
        values: [*]const f32,
        channel_step: usize,
        first: usize,
        count: usize,
    ) void {
        const phase = part.job.phase;
        const columns = part.tile.size[1];
        for (0..part.job.operands.channels) |channel| {
            const plane = part.out + channel * part.planeFloats();
            var done: usize = 0;
            while (done < count) {
                const row = part.tile.start[0] + (first + done) / columns;
                const column = (first + done) % columns;
                const length = @min(count - done, columns - column);
                const out_row = phase.out_start[0] + row * phase.out_step[0];
                const out_column = phase.out_start[1] +
                    (part.tile.start[1] + column) * phase.out_step[1];
                const target = plane + out_row * part.job.operands.size[1] + out_column;
                const source = (values + channel * channel_step + done)[0..length];
                for (source, 0..) |x, i| {
                    const place = &target[i * phase.out_step[1]];
                    place.* = if (part.accumulate) place.* + x else x;
                }
                done += length;
            }
        }
    }

    /// Pixels that no tap reaches, and that have no bias, are zero.
    fn clear(part: *const Part) void {
        const zeros: [max_strip]f32 = @splat(0);
        const pixels = part.tile.size[0] * part.tile.size[1];
        var done: usize = 0;
        while (done < pixels) : (done += max_strip) {
            part.scatter(&zeros, 0, done, @min(max_strip, pixels - done));
        }
    }
};
