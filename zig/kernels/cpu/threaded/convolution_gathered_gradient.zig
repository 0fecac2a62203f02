//! The gradient of a convolution's weights as plain matrix products: rows gathered as in
//! convolution_gathered.zig, turned around, times the result's gradient with its channels beside
//! each other.
//!
//! A chunk sums some images, a part of them, for some channels of the source: it gathers what the
//! pixels of a piece read and multiplies it while it is in the second-level cache. Sums of parts
//! are added in one order.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const matmul_interface = @import("../matmul_interface.zig");
const gather = @import("convolution_gather.zig");
const gathered = @import("convolution_gathered.zig");
const geometry_module = @import("convolution_geometry.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;
const channel_step = gather.channel_step;
const divideUp = gather.divideUp;

/// Channels of the source of a chunk: so many that it is worth turning the gradient for them.
const chunk_channels = 8 * channel_step;

/// Floats of gathered rows, and of the gradient, of a piece.
const piece_floats = 64 << 10;

/// Most parts, and most floats of sums of all of them together, unless one has more: 10 MB.
const most_parts = 8;
const max_part_floats = 5 << 19;

/// Floats of a part that one chunk adds up.
const add_floats = 4 << 10;

const Job = struct {
    kernels: *const Kernels,
    products: *const matmul_interface.Table,
    lanes: usize,
    geometry: Geometry,
    phase: *const Phase,
    window: gather.Window,
    pieces: gather.Pieces,
    parts: usize,
    /// `[images][out_channels][pixels]`.
    gradient: [*]const f32,
    /// `[parts][depth][out_channels]`, where depth is channels of the source, `channel_step` of
    /// them at a time, for each of these all taps.
    sums: []f32 = &.{},
    /// Where each weight lies in the first part's sums, in the order of `out`.
    places: []u32 = &.{},
    out: [*]f32,
    workspace: [*]f32 = undefined,
    workspace_floats: usize,
    /// Parts of a workspace: gathered rows come first.
    turned_start: usize,
    packed_start: usize,
    window_start: usize,

    fn depth(job: *const Job) usize {
        return job.geometry.in_channels * job.geometry.kernelSize();
    }

    fn sumFloats(job: *const Job) usize {
        return job.depth() * job.geometry.out_channels;
    }

    fn channelChunks(job: *const Job) usize {
        return divideUp(job.geometry.in_channels, chunk_channels);
    }
};

/// Whether registers are filled, and a piece can be as large as a row of pixels.
pub fn suits(runner: *const Runner, geometry: Geometry) bool {
    return gathered.suits(runner, geometry) and geometry.out[1] <= runner.products().maxDepth();
}

/// Writes `[out_channels][in_channels][kernel]`.
pub fn run(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const scratch = runner.scratch;
    const mark = scratch.head;
    defer scratch.reset(mark);
    const phase = try geometry_module.forwardPhase(scratch, geometry);
    var job = plan(runner, geometry, &phase, x);
    job.gradient = gradient;
    job.out = out;
    job.sums = try scratch.slice(f32, job.parts *| job.sumFloats());
    job.places = try scratch.slice(u32, job.depth());
    for (job.places, 0..) |*place, i| {
        const taps = geometry.kernelSize();
        const channel = i / taps;
        const block = channel / channel_step * taps;
        const row = (block + i % taps) * channel_step + channel % channel_step;
        place.* = @intCast(row * geometry.out_channels);
    }
    const workers = runner.pool.thread_count.load(.monotonic);
    job.workspace = (try scratch.slice(f32, workers *| job.workspace_floats)).ptr;
    runner.pool.runShares(@intCast(job.parts * job.channelChunks()), &job, sumChunk);
    if (job.parts > 1) {
        runner.pool.run(@intCast(divideUp(job.sumFloats(), add_floats)), &job, addChunk);
    }
    runner.pool.run(@intCast(geometry.out_channels / job.lanes), &job, writeChunk);
}

fn plan(runner: *const Runner, geometry: Geometry, phase: *const Phase, x: [*]const f32) Job {
    const products = runner.products();
    const row_floats = geometry.kernelSize() * channel_step;
    const most_floats = @max(row_floats, geometry.out_channels);
    const pixels = std.math.clamp(piece_floats / most_floats, 1, products.maxDepth());
    const window: gather.Window = .of(
        runner.kernels,
        x,
        geometry.in_channels,
        geometry.in,
        phase[0..1],
    );
    const pieces: gather.Pieces = .of(geometry.images, geometry.out, pixels);
    const most = pieces.largest().pixelsOf(phase);
    const floats = row_floats * geometry.in_channels / channel_step * geometry.out_channels;
    const fitting = std.math.clamp(max_part_floats / floats, 1, most_parts);
    const turned_start = most *| row_floats;
    const packed_start = turned_start +| most *| geometry.out_channels;
    const window_start = packed_start +|
        matmul_interface.packedColumnsFloats(geometry.out_channels, products.steps(most));
    return .{
        .kernels = runner.kernels,
        .products = products,
        .lanes = runner.kernels.convolution.lanes,
        .geometry = geometry,
        .phase = phase,
        .window = window,
        .pieces = pieces,
        .parts = @min(fitting, pieces.count()),
        .gradient = undefined,
        .out = undefined,
        .turned_start = turned_start,
        .packed_start = packed_start,
        .window_start = window_start,
        .workspace_floats = (window_start +| window.floats(pieces.rows) +| most +| 15) / 16 * 16,
    };
}

/// The sums of one part for one chunk of the source's channels.
fn sumChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const part = number / job.channelChunks();
    const first = number % job.channelChunks() * chunk_channels;
    const last = @min(first + chunk_channels, job.geometry.in_channels);
    const workspace = job.workspace + worker * job.workspace_floats;
    const start = part * job.pieces.count() / job.parts;
    for (start..(part + 1) * job.pieces.count() / job.parts) |index| {
        const piece = job.pieces.at(index);
        packGradient(job, piece, workspace);
        const staging = job.window.stage(piece.row, piece.rows, workspace + job.window_start);
        var channel = first;
        while (channel < last) : (channel += channel_step) {
            gatherRows(job, piece, &staging, channel, workspace);
            multiply(job, piece, part, channel, index > start, workspace);
        }
    }
}

/// Brings the channels of a piece's gradient beside each other, and packs them.
fn packGradient(job: *const Job, piece: gather.Piece, workspace: [*]f32) void {
    const geometry = job.geometry;
    const channels = geometry.out_channels;
    const pixels = piece.rows * geometry.out[1];
    const plane = geometry.out[0] * geometry.out[1];
    const turned = workspace + job.turned_start;
    const places: [*]u32 = @ptrCast(workspace + job.window_start);
    for (0..pixels) |pixel| places[pixel] = @intCast(pixel * channels);
    for (0..piece.images) |image| {
        var channel: usize = 0;
        while (channel < channels) : (channel += job.lanes) {
            const first = (piece.image + image) * channels + channel;
            const start = first * plane + piece.row * geometry.out[1];
            job.kernels.convolution.winograd.to_registers(&.{
                .planes = @constCast(job.gradient + start),
                .channel_step = plane,
                .channels = job.lanes,
                .pixels = pixels,
                .registers = turned + image * pixels * channels + channel,
                .places = places,
            });
        }
    }
    job.products.pack_columns(workspace + job.packed_start, &.{
        .data = turned,
        .row_stride = channels,
        .column_stride = 1,
    }, piece.images * pixels, channels);
}

/// Gathers `[pixels][taps][channel_step]`.
fn gatherRows(
    job: *const Job,
    piece: gather.Piece,
    staging: *const gather.Staging,
    channel: usize,
    workspace: [*]f32,
) void {
    const step = job.geometry.kernelSize() * channel_step;
    for (0..piece.images) |image| {
        const rows = workspace + image * piece.rows * job.geometry.out[1] * step;
        var lane: usize = 0;
        while (lane < channel_step) : (lane += job.lanes) {
            staging.fill(piece.image + image, channel + lane);
            staging.gather(job.phase, piece.rows, rows + lane, step, channel_step);
        }
    }
}

fn multiply(
    job: *const Job,
    piece: gather.Piece,
    part: usize,
    channel: usize,
    accumulate: bool,
    workspace: [*]f32,
) void {
    const taps = job.geometry.kernelSize();
    const channels = job.geometry.out_channels;
    job.products.half_packed_product(&.{
        .m = taps * channel_step,
        .n = channels,
        .k = piece.pixelsOf(job.phase),
        .a = .{ .data = workspace, .row_stride = 1, .column_stride = taps * channel_step },
        .b = .{ .data = workspace + job.packed_start, .row_stride = 1, .column_stride = 1 },
        .out = job.sums.ptr + part * job.sumFloats() + channel * taps * channels,
        .out_row_stride = channels,
        .accumulate = accumulate,
    });
}

/// Adds the parts' sums.
fn addChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const first = @as(usize, number) * add_floats;
    const count = @min(add_floats, job.sumFloats() - first);
    const sums = job.sums[first..][0..count];
    for (1..job.parts) |part| {
        const more = job.sums[part * job.sumFloats() + first ..][0..count];
        for (sums, more) |*sum, x| sum.* += x;
    }
}

/// Brings the sums of one register of channels where they belong.
fn writeChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const channel = number * job.lanes;
    job.kernels.convolution.winograd.to_planes(&.{
        .planes = job.out + channel * job.depth(),
        .channel_step = job.depth(),
        .channels = job.lanes,
        .pixels = job.depth(),
        .registers = job.sums.ptr + channel,
        .places = job.places.ptr,
    });
}
