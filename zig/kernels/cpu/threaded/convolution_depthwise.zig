//! Convolutions of planes that have a kernel each, and their gradients: groups of one channel
//! ("depthwise", Howard et al. 2017). A few multiplications for each pixel are not worth the order
//! of matrix products. Registers hold channels, so that planes of any size, strides and dilations
//! fill them: planes of one register of channels are brought into registers with zeros around them,
//! summed tap by tap, and brought back.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Operands = @import("convolution_correlate.zig").Operands;
const Tiling = @import("convolution_depthwise_tiling.zig").Tiling;
const geometry_module = @import("convolution_geometry.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;

/// Chunks to aim for where images have to be divided.
const wanted_chunks = 32;

/// Most pixels of the rows that a row of the result reads, padding included: rows are not cut.
const max_row_pixels = 8 << 10;

/// Most elements of a kernel.
const max_elements = 256;

/// Whether each plane has a kernel of its own, and the least tile is small.
pub fn suits(geometry: Geometry) bool {
    const is_depthwise = geometry.in_channels == 1 and geometry.out_channels == 1 and
        geometry.groups > 1;
    if (!is_depthwise or geometry.images == 0 or geometry.kernelSize() > max_elements) return false;
    var reach: [2]usize = undefined;
    for (0..2) |axis| {
        reach[axis] = (geometry.kernel[axis] - 1) * geometry.dilation[axis] + 1;
        if (geometry.in[axis] == 0 or geometry.padding[axis] >= reach[axis]) return false;
    }
    return reach[0] *| (geometry.in[1] +| 2 * geometry.padding[1]) <= max_row_pixels;
}

const Convolution = struct {
    operands: *const Operands,
    tiling: Tiling,
    /// Registers `[vectors][taps of all phases]`, and `[vectors]`.
    weights: [*]f32,
    bias: [*]f32,
    workspace: []f32,

    fn arrange(job: *const Convolution) void {
        const lanes = job.tiling.lanes;
        var tap_index: usize = 0;
        for (job.tiling.phases) |phase| for (phase.taps) |tap| {
            for (0..job.tiling.vectors() * lanes) |channel| {
                const vector = channel / lanes * job.tiling.offsets.len + tap_index;
                job.weights[vector * lanes + channel % lanes] = if (channel < job.tiling.channels)
                    job.operands.weights[channel * job.operands.weight_strides[0] + tap.element]
                else
                    0;
            }
            tap_index += 1;
        };
        @memset(job.bias[0 .. job.tiling.vectors() * lanes], 0);
        const channels = job.tiling.channels;
        if (job.operands.bias) |bias| @memcpy(job.bias[0..channels], bias[0..channels]);
    }

    fn chunk(pointer: *const anyopaque, number: u32, worker: u32) void {
        const job: *const Convolution = @ptrCast(@alignCast(pointer));
        const tiling = &job.tiling;
        const window = job.workspace.ptr + worker * tiling.workspaceFloats();
        const result = window + tiling.windowFloats();
        const tile = number % tiling.count();
        const vector = number / tiling.count() % tiling.vectors();
        const image = number / tiling.count() / tiling.vectors();
        tiling.fill(window, job.operands.source, image, vector, tile);
        job.sum(vector, tile, window, result);
        const rows = tiling.resultRows(tile);
        const plane = tiling.size[0] * tiling.size[1];
        const first = (image * tiling.channels + vector * tiling.lanes) * plane;
        tiling.kernels.convolution.winograd.to_planes(&.{
            .planes = job.operands.out + first + rows[0] * tiling.size[1],
            .channel_step = plane,
            .channels = tiling.channelsOf(vector),
            .pixels = (rows[1] - rows[0]) * tiling.size[1],
            .registers = result,
        });
    }

    fn sum(
        job: *const Convolution,
        vector: usize,
        tile: usize,
        window: [*]const f32,
        result: [*]f32,
    ) void {
        const tiling = &job.tiling;
        const lanes = tiling.lanes;
        var first_tap: usize = 0;
        for (tiling.phases) |*phase| {
            const row_floats = tiling.size[1] * lanes;
            const weight = vector * tiling.offsets.len + first_tap;
            tiling.kernels.convolution.depthwise.sums(&.{
                .source = tiling.sourceOf(window, phase, first_tap),
                .weights = job.weights + weight * lanes,
                .bias = job.bias + vector * lanes,
                .out = result + phase.out_start[0] * row_floats + phase.out_start[1] * lanes,
                .out_row_step = phase.out_step[0] * row_floats,
                .out_pixel_step = phase.out_step[1] * lanes,
                .rows = tiling.phaseRows(phase, tile),
                .columns = phase.size[1],
            });
            first_tap += phase.taps.len;
        }
    }
};

/// The result of `forward`, or with the phases of an input its gradient.
pub fn run(
    runner: *const Runner,
    operands: *const Operands,
    phases: []const Phase,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const channels = operands.groups;
    const tiling: Tiling =
        try .of(runner, phases, channels, operands.source_size, operands.size);
    const registers = tiling.vectors() * tiling.lanes;
    const workers = runner.pool.thread_count.load(.monotonic);
    const job: Convolution = .{
        .operands = operands,
        .tiling = tiling,
        .weights = (try runner.scratch.slice(f32, registers * tiling.offsets.len)).ptr,
        .bias = (try runner.scratch.slice(f32, registers)).ptr,
        .workspace = try runner.scratch.slice(f32, workers * tiling.workspaceFloats()),
    };
    @memset(job.workspace, 0);
    job.arrange();
    const chunks = operands.images * tiling.vectors() * tiling.count();
    runner.pool.run(@intCast(chunks), &job, Convolution.chunk);
}

const Gradient = struct {
    tiling: Tiling,
    images: usize,
    image_parts: usize,
    x: [*]const f32,
    gradient: [*]const f32,
    /// Registers `[image_parts][vectors][taps]`.
    sums: [*]f32,
    workspace: []f32,

    fn chunk(pointer: *const anyopaque, number: u32, worker: u32) void {
        const job: *const Gradient = @ptrCast(@alignCast(pointer));
        const tiling = &job.tiling;
        const sum_floats = tiling.offsets.len * tiling.lanes;
        const sums = job.sums + number * sum_floats;
        @memset(sums[0..sum_floats], 0);
        const window = job.workspace.ptr + worker * tiling.workspaceFloats();
        const vector = number % tiling.vectors();
        const part = number / tiling.vectors();
        const end = (part + 1) * job.images / job.image_parts;
        for (part * job.images / job.image_parts..end) |image| {
            for (0..tiling.count()) |tile| job.add(image, vector, tile, window, sums);
        }
    }

    fn add(
        job: *const Gradient,
        image: usize,
        vector: usize,
        tile: usize,
        window: [*]f32,
        sums: [*]f32,
    ) void {
        const tiling = &job.tiling;
        tiling.fill(window, job.x, image, vector, tile);
        const given = window + tiling.windowFloats();
        const rows = tiling.resultRows(tile);
        const plane = tiling.size[0] * tiling.size[1];
        const first = (image * tiling.channels + vector * tiling.lanes) * plane;
        tiling.kernels.convolution.winograd.to_registers(&.{
            .planes = @constCast(job.gradient + first + rows[0] * tiling.size[1]),
            .channel_step = plane,
            .channels = tiling.channelsOf(vector),
            .pixels = (rows[1] - rows[0]) * tiling.size[1],
            .registers = given,
        });
        tiling.kernels.convolution.depthwise.gradient(&.{
            .source = tiling.sourceOf(window, &tiling.phases[0], 0),
            .gradient = given,
            .rows = rows[1] - rows[0],
            .columns = tiling.size[1],
            .out = sums,
        });
    }
};

/// Writes `[groups][1][1][kernel]`. Partial sums of some images each are added in one order.
pub fn weightGradient(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const phase = try geometry_module.forwardPhase(runner.scratch, geometry);
    const tiling: Tiling =
        try .of(runner, &.{phase}, geometry.groups, geometry.in, geometry.out);
    const vectors = tiling.vectors();
    const image_parts = @min(geometry.images, (wanted_chunks + vectors - 1) / vectors);
    const taps = geometry.kernelSize();
    const sums = try runner.scratch.slice(f32, image_parts * vectors * taps * tiling.lanes);
    const workers = runner.pool.thread_count.load(.monotonic);
    const job: Gradient = .{
        .tiling = tiling,
        .images = geometry.images,
        .image_parts = image_parts,
        .x = x,
        .gradient = gradient,
        .sums = sums.ptr,
        .workspace = try runner.scratch.slice(f32, workers * tiling.workspaceFloats()),
    };
    @memset(job.workspace, 0);
    runner.pool.run(@intCast(image_parts * vectors), &job, Gradient.chunk);
    for (0..geometry.groups) |channel| for (0..taps) |tap| {
        const vector = channel / tiling.lanes;
        var sum: f32 = 0;
        for (0..image_parts) |part| {
            const index = (part * vectors + vector) * taps + tap;
            sum += sums[index * tiling.lanes + channel % tiling.lanes];
        }
        out[channel * taps + tap] = sum;
    };
}
