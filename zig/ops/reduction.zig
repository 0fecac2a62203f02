//! Reductions over dimensions, f32 of any strides.

const std = @import("std");
const context_module = @import("../core/context.zig");
const elementwise = @import("../kernels/cpu/threaded/elementwise.zig");
const interface = @import("../kernels/cpu/reduce_interface.zig");
const operands = @import("operands.zig");
const arrangement = @import("reduction_arrangement.zig");
const tensor_module = @import("../core/tensor.zig");
const tensors = @import("tensors.zig");
const threaded = @import("../kernels/cpu/threaded/reduce.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// What a tensor is reduced to. The codes are part of the ABI.
pub const Kind = enum(u32) {
    sum = 0,
    mean = 1,
    max = 2,
    min = 3,
    /// Sum of squared differences from the mean, divided by the count less `correction`.
    variance = 4,
    /// Root of the variance.
    deviation = 5,
};

/// Reduces the dimensions whose bits are set in `axes`; kept ones have size 1 with `keep_dims`.
pub fn reduce(
    context: *Context,
    code: u32,
    handle: Handle,
    axes: u32,
    keep_dims: u32,
    correction: f32,
) Error!Handle {
    const kind = std.enums.fromInt(Kind, code) orelse
        return context.fail(error.InvalidArgument, "{d} is no reduction", .{code});
    const x = try operands.floats(context, handle, "x");
    if (axes >> @intCast(x.rank) != 0) return context.fail(
        error.InvalidArgument,
        "axes 0b{b} of a tensor of rank {d}",
        .{ axes, x.rank },
    );
    if (kind == .max or kind == .min) try requireElements(context, x, axes);
    var sizes: [max_rank]u32 = undefined;
    const rank = keptSizes(x, axes, keep_dims != 0, &sizes);
    const out = try operands.output(context, 0, sizes[0..rank]);
    try run(context, kind, out.tensor.pointer(f32), x, axes, correction);
    return out.handle;
}

/// Sums x down to the shape in `parameters[0..rank]`, which broadcasts to x's: the reverse of
/// repeating.
pub fn sumTo(context: *Context, x_handle: Handle, rank: u32) Error!Handle {
    const x = try operands.floats(context, x_handle, "x");
    const sizes = context.shared.parameters[0..@min(rank, max_rank)];
    const added = x.rank -| sizes.len;
    var fits = rank <= x.rank;
    var axes = (@as(u32, 1) << @intCast(added)) - 1;
    for (sizes, added..) |size, i| {
        if (i >= x.rank) break;
        fits = fits and (size == x.ne[i] or size == 1);
        if (size != x.ne[i]) axes |= @as(u32, 1) << @intCast(i);
    }
    if (!fits) return context.fail(
        error.InvalidShape,
        "{f} is no broadcast of {f}",
        .{ Shape{ .sizes = x.shape() }, Shape{ .sizes = sizes } },
    );
    const out = try operands.output(context, 0, sizes);
    try run(context, .sum, out.tensor.pointer(f32), x, axes, 0);
    return out.handle;
}

/// i32 indices along `axis` of the largest or smallest elements: the first of equals, or the first
/// NaN.
pub fn indexOfExtreme(
    context: *Context,
    code: u32,
    handle: Handle,
    axis: u32,
    keep_dims: u32,
) Error!Handle {
    const extreme = std.enums.fromInt(interface.Extreme, code) orelse
        return context.fail(error.InvalidArgument, "{d} is no extreme", .{code});
    const x = try operands.floats(context, handle, "x");
    if (axis >= x.rank) return context.fail(
        error.InvalidArgument,
        "axis {d} of a tensor of rank {d}",
        .{ axis, x.rank },
    );
    const axes = @as(u32, 1) << @intCast(axis);
    try requireElements(context, x, axes);
    if (x.ne[axis] > std.math.maxInt(i32)) return context.fail(
        error.InvalidShape,
        "axis {d} has {d} elements, expected at most 2^31 - 1",
        .{ axis, x.ne[axis] },
    );
    var sizes: [max_rank]u32 = undefined;
    const rank = keptSizes(x, axes, keep_dims != 0, &sizes);
    const out_handle = try context.createTensor(0, .i32, .rows, sizes[0..rank]);
    const out = context.tensor(out_handle, "out") catch unreachable;
    var shape: threaded.Shape = .{ .outer = 1, .reduced = x.ne[axis], .inner = 1 };
    for (x.shape(), 0..) |size, i| {
        if (i < axis) shape.outer *= size;
        if (i > axis) shape.inner *= size;
    }
    var runner = context.runner();
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const numbers = arrangement.contiguous(&runner, x) catch |failure|
        return operands.workspaceFailure(context, failure);
    threaded.indexOfExtreme(&runner, extreme, out.pointer(i32), numbers, shape) catch |failure|
        return operands.workspaceFailure(context, failure);
    return out_handle;
}

fn requireElements(context: *Context, x: *const Tensor, axes: u32) Error!void {
    for (x.shape(), 0..) |size, i| {
        if (size > 0 or axes >> @intCast(i) & 1 == 0) continue;
        return context.fail(
            error.InvalidShape,
            "x is {f}: axis {d} has no elements, and nothing has no extreme",
            .{ Shape{ .sizes = x.shape() }, i },
        );
    }
}

fn keptSizes(x: *const Tensor, axes: u32, keep_dims: bool, sizes: *[max_rank]u32) u32 {
    var rank: u32 = 0;
    for (x.shape(), 0..) |size, i| {
        const goes = axes >> @intCast(i) & 1 != 0;
        if (goes and !keep_dims) continue;
        sizes[rank] = if (goes) 1 else size;
        rank += 1;
    }
    return rank;
}

fn run(
    context: *Context,
    kind: Kind,
    out: [*]f32,
    x: *const Tensor,
    axes: u32,
    correction: f32,
) Error!void {
    var runner = context.runner();
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const result = switch (kind) {
        .sum => plain(&runner, .sum, out, x, axes),
        .max => plain(&runner, .max, out, x, axes),
        .min => plain(&runner, .min, out, x, axes),
        .mean => mean(&runner, out, x, axes),
        .variance, .deviation => variance(&runner, kind, out, x, axes, correction),
    };
    return result catch |failure| operands.workspaceFailure(context, failure);
}

const Failure = @import("../core/arena.zig").Arena.Error;

fn plain(
    runner: *Runner,
    reduction: interface.Reduction,
    out: [*]f32,
    x: *const Tensor,
    axes: u32,
) Failure!void {
    const arranged = try arrangement.arrange(runner, x, axes);
    return arrangement.reduce(runner, reduction, out, arranged);
}

fn mean(runner: *Runner, out: [*]f32, x: *const Tensor, axes: u32) Failure!void {
    try plain(runner, .sum, out, x, axes);
    const counts = countsOf(x, axes);
    elementwise.binaryScalar(runner, .div, out, out, @floatFromInt(counts.reduced), counts.kept);
}

/// In two passes, mean first: no digits are lost where the mean is large.
fn variance(
    runner: *Runner,
    kind: Kind,
    out: [*]f32,
    x: *const Tensor,
    axes: u32,
    correction: f32,
) Failure!void {
    const counts = countsOf(x, axes);
    const arranged = try arrangement.arrangeAtOnce(runner, x, axes);
    const centers = try runner.scratch.slice(f32, counts.kept);
    try threaded.reduce(runner, .sum, centers.ptr, arranged.data, arranged.shape, null);
    const count: f32 = @floatFromInt(counts.reduced);
    elementwise.binaryScalar(runner, .div, centers.ptr, centers.ptr, count, counts.kept);
    try threaded.reduce(runner, .squares, out, arranged.data, arranged.shape, centers.ptr);
    // As PyTorch: never divided by less than 0, so that too few elements give NaN or inf.
    const divisor = @max(0, count - correction);
    elementwise.binaryScalar(runner, .div, out, out, divisor, counts.kept);
    if (kind == .deviation) elementwise.unary(runner, .sqrt, out, out, counts.kept);
}

fn countsOf(x: *const Tensor, axes: u32) struct { reduced: usize, kept: usize } {
    var reduced: usize = 1;
    var kept: usize = 1;
    for (x.shape(), 0..) |size, i| {
        if (axes >> @intCast(i) & 1 != 0) reduced *= size else kept *= size;
    }
    return .{ .reduced = reduced, .kept = kept };
}
