//! Matrix products in bf16: operands rounded on the way, sums in f32. Skipped on processors without
//! instructions for them.

const std = @import("std");
const cases = @import("matmul_cases.zig");
const cpu = @import("../core/cpu.zig");
const Arena = @import("../core/arena.zig").Arena;
const Pool = @import("../core/pool.zig").Pool;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const reference = @import("../kernels/cpu/reference/matmul.zig");
const threaded = @import("../kernels/cpu/threaded/matmul.zig");

const Case = cases.Case;
const Prepared = cases.Prepared;
const Shape = threaded.Shape;

const isa: cpu.Isa = .v4_bf16;

// Static because the workers of a pool are never joined.
var pool: Pool = .{};

fn runnerOf(scratch: *Arena) !Runner {
    if (!cpu.supports(isa)) return error.SkipZigTest;
    return .{
        .kernels = cpu.kernels(isa).?,
        .bf16 = cpu.bf16Kernels(isa).?,
        .pool = &pool,
        .scratch = scratch,
        .precision = .bf16,
    };
}

fn tryCase(case: Case, random: std.Random, runner: *const Runner) !void {
    const prepared: Prepared = try .init(case, random);
    defer prepared.deinit();
    try prepared.run(runner);
    try prepared.check(isa);
}

fn tryLayouts(m: usize, n: usize, k: usize, random: std.Random, runner: *const Runner) !void {
    for (0..8) |bits| try tryCase(.{
        .shape = .{ .m = m, .n = n, .k = k },
        .transposed_a = bits & 1 != 0,
        .transposed_b = bits & 2 != 0,
        .spread = if (bits & 4 != 0) 2 else 1,
        .gap = (m + n + k) % 3,
        .accumulate = (m ^ n ^ k) & 1 == 1,
        .precision = .bf16,
    }, random, runner);
}

test "matmul bf16: every remainder of rows, columns and k, all layouts" {
    var generator: std.Random.DefaultPrng = .init(11);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const runner = try runnerOf(&scratch);
    pool.resize(1);
    const sizes = [_]usize{ 1, 2, 3, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 47, 48, 49, 63, 64, 97 };
    for (sizes) |m| for (sizes) |n| {
        try tryLayouts(m, n, 1 + (m * 7 + n * 3) % 41, generator.random(), &runner);
    };
    for (sizes) |k| try tryLayouts(13, 50, k, generator.random(), &runner);
}

test "matmul bf16: sizes that need several blocks" {
    var generator: std.Random.DefaultPrng = .init(12);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const runner = try runnerOf(&scratch);
    pool.resize(1);
    const sizes = [_][3]usize{
        .{ 119, 241, 65 },  .{ 121, 239, 101 }, .{ 5, 700, 1023 }, .{ 241, 481, 1025 },
        .{ 300, 10, 1030 }, .{ 2, 3000, 71 },   .{ 3000, 2, 70 },  .{ 16, 1000, 2049 },
        .{ 3200, 250, 9 },  .{ 130, 3300, 17 }, .{ 1, 1, 5000 },   .{ 64, 300, 1100 },
    };
    for (sizes) |size| try tryLayouts(size[0], size[1], size[2], generator.random(), &runner);
}

test "matmul bf16: batches and shared operands" {
    var generator: std.Random.DefaultPrng = .init(13);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const runner = try runnerOf(&scratch);
    pool.resize(1);
    const sizes = [_][3]usize{ .{ 1, 1, 9 }, .{ 4, 5, 6 }, .{ 33, 1, 20 }, .{ 125, 17, 11 } };
    for (sizes) |size| for (0..32) |bits| try tryCase(.{
        .shape = .{ .m = size[0], .n = size[1], .k = size[2], .batch = .{ 2, 1, 3, 2 } },
        .transposed_a = bits & 1 != 0,
        .transposed_b = bits & 2 != 0,
        .shared_a = bits & 4 != 0,
        .shared_b = bits & 8 != 0,
        .gap = bits % 5,
        .accumulate = bits & 16 != 0,
        .precision = .bf16,
    }, generator.random(), &runner);
}

test "matmul bf16: the same bits with 1, 2 and 3 threads" {
    var generator: std.Random.DefaultPrng = .init(14);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const runner = try runnerOf(&scratch);
    const shapes = [_]Shape{
        .{ .m = 500, .n = 520, .k = 1530 },
        .{ .m = 16, .n = 1000, .k = 700 },
        .{ .m = 1000, .n = 16, .k = 700 },
        .{ .m = 3000, .n = 3, .k = 300 },
        .{ .m = 7, .n = 2000, .k = 600 },
        .{ .m = 16, .n = 16, .k = 16, .batch = .{ 1, 1, 1, 1000 } },
    };
    for (shapes) |shape| for ([_]bool{ false, true }) |transposed_b| {
        const case: Case = .{
            .shape = shape,
            .transposed_b = transposed_b,
            .accumulate = true,
            .precision = .bf16,
        };
        const prepared: Prepared = try .init(case, generator.random());
        defer prepared.deinit();
        for (1..4) |threads| {
            pool.resize(@intCast(threads));
            try prepared.run(&runner);
            if (threads == 1) {
                try prepared.check(isa);
                @memcpy(prepared.expected.items, prepared.out.items);
            } else {
                const one_thread = std.mem.sliceAsBytes(prepared.expected.items);
                const several = std.mem.sliceAsBytes(prepared.out.items);
                try std.testing.expectEqualSlices(u8, one_thread, several);
            }
        }
    };
}

/// Numbers whose rounding is easily wrong: ties, the largest ones, and those below the normal ones.
const delicate = [_]f32{
    @bitCast(@as(u32, 0x3f80_8000)), @bitCast(@as(u32, 0x3f81_8000)),
    @bitCast(@as(u32, 0x3f80_7fff)), @bitCast(@as(u32, 0x3f80_8001)),
    @bitCast(@as(u32, 0x7f7f_ffff)), @bitCast(@as(u32, 0xff7f_ffff)),
    @bitCast(@as(u32, 0x0000_0001)), @bitCast(@as(u32, 0x007f_ffff)),
    @bitCast(@as(u32, 0x0080_0000)), @bitCast(@as(u32, 0x8080_8000)),
};

test "matmul bf16: rounds to nearest even; infinities and NaN go through" {
    var scratch: Arena = try .init(1 << 20);
    defer scratch.deinit();
    const runner = try runnerOf(&scratch);
    pool.resize(1);
    const quiet: f32 = std.math.nan(f32);
    // As an infinity with only its lowest bit set, this NaN would become one when cut off.
    const low: f32 = @bitCast(@as(u32, 0x7f80_0001));
    const values = delicate ++ [_]f32{ std.math.inf(f32), -std.math.inf(f32), quiet, low };
    // Each in a row of its own, at the first, a middle and the last place of k; in both operands.
    for ([_]usize{ 1, 2, 17, 32, 35, 64 }) |k| for ([_]usize{ 0, k / 2, k - 1 }) |place| {
        for ([_]bool{ false, true }) |transposed| for ([_]usize{ 3, 20 }) |others| {
            var generator: std.Random.DefaultPrng = .init(15);
            const case: Case = .{
                .shape = .{ .m = values.len, .n = others, .k = k },
                .transposed_a = transposed,
                .transposed_b = !transposed,
                .precision = .bf16,
            };
            const prepared: Prepared = try .init(case, generator.random());
            defer prepared.deinit();
            @memset(prepared.a.items, 0);
            @memset(prepared.b.items, 1);
            for (values, 0..) |value, i| {
                const a = prepared.operandA();
                prepared.a.items[i * a.row_stride + place * a.column_stride] = value;
            }
            try prepared.run(&runner);
            for (values, 0..) |value, i| for (0..others) |j| {
                const found = prepared.out.items[i * others + j];
                const expected = reference.roundToBf16(value);
                if (std.math.isNan(expected)) {
                    try std.testing.expect(std.math.isNan(found));
                } else try std.testing.expectEqual(expected, found);
            };
        };
    };
}
