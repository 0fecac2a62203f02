//! Address space from the operating system: reserve much, pay for what is touched.

const std = @import("std");
const builtin = @import("builtin");

const windows = builtin.os.tag == .windows;

/// Reservations are rounded to this: a huge page, so that the system can use them.
pub const page_bytes = 2 << 20;

/// How many times memory has been asked of the system; nothing on a hot path may move it.
pub var request_count: std.atomic.Value(u32) = .init(0);

const Pointer = [*]align(64) u8;

const win = struct {
    const mem_commit = 0x1000;
    const mem_reserve = 0x2000;
    const mem_release = 0x8000;
    const page_readwrite = 0x04;
    extern "kernel32" fn VirtualAlloc(?*anyopaque, usize, u32, u32) callconv(.winapi) ?*anyopaque;
    extern "kernel32" fn VirtualFree(*anyopaque, usize, u32) callconv(.winapi) i32;
};

/// Reserves `size` bytes of address space.
pub fn reserve(size: usize) error{OutOfMemory}!Pointer {
    _ = request_count.fetchAdd(1, .monotonic);
    if (windows) {
        const base = win.VirtualAlloc(null, size, win.mem_reserve, win.page_readwrite) orelse
            return error.OutOfMemory;
        return @ptrCast(@alignCast(base));
    }
    const memory = std.posix.mmap(null, size, .{ .READ = true, .WRITE = true }, .{
        .TYPE = .PRIVATE,
        .ANONYMOUS = true,
        .NORESERVE = true,
    }, -1, 0) catch return error.OutOfMemory;
    // Huge pages where the system grants them on request; without them it is only slower.
    if (builtin.os.tag == .linux) std.posix.madvise(
        memory.ptr,
        size,
        std.posix.MADV.HUGEPAGE,
    ) catch {};
    return @alignCast(memory.ptr);
}

/// Gives a reservation back.
pub fn release(base: Pointer, size: usize) void {
    if (windows) {
        _ = win.VirtualFree(base, 0, win.mem_release);
    } else {
        std.posix.munmap(@alignCast(base[0..size]));
    }
}

/// Makes the bytes from `committed` to at least `wanted` usable and returns the new end. Windows
/// wants to be told; the other systems commit on first touch.
pub fn commit(
    base: Pointer,
    committed: usize,
    wanted: usize,
    capacity: usize,
) error{OutOfMemory}!usize {
    if (!windows) return capacity;
    const end = @min(std.mem.alignForward(usize, wanted, 64 << 20), capacity);
    _ = request_count.fetchAdd(1, .monotonic);
    _ = win.VirtualAlloc(
        base + committed,
        end - committed,
        win.mem_commit,
        win.page_readwrite,
    ) orelse
        return error.OutOfMemory;
    return end;
}
