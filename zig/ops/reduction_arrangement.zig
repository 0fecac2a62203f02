//! How a tensor of any strides is seen by the reductions: as few dimensions as possible, one behind
//! the other in memory, alternately kept and reduced.

const std = @import("std");
const Arena = @import("../core/arena.zig").Arena;
const interface = @import("../kernels/cpu/reduce_interface.zig");
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const tensor_module = @import("../core/tensor.zig");
const tensors = @import("tensors.zig");
const threaded = @import("../kernels/cpu/threaded/reduce.zig");

const Tensor = tensor_module.Tensor;
const max_rank = tensor_module.max_rank;

/// Neighbouring dimensions of which all are kept or all go.
const Group = struct {
    size: usize,
    goes: bool,
};

/// Contiguous elements in groups of dimensions.
pub const Arranged = struct {
    data: [*]const f32,
    groups: [max_rank]Group = undefined,
    count: usize = 0,

    fn append(arranged: *Arranged, size: usize, goes: bool) void {
        if (size == 1) return;
        if (arranged.count > 0) {
            const last = &arranged.groups[arranged.count - 1];
            if (last.goes == goes) {
                last.size *= size;
                return;
            }
        }
        arranged.groups[arranged.count] = .{ .size = size, .goes = goes };
        arranged.count += 1;
    }

    fn sizeOf(arranged: *const Arranged, first: usize, end: usize) usize {
        var size: usize = 1;
        for (arranged.groups[first..end]) |group| size *= group.size;
        return size;
    }

    /// The last group that goes, and all before and behind it; null when none goes.
    fn lastReduced(arranged: *const Arranged) ?struct { place: usize, shape: threaded.Shape } {
        var place = arranged.count;
        while (place > 0) {
            place -= 1;
            if (!arranged.groups[place].goes) continue;
            return .{ .place = place, .shape = .{
                .outer = arranged.sizeOf(0, place),
                .reduced = arranged.groups[place].size,
                .inner = arranged.sizeOf(place + 1, arranged.count),
            } };
        }
        return null;
    }

    fn without(arranged: *const Arranged, place: usize, data: [*]const f32) Arranged {
        var rest: Arranged = .{ .data = data };
        for (arranged.groups[0..arranged.count], 0..) |group, i| {
            if (i != place) rest.append(group.size, group.goes);
        }
        return rest;
    }
};

/// Elements in one reduction's shape.
pub const AtOnce = struct {
    data: [*]const f32,
    shape: threaded.Shape,
};

fn isReduced(axes: u32, dimension: usize) bool {
    return axes >> @intCast(dimension) & 1 != 0;
}

/// The tensor's groups; it is copied to workspace unless its elements lie one behind the other in
/// an order that keeps the order of the result.
pub fn arrange(runner: *Runner, x: *const Tensor, axes: u32) Arena.Error!Arranged {
    const order = memoryOrder(x, axes);
    var arranged: Arranged = .{
        .data = if (order != null) x.pointer(f32) else try contiguous(runner, x),
    };
    for (0..x.rank) |i| {
        const dimension = if (order) |places| places[i] else i;
        arranged.append(x.ne[dimension], isReduced(axes, dimension));
    }
    return arranged;
}

/// As `arrange`, with all that goes in one group.
pub fn arrangeAtOnce(runner: *Runner, x: *const Tensor, axes: u32) Arena.Error!AtOnce {
    var groups: usize = 0;
    var place: usize = 0;
    var arranged = try arrange(runner, x, axes);
    for (arranged.groups[0..arranged.count]) |group| groups += @intFromBool(group.goes);
    if (groups > 1) {
        // What is kept first, what goes behind it.
        var moved = x.*;
        arranged = .{ .data = undefined };
        for ([_]bool{ false, true }) |wanted| {
            for (0..x.rank) |dimension| {
                if (isReduced(axes, dimension) != wanted) continue;
                moved.ne[place] = x.ne[dimension];
                moved.nb[place] = x.nb[dimension];
                place += 1;
                arranged.append(x.ne[dimension], wanted);
            }
        }
        arranged.data = try contiguous(runner, &moved);
    }
    const last = arranged.lastReduced() orelse return .{
        .data = arranged.data,
        .shape = .{ .outer = arranged.sizeOf(0, arranged.count), .reduced = 1, .inner = 1 },
    };
    return .{ .data = arranged.data, .shape = last.shape };
}

/// Reduces the groups from the last to the first.
pub fn reduce(
    runner: *Runner,
    reduction: interface.Reduction,
    out: [*]f32,
    start: Arranged,
) Arena.Error!void {
    var arranged = start;
    while (arranged.lastReduced()) |last| {
        const rest = arranged.without(last.place, out);
        if (rest.lastReduced() == null) {
            return threaded.reduce(runner, reduction, out, arranged.data, last.shape, null);
        }
        const partial = try runner.scratch.slice(f32, last.shape.outer * last.shape.inner);
        try threaded.reduce(runner, reduction, partial.ptr, arranged.data, last.shape, null);
        arranged = rest;
        arranged.data = partial.ptr;
    }
    @memcpy(out, arranged.data[0..arranged.sizeOf(0, arranged.count)]);
}

/// The elements in row-major order, where they lie or as a copy in workspace.
pub fn contiguous(runner: *Runner, x: *const Tensor) Arena.Error![*]const f32 {
    if (x.isContiguous()) return x.pointer(f32);
    const values = try runner.scratch.slice(f32, @intCast(x.count()));
    var copy = x.*;
    copy.data = @intFromPtr(values.ptr);
    copy.nb = tensor_module.contiguousStrides(.f32, x.shape());
    tensors.copyStrided(runner.pool, &copy, x);
    return values.ptr;
}

/// The dimensions by falling strides, when the elements then lie one behind the other and what is
/// kept keeps its order.
fn memoryOrder(x: *const Tensor, axes: u32) ?[max_rank]usize {
    var order: [max_rank]usize = undefined;
    for (0..x.rank) |i| {
        var place = i;
        while (place > 0 and x.nb[order[place - 1]] < x.nb[i]) : (place -= 1) {
            order[place] = order[place - 1];
        }
        order[place] = i;
    }
    var sorted = x.*;
    var last_kept: usize = 0;
    for (order[0..x.rank], 0..) |dimension, i| {
        sorted.ne[i] = x.ne[dimension];
        sorted.nb[i] = x.nb[dimension];
        if (isReduced(axes, dimension) or x.ne[dimension] == 1) continue;
        if (dimension < last_kept) return null;
        last_kept = dimension;
    }
    return if (sorted.isContiguous()) order else null;
}
