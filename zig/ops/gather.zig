//! Picking elements along a dimension by index, and the reverse, f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// `out[..., i, ...] = x[..., index[..., i, ...], ...]` along `dimension`; the result has index's
/// shape. x and index have the same rank and any strides; other dimensions of index are at most
/// x's.
pub fn gather(context: *Context, x_handle: Handle, index_handle: Handle, dimension: u32) Error!Handle {
    const x = try operands.floats(context, x_handle, "x");
    const index = try indexOf(context, index_handle, x, dimension);
    const out = try operands.output(context, 0, index.shape());
    const values = out.tensor.pointer(f32);
    var walk: Walk = .init(x, index, dimension);
    var i: usize = 0;
    while (walk.next()) |address| : (i += 1) values[i] = address.*;
    return out.handle;
}

/// Adds `source`, shaped like index, to a new tensor of zeros: the gradient of `gather`. Elements
/// are added in row-major order, so that sums do not depend on anything else.
/// `parameters[0..rank]`: the result's sizes.
pub fn scatterAdd(
    context: *Context,
    source_handle: Handle,
    index_handle: Handle,
    dimension: u32,
    rank: u32,
) Error!Handle {
    const source = try operands.contiguousFloats(context, source_handle, "source");
    const sizes = context.shared.parameters[0..@min(rank, max_rank)];
    const out = try operands.output(context, 0, sizes);
    const index = try indexOf(context, index_handle, out.tensor, dimension);
    try operands.requireShape(context, source, "source", index.shape());
    @memset(out.tensor.pointer(f32)[0..@intCast(out.tensor.count())], 0);
    const values = source.pointer(f32);
    var walk: Walk = .init(out.tensor, index, dimension);
    var i: usize = 0;
    while (walk.next()) |address| : (i += 1) address.* += values[i];
    return out.handle;
}

/// An i32 tensor of any strides whose every element is a place of `x`'s dimension.
fn indexOf(context: *Context, handle: Handle, x: *const Tensor, dimension: u32) Error!*Tensor {
    const index = try context.tensor(handle, "index");
    if (index.dtype != .i32) {
        return context.fail(error.InvalidDtype, "index is {t}, expected i32", .{index.dtype});
    }
    try operands.requireRank(context, index, "index", x.rank);
    if (dimension >= x.rank) return context.fail(
        error.OutOfRange,
        "dimension {d} of a tensor of rank {d}",
        .{ dimension, x.rank },
    );
    for (index.shape(), x.shape(), 0..) |size, most, i| {
        if (i == dimension or size <= most) continue;
        return context.fail(
            error.InvalidShape,
            "index {f} is larger than x {f} in dimension {d}",
            .{ Shape{ .sizes = index.shape() }, Shape{ .sizes = x.shape() }, i },
        );
    }
    var places: Walk = .init(index, index, dimension);
    while (places.nextIndex()) |place| {
        if (place >= 0 and place < x.ne[dimension]) continue;
        return context.fail(
            error.OutOfRange,
            "index {d} is outside of dimension {d}, which has {d}",
            .{ place, dimension, x.ne[dimension] },
        );
    }
    return index;
}

/// Visits the elements of index in row-major order, and the elements of x that they pick.
const Walk = struct {
    x: *const Tensor,
    index: *const Tensor,
    dimension: u32,
    place: [max_rank]u64 = @splat(0),
    left: u64,

    fn init(x: *const Tensor, index: *const Tensor, dimension: u32) Walk {
        return .{ .x = x, .index = index, .dimension = dimension, .left = index.count() };
    }

    fn picked(walk: *const Walk) i32 {
        var offset: u64 = 0;
        for (0..walk.index.rank) |i| offset += walk.place[i] * walk.index.nb[i];
        const address: *const i32 = @ptrFromInt(@as(usize, @intCast(walk.index.data + offset)));
        return address.*;
    }

    fn nextIndex(walk: *Walk) ?i32 {
        if (walk.left == 0) return null;
        defer walk.advance();
        return walk.picked();
    }

    fn next(walk: *Walk) ?*f32 {
        if (walk.left == 0) return null;
        defer walk.advance();
        var offset: u64 = 0;
        for (0..walk.x.rank) |i| {
            const place = if (i == walk.dimension) @as(u64, @intCast(walk.picked())) else walk.place[i];
            offset += place * walk.x.nb[i];
        }
        return @ptrFromInt(@as(usize, @intCast(walk.x.data + offset)));
    }

    fn advance(walk: *Walk) void {
        walk.left -= 1;
        var i: usize = walk.index.rank;
        while (i > 0) {
            i -= 1;
            walk.place[i] += 1;
            if (walk.place[i] < walk.index.ne[i]) return;
            walk.place[i] = 0;
        }
    }
};
