//! Keeps the library in memory until the process ends.
//!
//! Deno closes a library when the Worker that loaded it ends. The pool's threads still run its code
//! then, and would go on in whatever comes to lie at the same addresses.

const std = @import("std");
const builtin = @import("builtin");

/// Takes a reference to this library that is never given back. Where the system's loader cannot be
/// asked (a static program), there is nothing that could unload it either.
pub fn pin() void {
    switch (builtin.os.tag) {
        .windows => {
            const pin_and_from_address = 0x1 | 0x4;
            var module: ?*anyopaque = null;
            _ = GetModuleHandleExW(pin_and_from_address, &pin, &module);
        },
        else => {
            // Before glibc 2.34 these are in libdl, which is not linked but in every process that
            // loads libraries: weak symbols find them there.
            const dladdr = @extern(?*const Dladdr, .{ .name = "dladdr", .linkage = linkage }) orelse return;
            const dlopen = @extern(?*const Dlopen, .{ .name = "dlopen", .linkage = linkage }) orelse return;
            var info: DlInfo = undefined;
            if (dladdr(&pin, &info) == 0) return;
            const now = 2;
            _ = dlopen(info.file_name, now);
        },
    }
}

const linkage: std.builtin.GlobalLinkage = if (builtin.os.tag == .linux) .weak else .strong;

const Dladdr = fn (address: *const anyopaque, info: *DlInfo) callconv(.c) c_int;
const Dlopen = fn (path: ?[*:0]const u8, mode: c_int) callconv(.c) ?*anyopaque;

const DlInfo = extern struct {
    file_name: ?[*:0]const u8,
    file_base: ?*anyopaque,
    symbol_name: ?[*:0]const u8,
    symbol_address: ?*anyopaque,
};

extern "kernel32" fn GetModuleHandleExW(u32, *const anyopaque, *?*anyopaque) callconv(.winapi) i32;
