//! Memory and tensors: arenas, file maps and scopes; tensors, views of them, copies.

const call = @import("call.zig").call;
const Context = @import("../core/context.zig").Context;
const keep = @import("../core/keep.zig");
const status = @import("../core/status.zig");
const convert = @import("../ops/convert.zig");
const gather = @import("../ops/gather.zig");
const tensors = @import("../ops/tensors.zig");

/// Reserves a state arena; returns its number, from 1.
export fn q_state_create(mebibytes: u32) i32 {
    return call(stateCreate, .{mebibytes});
}

fn stateCreate(context: *Context, mebibytes: u32) status.Error!u32 {
    return context.createState(@as(usize, mebibytes) << 20);
}

/// Gives a state arena back; its tensors become stale.
export fn q_state_free(state: u32) i32 {
    return call(Context.freeState, .{state});
}

/// Maps a file whose path is in shared.text; returns the map's number, from 1.
export fn q_map_open(path_bytes: u32) i32 {
    return call(mapOpen, .{path_bytes});
}

fn mapOpen(context: *Context, path_bytes: u32) status.Error!u32 {
    if (path_bytes > context.shared.text.len) return context.fail(
        error.InvalidArgument,
        "the path is too long",
        .{},
    );
    return context.openMap(context.shared.text[0..path_bytes]);
}

/// Ends a map; its tensors become stale.
export fn q_map_close(map: u32) i32 {
    return call(Context.closeMap, .{map});
}

/// Starts a scope; returns its depth.
export fn q_scope_enter() i32 {
    return call(Context.enterScope, .{});
}

/// Ends the scope of this depth and all inside it: one reset of the scratch arena.
export fn q_scope_leave(depth: u32) i32 {
    return call(Context.leaveScope, .{depth});
}

/// Ends what the scope of this depth made but for `count` tensors, which move together and get new
/// handles; parameters: their handles, before and after. See core/keep.zig.
export fn q_scope_keep(depth: u32, count: u32) i32 {
    return call(keep.keep, .{ depth, count });
}

// Tensors.

/// Makes a tensor with undefined contents in a state arena (0: scratch); parameters: sizes.
export fn q_tensor_create(state: u32, dtype: u32, layout: u32, rank: u32) i32 {
    return call(tensors.create, .{ state, dtype, layout, rank });
}

/// Makes a read-only tensor over a file map; parameters: sizes, then the offset's two halves.
export fn q_tensor_from_map(map: u32, dtype: u32, layout: u32, rank: u32) i32 {
    return call(tensors.fromMap, .{ map, dtype, layout, rank });
}

/// Ends a lasting tensor; its memory returns with its arena.
export fn q_tensor_free(tensor: u32) i32 {
    return call(tensors.free, .{tensor});
}

/// Names a tensor for messages; the name is in shared.text.
export fn q_tensor_name(tensor: u32, name_bytes: u32) i32 {
    return call(tensors.setName, .{ tensor, name_bytes });
}

// Views.

/// A view in another shape; parameters: sizes.
export fn q_reshape(x: u32, rank: u32) i32 {
    return call(tensors.reshape, .{ x, rank });
}

/// A view with dimensions in another order; parameters: the order.
export fn q_permute(x: u32, rank: u32) i32 {
    return call(tensors.permute, .{ x, rank });
}

/// A view of `length` elements of one dimension.
export fn q_slice(x: u32, dimension: u32, start: u32, length: u32, step: u32) i32 {
    return call(tensors.slice, .{ x, dimension, start, length, step });
}

/// A view that repeats dimensions of size 1; parameters: sizes.
export fn q_expand(x: u32, rank: u32) i32 {
    return call(tensors.expand, .{ x, rank });
}

// Elements.

/// Copies x in row-major order; out 0 makes it.
export fn q_copy(x: u32, out: u32) i32 {
    return call(tensors.copy, .{ x, out });
}

/// Writes one value everywhere.
export fn q_fill(x: u32, value: f32) i32 {
    return call(tensors.fill, .{ x, value });
}

/// Converts x into out, of the same shape and another dtype or layout.
export fn q_convert(x: u32, out: u32) i32 {
    return call(convert.convert, .{ x, out });
}

/// Elements of x along a dimension, picked by an i32 index of x's rank.
export fn q_gather(x: u32, index: u32, dimension: u32) i32 {
    return call(gather.gather, .{ x, index, dimension });
}

/// Zeros of the sizes in the parameters, with source added at the places that index picks.
export fn q_scatter_add(source: u32, index: u32, dimension: u32, rank: u32) i32 {
    return call(gather.scatterAdd, .{ source, index, dimension, rank });
}
