//! Row kernels and their threaded drivers.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const DType = @import("../core/dtype.zig").DType;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/rows_interface.zig");
const reference = @import("../kernels/cpu/reference/rows.zig");
const threaded = @import("../kernels/cpu/threaded/rows.zig");

const sizes = [_]usize{
    1,      2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1001, 4096, 5000,
    20_011,
};

const Buffers = struct {
    x: Guarded(f32),
    weight: Guarded(f32),
    bias: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),

    fn init(random: std.Random, count: usize) !Buffers {
        const buffers: Buffers = .{
            .x = try .init(count),
            .weight = try .init(count),
            .bias = try .init(count),
            .out = try .init(count),
            .expected = try .init(count),
        };
        inline for (.{ buffers.x, buffers.weight, buffers.bias }) |b| {
            support.fillNormal(random, b.items);
        }
        for (buffers.x.items) |*x| x.* = x.* * 3 + 1;
        return buffers;
    }

    fn deinit(self: Buffers) void {
        inline for (.{ self.x, self.weight, self.bias, self.out, self.expected }) |b| b.deinit();
    }

    fn check(self: Buffers) !void {
        try support.expectClose(self.expected.items, self.out.items, 1e-5, 1e-4);
    }
};

fn forSizes(check: fn (*const interface.Table, Buffers) anyerror!void) !void {
    var random = std.Random.DefaultPrng.init(1);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        for (sizes) |count| {
            const buffers = try Buffers.init(random.random(), count);
            defer buffers.deinit();
            errdefer std.debug.print("{t}, {d} elements\n", .{ isa, count });
            try check(&cpu.kernels(isa).?.rows, buffers);
        }
    }
}

test "rows: softmax" {
    try forSizes(checkSoftmax);
}

fn checkSoftmax(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    const out = buffers.out.items;
    for ([_]f32{ 1, 0.3, -2 }) |scale| {
        reference.softmax(buffers.expected.items, x, scale);
        kernels.softmax(out.ptr, x.ptr, x.len, scale, null);
        // Elements of a long row are small: they are compared in relative terms only.
        try support.expectClose(buffers.expected.items, out, 1e-12, 1e-5);
        @memcpy(out, x);
        kernels.softmax(out.ptr, out.ptr, x.len, scale, null);
        try support.expectClose(buffers.expected.items, out, 1e-12, 1e-5);
    }
    x[0] = -std.math.inf(f32);
    reference.softmax(buffers.expected.items, x, 1);
    kernels.softmax(out.ptr, x.ptr, x.len, 1, null);
    try support.expectClose(buffers.expected.items, out, 1e-12, 1e-5);
    for ([_]f32{ std.math.nan(f32), std.math.inf(f32) }) |bad| {
        x[x.len / 2] = bad;
        kernels.softmax(out.ptr, x.ptr, x.len, 1, null);
        try std.testing.expect(std.math.isNan(out[x.len / 2]));
    }
}

test "rows: softmax of only -inf is NaN, of huge numbers finite" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = &cpu.kernels(isa).?.rows;
        var x: [37]f32 = @splat(-std.math.inf(f32));
        kernels.softmax(&x, &x, x.len, 1, null);
        for (x) |y| try std.testing.expect(std.math.isNan(y));
        x = @splat(3.1e37);
        kernels.softmax(&x, &x, x.len, 7.3, null);
        try support.expectClose(&@as([37]f32, @splat(1.0 / 37.0)), &x, 0, 1e-6);
    }
}

test "rows: softmax is as accurate as the difference from the largest" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = &cpu.kernels(isa).?.rows;
        var random = std.Random.DefaultPrng.init(7);
        var x: [64]f32 = undefined;
        var y: [64]f32 = undefined;
        for (0..2000) |_| {
            x[0] = 0;
            for (x[1..]) |*value| value.* = -80 * random.random().float(f32);
            var total: f64 = 0;
            for (x) |value| total += @exp(@as(f64, value));
            kernels.softmax(&y, &x, x.len, 1, null);
            for (x, y) |value, got| {
                const want = @exp(@as(f64, value)) / total;
                const bound = 4 * std.math.floatEps(f32) - 1.3 * 0x1p-24 * @as(f64, value);
                try std.testing.expect(@abs(got / want - 1) < bound);
            }
        }
    }
}

test "rows: rmsnorm and add_rmsnorm" {
    try forSizes(checkRmsnorm);
}

fn checkRmsnorm(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    const weight = buffers.weight.items;
    const out = buffers.out.items;
    reference.rmsnorm(buffers.expected.items, x, weight, 1e-5);
    kernels.rmsnorm(out.ptr, x.ptr, weight.ptr, x.len, 1e-5, null);
    try buffers.check();
    @memcpy(out, x);
    kernels.rmsnorm(out.ptr, out.ptr, weight.ptr, x.len, 1e-5, null);
    try buffers.check();

    const residual = try Guarded(f32).copy(x);
    defer residual.deinit();
    kernels.add_rmsnorm(
        out.ptr,
        residual.items.ptr,
        buffers.bias.items.ptr,
        weight.ptr,
        x.len,
        1e-5,
    );
    for (x, buffers.bias.items) |*a, b| a.* += b;
    try std.testing.expectEqualSlices(f32, x, residual.items);
    reference.rmsnorm(buffers.expected.items, x, weight, 1e-5);
    try buffers.check();
}

test "rows: layernorm with and without bias" {
    try forSizes(checkLayernorm);
}

fn checkLayernorm(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    const weight = buffers.weight.items;
    const out = buffers.out.items;
    reference.layernorm(buffers.expected.items, x, weight, null, 1e-5);
    kernels.layernorm(out.ptr, x.ptr, weight.ptr, null, x.len, 1e-5, null);
    try buffers.check();
    reference.layernorm(buffers.expected.items, x, weight, buffers.bias.items, 1e-5);
    @memcpy(out, x);
    kernels.layernorm(out.ptr, out.ptr, weight.ptr, buffers.bias.items.ptr, x.len, 1e-5, null);
    try buffers.check();
}

test "rows: layernorm is exact about a large mean" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        var x: [1000]f32 = undefined;
        var out: [1000]f32 = undefined;
        var expected: [1000]f32 = undefined;
        const weight: [1000]f32 = @splat(1);
        for (&x, 0..) |*value, i| value.* = 4096 + @as(f32, @floatFromInt(i % 7));
        reference.layernorm(&expected, &x, &weight, null, 0);
        cpu.kernels(isa).?.rows.layernorm(&out, &x, &weight, null, x.len, 0, null);
        // The mean is rounded to f32: 2^-12 of error, against a deviation of 2.
        try support.expectClose(&expected, &out, 3e-4, 1e-4);
    }
}

test "rows: layernorm of rows that begin far from their mean" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        var x: [1000]f32 = undefined;
        var out: [1000]f32 = undefined;
        var expected: [1000]f32 = undefined;
        const weight: [1000]f32 = @splat(1);
        for ([_]f32{ 1e2, 1e4, -3e6 }) |first| {
            for (&x, 0..) |*value, i| value.* = @floatFromInt(i % 7);
            for (x[0..16]) |*value| value.* = first;
            reference.layernorm(&expected, &x, &weight, null, 1e-5);
            cpu.kernels(isa).?.rows.layernorm(&out, &x, &weight, null, x.len, 1e-5, null);
            try support.expectClose(&expected, &out, 1e-6, 1e-5);
        }
        // Nothing but the bias is left of a constant row.
        x = @splat(0.1);
        cpu.kernels(isa).?.rows.layernorm(&out, &x, &weight, &weight, x.len, 1e-5, null);
        try support.expectClose(&weight, &out, 0, 1e-4);
    }
}

test "rows: rope, both styles" {
    try forSizes(checkRope);
}

fn checkRope(kernels: *const interface.Table, buffers: Buffers) !void {
    const pairs = buffers.x.items.len / 2;
    const cosines = try Guarded(f32).copy(buffers.weight.items[0..pairs]);
    defer cosines.deinit();
    const sines = try Guarded(f32).copy(buffers.bias.items[0..pairs]);
    defer sines.deinit();
    const x = try Guarded(f32).copy(buffers.x.items[0 .. 2 * pairs]);
    defer x.deinit();
    const out = try Guarded(f32).init(2 * pairs);
    defer out.deinit();
    const expected = buffers.expected.items[0 .. 2 * pairs];
    for (std.enums.values(interface.RopeStyle)) |style| {
        const tables = .{ cosines.items.ptr, sines.items.ptr };
        reference.rope(expected, x.items, cosines.items, sines.items, style);
        kernels.rope(out.items.ptr, x.items.ptr, tables[0], tables[1], 2 * pairs, style, false);
        try support.expectClose(expected, out.items, 1e-5, 1e-4);
        @memcpy(out.items, x.items);
        kernels.rope(out.items.ptr, out.items.ptr, tables[0], tables[1], 2 * pairs, style, false);
        try support.expectClose(expected, out.items, 1e-5, 1e-4);
        // Turning back is turning by the opposite angles.
        for (sines.items) |*sine| sine.* = -sine.*;
        kernels.rope(out.items.ptr, x.items.ptr, tables[0], tables[1], 2 * pairs, style, true);
        try support.expectClose(expected, out.items, 1e-5, 1e-4);
    }
}

test "rows: argmax takes the first of equals and passes over NaN" {
    try forSizes(checkArgmax);
}

fn checkArgmax(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    try std.testing.expectEqual(reference.argmax(x), kernels.argmax(x.ptr, x.len));
    x[x.len - 1] = 100;
    x[x.len / 2] = 100;
    try std.testing.expectEqual(@as(u32, @intCast(x.len / 2)), kernels.argmax(x.ptr, x.len));
    x[0] = std.math.nan(f32);
    x[x.len / 3] = std.math.nan(f32);
    try std.testing.expectEqual(reference.argmax(x), kernels.argmax(x.ptr, x.len));
    @memset(x, -std.math.inf(f32));
    x[0] = std.math.nan(f32);
    try std.testing.expectEqual(reference.argmax(x), kernels.argmax(x.ptr, x.len));
    @memset(x, std.math.nan(f32));
    try std.testing.expectEqual(@as(u32, 0), kernels.argmax(x.ptr, x.len));
}

test "rows: threaded drivers give the kernels' bits for any thread count" {
    try support.forRunners({}, checkThreaded);
}

fn checkThreaded(_: void, runner: *Runner, _: u32) !void {
    var random = std.Random.DefaultPrng.init(5);
    for ([_][2]usize{ .{ 0, 8 }, .{ 1, 1 }, .{ 301, 64 }, .{ 7, 5003 } }) |shape| {
        const rows, const columns = shape;
        const buffers = try Buffers.init(random.random(), rows * columns);
        defer buffers.deinit();
        const weight = try Guarded(f32).init(columns);
        defer weight.deinit();
        support.fillNormal(random.random(), weight.items);
        try checkShape(runner, buffers, weight.items.ptr, rows, columns);
    }
}

fn checkShape(
    runner: *Runner,
    buffers: Buffers,
    w: [*]const f32,
    rows: usize,
    columns: usize,
) !void {
    const kernels = &runner.kernels.rows;
    const x = buffers.x.items.ptr;
    const out = buffers.out.items;
    const expected = buffers.expected.items;
    const bias = w;

    for (0..rows) |i| {
        const at = i * columns;
        kernels.softmax(expected.ptr + at, x + at, columns, 0.5, null);
    }
    threaded.softmax(runner, out.ptr, x, rows, columns, 0.5);
    try std.testing.expectEqualSlices(f32, expected, out);
    for (0..rows) |i| kernels.rmsnorm(
        expected.ptr + i * columns,
        x + i * columns,
        w,
        columns,
        1e-6,
        null,
    );
    threaded.rmsnorm(runner, out.ptr, x, w, rows, columns, 1e-6);
    try std.testing.expectEqualSlices(f32, expected, out);
    for (0..rows) |i| {
        const at = i * columns;
        kernels.layernorm(expected.ptr + at, x + at, w, bias, columns, 1e-6, null);
    }
    threaded.layernorm(runner, out.ptr, x, w, bias, rows, columns, 1e-6);
    try std.testing.expectEqualSlices(f32, expected, out);

    const indices = try Guarded(u32).init(rows);
    defer indices.deinit();
    threaded.argmax(runner, indices.items.ptr, x, rows, columns);
    for (indices.items, 0..) |index, i| {
        try std.testing.expectEqual(kernels.argmax(x + i * columns, columns), index);
    }

    // The residual in `out` becomes out + x; the norm goes to `bias`.
    @memcpy(expected, out);
    for (0..rows) |i| {
        const at = i * columns;
        kernels.add_rmsnorm(
            buffers.weight.items.ptr + at,
            expected.ptr + at,
            x + at,
            w,
            columns,
            1e-6,
        );
    }
    threaded.addRmsnorm(runner, buffers.bias.items.ptr, out.ptr, x, w, rows, columns, 1e-6);
    try std.testing.expectEqualSlices(f32, expected, out);
    try std.testing.expectEqualSlices(f32, buffers.weight.items, buffers.bias.items);

    const halves = try Guarded(u16).init(rows * columns);
    defer halves.deinit();
    threaded.narrow(runner, @ptrCast(halves.items.ptr), x, .f16, rows * columns);
    threaded.widen(runner, out.ptr, @ptrCast(halves.items.ptr), .f16, rows * columns);
    for (out, buffers.x.items) |got, value| try support.expectSame(@as(f16, @floatCast(value)), got);
}

test "rows: threaded rope turns every head of a position by that position's angles" {
    try support.forRunners({}, checkThreadedRope);
}

fn checkThreadedRope(_: void, runner: *Runner, _: u32) !void {
    const sequences, const positions, const heads, const size = .{ 3, 13, 5, 52 };
    const row_count = sequences * positions;
    var random = std.Random.DefaultPrng.init(6);
    const buffers = try Buffers.init(random.random(), row_count * heads * size);
    defer buffers.deinit();
    const cosines = try Guarded(f32).copy(buffers.weight.items[0 .. positions * size / 2]);
    defer cosines.deinit();
    const sines = try Guarded(f32).copy(buffers.bias.items[0 .. positions * size / 2]);
    defer sines.deinit();
    for (std.enums.values(interface.RopeStyle)) |style| {
        for (0..row_count * heads) |i| {
            const at = i / heads % positions * (size / 2);
            reference.rope(
                buffers.expected.items[i * size ..][0..size],
                buffers.x.items[i * size ..][0..size],
                cosines.items[at..],
                sines.items[at..],
                style,
            );
        }
        const out = buffers.out.items.ptr;
        const tables = .{ cosines.items.ptr, sines.items.ptr };
        threaded.rope(
            runner,
            out,
            buffers.x.items.ptr,
            tables[0],
            tables[1],
            row_count,
            positions,
            heads,
            size,
            style,
            false,
        );
        try buffers.check();
    }
}
