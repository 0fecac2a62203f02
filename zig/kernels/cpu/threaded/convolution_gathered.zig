//! Convolutions as matrix products of gathered pixels: what a pixel of the result reads becomes a
//! row `[taps][channels]` (Chellapilla, Puri and Simard 2006), which is multiplied with packed
//! kernels, in every precision that products have.
//!
//! A chunk is some rows of one image's result, or some images. It gathers what they read of a block
//! of channels, multiplies that while it is in the second-level cache, goes on with the next block,
//! and brings the sums into planes. Phases of an input's gradient have products of their own; a
//! chunk computes the same rows of all of them.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const matmul_interface = @import("../matmul_interface.zig");
const Operands = @import("convolution_correlate.zig").Operands;
const geometry_module = @import("convolution_geometry.zig");
const gather = @import("convolution_gather.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;
const channel_step = gather.channel_step;
const divideUp = gather.divideUp;
const max_elements = gather.max_elements;
const partSize = matmul_interface.partSize;

/// Floats of gathered rows that a chunk should have at most: half of a 512 KB cache.
const chunk_floats = 64 << 10;

/// Chunks to aim for, and fewest pixels for which it is worth reading kernels once more.
const wanted_chunks = 16;
const fewest_pixels = 64;

/// Where a phase's numbers lie: its kernels among all taps, its rows and its sums in a workspace.
const Place = struct { first_tap: usize, rows: usize = 0, sums: usize = 0 };

const Job = struct {
    kernels: *const Kernels,
    products: *const matmul_interface.Table,
    lanes: usize,
    operands: *const Operands,
    phases: []const Phase,
    places: []Place,
    /// All of the phases'.
    taps: usize,
    window: gather.Window,
    /// Channels of a block, of which the last may have fewer.
    block_channels: usize,
    pieces: gather.Pieces,
    weights: [*]f32 = undefined,
    workspace: [*]f32 = undefined,
    workspace_floats: usize = 0,
    /// Parts of a workspace: sums, for which see `writeResult`, come first.
    rows_start: usize = 0,
    window_start: usize = 0,
    pixels_start: usize = 0,

    fn blocks(job: *const Job) usize {
        return divideUp(job.operands.source_channels, job.block_channels);
    }

    fn channelsOf(job: *const Job, block: usize) usize {
        return @min(job.block_channels, job.operands.source_channels - block * job.block_channels);
    }

    /// The packed kernels of a phase for a block of channels.
    fn weightsOf(job: *const Job, block: usize, index: usize) [*]f32 {
        const before = block * job.block_channels * job.taps +
            job.places[index].first_tap * job.channelsOf(block);
        return job.weights + job.products.steps(before) * job.operands.channels;
    }

    /// Which of all taps an element of the kernel is; one behind them when no phase reads it.
    fn tapOf(job: *const Job, element: usize) usize {
        for (job.phases, job.places) |phase, place| {
            for (phase.taps, place.first_tap..) |tap, index| {
                if (tap.element == element) return index;
            }
        }
        return job.taps;
    }

    /// Registers of the result's channels that begin strip `index`, and how many it has.
    fn strip(job: *const Job, index: usize) [2]usize {
        const most = job.products.tile_columns / job.lanes;
        const all = job.operands.channels / job.lanes;
        var start: usize = 0;
        for (0..index) |_| start += partSize(all - start, most);
        return .{ start, partSize(all - start, most) };
    }

    fn strips(job: *const Job) usize {
        var count: usize = 0;
        while (job.strip(count)[1] > 0) count += 1;
        return count;
    }
};

/// Floats from one row to the next: rows that lie a power of two apart would push each other out of
/// the cache.
fn rowFloats(phase: *const Phase, channels: usize) usize {
    return phase.taps.len * channels + channel_step;
}

/// Whether registers are filled, and blocks of kernels hold that many elements.
pub fn suits(runner: *const Runner, geometry: Geometry) bool {
    const most = @min(max_elements, runner.products().maxDepth() / channel_step);
    return geometry.groups == 1 and geometry.images > 0 and geometry.kernelSize() <= most and
        geometry.in_channels % channel_step == 0 and geometry.out_channels % channel_step == 0;
}

/// The result of `forward`, or of its input's gradient.
pub fn run(
    runner: *const Runner,
    operands: *const Operands,
    phases: []const Phase,
) Arena.Error!void {
    const scratch = runner.scratch;
    const mark = scratch.head;
    defer scratch.reset(mark);
    var job = plan(runner, operands, phases);
    job.places = try scratch.slice(Place, phases.len);
    layOut(&job);
    job.weights = (try scratch.slice(
        f32,
        job.products.steps(operands.source_channels * job.taps) *| operands.channels,
    )).ptr;
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace = (try scratch.slice(f32, workers *| job.workspace_floats)).ptr;
    if (job.taps > 0) runner.pool.run(@intCast(job.blocks() * job.strips()), &job, weightChunk);
    runner.pool.runShares(@intCast(job.pieces.count()), &job, multiplyChunk);
}

fn plan(runner: *const Runner, operands: *const Operands, phases: []const Phase) Job {
    const products = runner.products();
    var taps: usize = 0;
    var most_taps: usize = 1;
    for (phases) |phase| {
        taps += phase.taps.len;
        most_taps = @max(most_taps, phase.taps.len);
    }
    const fitting = products.maxDepth() / most_taps / channel_step * channel_step;
    const count = divideUp(operands.source_channels, fitting);
    const channels = divideUp(operands.source_channels, count);
    const block_channels = divideUp(channels, channel_step) * channel_step;

    const size = phases[0].size;
    const wanted = operands.images * size[0] * size[1] / wanted_chunks;
    const most = @max(1, chunk_floats / (@max(1, taps) * block_channels));
    const pixels = @min(most, @max(fewest_pixels, wanted));
    return .{
        .kernels = runner.kernels,
        .products = products,
        .lanes = runner.kernels.convolution.lanes,
        .operands = operands,
        .phases = phases,
        .places = undefined,
        .taps = taps,
        .window = .of(
            runner.kernels,
            operands.source,
            operands.source_channels,
            operands.source_size,
            phases,
        ),
        .block_channels = block_channels,
        .pieces = .of(operands.images, size, pixels),
    };
}

/// Says where everything lies in a workspace.
fn layOut(job: *Job) void {
    const channels = job.operands.channels;
    const most = job.pieces.largest();
    var taps: usize = 0;
    var rows: usize = 0;
    // At 0 is what pixels have that no tap reaches.
    var sums: usize = channels;
    for (job.phases, job.places) |*phase, *place| {
        place.* = .{ .first_tap = taps, .rows = rows, .sums = sums };
        taps += phase.taps.len;
        if (phase.taps.len == 0) {
            place.sums = 0;
            continue;
        }
        rows +|= most.pixelsOf(phase) *| rowFloats(phase, job.block_channels);
        sums +|= most.pixelsOf(phase) *| channels;
    }
    const out_rows = most.rows *| job.phases[0].out_step[0];
    job.rows_start = sums;
    job.window_start = sums +| rows;
    job.pixels_start = job.window_start +| job.window.floats(most.rows);
    const result_floats = job.pixels_start +| out_rows *| job.operands.size[1];
    const kernel_floats = (job.taps + 1) * job.block_channels * job.products.tile_columns;
    job.workspace_floats = (@max(result_floats, kernel_floats) +| 15) / 16 * 16;
}

/// Packs the kernels of one strip of the result's channels for one block of the source's, phase by
/// phase.
fn weightChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const operands = job.operands;
    const block = number % job.blocks();
    const first_vector, const vectors = job.strip(number / job.blocks());
    const channels = job.channelsOf(block);
    const width = vectors * job.lanes;
    const strides = operands.weight_strides;
    const elements = @min(strides[1], strides[2]);
    // Kernels of neighbouring channels are brought together where they are neighbours.
    const together = if (strides[2] == elements) channels else 1;
    var places: [2 * matmul_interface.max_depth]u32 = undefined;
    for (places[0 .. together * elements], 0..) |*place, i| {
        // Elements that no phase reads, which strides beyond the kernel's size leave, go last.
        const first = job.tapOf(i % elements) * channels + i / elements;
        place.* = @intCast(first * width);
    }
    const gathered = job.workspace + worker * job.workspace_floats;
    for (0..vectors) |vector| {
        const first = (first_vector + vector) * job.lanes * strides[1] +
            block * job.block_channels * strides[2];
        var channel: usize = 0;
        while (channel < channels) : (channel += together) {
            job.kernels.convolution.winograd.to_registers(&.{
                .planes = @constCast(operands.weights + first + channel * strides[2]),
                .channel_step = strides[1],
                .channels = job.lanes,
                .pixels = together * elements,
                .registers = gathered + channel * width + vector * job.lanes,
                .places = &places,
            });
        }
    }
    for (job.phases, job.places, 0..) |phase, place, index| {
        const depth = phase.taps.len * channels;
        if (depth == 0) continue;
        const out = job.weightsOf(block, index) +
            first_vector * job.lanes * job.products.steps(depth);
        job.products.pack_columns(out, &.{
            .data = gathered + place.first_tap * channels * width,
            .row_stride = width,
            .column_stride = 1,
        }, depth, width);
    }
}

fn multiplyChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const piece = job.pieces.at(number);
    const workspace = job.workspace + worker * job.workspace_floats;
    const staging = job.window.stage(piece.row, piece.rows, workspace + job.window_start);
    for (0..job.blocks()) |block| {
        const channels = job.channelsOf(block);
        for (0..piece.images) |image| {
            var channel: usize = 0;
            while (channel < channels) : (channel += job.lanes) {
                staging.fill(piece.image + image, block * job.block_channels + channel);
                for (job.phases, job.places) |*phase, place| {
                    const step = rowFloats(phase, channels);
                    const pixels = piece.rowsOf(phase) * phase.size[1];
                    const rows = workspace + job.rows_start + place.rows + image * pixels * step;
                    staging.gather(phase, piece.rowsOf(phase), rows + channel, step, channels);
                }
            }
        }
        for (job.phases, job.places, 0..) |*phase, place, index| {
            const pixels = piece.pixelsOf(phase);
            if (pixels == 0 or phase.taps.len == 0) continue;
            job.products.half_packed_product(&.{
                .m = pixels,
                .n = job.operands.channels,
                .k = phase.taps.len * channels,
                .a = .{
                    .data = workspace + job.rows_start + place.rows,
                    .row_stride = rowFloats(phase, channels),
                    .column_stride = 1,
                },
                .b = .{
                    .data = job.weightsOf(block, index),
                    .row_stride = 1,
                    .column_stride = 1,
                },
                .out = workspace + place.sums,
                .out_row_stride = job.operands.channels,
                .accumulate = block > 0,
                .bias = if (block > 0) null else job.operands.bias,
            });
        }
    }
    writeResult(job, piece, workspace);
}

/// Brings the sums of a piece into planes.
fn writeResult(job: *const Job, piece: gather.Piece, workspace: [*]f32) void {
    const operands = job.operands;
    const unreached = workspace[0..operands.channels];
    if (operands.bias) |bias| @memcpy(unreached, bias) else @memset(unreached, 0);
    const step = job.phases[0].out_step[0];
    const first_row = piece.row * step;
    const rows = @min((piece.row + piece.rows) * step, operands.size[0]) - first_row;
    const plane = operands.size[0] * operands.size[1];
    const places: [*]u32 = @ptrCast(workspace + job.pixels_start);
    for (0..piece.images) |image| {
        placePixels(job, piece, image, places);
        const first = (piece.image + image) * operands.channels;
        var channel: usize = 0;
        while (channel < operands.channels) : (channel += job.lanes) {
            job.kernels.convolution.winograd.to_planes(&.{
                .planes = operands.out + (first + channel) * plane + first_row * operands.size[1],
                .channel_step = plane,
                .channels = job.lanes,
                .pixels = rows * operands.size[1],
                .registers = workspace + channel,
                .places = places,
            });
        }
    }
}

/// Where the sums of a piece's pixels lie, in the order of one image's pixels.
fn placePixels(job: *const Job, piece: gather.Piece, image: usize, places: [*]u32) void {
    const channels = job.operands.channels;
    for (job.phases, job.places) |*phase, place| {
        const rows = piece.rowsOf(phase);
        var sums = place.sums + image * rows * phase.size[1] * channels;
        for (0..rows) |row| for (0..phase.size[1]) |column| {
            const out_row = phase.out_start[0] + row * phase.out_step[0];
            const out_column = phase.out_start[1] + column * phase.out_step[1];
            const is_reached = phase.taps.len > 0;
            places[out_row * job.operands.size[1] + out_column] =
                if (is_reached) @intCast(sums) else 0;
            sums += channels;
        };
    }
}
