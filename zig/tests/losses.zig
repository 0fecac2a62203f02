//! Losses: kernels and threaded drivers.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/losses_interface.zig");
const reference = @import("../kernels/cpu/reference/losses.zig");
const threaded = @import("../kernels/cpu/threaded/losses.zig");

const sizes = [_]usize{ 0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 1001, 5000 };

const Buffers = struct {
    x: Guarded(f32),
    target: Guarded(f32),
    weight: Guarded(f32),
    positive: Guarded(f32),
    loss: Guarded(f32),
    gradient: Guarded(f32),
    expected_loss: Guarded(f32),
    expected_gradient: Guarded(f32),

    fn init(count: usize) !Buffers {
        var random = std.Random.DefaultPrng.init(count);
        var buffers: Buffers = undefined;
        inline for (std.meta.fields(Buffers)) |field| {
            @field(buffers, field.name) = try .init(count);
            support.fillNormal(random.random(), @field(buffers, field.name).items);
        }
        for (buffers.x.items) |*x| x.* *= 4;
        for (buffers.target.items) |*x| x.* = 1 / (1 + @exp(-x.*));
        for (buffers.weight.items) |*x| x.* = @abs(x.*);
        for (buffers.positive.items) |*x| x.* = @abs(x.*);
        return buffers;
    }

    fn deinit(buffers: Buffers) void {
        inline for (std.meta.fields(Buffers)) |field| @field(buffers, field.name).deinit();
    }

    fn span(buffers: *const Buffers, is_weighted: bool) interface.PointwiseSpan {
        return .{
            .x = buffers.x.items.ptr,
            .target = buffers.target.items.ptr,
            .weight = if (is_weighted) buffers.weight.items.ptr else null,
            .positive_weight = if (is_weighted) buffers.positive.items.ptr else null,
            .delta = 1.5,
            .scale = 0.3,
            .count = buffers.x.items.len,
        };
    }
};

test "losses: every pointwise loss and its derivative" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        const buffers = try Buffers.init(count);
        defer buffers.deinit();
        for (std.enums.values(interface.Pointwise)) |function| for (0..2) |variant| {
            errdefer std.debug.print("{t}, {t}, {d} elements\n", .{ isa, function, count });
            var span = buffers.span(variant == 1);
            const kernel = cpu.kernels(isa).?.losses.pointwise;
            const alone = kernel(function, &span);
            span.loss = buffers.loss.items.ptr;
            span.gradient = buffers.gradient.items.ptr;
            try std.testing.expectEqual(alone, kernel(function, &span));
            span.loss = buffers.expected_loss.items.ptr;
            span.gradient = buffers.expected_gradient.items.ptr;
            try std.testing.expectApproxEqRel(reference.pointwise(function, &span), alone, 1e-5);
            try support.expectClose(buffers.expected_loss.items, buffers.loss.items, 1e-5, 1e-4);
            const expected = buffers.expected_gradient.items;
            try support.expectClose(expected, buffers.gradient.items, 1e-5, 1e-4);
        };
    };
}

test "losses: the logarithm over its whole range" {
    var isas: [8]cpu.Isa = undefined;
    const target: [17]f32 = .{
        1,
        2,
        0.5,
        1e-3,
        1e3,
        0.7071067,
        0.7071068,
        1e38,
        1e-38,
        1e-40,
        4e37,
        1.001,
        0.999999940,
        1.000000119,
        std.math.floatMin(f32),
        std.math.floatMax(f32),
        3,
    };
    const x: [17]f32 = @splat(0);
    var loss: [17]f32 = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        _ = cpu.kernels(isa).?.losses.pointwise(.divergence, &.{
            .x = &x,
            .target = &target,
            .loss = &loss,
            .count = target.len,
        });
        for (loss, target) |got, t| {
            const want = @as(f64, t) * @log(@as(f64, t));
            try std.testing.expectApproxEqRel(@as(f32, @floatCast(want)), got, 4e-7);
        }
    }
}

test "losses: cross entropy of one row" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes[1..]) |count| {
        const buffers = try Buffers.init(count);
        defer buffers.deinit();
        for (0..8) |variant| {
            errdefer std.debug.print("{t}, {d} classes, variant {d}\n", .{ isa, count, variant });
            var row: interface.ClassRow = .{
                .x = buffers.x.items.ptr,
                .probabilities = if (variant & 1 != 0) buffers.target.items.ptr else null,
                .label = count / 2,
                .weight = if (variant & 2 != 0) buffers.weight.items.ptr else null,
                .smoothing = if (variant & 4 != 0) 0.1 else 0,
                .scale = 0.7,
                .count = count,
            };
            const kernel = cpu.kernels(isa).?.losses.cross_entropy;
            const alone = kernel(&row);
            row.gradient = buffers.gradient.items.ptr;
            try std.testing.expectEqual(alone, kernel(&row));
            row.gradient = buffers.expected_gradient.items.ptr;
            try std.testing.expectApproxEqRel(reference.crossEntropy(&row), alone, 1e-5);
            const expected = buffers.expected_gradient.items;
            try support.expectClose(expected, buffers.gradient.items, 1e-5, 1e-4);
        }
    };
}

test "losses: threaded drivers give the same for any number of threads" {
    var first: ?[4]f64 = null;
    try support.forRunners(&first, checkThreaded);
}

fn checkThreaded(first: *?[4]f64, runner: *Runner, threads: u32) !void {
    const rows = 300;
    const columns = 97;
    const buffers = try Buffers.init(rows * columns);
    defer buffers.deinit();
    var labels: [rows]i32 = undefined;
    var counted: f64 = 0;
    for (&labels, 0..) |*label, i| {
        label.* = if (i % 7 == 3) -100 else @intCast(i % columns);
        if (label.* >= 0) counted += 1;
    }
    var span = buffers.span(true);
    span.loss = buffers.loss.items.ptr;
    span.gradient = buffers.gradient.items.ptr;
    const total = try threaded.pointwise(runner, .binary_cross_entropy, span);
    _ = runner.kernels.losses.pointwise(.binary_cross_entropy, &buffers.span(true));
    span.loss = buffers.expected_loss.items.ptr;
    span.gradient = buffers.expected_gradient.items.ptr;
    _ = runner.kernels.losses.pointwise(.binary_cross_entropy, &span);
    try std.testing.expectEqualSlices(f32, buffers.expected_loss.items, buffers.loss.items);
    try std.testing.expectEqualSlices(f32, buffers.expected_gradient.items, buffers.gradient.items);

    var all: threaded.ClassRows = .{
        .x = buffers.x.items.ptr,
        .rows = rows,
        .columns = columns,
        .labels = &labels,
        .ignored = -100,
        .gradient = buffers.gradient.items.ptr,
        .smoothing = 0.1,
        .scale = 0.01,
    };
    const entropy = try threaded.crossEntropy(runner, &all);
    try checkRows(&all, buffers.expected_gradient.items);
    const likelihood = try threaded.negativeLogLikelihood(runner, &all);
    var sum: f64 = 0;
    for (buffers.gradient.items) |value| sum += value;
    const values = [4]f64{ total, entropy, likelihood, sum };
    if (threads == 1) first.* = values;
    try std.testing.expectEqual(first.*.?, values);
    try std.testing.expectApproxEqRel(-0.01 * counted, sum, 1e-4);
}

fn checkRows(all: *const threaded.ClassRows, expected: []f32) !void {
    @memset(expected, 0);
    for (0..all.rows) |i| {
        if (all.labels.?[i] == all.ignored) continue;
        _ = reference.crossEntropy(&.{
            .x = all.x + i * all.columns,
            .label = @intCast(all.labels.?[i]),
            .gradient = expected.ptr + i * all.columns,
            .smoothing = all.smoothing,
            .scale = all.scale,
            .count = all.columns,
        });
    }
    try support.expectClose(expected, all.gradient.?[0..expected.len], 1e-5, 1e-4);
}
