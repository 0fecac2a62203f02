//! Tables of rotary embedding.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const threaded = @import("../kernels/cpu/threaded/rows.zig");

test "rows: ropeTable is accurate at positions around a million" {
    try support.forRunners({}, checkRopeTable);
}

fn checkRopeTable(_: void, runner: *Runner, _: u32) !void {
    const pairs = 33;
    var frequencies: [pairs]f32 = undefined;
    for (&frequencies, 0..) |*frequency, i| {
        frequency.* = @floatCast(std.math.pow(f64, 10_000, -@as(f64, @floatFromInt(i)) / pairs));
    }
    const cosines = try Guarded(f32).init(pairs * 20);
    defer cosines.deinit();
    const sines = try Guarded(f32).init(pairs * 20);
    defer sines.deinit();
    for ([_]usize{ 0, 1_000_000 }) |position| {
        threaded.ropeTable(
            runner,
            cosines.items.ptr,
            sines.items.ptr,
            .{ .first = position },
            20,
            &frequencies,
            pairs,
        );
        for (cosines.items, sines.items, 0..) |cosine, sine, i| {
            const place: f128 = @floatFromInt(position + i / pairs);
            const turns = place * frequencies[i % pairs] / (2 * std.math.pi);
            const angle: f64 = @floatCast((turns - @floor(turns)) * 2 * std.math.pi);
            try std.testing.expectApproxEqAbs(@cos(angle), cosine, 1e-7);
            try std.testing.expectApproxEqAbs(@sin(angle), sine, 1e-7);
        }
    }
}
