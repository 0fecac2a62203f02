//! Giving back what a scope made but for some tensors, while the scope stays open.

const std = @import("std");
const context_module = @import("context.zig");
const arena_module = @import("arena.zig");
const table_module = @import("table.zig");
const tensor_module = @import("tensor.zig");

const Context = context_module.Context;
const Error = context_module.Error;

/// Most tensors that are kept at a time.
pub const max_kept = 256;

/// What is known of a tensor while it has no descriptor.
const Kept = struct {
    address: u64,
    size: u64,
    sizes: [tensor_module.max_rank]u32,
    rank: u8,
    dtype: tensor_module.DType,
};

/// Ends all tensors of a scope, and the scopes inside it, but for the `count` tensors in the
/// parameters, which move to the scope's start and have their new handles in the parameters
/// afterwards. They were made in it, are contiguous, begin where an allocation can, and follow each
/// other in memory. When one does not, nothing has been changed.
pub fn keep(context: *Context, depth: u32, count: u32) Error!void {
    if (depth == 0 or depth > context.scope_count) {
        return context.fail(error.InvalidHandle, "scope {d} is not open", .{depth});
    }
    if (count > max_kept) return context.fail(
        error.InvalidArgument,
        "{d} tensors are too many, at most {d} can be kept",
        .{ count, max_kept },
    );
    const mark = context.scopes[depth - 1];
    var all: [max_kept]Kept = undefined;
    var end = @intFromPtr(context.scratch.base) + mark.bytes;
    for (all[0..count], context.shared.parameters[0..count]) |*kept, handle| {
        kept.* = try describe(context, handle, mark.descriptors);
        if (kept.address < end or kept.address % arena_module.alignment != 0) return context.fail(
            error.InvalidArgument,
            "kept tensors must have memory of their own, in rising order",
            .{},
        );
        end = kept.address + kept.size;
    }
    context.table.resetScratch(mark.descriptors);
    context.scratch.reset(mark.bytes);
    context.scope_count = depth;
    for (all[0..count], context.shared.parameters[0..count]) |*kept, *handle| {
        // Both were there before: neither memory nor a descriptor can be missing.
        const size: usize = @intCast(kept.size);
        const target = context.scratch.take(size) catch unreachable;
        const source: [*]const u8 = @ptrFromInt(@as(usize, @intCast(kept.address)));
        if (target != source) @memmove(target[0..size], source[0..size]);
        handle.* = try context.describe(
            table_module.scratch_owner,
            @intFromPtr(target),
            kept.dtype,
            .rows,
            kept.sizes[0..kept.rank],
            false,
        );
    }
}

fn describe(context: *Context, handle: u32, first_descriptor: u32) Error!Kept {
    const tensor = try context.tensor(handle, "kept");
    const index = context.table.indexOf(handle) catch unreachable;
    const start = @intFromPtr(context.scratch.base);
    const is_own = index >= first_descriptor and tensor.flags.layout == .rows and
        tensor.isContiguous() and tensor.data >= start and
        tensor.data + tensor.extentBytes() <= start + context.scratch.head;
    if (!is_own) return context.fail(
        error.InvalidArgument,
        "kept tensors must be contiguous and of this scope",
        .{},
    );
    return .{
        .address = tensor.data,
        .size = tensor.extentBytes(),
        .sizes = tensor.ne,
        .rank = tensor.rank,
        .dtype = tensor.dtype,
    };
}
