//! Results larger than the caches are written in another way, to the same bits.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const NormKind = norms.NormKind;
const NormRows = norms.NormRows;
const norms = @import("../kernels/cpu/normalization_interface.zig");
const losses = @import("../kernels/cpu/threaded/losses.zig");
const elementwise = @import("../kernels/cpu/threaded/elementwise.zig");
const normalization = @import("../kernels/cpu/threaded/normalization.zig");
const passage = @import("../kernels/cpu/threaded/passage.zig");
const rows_driver = @import("../kernels/cpu/threaded/rows.zig");

test "large results: functions past the caches, all sizes" {
    var random = std.Random.DefaultPrng.init(1);
    var a: [1000]f32 = undefined;
    var b: [1000]f32 = undefined;
    support.fillNormal(random.random(), &a);
    support.fillNormal(random.random(), &b);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = &cpu.kernels(isa).?.elementwise;
        for ([_]usize{ 1, 4, 15, 16, 17, 64, 1000 }) |count| {
            for (std.enums.values(interface.Unary)) |function| {
                var both: [2][1024]f32 align(64) = undefined;
                kernels.unary(function, &both[0], &a, count);
                kernels.aside.unary(function, &both[1], &a, count);
                try expectBits(both[0][0..count], both[1][0..count]);
            }
            for (std.enums.values(interface.Derivative)) |function| {
                var both: [2][1024]f32 align(64) = undefined;
                kernels.derivative(function, &both[0], &a, &b, 0.5, 1, count);
                kernels.aside.derivative(function, &both[1], &a, &b, 0.5, 1, count);
                try expectBits(both[0][0..count], both[1][0..count]);
            }
            try checkPairs(kernels, &a, &b, count);
        }
    }
}

fn checkPairs(
    kernels: *const interface.Table,
    a: *const [1000]f32,
    b: *const [1000]f32,
    count: usize,
) !void {
    var both: [2][1024]f32 align(64) = undefined;
    for (std.enums.values(interface.Binary)) |function| {
        kernels.binary(function, &both[0], a, b, count);
        kernels.aside.binary(function, &both[1], a, b, count);
        try expectBits(both[0][0..count], both[1][0..count]);
        kernels.binary_scalar(function, &both[0], a, 3, count);
        kernels.aside.binary_scalar(function, &both[1], a, 3, count);
        try expectBits(both[0][0..count], both[1][0..count]);
        kernels.scalar_binary(function, &both[0], 3, b, count);
        kernels.aside.scalar_binary(function, &both[1], 3, b, count);
        try expectBits(both[0][0..count], both[1][0..count]);
    }
    kernels.silu_mul(&both[0], a, b, count);
    kernels.aside.silu_mul(&both[1], a, b, count);
    try expectBits(both[0][0..count], both[1][0..count]);
}

fn expectBits(expected: []const f32, got: []const f32) !void {
    const bytes = std.mem.sliceAsBytes(expected);
    if (!std.mem.eql(u8, bytes, std.mem.sliceAsBytes(got))) return error.OtherBits;
}

const rows = 2100;
const columns = 4096;

const Large = struct {
    x: []align(64) f32,
    gradient: []align(64) f32,
    out: []align(64) f32,
    expected: []align(64) f32,

    fn init() !Large {
        var made: Large = undefined;
        inline for (.{ &made.x, &made.gradient, &made.out, &made.expected }) |buffer| {
            buffer.* = try std.heap.page_allocator.alignedAlloc(f32, .@"64", rows * columns);
        }
        for (made.x, made.gradient, 0..) |*x, *gradient, i| {
            x.* = @as(f32, @floatFromInt(i *% 7919 % 1009)) / 250 - 2;
            gradient.* = @as(f32, @floatFromInt(i *% 104729 % 997)) / 500 - 1;
        }
        return made;
    }

    fn deinit(large: Large) void {
        inline for (.{ large.x, large.gradient, large.out, large.expected }) |buffer| {
            std.heap.page_allocator.free(buffer);
        }
    }

    fn check(large: *const Large) !void {
        try expectBits(large.expected, large.out);
        @memset(large.out, 0);
    }
};

test "large results: threaded drivers give the kernels' bits" {
    const large = try Large.init();
    defer large.deinit();
    const operands: passage.Operands = .{ large.x.ptr, large.gradient.ptr };
    try std.testing.expect(passage.isTaken(large.out.ptr, rows, columns, operands));
    try support.forRunners(&large, checkDrivers);
}

fn checkDrivers(large: *const Large, runner: *Runner, threads: u32) !void {
    if (threads == 3) return;
    const kernels = runner.kernels;
    const x, const gradient = .{ large.x.ptr, large.gradient.ptr };
    const out, const expected = .{ large.out.ptr, large.expected.ptr };
    kernels.elementwise.unary(.silu, expected, x, rows * columns);
    elementwise.unary(runner, .silu, out, x, rows * columns);
    try large.check();
    kernels.elementwise.binary(.mul, expected, x, gradient, rows * columns);
    elementwise.binary(runner, .mul, out, x, gradient, rows * columns);
    try large.check();
    const weight = gradient;
    for (0..rows) |row| {
        const at = row * columns;
        kernels.rows.layernorm(expected + at, x + at, weight, null, columns, 1e-5, null);
    }
    rows_driver.layernorm(runner, out, x, weight, null, rows, columns, 1e-5);
    try large.check();
    for (0..rows) |row| {
        const at = row * columns;
        kernels.rows.softmax(expected + at, x + at, columns, 0.5, null);
    }
    rows_driver.softmax(runner, out, x, rows, columns, 0.5);
    try large.check();
    for (0..rows) |row| {
        const at = row * columns;
        kernels.normalization.log_softmax(expected + at, x + at, columns, null);
    }
    normalization.logSoftmax(runner, out, x, rows, columns);
    try large.check();
    for (0..rows) |row| {
        const at = row * columns;
        const kernel = kernels.normalization.softmax_gradient;
        kernel(expected + at, x + at, gradient + at, columns, 0.5, null);
    }
    normalization.softmaxGradient(runner, out, x, gradient, rows, columns, 0.5);
    try large.check();
    try checkNormGradient(large, runner);
    try checkCrossEntropy(large, runner);
}

fn checkCrossEntropy(large: *const Large, runner: *Runner) !void {
    const ignored = 7;
    var labels: [rows]i32 = undefined;
    for (&labels, 0..) |*label, row| label.* = @intCast(row * 31 % columns);
    var loss: f64 = 0;
    for (labels, 0..) |label, row| {
        const at = row * columns;
        if (label == ignored) {
            @memset(large.expected[at..][0..columns], 0);
        } else loss += runner.kernels.losses.cross_entropy(&.{
            .x = large.x.ptr + at,
            .label = @intCast(label),
            .gradient = large.expected.ptr + at,
            .scale = 0.25,
            .count = columns,
        });
    }
    for ([_]?[*]f32{ large.out.ptr, null }) |gradient| {
        const got = try losses.crossEntropy(runner, &.{
            .x = large.x.ptr,
            .rows = rows,
            .columns = columns,
            .labels = &labels,
            .ignored = ignored,
            .gradient = gradient,
            .scale = 0.25,
        });
        try std.testing.expectApproxEqRel(loss, got, 1e-12);
    }
    try large.check();
}

fn checkNormGradient(large: *const Large, runner: *Runner) !void {
    const weight = large.gradient.ptr;
    var sums: [2][columns]f32 = undefined;
    for (std.enums.values(NormKind)) |kind| {
        const bias_gradient: ?[*]f32 = if (kind == .layer_norm) &sums[1] else null;
        const rows_of_norm: NormRows = .{
            .kind = kind,
            .out = large.expected.ptr,
            .x = large.x.ptr,
            .weight = weight,
            .gradient = large.gradient.ptr,
            .weight_gradient = &sums[0],
            .bias_gradient = bias_gradient,
            .rows = rows,
            .columns = columns,
            .epsilon = 1e-5,
            .flows = false,
        };
        sums = @splat(@splat(0));
        runner.kernels.normalization.norm_gradient(&rows_of_norm);
        try normalization.normGradient(runner, .{
            .kind = kind,
            .out = large.out.ptr,
            .x = large.x.ptr,
            .weight = weight,
            .gradient = large.gradient.ptr,
            .weight_gradient = &sums[0],
            .bias_gradient = bias_gradient,
            .rows = rows,
            .columns = columns,
            .epsilon = 1e-5,
        });
        try large.check();
    }
}
