//! Pooling for every instruction set against plain loops, in memory that ends at inaccessible
//! pages.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const threaded = @import("../kernels/cpu/threaded/pooling.zig");

const Window = threaded.Window;

const Prepared = struct {
    planes: usize,
    window: Window,
    x: Guarded(f32),
    gradient: Guarded(f32),
    out: Guarded(f32),
    indices: Guarded(i32),
    x_gradient: Guarded(f32),

    fn init(planes: usize, window: Window, random: std.Random) !Prepared {
        const in = planes * window.in[0] * window.in[1];
        const out = planes * window.out[0] * window.out[1];
        const prepared: Prepared = .{
            .planes = planes,
            .window = window,
            .x = try .init(in),
            .gradient = try .init(out),
            .out = try .init(out),
            .indices = try .init(out),
            .x_gradient = try .init(in),
        };
        support.fillNormal(random, prepared.x.items);
        support.fillNormal(random, prepared.gradient.items);
        return prepared;
    }

    fn deinit(prepared: Prepared) void {
        prepared.x.deinit();
        prepared.gradient.deinit();
        prepared.out.deinit();
        prepared.indices.deinit();
        prepared.x_gradient.deinit();
    }
};

/// The elements of a window that lie inside of the plane, one after the other.
const Inside = struct {
    window: *const Window,
    place: usize,
    next_tap: usize = 0,

    fn next(inside: *Inside) ?usize {
        const w = inside.window;
        while (inside.next_tap < w.kernel[0] * w.kernel[1]) {
            const tap = inside.next_tap;
            inside.next_tap += 1;
            const row = inside.place / w.out[1] * w.stride[0] +
                tap / w.kernel[1] * w.dilation[0];
            const column = inside.place % w.out[1] * w.stride[1] +
                tap % w.kernel[1] * w.dilation[1];
            if (row < w.padding[0] or column < w.padding[1]) continue;
            if (row - w.padding[0] >= w.in[0] or column - w.padding[1] >= w.in[1]) continue;
            return (row - w.padding[0]) * w.in[1] + column - w.padding[1];
        }
        return null;
    }
};

fn checkMax(prepared: *const Prepared, runner: *Runner, _: u32) !void {
    const w = &prepared.window;
    const in = w.in[0] * w.in[1];
    const out = w.out[0] * w.out[1];
    const x = prepared.x.items;
    const indices = prepared.indices.items;
    @memset(indices, -1);
    const values = prepared.out.items.ptr;
    threaded.max(runner, w, values, indices.ptr, x.ptr, prepared.planes);
    const fits = threaded.maxGradient(
        runner,
        prepared.x_gradient.items.ptr,
        in,
        prepared.gradient.items.ptr,
        indices.ptr,
        out,
        prepared.planes,
    );
    try std.testing.expect(fits);
    const expected = try std.testing.allocator.alloc(f32, x.len);
    defer std.testing.allocator.free(expected);
    @memset(expected, 0);
    for (prepared.out.items, 0..) |value, i| {
        var inside: Inside = .{ .window = w, .place = i % out };
        const plane = x[i / out * in ..][0..in];
        var largest = -std.math.inf(f32);
        while (inside.next()) |place| largest = @max(largest, plane[place]);
        try std.testing.expectEqual(largest, value);
        try std.testing.expectEqual(largest, plane[@intCast(indices[i])]);
        expected[i / out * in + @as(usize, @intCast(indices[i]))] += prepared.gradient.items[i];
    }
    try std.testing.expectEqualSlices(f32, expected, prepared.x_gradient.items);
    if (indices.len == 0) return;
    for ([_]i32{ -1, @intCast(in) }) |wrong| {
        indices[indices.len - 1] = wrong;
        try std.testing.expect(!threaded.maxGradient(
            runner,
            prepared.x_gradient.items.ptr,
            in,
            prepared.gradient.items.ptr,
            indices.ptr,
            out,
            prepared.planes,
        ));
    }
}

fn windowOf(in: [2]usize, kernel: [2]usize, stride: [2]usize, padding: [2]usize) Window {
    var out: [2]usize = undefined;
    for (0..2) |axis| out[axis] = (in[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1;
    return .{
        .in = in,
        .out = out,
        .kernel = kernel,
        .stride = stride,
        .padding = padding,
        .dilation = .{ 1, 1 },
    };
}

test "pooling: the largest elements, their places and gradients" {
    var generator = std.Random.DefaultPrng.init(21);
    const windows = [_]Window{
        windowOf(.{ 1, 1 }, .{ 1, 1 }, .{ 1, 1 }, .{ 0, 0 }),
        windowOf(.{ 28, 28 }, .{ 2, 2 }, .{ 2, 2 }, .{ 0, 0 }),
        windowOf(.{ 7, 69 }, .{ 2, 2 }, .{ 2, 2 }, .{ 0, 0 }),
        windowOf(.{ 2, 64 }, .{ 2, 2 }, .{ 2, 2 }, .{ 0, 0 }),
        windowOf(.{ 9, 11 }, .{ 3, 3 }, .{ 2, 2 }, .{ 1, 1 }),
        windowOf(.{ 8, 5 }, .{ 3, 2 }, .{ 1, 3 }, .{ 0, 1 }),
    };
    for (windows) |window| {
        for ([_]usize{ 0, 1, 83 }) |planes| {
            const prepared = try Prepared.init(planes, window, generator.random());
            defer prepared.deinit();
            errdefer std.debug.print("{any}\n", .{window});
            try support.forRunners(&prepared, checkMax);
        }
    }
}

fn checkAverage(prepared: *const Prepared, runner: *Runner, _: u32) !void {
    const w = &prepared.window;
    const allocator = std.testing.allocator;
    var ranges: [2][]threaded.Range = undefined;
    for (0..2) |axis| {
        ranges[axis] = try allocator.alloc(threaded.Range, w.out[axis]);
        for (ranges[axis], 0..) |*range, i| {
            const first = i * w.stride[axis];
            const start = first -| w.padding[axis];
            const end = @min(first + w.kernel[axis] - w.padding[axis], w.in[axis]);
            range.* = .{ .start = @intCast(start), .end = @intCast(end), .divisor = 3 };
        }
    }
    defer for (ranges) |axis| allocator.free(axis);
    const both: threaded.Ranges =
        .{ .in = w.in, .out = w.out, .rows = ranges[0].ptr, .columns = ranges[1].ptr };
    const x = prepared.x.items;
    const gradient = prepared.gradient.items;
    threaded.average(runner, &both, prepared.out.items.ptr, x.ptr, prepared.planes);
    const x_gradient = prepared.x_gradient.items;
    threaded.averageGradient(runner, &both, x_gradient.ptr, gradient.ptr, prepared.planes);

    const in = w.in[0] * w.in[1];
    const out = w.out[0] * w.out[1];
    const shares = try allocator.alloc(f32, x.len);
    defer allocator.free(shares);
    @memset(shares, 0);
    const means = try allocator.alloc(f32, gradient.len);
    defer allocator.free(means);
    for (means, 0..) |*mean, i| {
        var inside: Inside = .{ .window = w, .place = i % out };
        var sum: f64 = 0;
        while (inside.next()) |place| {
            sum += x[i / out * in + place];
            shares[i / out * in + place] += gradient[i] / 9;
        }
        mean.* = @floatCast(sum / 9);
    }
    try support.expectClose(means, prepared.out.items, 1e-5, 1e-4);
    try support.expectClose(shares, x_gradient, 1e-5, 1e-4);
}

test "pooling: means and their gradients" {
    var generator = std.Random.DefaultPrng.init(22);
    const windows = [_]Window{
        windowOf(.{ 1, 1 }, .{ 1, 1 }, .{ 1, 1 }, .{ 0, 0 }),
        windowOf(.{ 28, 28 }, .{ 2, 2 }, .{ 2, 2 }, .{ 0, 0 }),
        windowOf(.{ 9, 45 }, .{ 9, 45 }, .{ 1, 1 }, .{ 0, 0 }),
        windowOf(.{ 9, 50 }, .{ 3, 33 }, .{ 2, 4 }, .{ 1, 2 }),
    };
    for (windows) |window| {
        for ([_]usize{ 0, 1, 61 }) |planes| {
            const prepared = try Prepared.init(planes, window, generator.random());
            defer prepared.deinit();
            errdefer std.debug.print("{any}\n", .{window});
            try support.forRunners(&prepared, checkAverage);
        }
    }
}
