//! Bump allocation from one large virtual reservation.
//!
//! Memory is committed by the system on first touch and stays touched: page faults of fresh memory
//! cost more than most kernels that would use it.

const std = @import("std");
const virtual_memory = @import("virtual_memory.zig");

/// Every allocation starts at a multiple of this many bytes: a cache line and an AVX-512 register.
pub const alignment = 64;

pub const Arena = struct {
    base: [*]align(alignment) u8,
    /// Bytes reserved.
    capacity: usize,
    /// Bytes in use; the next allocation starts here.
    head: usize = 0,
    /// Largest `head` so far.
    high_water: usize = 0,
    /// Bytes that the system has been told to back with memory; all where it does so itself.
    committed: usize = 0,
    /// Bytes of the last request that did not fit, for the message.
    refused: usize = 0,

    pub const Error = error{ ArenaFull, OutOfMemory };

    /// Reserves address space; no memory is used yet.
    pub fn init(capacity: usize) Error!Arena {
        const size = std.mem.alignForward(usize, capacity, virtual_memory.page_bytes);
        return .{ .base = try virtual_memory.reserve(size), .capacity = size };
    }

    pub fn deinit(arena: *Arena) void {
        virtual_memory.release(arena.base, arena.capacity);
        arena.* = undefined;
    }

    /// Takes `size` bytes. Their contents are whatever was there before.
    pub fn take(arena: *Arena, size: usize) Error![*]align(alignment) u8 {
        if (size > arena.capacity - arena.head) return arena.refuse(size);
        const start = arena.head;
        const end = start + std.mem.alignForward(usize, size, alignment);
        if (end > arena.capacity) return arena.refuse(size);
        if (end > arena.committed) {
            arena.committed = try virtual_memory.commit(
                arena.base,
                arena.committed,
                end,
                arena.capacity,
            );
        }
        arena.head = end;
        arena.high_water = @max(arena.high_water, end);
        return @alignCast(arena.base + start);
    }

    fn refuse(arena: *Arena, size: usize) Error {
        arena.refused = size;
        return error.ArenaFull;
    }

    /// Takes room for `count` values of type T.
    pub fn slice(arena: *Arena, comptime T: type, count: usize) Error![]align(alignment) T {
        const size = std.math.mul(
            usize,
            count,
            @sizeOf(T),
        ) catch return arena.refuse(std.math.maxInt(usize));
        const bytes = try arena.take(size);
        return @as([*]align(alignment) T, @ptrCast(bytes))[0..count];
    }

    /// Gives back everything taken since `head` was `mark`.
    pub fn reset(arena: *Arena, mark: usize) void {
        std.debug.assert(mark <= arena.head);
        arena.head = mark;
    }
};
