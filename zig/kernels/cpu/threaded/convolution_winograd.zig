//! Convolutions with kernels of 3 x 3 in steps of 1 by Winograd's filtering: transformed tiles of
//! the source times transformed kernels, one matrix product for each of 36 elements.
//!
//! Work is cut into blocks of tiles so small that their elements stay in the cache between
//! transforms and products. Where there are few blocks, chunks are blocks of the result's channels
//! as well, and share source tiles. Kernels are transformed once if that is little memory; else for
//! each chunk, some channels of the source at a time, so that they stay in the cache as well.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Operands = @import("convolution_correlate.zig").Operands;
const interface = @import("../convolution_winograd_interface.zig");
const grid_module = @import("convolution_winograd_grid.zig");
const max_depth = @import("../matmul_interface.zig").max_depth;

const Block = grid_module.Block;
const Grid = grid_module.Grid;
const Piece = grid_module.Piece;
const Planes = grid_module.Planes;
const Strip = grid_module.Strip;
const elementStep = grid_module.elementStep;

/// Tiles of a block.
const wanted_tiles = 32;

/// Channels of the result that are computed together: whole strips of any instruction set.
const block_channels = 64;

/// Channels of the source whose kernels a chunk transforms at a time.
const own_depth = 32;

/// Most floats of transformed kernels that are held as a whole: 5 MB.
const max_weight_floats = 5 << 18;

/// Blocks from which on each has a chunk, and source tiles, of its own.
const many_blocks = 16;

/// Most floats of source tiles that chunks share: 32 MB.
const max_source_floats = 8 << 20;

const Job = struct {
    kernels: *const Kernels,
    operands: *const Operands,
    grid: Grid,
    planes: Planes,
    is_turned: bool,
    lanes: usize,
    /// Registers of channels of the source, of the result, and of a block of the latter.
    source_vectors: usize,
    result_vectors: usize,
    block_vectors: usize,
    /// Channels of the source of a block of kernels.
    depth: usize,
    tile_step: usize,
    source_step: usize,
    weight_step: usize,
    result_step: usize,
    /// Transformed kernels of all blocks, or null: chunks transform their own.
    weights: ?[*]f32 = null,
    /// Source tiles of all blocks, or null: chunks have their own.
    source: ?[*]f32 = null,
    workspace: [*]f32 = undefined,
    workspace_floats: usize = 0,

    fn channelBlocks(job: *const Job) usize {
        return (job.result_vectors + job.block_vectors - 1) / job.block_vectors;
    }

    fn depthBlocks(job: *const Job) usize {
        return (job.operands.source_channels + job.depth - 1) / job.depth;
    }

    fn sourceFloats(job: *const Job) usize {
        return interface.elements * job.source_step;
    }

    fn weightFloats(job: *const Job) usize {
        return interface.elements * job.weight_step;
    }

    fn resultFloats(job: *const Job) usize {
        return interface.elements * job.result_step;
    }

    /// Floats for staging pieces of the source or of the result, or kernels.
    fn stageFloats(job: *const Job) usize {
        const source = job.planes.workspaceFloats(job.grid);
        const rows = job.grid.pieceRows() * interface.tile_pixels;
        const result = rows * job.grid.size[1] * job.lanes;
        const weights = job.depth * interface.taps * job.lanes;
        return (@max(source, @max(result, weights)) + 15) / 16 * 16;
    }
};

/// Most columns of a result: a row of tiles is not cut.
const max_columns = 1024;

/// Whether tiles are mostly used, and enough of them to be worth transforming kernels.
pub fn suits(images: usize, channels: [2]usize, size: [2]usize) bool {
    if (@min(channels[0], channels[1]) < 16 or size[1] > max_columns) return false;
    const grid: Grid = .of(images, size, wanted_tiles);
    const pixels = images * size[0] * size[1];
    const tile = interface.tile_pixels * interface.tile_pixels;
    return grid.tileCount() >= 12 and 2 * pixels >= grid.tileCount() * tile;
}

/// Writes the whole result. Its pixel (y, x) reads the source from `(y, x) - padding` on.
pub fn run(
    runner: *const Runner,
    operands: *const Operands,
    padding: [2]usize,
    is_turned: bool,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var job = plan(runner.kernels, operands, padding, is_turned);
    const weight_blocks = job.channelBlocks() * job.depthBlocks();
    const blocks = job.grid.blockCount();
    if (job.depth != own_depth) {
        job.weights = (try runner.scratch.slice(f32, weight_blocks * job.weightFloats())).ptr;
    }
    const shares_source = blocks < many_blocks and job.channelBlocks() > 1 and
        blocks * job.sourceFloats() <= max_source_floats;
    if (shares_source) {
        job.source = (try runner.scratch.slice(f32, blocks * job.sourceFloats())).ptr;
    }
    job.workspace_floats = job.stageFloats() + job.resultFloats();
    if (job.weights == null) job.workspace_floats += job.weightFloats();
    if (job.source == null) job.workspace_floats += job.sourceFloats();
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace = (try runner.scratch.slice(f32, workers * job.workspace_floats)).ptr;

    if (job.weights != null) runner.pool.run(@intCast(weight_blocks), &job, weightChunk);
    if (!shares_source) return runner.pool.runShares(@intCast(blocks), &job, blockChunk);
    runner.pool.run(@intCast(blocks * sourceParts(&job)), &job, sourceChunk);
    runner.pool.run(@intCast(blocks * job.channelBlocks()), &job, productChunk);
}

fn plan(
    kernels: *const Kernels,
    operands: *const Operands,
    padding: [2]usize,
    is_turned: bool,
) Job {
    const lanes = kernels.convolution.lanes;
    const source_vectors = (operands.source_channels + lanes - 1) / lanes;
    const result_vectors = (operands.channels + lanes - 1) / lanes;
    const block_vectors = @min(result_vectors, block_channels / lanes);
    const grid: Grid = .of(operands.images, operands.size, wanted_tiles);
    const all_weights = interface.elements * operands.source_channels * result_vectors * lanes;
    const is_held = grid.blockCount() > 1 and all_weights <= max_weight_floats;
    const pieces = (operands.source_channels + max_depth - 1) / max_depth;
    const depth = if (is_held) (operands.source_channels + pieces - 1) / pieces else own_depth;
    // One more register than there are keeps neighbouring tiles out of the same cache sets.
    const tile_step = (source_vectors + 1) * lanes;
    return .{
        .kernels = kernels,
        .operands = operands,
        .grid = grid,
        .planes = .{
            .kernels = &kernels.convolution.winograd,
            .lanes = lanes,
            .data = operands.source,
            .channels = operands.source_channels,
            .size = operands.source_size,
            .origin = .{ -@as(isize, @intCast(padding[0])), -@as(isize, @intCast(padding[1])) },
            .halo = interface.tile_source - interface.tile_pixels,
        },
        .is_turned = is_turned,
        .lanes = lanes,
        .source_vectors = source_vectors,
        .result_vectors = result_vectors,
        .block_vectors = block_vectors,
        .depth = depth,
        .tile_step = tile_step,
        .source_step = elementStep(grid.blockTiles() * tile_step),
        .weight_step = elementStep(depth * block_vectors * lanes),
        .result_step = elementStep(grid.blockTiles() * block_vectors * lanes),
    };
}

fn weightChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const out = job.weights.? + number * job.weightFloats();
    const workspace = job.workspace + worker * job.workspace_floats;
    const depth_blocks = job.depthBlocks();
    transformWeights(job, number / depth_blocks, number % depth_blocks, out, workspace);
}

/// Transforms the kernels of one block of the result's channels and one of the source's.
fn transformWeights(
    job: *const Job,
    channel_block: usize,
    depth_block: usize,
    out: [*]f32,
    stage: [*]f32,
) void {
    const operands = job.operands;
    const strides = operands.weight_strides;
    const lanes = job.lanes;
    const first_vector = channel_block * job.block_vectors;
    const vectors = @min(job.block_vectors, job.result_vectors - first_vector);
    const first = depth_block * job.depth;
    const depth = @min(job.depth, operands.source_channels - first);
    const most = job.kernels.matmul.tile_columns / lanes;
    for (0..vectors) |vector| {
        const channel = (first_vector + vector) * lanes;
        const source = operands.weights + channel * strides[1] + first * strides[2];
        var transpose: interface.Transpose = .{
            .planes = @constCast(source),
            .channel_step = strides[1],
            .channels = @min(lanes, operands.channels - channel),
            .pixels = interface.taps,
            .registers = stage,
        };
        if (strides[2] == interface.taps) {
            transpose.pixels *= depth;
            job.kernels.convolution.winograd.to_registers(&transpose);
        } else for (0..depth) |k| {
            transpose.planes = @constCast(source + k * strides[2]);
            transpose.registers = stage + k * interface.taps * lanes;
            job.kernels.convolution.winograd.to_registers(&transpose);
        }
        const strip: Strip = .of(vector, vectors, most, depth, lanes);
        job.kernels.convolution.winograd.transform_weights(&.{
            .count = depth,
            .weights = stage,
            .transformed = out + strip.offset,
            .element_step = job.weight_step,
            .weight_step = strip.step,
            .is_turned = job.is_turned,
        });
    }
}

/// Registers of channels that one chunk of `sourceChunk` transforms.
const part_vectors = 4;

fn sourceParts(job: *const Job) usize {
    return (job.source_vectors + part_vectors - 1) / part_vectors;
}

fn sourceChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const index = number / sourceParts(job);
    const first = number % sourceParts(job) * part_vectors;
    const last = @min(first + part_vectors, job.source_vectors);
    const out = job.source.? + index * job.sourceFloats();
    const workspace = job.workspace + worker * job.workspace_floats;
    transformSource(job, job.grid.block(index), first, last, out, workspace);
}

fn transformSource(
    job: *const Job,
    given: Block,
    first: usize,
    last: usize,
    out: [*]f32,
    stage: [*]f32,
) void {
    var block = given;
    while (block.next()) |piece| {
        const workspace = stage[0..job.planes.workspaceFloats(job.grid)];
        const staging = job.planes.stage(job.grid, piece, workspace);
        for (first..last) |vector| {
            const target = out + piece.tile * job.tile_step + vector * job.lanes;
            const tiles = staging.fill(vector, target, job.source_step, job.tile_step);
            job.kernels.convolution.winograd.transform_source(&tiles);
        }
    }
}

fn blockChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const block = job.grid.block(number);
    const workspace = job.workspace + worker * job.workspace_floats;
    const source = workspace + job.workspace_floats - job.sourceFloats();
    transformSource(job, block, 0, job.source_vectors, source, workspace);
    for (0..job.channelBlocks()) |channels| multiply(job, block, channels, source, workspace);
}

fn productChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const index = number % job.grid.blockCount();
    const channel_block = number / job.grid.blockCount();
    const source = job.source.? + index * job.sourceFloats();
    const workspace = job.workspace + worker * job.workspace_floats;
    multiply(job, job.grid.block(index), channel_block, source, workspace);
}

/// One block of the result's channels of one block of tiles.
fn multiply(
    job: *const Job,
    block: Block,
    channel_block: usize,
    source: [*]const f32,
    workspace: [*]f32,
) void {
    const lanes = job.lanes;
    const first_vector = channel_block * job.block_vectors;
    const vectors = @min(job.block_vectors, job.result_vectors - first_vector);
    const results = workspace + job.stageFloats();
    for (0..job.depthBlocks()) |depth_block| {
        const first = depth_block * job.depth;
        const depth = @min(job.depth, job.operands.source_channels - first);
        const weights = if (job.weights) |all|
            all + (channel_block * job.depthBlocks() + depth_block) * job.weightFloats()
        else own: {
            const out = results + job.resultFloats();
            transformWeights(job, channel_block, depth_block, out, workspace);
            break :own out;
        };
        for (0..interface.elements) |element| {
            job.kernels.matmul.half_packed_product(&.{
                .m = block.tiles(),
                .n = vectors * lanes,
                .k = depth,
                .a = .{
                    .data = source + element * job.source_step + first,
                    .row_stride = job.tile_step,
                    .column_stride = 1,
                },
                .b = .{
                    .data = weights + element * job.weight_step,
                    .row_stride = 1,
                    .column_stride = 1,
                },
                .out = results + element * job.result_step,
                .out_row_stride = vectors * lanes,
                .accumulate = depth_block > 0,
            });
        }
    }
    var pieces = block;
    while (pieces.next()) |piece| {
        for (0..vectors) |vector| {
            const sums = results + piece.tile * vectors * lanes + vector * lanes;
            writeResult(job, piece, first_vector + vector, sums, vectors * lanes, workspace);
        }
    }
}

/// Computes a piece's pixels of one register of channels and brings them into their planes.
fn writeResult(
    job: *const Job,
    piece: Piece,
    vector: usize,
    sums: [*]f32,
    tile_step: usize,
    stage: [*]f32,
) void {
    const operands = job.operands;
    const channel = vector * job.lanes;
    const channels = @min(job.lanes, operands.channels - channel);
    var bias: [grid_module.max_lanes]f32 = @splat(0);
    if (operands.bias) |values| @memcpy(bias[0..channels], values[channel..][0..channels]);
    const first_row = piece.row * interface.tile_pixels;
    const rows = @min(piece.rows * interface.tile_pixels, operands.size[0] - first_row);
    const columns = operands.size[1];
    job.kernels.convolution.winograd.transform_result(&.{
        .rows = piece.rows,
        .columns = job.grid.columns,
        .pixels = stage,
        .row_step = columns * job.lanes,
        .transformed = sums,
        .element_step = job.result_step,
        .tile_step = tile_step,
        .pixel_rows = rows,
        .pixel_columns = columns,
        .bias = &bias,
    });
    const plane = operands.size[0] * columns;
    const start = (piece.image * operands.channels + channel) * plane + first_row * columns;
    job.kernels.convolution.winograd.to_planes(&.{
        .planes = operands.out + start,
        .channel_step = plane,
        .channels = channels,
        .pixels = rows * columns,
        .registers = stage,
    });
}
