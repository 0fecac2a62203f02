//! The function that `@memset` calls where a length is not known beforehand: that of Zig's runtime
//! library, which the linker prefers to the system's, writes byte after byte.

const std = @import("std");
const builtin = @import("builtin");

comptime {
    // The sanitizer has one of its own.
    if (!builtin.sanitize_thread) @export(&fill, .{ .name = "memset", .visibility = .hidden });
}

const Block = @Vector(16, u8);
const block_bytes = @sizeOf(Block);
const blocks_together = 4;

fn fill(out: [*]u8, byte: u8, count: usize) callconv(.c) [*]u8 {
    if (count < block_bytes) {
        for (0..count) |i| write(u8, out + i, byte);
        return out;
    }
    const block: Block = @splat(byte);
    var i: usize = 0;
    while (i + blocks_together * block_bytes <= count) : (i += blocks_together * block_bytes) {
        inline for (0..blocks_together) |k| write(Block, out + i + k * block_bytes, block);
    }
    while (i + block_bytes <= count) : (i += block_bytes) write(Block, out + i, block);
    write(Block, out + count - block_bytes, block);
    return out;
}

/// Volatile: the compiler would recognize a loop that fills memory, and call this very function.
inline fn write(comptime T: type, pointer: [*]u8, value: T) void {
    @as(*align(1) volatile T, @ptrCast(pointer)).* = value;
}

test "memset: all lengths and places" {
    var buffer: [300]u8 = undefined;
    for (0..200) |count| for (0..17) |start| {
        for (&buffer) |*byte| byte.* = 1;
        std.mem.doNotOptimizeAway(fill(buffer[start..].ptr, 0xa5, count));
        for (buffer, 0..) |byte, i| {
            const is_inside = i >= start and i < start + count;
            try std.testing.expectEqual(@as(u8, if (is_inside) 0xa5 else 1), byte);
        }
    };
}
