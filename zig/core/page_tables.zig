//! Page tables of a mapped file, filled by a thread of their own.
//!
//! A page of a map is entered into the page tables when it is first touched. For a model of a
//! gigabyte that was cached in small pages, this takes longer than computing a token; meanwhile
//! the program reads tokenizer and names, so that it can be done beside it. Nothing is read from
//! the disk for it, nor computed.

const std = @import("std");
const builtin = @import("builtin");

/// Pages are asked about, and entered, this many bytes at a time.
const piece_bytes = 2 << 20;
/// Linux 5.14's MADV_POPULATE_READ, which Zig's library does not name.
const madvise_populate_read = 22;

const Memory = []align(std.heap.page_size_min) const u8;

pub const PageTables = struct {
    memory: Memory,
    thread: std.Thread,
    is_stopped: std.atomic.Value(bool) = .init(false),

    /// Starts; null where the system has no such thing, or nothing to start it with.
    pub fn fill(memory: Memory) ?*PageTables {
        if (builtin.os.tag != .linux or memory.len < 2 * piece_bytes) return null;
        const page_tables = std.heap.page_allocator.create(PageTables) catch return null;
        page_tables.* = .{ .memory = memory, .thread = undefined };
        const config: std.Thread.SpawnConfig = .{ .stack_size = 1 << 20 };
        page_tables.thread = std.Thread.spawn(config, work, .{page_tables}) catch {
            std.heap.page_allocator.destroy(page_tables);
            return null;
        };
        return page_tables;
    }

    /// Returns when the memory is not looked at any more.
    pub fn stop(page_tables: *PageTables) void {
        page_tables.is_stopped.store(true, .monotonic);
        page_tables.thread.join();
        std.heap.page_allocator.destroy(page_tables);
    }

    fn work(page_tables: *PageTables) void {
        const memory = page_tables.memory;
        var start: usize = 0;
        while (start < memory.len) : (start += piece_bytes) {
            if (page_tables.is_stopped.load(.monotonic)) return;
            const piece: Memory = @alignCast(memory[start..@min(start + piece_bytes, memory.len)]);
            if (isCached(piece)) std.posix.madvise(
                @constCast(piece.ptr),
                piece.len,
                madvise_populate_read,
            ) catch return;
        }
    }
};

/// Whether all pages are in memory. Of files that the user may not write, Linux does not tell.
fn isCached(piece: Memory) bool {
    var states: [piece_bytes / std.heap.page_size_min]u8 = undefined;
    if (std.os.linux.mincore(@constCast(piece.ptr), piece.len, &states) != 0) return false;
    const page_count = std.math.divCeil(usize, piece.len, std.heap.pageSize()) catch unreachable;
    for (states[0..page_count]) |state| if (state & 1 == 0) return false;
    return true;
}
