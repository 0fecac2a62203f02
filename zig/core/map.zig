//! Read-only maps of files: weights are used where they lie.

const std = @import("std");
const builtin = @import("builtin");
const PageTables = @import("page_tables.zig").PageTables;

const windows = builtin.os.tag == .windows;

pub const Map = struct {
    base: [*]align(std.heap.page_size_min) const u8,
    size_bytes: u64,
    page_tables: ?*PageTables = null,

    pub const Error = error{ NotFound, Io, OutOfMemory, InvalidArgument };

    /// Maps a whole file. Reading past a file that was shortened later is the system's error, not
    /// ours to catch: docs/architecture.md says so.
    pub fn open(path: []const u8) Error!Map {
        if (windows) return openWindows(path);
        var buffer: [4096]u8 = undefined;
        if (path.len >= buffer.len) return error.InvalidArgument;
        @memcpy(buffer[0..path.len], path);
        buffer[path.len] = 0;
        const descriptor = std.c.open(
            buffer[0..path.len :0],
            .{ .ACCMODE = .RDONLY, .CLOEXEC = true },
        );
        if (descriptor < 0) return switch (std.posix.errno(descriptor)) {
            .NOENT, .NOTDIR => error.NotFound,
            else => error.Io,
        };
        defer _ = std.c.close(descriptor);
        const end = std.c.lseek(descriptor, 0, std.c.SEEK.END);
        if (end <= 0) return error.Io;
        const size: usize = @intCast(end);
        const memory = std.posix.mmap(
            null,
            size,
            .{ .READ = true },
            .{ .TYPE = .PRIVATE },
            descriptor,
            0,
        ) catch |failure|
            return switch (failure) {
                error.OutOfMemory => error.OutOfMemory,
                else => error.Io,
            };
        // What is not cached yet is read into huge pages where the file system has them.
        if (builtin.os.tag == .linux) std.posix.madvise(
            memory.ptr,
            size,
            std.posix.MADV.HUGEPAGE,
        ) catch {};
        return .{ .base = memory.ptr, .size_bytes = size, .page_tables = PageTables.fill(memory) };
    }

    pub fn close(map: *Map) void {
        if (map.page_tables) |page_tables| page_tables.stop();
        if (windows) {
            _ = win.UnmapViewOfFile(map.base);
        } else {
            std.posix.munmap(map.base[0..@intCast(map.size_bytes)]);
        }
        map.* = undefined;
    }

    fn openWindows(path: []const u8) Error!Map {
        var wide: [4096]u16 = undefined;
        if (path.len >= wide.len) return error.InvalidArgument;
        const length = std.unicode.wtf8ToWtf16Le(&wide, path) catch return error.InvalidArgument;
        wide[length] = 0;
        const file = win.CreateFileW(
            wide[0..length :0].ptr,
            win.generic_read,
            1,
            null,
            3,
            0,
            null,
        ) orelse return error.Io;
        if (file == win.invalid_handle) return error.NotFound;
        defer _ = win.CloseHandle(file);
        var size: i64 = 0;
        if (win.GetFileSizeEx(file, &size) == 0 or size <= 0) return error.Io;
        const mapping = win.CreateFileMappingW(
            file,
            null,
            win.page_readonly,
            0,
            0,
            null,
        ) orelse return error.Io;
        defer _ = win.CloseHandle(mapping);
        const base = win.MapViewOfFile(
            mapping,
            win.file_map_read,
            0,
            0,
            0,
        ) orelse return error.OutOfMemory;
        return .{ .base = @ptrCast(@alignCast(base)), .size_bytes = @intCast(size) };
    }
};

const win = struct {
    const Object = *anyopaque;
    const invalid_handle: Object = @ptrFromInt(std.math.maxInt(usize));
    const generic_read: u32 = 0x8000_0000;
    const page_readonly: u32 = 0x02;
    const file_map_read: u32 = 0x0004;
    extern "kernel32" fn CreateFileW(
        [*:0]const u16,
        u32,
        u32,
        ?*anyopaque,
        u32,
        u32,
        ?Object,
    ) callconv(.winapi) ?Object;
    extern "kernel32" fn GetFileSizeEx(Object, *i64) callconv(.winapi) i32;
    extern "kernel32" fn CreateFileMappingW(
        Object,
        ?*anyopaque,
        u32,
        u32,
        u32,
        ?[*:0]const u16,
    ) callconv(.winapi) ?Object;
    extern "kernel32" fn MapViewOfFile(Object, u32, u32, u32, usize) callconv(.winapi) ?Object;
    extern "kernel32" fn UnmapViewOfFile(*const anyopaque) callconv(.winapi) i32;
    extern "kernel32" fn CloseHandle(Object) callconv(.winapi) i32;
};
