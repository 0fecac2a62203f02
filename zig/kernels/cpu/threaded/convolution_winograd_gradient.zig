//! The gradient of kernels of 3 x 3 in steps of 1 by Winograd's filtering: tiles of the source and
//! tiles of the result's gradient are transformed; for each of 36 elements a matrix product sums
//! over tiles; what comes out becomes 3 x 3 elements.
//!
//! Tiles are taken in groups of a size that depends on shapes only. Groups that follow each other
//! are a part: each group's sums are added to those of the part's groups before, and the parts'
//! sums at the end. Where there are parts for all threads, a thread transforms and sums a part on its
//! own, since cores that share no cache are slow to read what others transformed.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Geometry = @import("convolution_geometry.zig").Geometry;
const interface = @import("../convolution_winograd_interface.zig");
const grid_module = @import("convolution_winograd_grid.zig");

const Grid = grid_module.Grid;
const Planes = grid_module.Planes;
const Strip = grid_module.Strip;
const elementStep = grid_module.elementStep;

/// Tiles of a block, which is transformed in one go.
const wanted_tiles = 32;

/// Fewest and most blocks of a group.
const least_blocks = 4;
const most_blocks = 8;

/// Most parts, and most floats of sums of all of them together, unless one has more: 10 MB.
const most_parts = 8;
const max_part_floats = 5 << 19;

/// Channels of the source and of the result whose sums are computed together.
const block_rows = 16;
const block_columns = 64;

/// Registers of channels that one chunk transforms.
const part_vectors = 4;

const Job = struct {
    kernels: *const Kernels,
    geometry: Geometry,
    grid: Grid,
    source: Planes,
    gradient: Planes,
    lanes: usize,
    source_vectors: usize,
    gradient_vectors: usize,
    block_vectors: usize,
    /// Blocks of tiles of a group, and the group and its part at hand.
    group_blocks: usize,
    group: usize = 0,
    part: usize = 0,
    parts: usize = 1,
    tile_step: usize,
    source_step: usize,
    gradient_step: usize,
    sum_step: usize,
    /// Transformed tiles of a group.
    source_tiles: [*]f32 = undefined,
    gradient_tiles: [*]f32 = undefined,
    /// Sums of all parts and channels, or null where one group has all tiles: chunks have own ones.
    sums: ?[*]f32 = null,
    out: [*]f32,
    workspace: [*]f32 = undefined,
    workspace_floats: usize = 0,

    fn groups(job: *const Job) usize {
        return (job.grid.blockCount() + job.group_blocks - 1) / job.group_blocks;
    }

    /// Blocks of tiles of the group at hand.
    fn blocks(job: *const Job) usize {
        return @min(job.group_blocks, job.grid.blockCount() - job.group * job.group_blocks);
    }

    /// Tiles of the group at hand.
    fn tiles(job: *const Job) usize {
        const all = job.grid.tileCount();
        const group_tiles = job.group_blocks * job.grid.blockTiles();
        return @min(group_tiles, all - job.group * group_tiles);
    }

    /// The first group of a part.
    fn firstGroup(job: *const Job, part: usize) usize {
        return part * job.groups() / job.parts;
    }

    fn rowBlocks(job: *const Job) usize {
        return (job.geometry.in_channels + block_rows - 1) / block_rows;
    }

    fn columnBlocks(job: *const Job) usize {
        return (job.gradient_vectors + job.block_vectors - 1) / job.block_vectors;
    }

    /// Blocks of channels.
    fn channelBlocks(job: *const Job) usize {
        return job.rowBlocks() * job.columnBlocks();
    }

    /// Floats of the sums of a block of channels.
    fn sumFloats(job: *const Job) usize {
        return interface.elements * job.sum_step;
    }

    /// The sums of a part for a block of channels.
    fn sumsOf(job: *const Job, part: usize, block: usize) [*]f32 {
        return job.sums.? + (part * job.channelBlocks() + block) * job.sumFloats();
    }

    fn sourceFloats(job: *const Job) usize {
        return interface.elements * job.source_step;
    }

    fn gradientFloats(job: *const Job) usize {
        return interface.elements * job.gradient_step;
    }

    fn stageFloats(job: *const Job) usize {
        const source = job.source.workspaceFloats(job.grid);
        const weights = block_rows * interface.taps * job.lanes;
        return (@max(source, weights) + 15) / 16 * 16;
    }

    fn sourceParts(job: *const Job) usize {
        return (job.source_vectors + part_vectors - 1) / part_vectors;
    }

    fn gradientParts(job: *const Job) usize {
        return (job.gradient_vectors + part_vectors - 1) / part_vectors;
    }

    /// Chunks of the group at hand.
    fn transformChunks(job: *const Job) usize {
        return (job.sourceParts() + job.gradientParts()) * job.blocks();
    }
};

/// Writes `[out_channels][in_channels][3][3]`.
pub fn run(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var job = plan(runner.kernels, geometry, x, gradient, out);
    const scratch = runner.scratch;
    const blocks = job.channelBlocks();
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace_floats = job.stageFloats();
    if (job.groups() == 1) job.workspace_floats += job.sumFloats() else {
        const fitting = std.math.clamp(max_part_floats / (blocks * job.sumFloats()), 1, most_parts);
        job.parts = @min(fitting, job.groups());
        job.sums = (try scratch.slice(f32, job.parts * blocks * job.sumFloats())).ptr;
    }
    const are_apart = job.parts > 1 and workers <= job.parts;
    const copies = if (are_apart) workers else 1;
    job.source_tiles = (try scratch.slice(f32, copies * job.sourceFloats())).ptr;
    job.gradient_tiles = (try scratch.slice(f32, copies * job.gradientFloats())).ptr;
    job.workspace = (try scratch.slice(f32, workers * job.workspace_floats)).ptr;

    if (are_apart) {
        runner.pool.runShares(@intCast(job.parts), &job, partChunk);
    } else while (job.part < job.parts) : (job.part += 1) {
        job.group = job.firstGroup(job.part);
        while (job.group < job.firstGroup(job.part + 1)) : (job.group += 1) {
            runner.pool.run(@intCast(job.transformChunks()), &job, transformChunk);
            runner.pool.run(@intCast(blocks), &job, sumChunk);
        }
    }
    if (job.sums != null) runner.pool.run(@intCast(blocks), &job, addChunk);
}

/// Transforms and sums a part.
fn partChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const shared: *const Job = @ptrCast(@alignCast(pointer));
    var job = shared.*;
    job.source_tiles += worker * job.sourceFloats();
    job.gradient_tiles += worker * job.gradientFloats();
    job.part = number;
    job.group = job.firstGroup(job.part);
    while (job.group < job.firstGroup(job.part + 1)) : (job.group += 1) {
        for (0..job.transformChunks()) |chunk| transformChunk(&job, @intCast(chunk), worker);
        for (0..job.channelBlocks()) |block| sumChunk(&job, @intCast(block), worker);
    }
}

fn plan(
    kernels: *const Kernels,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Job {
    const lanes = kernels.convolution.lanes;
    const source_vectors = (geometry.in_channels + lanes - 1) / lanes;
    const gradient_vectors = (geometry.out_channels + lanes - 1) / lanes;
    const block_vectors = @min(gradient_vectors, block_columns / lanes);
    const grid: Grid = .of(geometry.images, geometry.out, wanted_tiles);
    const channels = @min(geometry.in_channels, geometry.out_channels);
    const wanted = std.math.clamp(channels / wanted_tiles, least_blocks, most_blocks);
    const group_blocks = @max(1, wanted * wanted_tiles / grid.blockTiles());
    const group_tiles = @min(grid.blockCount(), group_blocks) * grid.blockTiles();
    const tile_step = (source_vectors + 1) * lanes;
    const planes: Planes = .{
        .kernels = &kernels.convolution.winograd,
        .lanes = lanes,
        .data = x,
        .channels = geometry.in_channels,
        .size = geometry.in,
        .origin = .{
            -@as(isize, @intCast(geometry.padding[0])),
            -@as(isize, @intCast(geometry.padding[1])),
        },
        .halo = interface.tile_source - interface.tile_pixels,
    };
    return .{
        .kernels = kernels,
        .geometry = geometry,
        .grid = grid,
        .source = planes,
        .gradient = .{
            .kernels = planes.kernels,
            .lanes = lanes,
            .data = gradient,
            .channels = geometry.out_channels,
            .size = geometry.out,
            .origin = .{ 0, 0 },
            .halo = 0,
        },
        .lanes = lanes,
        .source_vectors = source_vectors,
        .gradient_vectors = gradient_vectors,
        .block_vectors = block_vectors,
        .group_blocks = group_blocks,
        .tile_step = tile_step,
        .source_step = elementStep(group_tiles * tile_step),
        .gradient_step = elementStep(group_tiles * gradient_vectors * lanes),
        .sum_step = elementStep(block_rows * block_vectors * lanes),
        .out = out,
    };
}

/// Transforms one block of tiles of some channels, of the source or of the gradient.
fn transformChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const parts = job.sourceParts() + job.gradientParts();
    const part = number % parts;
    const index = number / parts;
    const is_source = part < job.sourceParts();
    const first = (if (is_source) part else part - job.sourceParts()) * part_vectors;
    const count = if (is_source) job.source_vectors else job.gradient_vectors;
    const last = @min(first + part_vectors, count);
    const planes = if (is_source) &job.source else &job.gradient;
    const stage = job.workspace + worker * job.workspace_floats;
    const workspace = stage[0..planes.workspaceFloats(job.grid)];
    const winograd = &job.kernels.convolution.winograd;
    var block = job.grid.block(job.group * job.group_blocks + index);
    while (block.next()) |piece| {
        const tile = index * job.grid.blockTiles() + piece.tile;
        const staging = planes.stage(job.grid, piece, workspace);
        for (first..last) |vector| {
            if (is_source) {
                const out = job.source_tiles + tile * job.tile_step + vector * job.lanes;
                const tiles = staging.fill(vector, out, job.source_step, job.tile_step);
                winograd.transform_source(&tiles);
            } else {
                const strip = gradientStrip(job, vector);
                const out = job.gradient_tiles + strip.offset + tile * strip.step;
                const tiles = staging.fill(vector, out, job.gradient_step, strip.step);
                winograd.transform_gradient(&tiles);
            }
        }
    }
}

/// Where a register of the gradient's channels lies: in strips of its block of channels.
fn gradientStrip(job: *const Job, vector: usize) Strip {
    const block = vector / job.block_vectors;
    const first = block * job.block_vectors;
    const vectors = @min(job.block_vectors, job.gradient_vectors - first);
    const most = job.kernels.matmul.tile_columns / job.lanes;
    var strip: Strip = .of(vector - first, vectors, most, job.tiles(), job.lanes);
    strip.offset += first * job.lanes * job.tiles();
    return strip;
}

/// Adds a group's sums for one block of channels of source and result to those of its part.
fn sumChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const row = number % job.rowBlocks() * block_rows;
    const first = number / job.rowBlocks() * job.block_vectors;
    const width = @min(job.block_vectors, job.gradient_vectors - first) * job.lanes;
    const stage = job.workspace + worker * job.workspace_floats;
    const sums = if (job.sums != null)
        job.sumsOf(job.part, number)
    else
        stage + job.stageFloats();
    const gradient = job.gradient_tiles + gradientStrip(job, first).offset;
    for (0..interface.elements) |element| {
        job.kernels.matmul.half_packed_product(&.{
            .m = @min(block_rows, job.geometry.in_channels - row),
            .n = width,
            .k = job.tiles(),
            .a = .{
                .data = job.source_tiles + element * job.source_step + row,
                .row_stride = 1,
                .column_stride = job.tile_step,
            },
            .b = .{
                .data = gradient + element * job.gradient_step,
                .row_stride = 1,
                .column_stride = 1,
            },
            .out = sums + element * job.sum_step,
            .out_row_stride = width,
            .accumulate = job.group > job.firstGroup(job.part),
        });
    }
    if (job.sums == null) writeKernels(job, number, sums, stage);
}

/// Adds the parts' sums for one block of channels, in their order.
fn addChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const sums = job.sumsOf(0, number);
    for (1..job.parts) |part| {
        const more = job.sumsOf(part, number);
        for (sums[0..job.sumFloats()], more[0..job.sumFloats()]) |*sum, x| sum.* += x;
    }
    writeKernels(job, number, sums, job.workspace + worker * job.workspace_floats);
}

/// Makes kernels of one block of channels of its sums.
fn writeKernels(job: *const Job, block: usize, sums: [*]const f32, stage: [*]f32) void {
    const row = block % job.rowBlocks() * block_rows;
    const rows: usize = @min(block_rows, job.geometry.in_channels - row);
    const first = block / job.rowBlocks() * job.block_vectors;
    const vectors = @min(job.block_vectors, job.gradient_vectors - first);
    const winograd = &job.kernels.convolution.winograd;
    const plane = job.geometry.in_channels * interface.taps;
    for (0..vectors) |vector| {
        winograd.transform_weight_gradient(&.{
            .count = rows,
            .weights = stage,
            .transformed = @constCast(sums + vector * job.lanes),
            .element_step = job.sum_step,
            .weight_step = vectors * job.lanes,
        });
        const channel = (first + vector) * job.lanes;
        winograd.to_planes(&.{
            .planes = job.out + channel * plane + row * interface.taps,
            .channel_step = plane,
            .channels = @min(job.lanes, job.geometry.out_channels - channel),
            .pixels = rows * interface.taps,
            .registers = stage,
        });
    }
}
