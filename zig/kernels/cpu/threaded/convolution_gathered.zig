//! Convolutions as plain matrix products: the pixels that a result's pixel reads are gathered into
//! a row, `[taps][channels]` (Chellapilla, Puri and Simard 2006). Rows are copied in whole
//! registers of channels, which costs little beside the products, whatever strides and sizes are;
//! and the products are those of threaded/matmul.zig, in every precision that it has.
//!
//! Images are taken in groups, so that rows stay in the cache. Phases of an input's gradient are
//! products of their own; one pass at the end brings the pixels of all of them into planes.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Operands = @import("convolution_correlate.zig").Operands;
const gather = @import("convolution_gather.zig");
const matmul = @import("matmul.zig");

const Phase = @import("convolution_geometry.zig").Phase;
const Source = gather.Source;
const max_elements = gather.max_elements;

/// Kernels as the products take them.
const Weights = struct {
    kernels: *const Kernels,
    lanes: usize,
    weights: [*]const f32,
    out: [*]f32,
    columns: usize,
    elements: usize,
    /// Floats from one row of the given weights to the next, in `out`.
    row_step: usize,
    /// Where each element's rows begin.
    places: *const [max_elements]u32,

    fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
        const job: *const Weights = @ptrCast(@alignCast(pointer));
        for (0..job.columns / job.lanes) |vector| {
            const column = vector * job.lanes;
            const index = number * job.columns + column;
            job.kernels.convolution.winograd.to_registers(&.{
                .planes = @constCast(job.weights + index * job.elements),
                .channel_step = job.elements,
                .channels = job.lanes,
                .pixels = job.elements,
                .registers = job.out + number * job.row_step + column,
                .places = job.places,
            });
        }
    }
};

/// The result of `forward` for `[out][in][kernel]` weights, or of its input's gradient.
pub fn run(
    runner: *const Runner,
    operands: *const Operands,
    phases: []const Phase,
    is_backward: bool,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var taps: usize = 0;
    var row_floats: usize = 0;
    var workspace_floats: usize = 0;
    for (phases) |*phase| {
        const source: Source = .of(
            runner.kernels,
            phase,
            operands.source,
            operands.source_channels,
            operands.source_size,
        );
        taps += phase.taps.len;
        row_floats = @max(row_floats, source.imageFloats());
        workspace_floats = @max(workspace_floats, source.workspace_floats);
    }
    const images = gather.groupImages(operands.images, row_floats);
    const weights = try arrange(runner, operands, phases, is_backward);
    const rows = try runner.scratch.slice(f32, images *| row_floats);
    const workers = runner.pool.thread_count.load(.monotonic);
    const workspace = try runner.scratch.slice(f32, workers *| workspace_floats);
    const results = try Results.take(runner, operands, phases, images);

    var first: usize = 0;
    while (first < operands.images) : (first += images) {
        const count = @min(images, operands.images - first);
        var done_taps: usize = 0;
        for (phases, 0..) |*phase, index| {
            if (phase.taps.len == 0) continue;
            var source: Source = .of(
                runner.kernels,
                phase,
                operands.source,
                operands.source_channels,
                operands.source_size,
            );
            source.out = rows.ptr;
            source.first_image = first;
            source.workspace = workspace.ptr;
            source.workspace_floats = workspace_floats;
            source.gather(runner, count);
            try multiply(runner, operands, .{
                .rows = rows.ptr,
                .count = count * source.pixels(),
                .taps = phase.taps.len,
                .weights = weights,
                .first_tap = done_taps,
                .all_taps = taps,
                .is_backward = is_backward,
                .out = results.data + results.starts[index],
            });
            done_taps += phase.taps.len;
        }
        results.write(runner, first, count);
    }
}

const Product = struct {
    rows: [*]const f32,
    count: usize,
    taps: usize,
    weights: [*]const f32,
    first_tap: usize,
    all_taps: usize,
    is_backward: bool,
    out: [*]f32,
};

fn multiply(runner: *const Runner, operands: *const Operands, product: Product) Arena.Error!void {
    const depth = product.taps * operands.source_channels;
    const first = product.first_tap * operands.source_channels;
    const columns = operands.channels;
    try matmul.matmul(
        runner,
        .{ .m = product.count, .n = columns, .k = depth },
        .{ .data = product.rows, .row_stride = depth, .column_stride = 1 },
        if (product.is_backward) .{
            .data = product.weights + first * columns,
            .row_stride = columns,
            .column_stride = 1,
        } else .{
            .data = product.weights + first,
            .row_stride = 1,
            .column_stride = product.all_taps * operands.source_channels,
        },
        .{ .data = product.out, .row_stride = columns, .bias = operands.bias },
    );
}

/// Weights `[out][taps][in]`, or for gradients `[taps][out][in]`, taps in the order of the phases.
fn arrange(
    runner: *const Runner,
    operands: *const Operands,
    phases: []const Phase,
    is_backward: bool,
) Arena.Error![*]const f32 {
    const elements = operands.weight_strides[if (is_backward) 1 else 2];
    if (elements == 1) return operands.weights;
    const columns = if (is_backward) operands.channels else operands.source_channels;
    const rows = if (is_backward) operands.source_channels else operands.channels;
    const tap_floats = if (is_backward) rows * columns else columns;
    // Elements that no phase reads, which strides beyond the kernel's size leave, go last.
    var places: [max_elements]u32 = undefined;
    const out = try runner.scratch.slice(f32, rows *| columns *| (elements + 1));
    var is_read: [max_elements]bool = @splat(false);
    var tap_count: usize = 0;
    for (phases) |phase| for (phase.taps) |tap| {
        places[tap.element] = @intCast(tap_count * tap_floats);
        is_read[tap.element] = true;
        tap_count += 1;
    };
    const row_step = if (is_backward) columns else tap_count * columns;
    for (places[0..elements], is_read[0..elements]) |*place, read| {
        if (!read) place.* = @intCast(tap_count * rows * columns);
    }
    const job: Weights = .{
        .kernels = runner.kernels,
        .lanes = runner.kernels.convolution.lanes,
        .weights = operands.weights,
        .out = out.ptr,
        .columns = columns,
        .elements = elements,
        .row_step = row_step,
        .places = &places,
    };
    runner.pool.run(@intCast(rows), &job, Weights.chunk);
    return out.ptr;
}

/// Pixels of a group of images as products give them, phase after phase.
const Results = struct {
    kernels: *const Kernels,
    lanes: usize,
    operands: *const Operands,
    phases: []const Phase,
    data: [*]f32,
    /// Where each phase's pixels begin. At 0 is what pixels have that no tap reaches.
    starts: []usize,
    /// Where each pixel of a group's images lies.
    places: []u32,
    first_image: usize = 0,

    fn take(
        runner: *const Runner,
        operands: *const Operands,
        phases: []const Phase,
        images: usize,
    ) Arena.Error!Results {
        const starts = try runner.scratch.slice(usize, phases.len);
        const plane = operands.size[0] * operands.size[1];
        var total: usize = operands.channels;
        for (phases, starts) |phase, *start| {
            start.* = if (phase.taps.len == 0) 0 else total;
            if (phase.taps.len == 0) continue;
            total +|= images *| phase.size[0] *| phase.size[1] *| operands.channels;
        }
        const data = try runner.scratch.slice(f32, total);
        const unreached = data[0..operands.channels];
        if (operands.bias) |bias| @memcpy(unreached, bias) else @memset(unreached, 0);
        const places = try runner.scratch.slice(u32, images *| plane);
        const results: Results = .{
            .kernels = runner.kernels,
            .lanes = runner.kernels.convolution.lanes,
            .operands = operands,
            .phases = phases,
            .data = data.ptr,
            .starts = starts,
            .places = places,
        };
        for (0..images) |image| results.placePixels(image, places[image * plane ..][0..plane]);
        return results;
    }

    fn placePixels(results: *const Results, image: usize, places: []u32) void {
        for (results.phases, results.starts) |phase, start| {
            const has_taps = phase.taps.len > 0;
            for (0..phase.size[0]) |i| for (0..phase.size[1]) |j| {
                const index = (image * phase.size[0] + i) * phase.size[1] + j;
                const row = phase.out_start[0] + i * phase.out_step[0];
                const column = phase.out_start[1] + j * phase.out_step[1];
                const place = start + if (has_taps) index * results.operands.channels else 0;
                places[row * results.operands.size[1] + column] = @intCast(place);
            };
        }
    }

    fn write(results: *const Results, runner: *const Runner, first: usize, images: usize) void {
        var job = results.*;
        job.first_image = first;
        const vectors = results.operands.channels / results.lanes;
        runner.pool.run(@intCast(images * vectors), &job, writeChunk);
    }
};

fn writeChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const results: *const Results = @ptrCast(@alignCast(pointer));
    const operands = results.operands;
    const lanes = results.lanes;
    const vectors = operands.channels / lanes;
    const image = number / vectors;
    const channel = number % vectors * lanes;
    const plane = operands.size[0] * operands.size[1];
    const start = (results.first_image + image) * operands.channels + channel;
    results.kernels.convolution.winograd.to_planes(&.{
        .planes = operands.out + start * plane,
        .channel_step = plane,
        .channels = lanes,
        .pixels = plane,
        .registers = results.data + channel,
        .places = results.places.ptr + image * plane,
    });
}
