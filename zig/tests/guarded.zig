//! Memory that ends at an inaccessible page: one element read or written too far is a crash, not
//! a number that happens to be right.

const std = @import("std");
const builtin = @import("builtin");

const page_bytes = std.heap.page_size_max;
const has_guard_pages = builtin.os.tag == .linux or builtin.os.tag.isDarwin();

/// A buffer of T whose last element is followed by an inaccessible page, where the system has such
/// pages; elsewhere plain memory.
pub fn Guarded(comptime T: type) type {
    return struct {
        items: []T,
        memory: []align(page_bytes) u8,

        const Self = @This();

        pub fn init(count: usize) !Self {
            const used = count * @sizeOf(T);
            const usable = std.mem.alignForward(usize, used, page_bytes);
            const memory = try allocate(usable);
            const first: [*]T = @ptrCast(@alignCast(memory.ptr + (usable - used)));
            return .{ .items = first[0..count], .memory = memory };
        }

        /// A guarded copy of `values`.
        pub fn copy(values: []const T) !Self {
            const buffer = try init(values.len);
            @memcpy(buffer.items, values);
            return buffer;
        }

        pub fn deinit(self: Self) void {
            if (has_guard_pages) {
                std.posix.munmap(self.memory);
            } else {
                std.heap.page_allocator.free(self.memory);
            }
        }
    };
}

/// `usable` bytes, which are whole pages, and the guard behind them.
fn allocate(usable: usize) ![]align(page_bytes) u8 {
    const size = usable + page_bytes;
    if (!has_guard_pages) {
        return std.heap.page_allocator.alignedAlloc(u8, .fromByteUnits(page_bytes), size);
    }
    // The system aligns to its own page size, which may be smaller than `page_bytes`; only the end
    // has to be exact, and it is when the guard is at least one of the system's pages.
    const memory = try std.posix.mmap(null, size, .{ .READ = true, .WRITE = true }, .{
        .TYPE = .PRIVATE,
        .ANONYMOUS = true,
    }, -1, 0);
    if (std.c.mprotect(@ptrCast(@alignCast(memory.ptr + usable)), page_bytes, .{}) != 0) {
        return error.GuardPageRefused;
    }
    return @alignCast(memory);
}

test "guarded: buffers are writable to their last element" {
    for ([_]usize{ 0, 1, 3, 1000, 5000 }) |count| {
        const buffer = try Guarded(f32).init(count);
        defer buffer.deinit();
        for (buffer.items) |*item| item.* = 1;
        try std.testing.expectEqual(count, buffer.items.len);
    }
}
