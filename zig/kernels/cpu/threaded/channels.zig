//! Batch norm and group norm over contiguous `[batch][channels][spatial]` f32, cut into chunks of
//! whole channels, each of which one thread sums in the same order.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../channels_interface.zig");

pub const Line = interface.Line;

pub const Shape = struct {
    batch: usize,
    channels: usize,
    spatial: usize,

    /// Every sample's channels as channels of their own.
    pub fn perSample(shape: Shape) Shape {
        return .{ .batch = 1, .channels = shape.batch * shape.channels, .spatial = shape.spatial };
    }
};

/// Elements that a chunk has at least, unless there are no more channels.
const chunk_elements = 16 << 10;
/// Channels of a chunk are a multiple of this where they are neighbours: one cache line.
const neighbours = 16;

/// Calls `job.run(kernels, part)` for all channels.
fn forChannels(runner: *Runner, shape: Shape, job: anytype) void {
    const Call = struct {
        kernels: *const Kernels,
        shape: Shape,
        per_chunk: usize,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const begin = @as(usize, index) * call.per_chunk;
            call.job.run(call.kernels, &interface.Channels{
                .batch = call.shape.batch,
                .channels = call.shape.channels,
                .spatial = call.shape.spatial,
                .begin = begin,
                .end = @min(begin + call.per_chunk, call.shape.channels),
            });
        }
    };
    const wanted = @max(1, chunk_elements / @max(1, shape.batch *| shape.spatial));
    const per_chunk = if (shape.spatial == 1)
        std.mem.alignForward(usize, wanted, neighbours)
    else
        wanted;
    const call: Call = .{
        .kernels = runner.kernels,
        .shape = shape,
        .per_chunk = per_chunk,
        .job = job,
    };
    const chunks = std.math.divCeil(usize, shape.channels, per_chunk) catch unreachable;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}

/// Mean and biased variance of every channel.
pub fn moments(runner: *Runner, shape: Shape, x: [*]const f32, mean: [*]f32, variance: [*]f32) void {
    const Job = struct {
        x: [*]const f32,
        mean: [*]f32,
        variance: [*]f32,

        pub fn run(job: @This(), kernels: *const Kernels, part: *const interface.Channels) void {
            kernels.channels.moments(part, job.x, job.mean, job.variance);
        }
    };
    forChannels(runner, shape, Job{ .x = x, .mean = mean, .variance = variance });
}

/// `out = (x - mean) * factor + bias`, channel by channel.
pub fn normalize(
    runner: *Runner,
    shape: Shape,
    out: [*]f32,
    x: [*]const f32,
    mean: [*]const f32,
    factor: [*]const f32,
    bias: [*]const f32,
) void {
    const Job = struct {
        out: [*]f32,
        x: [*]const f32,
        mean: [*]const f32,
        factor: [*]const f32,
        bias: [*]const f32,

        pub fn run(job: @This(), kernels: *const Kernels, part: *const interface.Channels) void {
            const kernel = kernels.channels.normalize;
            kernel(part, job.out, job.x, job.mean, job.factor, job.bias);
        }
    };
    forChannels(runner, shape, Job{
        .out = out,
        .x = x,
        .mean = mean,
        .factor = factor,
        .bias = bias,
    });
}

/// Per channel, the sum of gradients and of their products with the deviations of x.
pub fn gradientSums(
    runner: *Runner,
    shape: Shape,
    gradient: [*]const f32,
    x: [*]const f32,
    mean: [*]const f32,
    sums: [*]f32,
    products: [*]f32,
) void {
    const Job = struct {
        gradient: [*]const f32,
        x: [*]const f32,
        mean: [*]const f32,
        sums: [*]f32,
        products: [*]f32,

        pub fn run(job: @This(), kernels: *const Kernels, part: *const interface.Channels) void {
            const kernel = kernels.channels.gradient_sums;
            kernel(part, job.gradient, job.x, job.mean, job.sums, job.products);
        }
    };
    forChannels(runner, shape, Job{
        .gradient = gradient,
        .x = x,
        .mean = mean,
        .sums = sums,
        .products = products,
    });
}

/// `out = factor * gradient + slope * (x - mean) + offset`, channel by channel.
pub fn inputGradient(
    runner: *Runner,
    shape: Shape,
    out: [*]f32,
    gradient: [*]const f32,
    x: [*]const f32,
    line: Line,
) void {
    const Job = struct {
        out: [*]f32,
        gradient: [*]const f32,
        x: [*]const f32,
        line: Line,

        pub fn run(job: @This(), kernels: *const Kernels, part: *const interface.Channels) void {
            kernels.channels.gradient(part, job.out, job.gradient, job.x, &job.line);
        }
    };
    forChannels(runner, shape, Job{ .out = out, .gradient = gradient, .x = x, .line = line });
}
