//! The table of tensor descriptors and the handles into it.
//!
//! The lower part of the table holds what lives until it is freed, the upper part what a scope
//! made: it is used like a stack. A handle is an index and the lower bits of the descriptor's
//! generation, so that a handle kept after its tensor's end is recognized.

const std = @import("std");
const Tensor = @import("tensor.zig").Tensor;
const virtual_memory = @import("virtual_memory.zig");

pub const Handle = u32;

/// Stands for "none" where a handle is optional.
pub const none: Handle = 0;

const index_bits = 18;
const generation_mask = (1 << (31 - index_bits)) - 1;

/// Descriptors in the table.
pub const capacity = 1 << index_bits;
/// First descriptor of the part that scopes use.
pub const scratch_start = 1 << 16;

/// Owner of a descriptor in the scratch part.
pub const scratch_owner: u16 = std.math.maxInt(u16);

pub const Table = struct {
    tensors: [*]Tensor,
    /// Which state arena or file map a lasting descriptor belongs to; the latter are above 0x4000.
    owners: [*]u16,
    /// Next unused descriptor of the scratch part.
    scratch_head: u32 = scratch_start,
    /// Next never used descriptor of the lasting part; 0 is no descriptor.
    lasting_head: u32 = 1,
    /// First of the freed lasting descriptors, linked through `scales`; 0 ends the list.
    free_head: u32 = 0,

    const table_bytes = capacity * @sizeOf(Tensor);
    const owners_bytes = scratch_start * @sizeOf(u16);

    pub fn init() error{OutOfMemory}!Table {
        const memory = try virtual_memory.reserve(table_bytes + owners_bytes);
        _ = try virtual_memory.commit(
            memory,
            0,
            table_bytes + owners_bytes,
            table_bytes + owners_bytes,
        );
        return .{
            .tensors = @ptrCast(memory),
            .owners = @ptrCast(@alignCast(memory + table_bytes)),
        };
    }

    pub fn deinit(table: *Table) void {
        virtual_memory.release(@ptrCast(@alignCast(table.tensors)), table_bytes + owners_bytes);
    }

    /// Takes a descriptor; its caller fills every field but generation and `flags.live`.
    pub fn take(table: *Table, owner: u16) error{TableFull}!u32 {
        const index = if (owner == scratch_owner)
            try table.takeScratch()
        else
            try table.takeLasting(owner);
        table.tensors[index].flags = .{ .live = true };
        return index;
    }

    fn takeScratch(table: *Table) error{TableFull}!u32 {
        if (table.scratch_head == capacity) return error.TableFull;
        defer table.scratch_head += 1;
        return table.scratch_head;
    }

    fn takeLasting(table: *Table, owner: u16) error{TableFull}!u32 {
        const index = if (table.free_head != 0) table.free_head else table.lasting_head;
        if (index == table.free_head) {
            table.free_head = @intCast(table.tensors[index].scales);
        } else {
            if (index == scratch_start) return error.TableFull;
            table.lasting_head += 1;
        }
        table.owners[index] = owner;
        return index;
    }

    /// Ends one lasting tensor.
    pub fn free(table: *Table, index: u32) void {
        std.debug.assert(index < scratch_start);
        const tensor = &table.tensors[index];
        tensor.flags = .{};
        tensor.generation +%= 1;
        tensor.scales = table.free_head;
        table.free_head = index;
    }

    /// Ends every lasting tensor of one owner.
    pub fn freeOwner(table: *Table, owner: u16) void {
        for (1..table.lasting_head) |index| {
            const is_owned = table.tensors[index].flags.live and table.owners[index] == owner;
            if (is_owned) table.free(@intCast(index));
        }
    }

    /// Ends the views of memory that is given back.
    pub fn endViews(table: *Table, address: u64, size: u64) void {
        for (table.tensors[scratch_start..table.scratch_head]) |*tensor| {
            const inside = tensor.data >= address and tensor.data - address < size;
            if (!tensor.flags.live or !inside) continue;
            tensor.flags = .{};
            tensor.generation +%= 1;
        }
    }

    /// Ends the scratch tensors from `mark` on.
    pub fn resetScratch(table: *Table, mark: u32) void {
        std.debug.assert(mark >= scratch_start and mark <= table.scratch_head);
        for (table.tensors[mark..table.scratch_head]) |*tensor| {
            tensor.flags = .{};
            tensor.generation +%= 1;
        }
        table.scratch_head = mark;
    }

    pub fn handleOf(table: *const Table, index: u32) Handle {
        return (table.tensors[index].generation & generation_mask) << index_bits | index;
    }

    pub const Lookup = error{ InvalidHandle, StaleHandle };

    /// Index of a live tensor.
    pub fn indexOf(table: *const Table, handle: Handle) Lookup!u32 {
        const index = handle & (capacity - 1);
        if (index == 0 or handle >> 31 != 0) return error.InvalidHandle;
        const used = if (index < scratch_start) index < table.lasting_head else true;
        if (!used) return error.InvalidHandle;
        const tensor = &table.tensors[index];
        const same = tensor.generation & generation_mask == handle >> index_bits;
        if (!same or !tensor.flags.live) return error.StaleHandle;
        return index;
    }
};
