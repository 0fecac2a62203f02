//! Norms over channels against plain loops.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const threaded = @import("../kernels/cpu/threaded/channels.zig");

const shapes = [_]threaded.Shape{
    .{ .batch = 1, .channels = 1, .spatial = 1 },
    .{ .batch = 1, .channels = 37, .spatial = 1 },
    .{ .batch = 700, .channels = 45, .spatial = 1 },
    .{ .batch = 3, .channels = 2, .spatial = 5 },
    .{ .batch = 2, .channels = 5, .spatial = 16 },
    .{ .batch = 4, .channels = 3, .spatial = 8193 },
    .{ .batch = 9, .channels = 130, .spatial = 49 },
    .{ .batch = 0, .channels = 3, .spatial = 4 },
};

test "channels: moments, norm and gradients" {
    for (shapes) |shape| {
        errdefer std.debug.print("{}\n", .{shape});
        try support.forRunners(shape, check);
    }
}

const Vectors = struct {
    mean: Guarded(f32),
    variance: Guarded(f32),
    factor: Guarded(f32),
    slope: Guarded(f32),
    offset: Guarded(f32),

    fn init(count: usize) !Vectors {
        var vectors: Vectors = undefined;
        inline for (std.meta.fields(Vectors)) |field| {
            @field(vectors, field.name) = try .init(count);
        }
        return vectors;
    }

    fn deinit(vectors: Vectors) void {
        inline for (std.meta.fields(Vectors)) |field| @field(vectors, field.name).deinit();
    }
};

fn check(shape: threaded.Shape, runner: *Runner, _: u32) !void {
    var random = std.Random.DefaultPrng.init(5);
    const count = shape.batch * shape.channels * shape.spatial;
    const x = try Guarded(f32).init(count);
    defer x.deinit();
    const gradient = try Guarded(f32).init(count);
    defer gradient.deinit();
    const out = try Guarded(f32).init(count);
    defer out.deinit();
    const vectors = try Vectors.init(shape.channels);
    defer vectors.deinit();
    const fillers = .{ x, gradient, vectors.factor, vectors.slope, vectors.offset };
    inline for (fillers) |b| support.fillNormal(random.random(), b.items);
    for (x.items) |*value| value.* += 2;

    const mean, const variance = .{ vectors.mean.items, vectors.variance.items };
    try threaded.moments(runner, shape, x.items.ptr, mean.ptr, variance.ptr);
    const factor, const slope = .{ vectors.factor.items, vectors.slope.items };
    const offset = vectors.offset.items;
    if (count > 0) try checkMoments(shape, x.items, mean, variance);
    if (count == 0) @memset(mean, 0);

    const data = .{ out.items.ptr, x.items.ptr, gradient.items.ptr };
    threaded.normalize(runner, shape, data[0], data[1], mean.ptr, factor.ptr, offset.ptr);
    for (out.items, x.items, 0..) |y, value, i| {
        const c = i / shape.spatial % shape.channels;
        const expected = (value - mean[c]) * factor[c] + offset[c];
        try support.expectClose(&.{expected}, &.{y}, 1e-5, 1e-4);
    }
    threaded.inputGradient(runner, shape, data[0], data[2], data[1], .{
        .mean = mean.ptr,
        .factor = factor.ptr,
        .slope = slope.ptr,
        .offset = offset.ptr,
    });
    for (out.items, x.items, gradient.items, 0..) |y, value, given, i| {
        const c = i / shape.spatial % shape.channels;
        const expected = given * factor[c] + (value - mean[c]) * slope[c] + offset[c];
        try support.expectClose(&.{expected}, &.{y}, 1e-5, 1e-4);
    }
    // The vectors are not needed any more: the sums go there.
    try threaded.gradientSums(runner, shape, data[2], data[1], mean.ptr, factor.ptr, slope.ptr);
    try checkSums(shape, x.items, gradient.items, mean, .{ factor, slope });
}

fn checkMoments(
    shape: threaded.Shape,
    x: []const f32,
    mean: []const f32,
    variance: []const f32,
) !void {
    const n: f64 = @floatFromInt(shape.batch * shape.spatial);
    for (mean, variance, 0..) |given_mean, given_variance, channel| {
        var total: f64 = 0;
        var squares: f64 = 0;
        for (x, 0..) |value, i| {
            if (i / shape.spatial % shape.channels != channel) continue;
            total += value;
            squares += @as(f64, value) * value;
        }
        const own = total / n;
        const expected: [2]f32 = .{ @floatCast(own), @floatCast(squares / n - own * own) };
        try support.expectClose(&expected, &.{ given_mean, given_variance }, 1e-5, 1e-4);
    }
}

fn checkSums(
    shape: threaded.Shape,
    x: []const f32,
    gradient: []const f32,
    mean: []const f32,
    given: [2][]const f32,
) !void {
    for (mean, given[0], given[1], 0..) |own_mean, total, product, channel| {
        var expected: [2]f64 = .{ 0, 0 };
        for (x, gradient, 0..) |value, g, i| {
            if (i / shape.spatial % shape.channels != channel) continue;
            expected[0] += g;
            expected[1] += @as(f64, g) * (value - own_mean);
        }
        const rounded: [2]f32 = .{ @floatCast(expected[0]), @floatCast(expected[1]) };
        // Sums of thousands of terms of both signs, each rounded.
        try support.expectClose(&rounded, &.{ total, product }, 1e-3, 1e-4);
    }
}
