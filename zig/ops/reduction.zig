//! Reductions over dimensions, f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// Sums x down to the shape in `parameters[0..rank]`, which broadcasts to x's: the reverse of
/// repeating. x may have any strides.
pub fn sumTo(context: *Context, x_handle: Handle, rank: u32) Error!Handle {
    const x = try operands.floats(context, x_handle, "x");
    const sizes = context.shared.parameters[0..@min(rank, max_rank)];
    const added = x.rank -| sizes.len;
    var fits = rank <= x.rank;
    for (sizes, added..) |size, i| fits = fits and (size == x.ne[i] or size == 1);
    if (!fits) return context.fail(
        error.InvalidShape,
        "{f} is no broadcast of {f}",
        .{ Shape{ .sizes = x.shape() }, Shape{ .sizes = sizes } },
    );
    const out = try operands.output(context, 0, sizes);
    const count: usize = @intCast(out.tensor.count());
    @memset(out.tensor.pointer(f32)[0..count], 0);
    var index: [max_rank]u64 = @splat(0);
    for (0..@intCast(x.count())) |_| {
        var from: u64 = 0;
        var to: u64 = 0;
        for (0..x.rank) |i| {
            from += index[i] * x.nb[i];
            if (i >= added and sizes[i - added] != 1) to += index[i] * out.tensor.nb[i - added];
        }
        const element: *const f32 = @ptrFromInt(@as(usize, @intCast(x.data + from)));
        const sum: *f32 = @ptrFromInt(@as(usize, @intCast(out.tensor.data + to)));
        sum.* += element.*;
        var dimension: usize = x.rank;
        while (dimension > 0) {
            dimension -= 1;
            index[dimension] += 1;
            if (index[dimension] < x.ne[dimension]) break;
            index[dimension] = 0;
        }
    }
    return out.handle;
}
