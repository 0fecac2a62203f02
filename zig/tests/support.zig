//! What the kernel tests share: the instruction sets to try, comparisons, a runner.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Arena = @import("../core/arena.zig").Arena;
const Pool = @import("../core/pool.zig").Pool;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;

/// Every instruction set that this processor can run.
pub fn supportedIsas(buffer: *[8]cpu.Isa) []const cpu.Isa {
    var count: usize = 0;
    for (std.enums.values(cpu.Isa)) |isa| {
        if (!cpu.supports(isa)) continue;
        buffer[count] = isa;
        count += 1;
    }
    return buffer[0..count];
}

/// Fails unless every element is within `absolute + relative * |expected|` of what is expected.
/// NaN matches NaN; infinities match themselves.
pub fn expectClose(
    expected: []const f32,
    actual: []const f32,
    absolute: f32,
    relative: f32,
) !void {
    try std.testing.expectEqual(expected.len, actual.len);
    for (expected, actual, 0..) |want, got, i| {
        if (want == got or (std.math.isNan(want) and std.math.isNan(got))) continue;
        if (@abs(want - got) <= absolute + relative * @abs(want)) continue;
        std.debug.print("element {d}: expected {e}, got {e}\n", .{ i, want, got });
        return error.NotClose;
    }
}

/// Fails unless both have the same bits, or both are NaN.
pub fn expectSame(want: f32, got: f32) !void {
    if (std.math.isNan(want)) return std.testing.expect(std.math.isNan(got));
    try std.testing.expectEqual(@as(u32, @bitCast(want)), @as(u32, @bitCast(got)));
}

/// Normally distributed numbers.
pub fn fillNormal(random: std.Random, out: []f32) void {
    for (out) |*x| x.* = random.floatNorm(f32);
}

// Static because the workers of a pool are never joined.
var pool: Pool = .{};

/// Calls `check(runner)` with one, two and three threads for every instruction set.
pub fn forRunners(
    context: anytype,
    check: fn (@TypeOf(context), *Runner, u32) anyerror!void,
) !void {
    var scratch = try Arena.init(256 << 20);
    defer scratch.deinit();
    var buffer: [8]cpu.Isa = undefined;
    for (supportedIsas(&buffer)) |isa| {
        var runner: Runner = .{
            .kernels = cpu.kernels(isa).?,
            .bf16 = cpu.bf16Kernels(isa),
            .pool = &pool,
            .scratch = &scratch,
        };
        for ([_]u32{ 1, 2, 3 }) |threads| {
            pool.resize(threads);
            try check(context, &runner, threads);
            try std.testing.expectEqual(@as(usize, 0), scratch.head);
        }
    }
}
