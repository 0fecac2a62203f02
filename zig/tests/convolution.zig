//! Convolutions and their gradients against the plain ones, in memory that ends at inaccessible
//! pages, for every instruction set and one, two and three threads.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const reference = @import("../kernels/cpu/reference/convolution.zig");
const support = @import("support.zig");
const threaded = @import("../kernels/cpu/threaded/convolution.zig");

const Geometry = threaded.Geometry;

const Case = struct {
    images: usize = 1,
    groups: usize = 1,
    channels: [2]usize,
    in: [2]usize,
    kernel: [2]usize = .{ 3, 3 },
    stride: [2]usize = .{ 1, 1 },
    padding: [2]usize = .{ 0, 0 },
    dilation: [2]usize = .{ 1, 1 },

    fn geometry(case: Case) Geometry {
        var out: [2]usize = undefined;
        for (0..2) |axis| {
            const reach = case.dilation[axis] * (case.kernel[axis] - 1) + 1;
            const padded = case.in[axis] + 2 * case.padding[axis];
            out[axis] = (padded - reach) / case.stride[axis] + 1;
        }
        return .{
            .images = case.images,
            .groups = case.groups,
            .in_channels = case.channels[0],
            .out_channels = case.channels[1],
            .in = case.in,
            .out = out,
            .kernel = case.kernel,
            .stride = case.stride,
            .padding = case.padding,
            .dilation = case.dilation,
        };
    }
};

const one = [2]usize{ 1, 1 };
const two = [2]usize{ 2, 2 };

const cases = [_]Case{
    .{ .channels = .{ 1, 1 }, .in = one, .kernel = one },
    .{ .channels = .{ 2, 5 }, .in = one, .padding = one },
    .{ .images = 3, .channels = .{ 3, 7 }, .in = .{ 5, 6 }, .padding = one },
    .{ .images = 2, .channels = .{ 1, 32 }, .in = .{ 28, 28 }, .padding = one },
    .{ .images = 2, .channels = .{ 9, 17 }, .in = .{ 13, 49 }, .kernel = .{ 2, 5 } },
    // Several tiles, blocks of k and parts of images.
    .{ .images = 35, .channels = .{ 3, 5 }, .in = .{ 6, 7 }, .padding = one },
    .{ .channels = .{ 70, 6 }, .in = .{ 40, 37 }, .padding = one },
    .{ .channels = .{ 2, 9 }, .in = .{ 3, 1700 }, .kernel = .{ 1, 5 }, .padding = .{ 0, 2 } },
    .{ .channels = .{ 2, 2 }, .in = .{ 2, 3100 }, .kernel = .{ 1, 3 }, .stride = .{ 1, 2 } },
    .{ .channels = .{ 1, 8 }, .in = .{ 26, 25 }, .kernel = .{ 25, 24 }, .padding = one },
    .{ .channels = .{ 3, 2 }, .in = .{ 26, 25 }, .kernel = .{ 25, 24 } },
    // Strides, dilation and groups.
    .{ .images = 2, .channels = .{ 5, 6 }, .in = .{ 17, 20 }, .stride = .{ 2, 3 }, .padding = one },
    .{ .channels = .{ 6, 6 }, .in = .{ 11, 14 }, .kernel = one, .stride = .{ 3, 2 } },
    .{ .channels = .{ 4, 9 }, .in = .{ 9, 10 }, .kernel = .{ 2, 2 }, .stride = .{ 5, 4 } },
    .{
        .channels = .{ 3, 6 },
        .in = .{ 15, 19 },
        .stride = .{ 3, 2 },
        .padding = .{ 2, 3 },
        .dilation = .{ 2, 4 },
    },
    .{ .images = 2, .groups = 3, .channels = .{ 2, 5 }, .in = .{ 8, 9 }, .padding = one },
    .{ .images = 2, .groups = 37, .channels = one, .in = .{ 9, 18 }, .padding = one },
    // Planes with a kernel each: parts of registers, tiles of rows, parts of images, any step.
    .{ .images = 3, .groups = 2, .channels = one, .in = one, .padding = one },
    .{ .images = 2, .groups = 5, .channels = one, .in = .{ 7, 7 }, .padding = one, .stride = two },
    .{ .groups = 18, .channels = one, .in = .{ 28, 28 }, .padding = .{ 2, 0 } },
    .{ .groups = 2, .channels = one, .in = .{ 181, 60 }, .padding = .{ 0, 1 }, .stride = two },
    .{ .groups = 2, .channels = one, .in = .{ 61, 300 }, .padding = .{ 2, 2 }, .stride = two },
    .{ .groups = 2, .channels = one, .in = .{ 9, 8 }, .kernel = .{ 1, 2 }, .stride = .{ 3, 4 } },
    .{ .images = 35, .groups = 2, .channels = one, .in = .{ 12, 16 }, .kernel = .{ 5, 5 } },
    .{
        .groups = 3,
        .channels = one,
        .in = .{ 16, 37 },
        .kernel = .{ 7, 4 },
        .stride = .{ 1, 2 },
        .padding = .{ 9, 3 },
        .dilation = .{ 2, 3 },
    },
    .{ .groups = 4, .channels = .{ 1, 3 }, .in = .{ 9, 70 }, .stride = .{ 2, 2 } },
    // Winograd's filtering: tiles beyond the edges, blocks of tiles and channels, many of them.
    .{ .images = 5, .channels = .{ 16, 19 }, .in = .{ 9, 10 }, .padding = one },
    .{ .images = 3, .channels = .{ 37, 66 }, .in = .{ 8, 8 }, .padding = one },
    .{ .channels = .{ 16, 130 }, .in = .{ 18, 23 }, .padding = .{ 2, 0 } },
    .{ .images = 36, .channels = .{ 17, 16 }, .in = .{ 15, 14 }, .padding = one },
    .{ .images = 13, .channels = .{ 18, 16 }, .in = .{ 16, 13 }, .padding = one },
    // Gathered pixels: strides, points, groups of images; and points as they lie.
    .{ .images = 3, .channels = .{ 16, 48 }, .in = .{ 9, 12 }, .stride = two, .padding = one },
    .{ .images = 2, .channels = .{ 32, 16 }, .in = .{ 7, 8 }, .kernel = one, .stride = two },
    .{ .images = 7, .channels = .{ 64, 32 }, .in = .{ 34, 33 }, .stride = two, .padding = one },
    .{ .channels = .{ 16, 16 }, .in = .{ 11, 9 }, .kernel = .{ 2, 3 }, .stride = .{ 4, 3 } },
    .{ .channels = .{ 16, 16 }, .in = .{ 5, 2 }, .kernel = one, .padding = .{ 2, 1 } },
    .{ .images = 2, .channels = .{ 48, 16 }, .in = .{ 2, 3 }, .kernel = one },
    .{ .images = 3, .channels = .{ 18, 33 }, .in = .{ 9, 10 }, .kernel = one },
    .{ .images = 35, .channels = .{ 17, 9 }, .in = .{ 16, 17 }, .kernel = one, .stride = two },
    .{ .channels = .{ 3, 2 }, .in = .{ 25, 31 }, .kernel = one, .stride = .{ 3, 1 } },
    .{ .images = 2, .channels = .{ 5, 40 }, .in = .{ 10, 70 }, .kernel = one, .stride = .{ 1, 4 } },
};

/// What the three passes give.
const Results = struct {
    forward: Guarded(f32),
    input: Guarded(f32),
    weight: Guarded(f32),

    fn deinit(results: Results) void {
        results.forward.deinit();
        results.input.deinit();
        results.weight.deinit();
    }
};

const Prepared = struct {
    geometry: Geometry,
    x: Guarded(f32),
    weight: Guarded(f32),
    bias: Guarded(f32),
    in_bias: Guarded(f32),
    gradient: Guarded(f32),
    actual: Results,
    expected: Results,

    fn init(g: Geometry, random: std.Random) !Prepared {
        const in_count = g.images * g.groups * g.in_channels * g.in[0] * g.in[1];
        const out_count = g.images * g.groups * g.out_channels * g.out[0] * g.out[1];
        var prepared: Prepared = .{
            .geometry = g,
            .x = try .init(in_count),
            .weight = try .init(g.weightCount()),
            .bias = try .init(g.groups * g.out_channels),
            .in_bias = try .init(g.groups * g.in_channels),
            .gradient = try .init(out_count),
            .actual = undefined,
            .expected = undefined,
        };
        for ([_]*Results{ &prepared.actual, &prepared.expected }) |results| results.* = .{
            .forward = try .init(out_count),
            .input = try .init(in_count),
            .weight = try .init(g.weightCount()),
        };
        const given = [_]Guarded(f32){
            prepared.x,
            prepared.weight,
            prepared.bias,
            prepared.in_bias,
            prepared.gradient,
        };
        for (given) |buffer| support.fillNormal(random, buffer.items);
        return prepared;
    }

    fn deinit(prepared: Prepared) void {
        prepared.actual.deinit();
        prepared.expected.deinit();
        prepared.x.deinit();
        prepared.weight.deinit();
        prepared.bias.deinit();
        prepared.in_bias.deinit();
        prepared.gradient.deinit();
    }

    fn expect(prepared: *const Prepared) !void {
        const g = prepared.geometry;
        const allocator = std.testing.allocator;
        const forward = try allocator.alloc(f64, prepared.expected.forward.items.len);
        defer allocator.free(forward);
        fillBias(forward, prepared.bias.items, g.images, g.out[0] * g.out[1]);
        reference.forward(g, forward, prepared.x.items, prepared.weight.items);
        narrow(prepared.expected.forward.items, forward);

        const input = try allocator.alloc(f64, prepared.expected.input.items.len);
        defer allocator.free(input);
        fillBias(input, prepared.in_bias.items, g.images, g.in[0] * g.in[1]);
        reference.inputGradient(g, input, prepared.gradient.items, prepared.weight.items);
        narrow(prepared.expected.input.items, input);

        const weight = try allocator.alloc(f64, prepared.expected.weight.items.len);
        defer allocator.free(weight);
        @memset(weight, 0);
        reference.weightGradient(g, weight, prepared.x.items, prepared.gradient.items);
        narrow(prepared.expected.weight.items, weight);
    }

    fn compute(prepared: *const Prepared, runner: *const Runner) !void {
        const g = prepared.geometry;
        const actual = prepared.actual;
        // What was there must not matter.
        for ([_]Guarded(f32){ actual.forward, actual.input, actual.weight }) |buffer| {
            @memset(buffer.items, std.math.nan(f32));
        }
        const x = prepared.x.items.ptr;
        const weight = prepared.weight.items.ptr;
        const gradient = prepared.gradient.items.ptr;
        const out = actual.forward.items.ptr;
        try threaded.forward(runner, g, x, weight, prepared.bias.items.ptr, out);
        const in_bias = prepared.in_bias.items.ptr;
        const input = actual.input.items.ptr;
        try threaded.inputGradient(runner, g, gradient, weight, in_bias, input);
        try threaded.weightGradient(runner, g, x, gradient, actual.weight.items.ptr);
    }
};

fn fillBias(sums: []f64, bias: []const f32, images: usize, plane: usize) void {
    for (0..images) |image| for (bias, 0..) |value, channel| {
        @memset(sums[(image * bias.len + channel) * plane ..][0..plane], value);
    };
}

fn narrow(out: []f32, sums: []const f64) void {
    for (out, sums) |*x, sum| x.* = @floatCast(sum);
}

/// Sums of a thousand products of normally distributed numbers are some 30: an error of 1e-6 of
/// that is what summing in f32 costs.
const absolute = 2e-4;

fn checkRunner(prepared: *const Prepared, runner: *Runner, threads: u32) !void {
    try prepared.compute(runner);
    const expected = prepared.expected;
    const actual = prepared.actual;
    const pairs = [_][2][]f32{
        .{ expected.forward.items, actual.forward.items },
        .{ expected.input.items, actual.input.items },
        .{ expected.weight.items, actual.weight.items },
    };
    for (pairs) |pair| {
        if (threads == 1) {
            try support.expectClose(pair[0], pair[1], absolute, 1e-4);
            // Other numbers of threads are compared with this result, bit by bit.
            @memcpy(pair[0], pair[1]);
        }
        const bits: []const u32 = @ptrCast(pair[0]);
        try std.testing.expectEqualSlices(u32, bits, @ptrCast(pair[1]));
    }
}

test "convolution: forward and gradients are those of the plain sums" {
    var generator = std.Random.DefaultPrng.init(11);
    for (cases) |case| {
        const prepared = try Prepared.init(case.geometry(), generator.random());
        defer prepared.deinit();
        try prepared.expect();
        errdefer std.debug.print("{any}\n", .{case});
        try support.forRunners(&prepared, checkRunner);
    }
}

test "convolution: without a bias, and without images" {
    var generator = std.Random.DefaultPrng.init(12);
    const Check = struct {
        fn run(prepared: *const Prepared, runner: *Runner, _: u32) !void {
            const g = prepared.geometry;
            const actual = prepared.actual;
            const x = prepared.x.items.ptr;
            const weight = prepared.weight.items.ptr;
            const gradient = prepared.gradient.items.ptr;
            try threaded.forward(runner, g, x, weight, null, actual.forward.items.ptr);
            try threaded.inputGradient(runner, g, gradient, weight, null, actual.input.items.ptr);
            try threaded.weightGradient(runner, g, x, gradient, actual.weight.items.ptr);
            const expected = prepared.expected;
            try support.expectClose(expected.forward.items, actual.forward.items, 1e-4, 1e-4);
            try support.expectClose(expected.input.items, actual.input.items, 1e-4, 1e-4);
            try support.expectClose(expected.weight.items, actual.weight.items, 1e-4, 1e-4);
        }
    };
    const without = [_]Case{
        .{ .channels = .{ 3, 7 }, .in = .{ 5, 6 }, .stride = .{ 4, 4 } },
        .{ .channels = .{ 2, 3 }, .in = .{ 9, 8 }, .stride = .{ 4, 1 } },
        .{ .images = 0, .channels = .{ 3, 7 }, .in = .{ 5, 6 } },
    };
    for (without) |case| {
        const prepared = try Prepared.init(case.geometry(), generator.random());
        defer prepared.deinit();
        @memset(prepared.bias.items, 0);
        @memset(prepared.in_bias.items, 0);
        try prepared.expect();
        errdefer std.debug.print("{any}\n", .{case});
        try support.forRunners(&prepared, Check.run);
    }
}
