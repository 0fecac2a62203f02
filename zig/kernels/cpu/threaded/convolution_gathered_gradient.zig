//! The gradient of a convolution's weights as plain matrix products: rows gathered as in
//! convolution_gathered.zig, turned around, times the result's gradient with its channels beside
//! each other. Groups of images are added one after the other.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const gather = @import("convolution_gather.zig");
const geometry_module = @import("convolution_geometry.zig");
const matmul = @import("matmul.zig");

const Geometry = geometry_module.Geometry;

const Job = struct {
    kernels: *const Kernels,
    lanes: usize,
    geometry: Geometry,
    /// `[images][out_channels][pixels]`, and `[pixels][out_channels]` of a group of images.
    gradient: [*]const f32,
    turned: [*]f32,
    first_image: usize = 0,
    /// Where a pixel's channels begin, and where those of each weight do.
    pixel_places: []u32,
    weight_places: []u32,
    sums: [*]f32,
    out: [*]f32,

    fn vectors(job: *const Job) usize {
        return job.geometry.out_channels / job.lanes;
    }
};

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
    const kernels = runner.kernels;
    var source: gather.Source = .of(kernels, &phase, x, geometry.in_channels, geometry.in);
    const images = gather.groupImages(geometry.images, source.imageFloats());
    const rows = try scratch.slice(f32, images *| source.imageFloats());
    const workers = runner.pool.thread_count.load(.monotonic);
    source.out = rows.ptr;
    source.workspace = (try scratch.slice(f32, workers *| source.workspace_floats)).ptr;
    const pixels = source.pixels();
    const channels = geometry.out_channels;
    const depth = geometry.in_channels * geometry.kernelSize();
    var job: Job = .{
        .kernels = kernels,
        .lanes = kernels.convolution.lanes,
        .geometry = geometry,
        .gradient = gradient,
        .turned = (try scratch.slice(f32, images *| pixels *| channels)).ptr,
        .pixel_places = try scratch.slice(u32, pixels),
        .weight_places = try scratch.slice(u32, depth),
        .sums = (try scratch.slice(f32, depth *| channels)).ptr,
        .out = out,
    };
    for (job.pixel_places, 0..) |*place, i| place.* = @intCast(i * channels);
    for (job.weight_places, 0..) |*place, i| {
        const tap = i % geometry.kernelSize();
        const row = tap * geometry.in_channels + i / geometry.kernelSize();
        place.* = @intCast(row * channels);
    }
    while (job.first_image < geometry.images) : (job.first_image += images) {
        const count = @min(images, geometry.images - job.first_image);
        source.first_image = job.first_image;
        source.gather(runner, count);
        runner.pool.run(@intCast(count * job.vectors()), &job, turnChunk);
        try matmul.matmul(
            runner,
            .{ .m = depth, .n = channels, .k = count * pixels },
            .{ .data = rows.ptr, .row_stride = 1, .column_stride = depth },
            .{ .data = job.turned, .row_stride = channels, .column_stride = 1 },
            .{ .data = job.sums, .row_stride = channels, .accumulate = job.first_image > 0 },
        );
    }
    runner.pool.run(@intCast(job.vectors()), &job, writeChunk);
}

/// Brings channels of an image's gradient beside each other.
fn turnChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const channels = job.geometry.out_channels;
    const image = number / job.vectors();
    const channel = number % job.vectors() * job.lanes;
    const pixels = job.pixel_places.len;
    const plane = (job.first_image + image) * channels + channel;
    job.kernels.convolution.winograd.to_registers(&.{
        .planes = @constCast(job.gradient + plane * pixels),
        .channel_step = pixels,
        .channels = job.lanes,
        .pixels = pixels,
        .registers = job.turned + image * pixels * channels + channel,
        .places = job.pixel_places.ptr,
    });
}

fn writeChunk(pointer: *const anyopaque, number: u32, _: u32) void {
    const job: *const Job = @ptrCast(@alignCast(pointer));
    const channel = number * job.lanes;
    const weights = job.weight_places.len;
    job.kernels.convolution.winograd.to_planes(&.{
        .planes = job.out + channel * weights,
        .channel_step = weights,
        .channels = job.lanes,
        .pixels = weights,
        .registers = job.sums + channel,
        .places = job.weight_places.ptr,
    });
}
