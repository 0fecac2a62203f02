//! Arena, thread pool and processor detection.

const std = @import("std");
const builtin = @import("builtin");
const Arena = @import("../core/arena.zig").Arena;
const Map = @import("../core/map.zig").Map;
const Pool = @import("../core/pool.zig").Pool;
const cpu = @import("../core/cpu.zig");

test "arena: aligned, bounded, reset" {
    var arena = try Arena.init(4 << 20);
    defer arena.deinit();
    const first = try arena.take(1);
    const second = try arena.take(100);
    try std.testing.expectEqual(64, @intFromPtr(second) - @intFromPtr(first));
    try std.testing.expectEqual(192, arena.head);
    try std.testing.expectError(error.ArenaFull, arena.take(4 << 20));
    try std.testing.expectError(error.ArenaFull, arena.slice(u64, std.math.maxInt(usize) / 4));
    arena.reset(64);
    try std.testing.expectEqual(@intFromPtr(second), @intFromPtr(try arena.take(1)));
    try std.testing.expectEqual(192, arena.high_water);
}

const Count = struct {
    hits: [1000]std.atomic.Value(u32) = @splat(.init(0)),

    fn chunk(context: *const anyopaque, index: u32, worker: u32) void {
        std.debug.assert(worker < 4);
        const count: *Count = @ptrCast(@alignCast(@constCast(context)));
        _ = count.hits[index].fetchAdd(1, .monotonic);
    }
};

// Static because the workers of a pool are never joined.
var test_pool: Pool = .{};

test "pool: every chunk runs exactly once, for changing thread counts" {
    for ([_]u32{ 1, 4, 2, 3 }) |threads| {
        test_pool.resize(threads);
        for (0..200) |round| {
            const chunks: u32 = @intCast(round * 5 + 1);
            inline for (.{ Pool.run, Pool.runShares }) |run| {
                var count: Count = .{};
                run(&test_pool, chunks, &count, Count.chunk);
                for (count.hits, 0..) |hits, i| {
                    try std.testing.expectEqual(
                        @as(u32, if (i < chunks) 1 else 0),
                        hits.load(.monotonic),
                    );
                }
            }
        }
    }
}

test "cpu: the baseline always runs and the best is supported" {
    try std.testing.expect(cpu.supports(.baseline));
    try std.testing.expect(cpu.supports(cpu.best()));
    try std.testing.expect(cpu.kernels(cpu.best()) != null);
}

test "map: read and closed while its page tables are being filled" {
    if (builtin.os.tag != .linux) return error.SkipZigTest;
    // Smaller files get no thread: see `PageTables.fill`.
    const numbers = try std.testing.allocator.alloc(u64, (5 << 20) / 8);
    defer std.testing.allocator.free(numbers);
    for (numbers, 0..) |*number, i| number.* = i;
    var folder = std.testing.tmpDir(.{});
    defer folder.cleanup();
    try folder.dir.writeFile(std.testing.io, .{
        .sub_path = "numbers",
        .data = std.mem.sliceAsBytes(numbers),
    });
    var buffer: [4096]u8 = undefined;
    const length = try folder.dir.realPathFile(std.testing.io, "numbers", &buffer);
    for (0..20) |_| {
        var map = try Map.open(buffer[0..length]);
        defer map.close();
        try std.testing.expect(map.page_tables != null);
        const bytes = map.base[0..@intCast(map.size_bytes)];
        try std.testing.expectEqualSlices(u64, numbers, std.mem.bytesAsSlice(u64, bytes));
    }
}
