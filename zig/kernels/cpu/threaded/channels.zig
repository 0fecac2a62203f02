//! Batch norm and group norm over contiguous `[batch][channels][spatial]` f32.
//!
//! Chunks are neighbouring planes, as in convolutions and elementwise operations, so that a thread
//! finds in its caches what it wrote before; what planes of one channel sum up to is then added in
//! the order of samples. Without planes, chunks are whole channels.

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

/// Elements that a chunk has at least, unless there are no more of them.
const chunk_elements = 16 << 10;
/// Channels of a chunk are a multiple of this where they are neighbours: one cache line.
const neighbours = 16;

/// Whether samples have sums of their own.
fn hasPlanes(shape: Shape) bool {
    return shape.spatial != 1 and shape.batch > 1;
}

/// Calls `job.run(kernels, part, sample)` for all planes, those of one sample in a call; where
/// there are none, for all channels of all samples, which begin at sample 0.
fn forParts(runner: *const Runner, shape: Shape, job: anytype) void {
    const Call = struct {
        kernels: *const Kernels,
        shape: Shape,
        per_chunk: usize,
        job: @TypeOf(job),

        fn chunkOfPlanes(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const channels = call.shape.channels;
            var begin = @as(usize, index) * call.per_chunk;
            const end = @min(begin + call.per_chunk, call.shape.batch * channels);
            while (begin < end) {
                const sample = begin / channels;
                const first = begin - sample * channels;
                const last = @min(end - sample * channels, channels);
                call.run(1, first, last, sample);
                begin += last - first;
            }
        }

        fn chunkOfChannels(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const begin = @as(usize, index) * call.per_chunk;
            call.run(call.shape.batch, begin, @min(begin + call.per_chunk, call.shape.channels), 0);
        }

        fn run(call: *const @This(), batch: usize, begin: usize, end: usize, sample: usize) void {
            call.job.run(call.kernels, &interface.Channels{
                .batch = batch,
                .channels = call.shape.channels,
                .spatial = call.shape.spatial,
                .begin = begin,
                .end = end,
            }, sample);
        }
    };
    const has_planes = hasPlanes(shape);
    const count = shape.channels * if (has_planes) shape.batch else 1;
    const elements = if (has_planes) shape.spatial else shape.batch *| shape.spatial;
    const wanted = @max(1, chunk_elements / @max(1, elements));
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
    const chunks = std.math.divCeil(usize, count, per_chunk) catch unreachable;
    const task = if (has_planes) &Call.chunkOfPlanes else &Call.chunkOfChannels;
    runner.pool.runShares(@intCast(chunks), &call, task);
}

/// Adds numbers `[batch][channels]` up in the order of samples.
fn addSamples(shape: Shape, numbers: []const f32, totals: []f64) void {
    @memset(totals, 0);
    for (0..shape.batch) |sample| {
        const own = numbers[sample * shape.channels ..][0..shape.channels];
        for (totals, own) |*total, number| total.* += number;
    }
}

/// Mean and biased variance of every channel. Those of planes, each with a mean of its own, are put
/// together (Chan, Golub and LeVeque 1983).
pub fn moments(
    runner: *const Runner,
    shape: Shape,
    x: [*]const f32,
    mean: [*]f32,
    variance: [*]f32,
) Arena.Error!void {
    const Job = struct {
        x: [*]const f32,
        mean: [*]f32,
        variance: [*]f32,

        pub fn run(
            job: @This(),
            kernels: *const Kernels,
            part: *const interface.Channels,
            sample: usize,
        ) void {
            const first = sample * part.channels;
            const x_of = job.x + first * part.spatial;
            kernels.channels.moments(part, x_of, job.mean + first, job.variance + first);
        }
    };
    if (!hasPlanes(shape)) {
        return forParts(runner, shape, Job{ .x = x, .mean = mean, .variance = variance });
    }
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const means = try runner.scratch.slice(f32, shape.batch * shape.channels);
    const variances = try runner.scratch.slice(f32, shape.batch * shape.channels);
    const totals = try runner.scratch.slice(f64, shape.channels);
    forParts(runner, shape, Job{ .x = x, .mean = means.ptr, .variance = variances.ptr });
    const batch: f64 = @floatFromInt(shape.batch);
    addSamples(shape, means, totals);
    for (totals, mean) |total, *own| own.* = @floatCast(total / batch);
    for (variances, means, 0..) |*own_variance, own_mean, plane| {
        const deviation = own_mean - mean[plane % shape.channels];
        own_variance.* += deviation * deviation;
    }
    addSamples(shape, variances, totals);
    for (totals, variance) |total, *own| own.* = @floatCast(total / batch);
}

/// `out = (x - mean) * factor + bias`, channel by channel.
pub fn normalize(
    runner: *const Runner,
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

        pub fn run(
            job: @This(),
            kernels: *const Kernels,
            part: *const interface.Channels,
            sample: usize,
        ) void {
            const first = sample * part.channels * part.spatial;
            const kernel = kernels.channels.normalize;
            kernel(part, job.out + first, job.x + first, job.mean, job.factor, job.bias);
        }
    };
    forParts(runner, shape, Job{
        .out = out,
        .x = x,
        .mean = mean,
        .factor = factor,
        .bias = bias,
    });
}

/// Per channel, the sum of gradients and of their products with the deviations of x.
pub fn gradientSums(
    runner: *const Runner,
    shape: Shape,
    gradient: [*]const f32,
    x: [*]const f32,
    mean: [*]const f32,
    sums: [*]f32,
    products: [*]f32,
) Arena.Error!void {
    const Job = struct {
        gradient: [*]const f32,
        x: [*]const f32,
        mean: [*]const f32,
        sums: [*]f32,
        products: [*]f32,

        pub fn run(
            job: @This(),
            kernels: *const Kernels,
            part: *const interface.Channels,
            sample: usize,
        ) void {
            const first = sample * part.channels;
            const operands = .{
                job.gradient + first * part.spatial,
                job.x + first * part.spatial,
            };
            const outs = .{ job.sums + first, job.products + first };
            const kernel = kernels.channels.gradient_sums;
            kernel(part, operands[0], operands[1], job.mean, outs[0], outs[1]);
        }
    };
    var job: Job = .{
        .gradient = gradient,
        .x = x,
        .mean = mean,
        .sums = sums,
        .products = products,
    };
    if (!hasPlanes(shape)) return forParts(runner, shape, job);
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const own_sums = try runner.scratch.slice(f32, shape.batch * shape.channels);
    const own_products = try runner.scratch.slice(f32, shape.batch * shape.channels);
    const totals = try runner.scratch.slice(f64, shape.channels);
    job.sums = own_sums.ptr;
    job.products = own_products.ptr;
    forParts(runner, shape, job);
    addSamples(shape, own_sums, totals);
    for (totals, sums) |total, *sum| sum.* = @floatCast(total);
    addSamples(shape, own_products, totals);
    for (totals, products) |total, *product| product.* = @floatCast(total);
}

/// `out = factor * gradient + slope * (x - mean) + offset`, channel by channel.
pub fn inputGradient(
    runner: *const Runner,
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

        pub fn run(
            job: @This(),
            kernels: *const Kernels,
            part: *const interface.Channels,
            sample: usize,
        ) void {
            const first = sample * part.channels * part.spatial;
            const operands = .{ job.out + first, job.gradient + first, job.x + first };
            kernels.channels.gradient(part, operands[0], operands[1], operands[2], &job.line);
        }
    };
    forParts(runner, shape, Job{ .out = out, .gradient = gradient, .x = x, .line = line });
}
