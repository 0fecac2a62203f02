//! Reductions: kernels and threaded drivers.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/reduce_interface.zig");
const reference = @import("../kernels/cpu/reference/reduce.zig");
const threaded = @import("../kernels/cpu/threaded/reduce.zig");

const Shape = threaded.Shape;

fn shapeOf(outer: usize, reduced: usize, inner: usize) Shape {
    return .{ .outer = outer, .reduced = reduced, .inner = inner };
}

const shapes = [_]Shape{
    // Along rows: empty, shorter than a register, remainders, several tasks, rows of several parts.
    shapeOf(0, 3, 1),      shapeOf(3, 0, 1),     shapeOf(4, 1, 1),      shapeOf(5, 3, 1),
    shapeOf(7, 15, 1),     shapeOf(3, 17, 1),    shapeOf(2, 63, 1),     shapeOf(3, 65, 1),
    shapeOf(2, 129, 1),    shapeOf(700, 101, 1), shapeOf(1, 32_768, 1), shapeOf(1, 32_769, 1),
    shapeOf(3, 50_001, 1),
    // Down columns: narrow ones, remainders, several parts, several tiles.
    shapeOf(1, 4, 3),     shapeOf(1, 1000, 3),   shapeOf(2, 97, 5),
    shapeOf(3, 7, 15),     shapeOf(2, 5, 16),    shapeOf(1, 6, 33),     shapeOf(4, 1, 129),
    shapeOf(1, 3000, 10),  shapeOf(1, 700, 385), shapeOf(1, 40, 4097),  shapeOf(2, 3, 9001),
    shapeOf(300, 9, 31),   shapeOf(2, 0, 5),     shapeOf(2, 5, 0),
};

test "reduce: every shape and reduction, any thread count" {
    try support.forRunners({}, checkReductions);
}

fn checkReductions(_: void, runner: *Runner, _: u32) !void {
    var random = std.Random.DefaultPrng.init(11);
    for (shapes) |shape| {
        const x = try Guarded(f32).init(shape.outer * shape.reduced * shape.inner);
        defer x.deinit();
        const centers = try Guarded(f32).init(shape.outer * shape.inner);
        defer centers.deinit();
        const out = try Guarded(f32).init(shape.outer * shape.inner);
        defer out.deinit();
        const expected = try Guarded(f32).init(shape.outer * shape.inner);
        defer expected.deinit();
        support.fillNormal(random.random(), x.items);
        support.fillNormal(random.random(), centers.items);
        for (std.enums.values(interface.Reduction)) |reduction| {
            reference.reduce(reduction, expected.items, x.items, shape, centers.items);
            const middle = if (reduction == .squares) centers.items.ptr else null;
            try threaded.reduce(runner, reduction, out.items.ptr, x.items.ptr, shape, middle);
            // Sums of n normal numbers that cancel: the error is relative to sqrt(n).
            const size: f32 = @floatFromInt(shape.reduced + 1);
            const absolute = if (reduction == .sum) 1e-6 * @sqrt(size) else 1e-6;
            try support.expectClose(expected.items, out.items, absolute, 2e-6);
        }
    }
}

test "reduce: results do not depend on the number of threads" {
    var first: [2][7]f32 = undefined;
    try support.forRunners(&first, checkSame);
}

fn checkSame(first: *[2][7]f32, runner: *Runner, threads: u32) !void {
    var random = std.Random.DefaultPrng.init(12);
    const x = try Guarded(f32).init(7 * 40_000);
    defer x.deinit();
    support.fillNormal(random.random(), x.items);
    for ([_]Shape{ shapeOf(7, 40_000, 1), shapeOf(1, 40_000, 7) }, first) |shape, *known| {
        var out: [7]f32 = undefined;
        try threaded.reduce(runner, .sum, &out, x.items.ptr, shape, null);
        if (threads == 1) known.* = out;
        try std.testing.expectEqualSlices(f32, known, &out);
    }
}

test "reduce: NaN wins, infinities count" {
    try support.forRunners({}, checkSpecial);
}

fn checkSpecial(_: void, runner: *Runner, _: u32) !void {
    var numbers: [75]f32 = undefined;
    for (&numbers, 0..) |*x, i| x.* = @floatFromInt(i % 13);
    var out: [3]f32 = undefined;
    var expected: [3]f32 = undefined;
    for ([_]f32{ std.math.nan(f32), std.math.inf(f32), -std.math.inf(f32) }) |special| {
        for ([_]usize{ 0, 24, 30, 51, 74 }) |place| {
            var x = numbers;
            x[place] = special;
            for ([_]Shape{ shapeOf(3, 25, 1), shapeOf(1, 25, 3) }) |shape| {
                for ([_]interface.Reduction{ .sum, .max, .min }) |reduction| {
                    reference.reduce(reduction, &expected, &x, shape, &.{});
                    try threaded.reduce(runner, reduction, &out, &x, shape, null);
                    try support.expectClose(&expected, &out, 0, 0);
                }
                try checkIndices(runner, &x, shape);
            }
        }
    }
}

fn checkIndices(runner: *Runner, x: []const f32, shape: Shape) !void {
    const count = shape.outer * shape.inner;
    const out = try Guarded(i32).init(count);
    defer out.deinit();
    const expected = try Guarded(i32).init(count);
    defer expected.deinit();
    for (std.enums.values(interface.Extreme)) |extreme| {
        reference.indexOfExtreme(extreme, expected.items, x, shape);
        try threaded.indexOfExtreme(runner, extreme, out.items.ptr, x.ptr, shape);
        try std.testing.expectEqualSlices(i32, expected.items, out.items);
    }
}

test "reduce: indices of extremes, the first of equals" {
    try support.forRunners({}, checkAllIndices);
}

fn checkAllIndices(_: void, runner: *Runner, _: u32) !void {
    var random = std.Random.DefaultPrng.init(13);
    for (shapes) |shape| {
        if (shape.reduced == 0) continue;
        const x = try Guarded(f32).init(shape.outer * shape.reduced * shape.inner);
        defer x.deinit();
        // Few values, so that many are equal.
        for (x.items) |*number| number.* = @floatFromInt(random.random().uintLessThan(u32, 50));
        try checkIndices(runner, x.items, shape);
    }
}
