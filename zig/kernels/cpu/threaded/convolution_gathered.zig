//! Convolutions as plain matrix products: the pixels that a result's pixel reads are gathered into
//! a row, `[taps][channels]` (Chellapilla, Puri and Simard 2006). Rows are copied in whole
//! registers of channels, which costs little beside the products, whatever strides and sizes are;
//! and the products are those of threaded/matmul.zig, in every precision that it has.
//!
//! Images are taken in groups, so that rows stay in the cache. Phases of an input's gradient are
//! products of their own; one pass at the end brings the pixels of all of them into planes.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Operands = @import("convolution_correlate.zig").Operands;
const geometry_module = @import("convolution_geometry.zig");
const matmul = @import("matmul.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;

/// Most elements of a kernel.
pub const max_elements = 64;

/// Most floats of gathered rows of a group, unless one image has more: 4 MB.
const group_floats = 1 << 20;

/// Registers of channels that one chunk gathers.
const part_vectors = 4;

/// Whether registers are filled, and what is needed is held.
pub fn suits(geometry: Geometry) bool {
    return geometry.groups == 1 and geometry.images > 0 and
        geometry.in_channels % 16 == 0 and geometry.out_channels % 16 == 0 and
        geometry.kernelSize() <= max_elements;
}

/// Images of a group when one has so many gathered floats.
pub fn groupImages(images: usize, image_floats: usize) usize {
    return std.math.clamp(group_floats / @max(1, image_floats), 1, images);
}

/// What rows are gathered from.
pub const Source = struct {
    kernels: *const Kernels,
    lanes: usize,
    phase: *const Phase,
    /// `[images][channels][rows][columns]`.
    data: [*]const f32,
    channels: usize,
    size: [2]usize,
    /// `[images][pixels][taps][channels]`, for images from `first_image` on.
    out: [*]f32,
    first_image: usize = 0,
    workspace: [*]f32 = undefined,
    workspace_floats: usize,

    pub fn of(
        kernels: *const Kernels,
        phase: *const Phase,
        data: [*]const f32,
        channels: usize,
        size: [2]usize,
    ) Source {
        const lanes = kernels.convolution.lanes;
        const window = phase.window(0, phase.size[0]) *| phase.window(1, phase.size[1]);
        return .{
            .kernels = kernels,
            .lanes = lanes,
            .phase = phase,
            .data = data,
            .channels = channels,
            .size = size,
            .out = undefined,
            // Registers, one for what lies outside of the window, and places.
            .workspace_floats = ((window +| 1) *| lanes +| size[0] * size[1] +| 15) / 16 * 16,
        };
    }

    pub fn pixels(source: *const Source) usize {
        return source.phase.size[0] * source.phase.size[1];
    }

    /// Floats of an image's rows.
    pub fn imageFloats(source: *const Source) usize {
        return source.pixels() * source.phase.taps.len * source.channels;
    }

    fn parts(source: *const Source) usize {
        return (source.channels / source.lanes + part_vectors - 1) / part_vectors;
    }

    /// Gathers the rows of `images` images from `first_image` on.
    pub fn gather(source: *const Source, runner: *const Runner, images: usize) void {
        runner.pool.run(@intCast(images * source.parts()), source, gatherChunk);
    }
};

fn gatherChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const source: *const Source = @ptrCast(@alignCast(pointer));
    const phase = source.phase;
    const lanes = source.lanes;
    const index = number / source.parts();
    const first = number % source.parts() * part_vectors;
    const last = @min(first + part_vectors, source.channels / lanes);
    const window = [2]usize{ phase.window(0, phase.size[0]), phase.window(1, phase.size[1]) };
    const registers = source.workspace + worker * source.workspace_floats;
    const register_floats = (window[0] * window[1] + 1) * lanes;
    @memset(registers[0..register_floats], 0);
    const places: [*]u32 = @ptrCast(registers + register_floats);
    placePixels(source, window, places);

    const plane = source.size[0] * source.size[1];
    const out = source.out + index * source.imageFloats();
    for (first..last) |vector| {
        const channel = (source.first_image + index) * source.channels + vector * lanes;
        source.kernels.convolution.winograd.to_registers(&.{
            .planes = @constCast(source.data + channel * plane),
            .channel_step = plane,
            .channels = lanes,
            .pixels = plane,
            .registers = registers,
            .places = places,
        });
        const target = out + vector * lanes;
        switch (lanes) {
            inline 4, 8, 16 => |l| copyTaps(l, source, window[1], registers, target),
            else => unreachable,
        }
    }
}

/// Where pixels of the source go: into the window that the phase reads, or behind it.
fn placePixels(source: *const Source, window: [2]usize, places: [*]u32) void {
    const phase = source.phase;
    for (0..source.size[0]) |row| {
        const y = @as(isize, @intCast(row)) - phase.first_tap[0];
        for (0..source.size[1]) |column| {
            const x = @as(isize, @intCast(column)) - phase.first_tap[1];
            const is_inside = y >= 0 and x >= 0 and y < window[0] and x < window[1];
            const place = if (is_inside)
                @as(usize, @intCast(y)) * window[1] + @as(usize, @intCast(x))
            else
                window[0] * window[1];
            places[row * source.size[1] + column] = @intCast(place * source.lanes);
        }
    }
}

fn copyTaps(
    comptime lanes: usize,
    source: *const Source,
    window_columns: usize,
    registers: [*]const f32,
    out: [*]f32,
) void {
    const phase = source.phase;
    var offsets: [max_elements]usize = undefined;
    for (phase.taps, 0..) |tap, i| {
        const row: usize = @intCast(tap.row - phase.first_tap[0]);
        const column: usize = @intCast(tap.column - phase.first_tap[1]);
        offsets[i] = (row * window_columns + column) * lanes;
    }
    var target = out;
    for (0..phase.size[0]) |row| {
        for (0..phase.size[1]) |column| {
            const place = row * phase.source_step[0] * window_columns +
                column * phase.source_step[1];
            for (offsets[0..phase.taps.len]) |offset| {
                const pixel: *align(4) const [lanes]f32 =
                    @ptrCast(registers + place * lanes + offset);
                target[0..lanes].* = pixel.*;
                target += source.channels;
            }
        }
    }
}

/// Kernels as the products take them.
const Weights = struct {
    kernels: *const Kernels,
    lanes: usize,
    weights: [*]const f32,
    out: [*]f32,
    rows: usize,
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
    const images = groupImages(operands.images, row_floats);
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
        .rows = rows,
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
