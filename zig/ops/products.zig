//! Matrix products, and the look-up of rows that shares their weights.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded_convert = @import("../kernels/cpu/threaded/convert.zig");
const threaded_linear = @import("../kernels/cpu/threaded/linear.zig");
const threaded_matmul = @import("../kernels/cpu/threaded/matmul.zig");
const broadcast = @import("broadcast.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// `a [..., m, k] x b [..., k, n]`, f32, operands of any strides.
pub fn matmul(context: *Context, a: Handle, b: Handle, out: Handle) Error!Handle {
    return multiply(context, a, b, out, false);
}

/// Adds `a x b` to `out`, which there must be.
pub fn matmulAdd(context: *Context, a: Handle, b: Handle, out: Handle) Error!void {
    _ = try operands.floats(context, out, "out");
    _ = try multiply(context, a, b, out, true);
}

fn multiply(
    context: *Context,
    a_handle: Handle,
    b_handle: Handle,
    out_handle: Handle,
    accumulate: bool,
) Error!Handle {
    const a = try operands.floats(context, a_handle, "a");
    const b = try operands.floats(context, b_handle, "b");
    if (a.rank < 2 or b.rank < 2) return context.fail(
        error.InvalidShape,
        "{f} x {f}: both need at least two dimensions",
        .{ Shape{ .sizes = a.shape() }, Shape{ .sizes = b.shape() } },
    );
    const inner = a.ne[a.rank - 1];
    if (inner != b.ne[b.rank - 2]) return context.fail(
        error.InvalidShape,
        "inner sizes differ, {f} x {f} ({d} != {d})",
        .{ Shape{ .sizes = a.shape() }, Shape{ .sizes = b.shape() }, inner, b.ne[b.rank - 2] },
    );
    var sizes: [max_rank]u32 = undefined;
    const rank = try batchSizes(context, a, b, &sizes);
    sizes[rank - 2] = a.ne[a.rank - 2];
    sizes[rank - 1] = b.ne[b.rank - 1];
    const out = try operands.output(context, out_handle, sizes[0..rank]);
    try operands.forbidOverlap(context, out.tensor, a, "a");
    try operands.forbidOverlap(context, out.tensor, b, "b");

    var shape: threaded_matmul.Shape = .{ .m = sizes[rank - 2], .n = sizes[rank - 1], .k = inner };
    for (
        sizes[0 .. rank - 2],
        0..,
    ) |size, i| shape.batch[threaded_matmul.max_batch_rank + 2 - rank + i] = size;
    const runner = context.runner();
    threaded_matmul.matmul(&runner, shape, operand(a), operand(b), .{
        .data = out.tensor.pointer(f32),
        .row_stride = sizes[rank - 1],
        .batch_strides = operand(out.tensor).batch_strides,
        .accumulate = accumulate,
    }) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// Broadcasts the dimensions before the last two; returns the rank of the result.
fn batchSizes(
    context: *Context,
    a: *const Tensor,
    b: *const Tensor,
    sizes: *[max_rank]u32,
) Error!u32 {
    var batch_a = a.*;
    var batch_b = b.*;
    batch_a.rank -= 2;
    batch_b.rank -= 2;
    return @intCast(
        (try broadcast.sizesOf(context, batch_a.shape(), batch_b.shape(), sizes)).len + 2,
    );
}

/// Strides in elements; those of repeated batch dimensions are 0.
fn operand(tensor: *const Tensor) threaded_matmul.Operand {
    const rank = tensor.rank;
    var result: threaded_matmul.Operand = .{
        .data = tensor.pointer(f32),
        .row_stride = @intCast(tensor.nb[rank - 2] / 4),
        .column_stride = @intCast(tensor.nb[rank - 1] / 4),
    };
    for (0..rank - 2) |i| {
        const slot = threaded_matmul.max_batch_rank + 2 - rank + i;
        result.batch_strides[slot] = if (tensor.ne[i] == 1) 0 else @intCast(tensor.nb[i] / 4);
    }
    return result;
}

/// A matrix of weights, any dtype that has kernels.
pub fn weightOf(context: *Context, handle: Handle) Error!threaded_linear.Weight {
    const tensor = try context.tensor(handle, "weight");
    try operands.requireRank(context, tensor, "weight", 2);
    if (!tensor.dtype.isReal()) return context.fail(
        error.InvalidDtype,
        "weight is {t}, expected f32, f16, bf16 or a quantized type",
        .{tensor.dtype},
    );
    if (tensor.flags.layout == .rows) try operands.requireContiguous(context, tensor, "weight");
    return .{
        .data = tensor.bytes(),
        .dtype = tensor.dtype,
        .layout = tensor.flags.layout,
        .rows = tensor.ne[0],
        .columns = tensor.ne[1],
    };
}

/// `x [..., columns] @ weight[rows, columns]^T + bias[rows]`.
pub fn linear(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const weight = try weightOf(context, weight_handle);
    if (x.rank == 0 or x.columns() != weight.columns) return context.fail(
        error.InvalidShape,
        "inner sizes differ, x {f} and weight [{d}, {d}]",
        .{ Shape{ .sizes = x.shape() }, weight.rows, weight.columns },
    );
    const bias = if (bias_handle == table.none)
        null
    else
        try operands.vector(context, bias_handle, "bias", @intCast(weight.rows));
    var sizes = x.ne;
    sizes[x.rank - 1] = @intCast(weight.rows);
    const out = try operands.output(context, out_handle, sizes[0..x.rank]);
    try operands.forbidOverlap(context, out.tensor, x, "x");
    const weight_tensor = try context.tensor(weight_handle, "weight");
    try operands.forbidOverlap(context, out.tensor, weight_tensor, "weight");
    if (bias_handle != table.none) {
        try operands.forbidOverlap(
            context,
            out.tensor,
            try context.tensor(bias_handle, "bias"),
            "bias",
        );
    }
    var runner = context.runner();
    threaded_linear.linear(
        &runner,
        out.tensor.pointer(f32),
        x.pointer(f32),
        @intCast(x.rows()),
        weight,
        bias,
    ) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// Rows `ids [count]` of a matrix, as f32 `[count, columns]`.
pub fn embedding(
    context: *Context,
    weight_handle: Handle,
    ids_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const weight = try weightOf(context, weight_handle);
    const ids = try operands.integers(context, ids_handle, "ids");
    try operands.requireRank(context, ids, "ids", 1);
    const count = ids.ne[0];
    for (ids.pointer(i32)[0..count], 0..) |id, i| {
        if (id >= 0 and id < weight.rows) continue;
        return context.fail(
            error.OutOfRange,
            "id {d} at place {d} is no row of a matrix with {d}",
            .{ id, i, weight.rows },
        );
    }
    const out = try operands.output(context, out_handle, &.{ count, @intCast(weight.columns) });
    try operands.forbidOverlap(context, out.tensor, ids, "ids");
    try operands.forbidOverlap(
        context,
        out.tensor,
        try context.tensor(weight_handle, "weight"),
        "weight",
    );
    var runner = context.runner();
    const data = out.tensor.pointer(f32);
    threaded_convert.dequantizeRows(&runner, data, weight, ids.pointer(i32)[0..count]);
    return out.handle;
}

/// 1 when `x [..., columns]` holds, bit for bit, the rows `ids [count]` of a table, else 0. All are
/// contiguous.
pub fn holdsRows(
    context: *Context,
    x_handle: Handle,
    table_handle: Handle,
    ids_handle: Handle,
) Error!u32 {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const rows = try operands.contiguousFloats(context, table_handle, "table");
    try operands.requireRank(context, rows, "table", 2);
    const ids = try operands.integers(context, ids_handle, "ids");
    try operands.requireRank(context, ids, "ids", 1);
    const columns: usize = rows.ne[1];
    if (x.columns() != columns or x.rows() != ids.ne[0]) return context.fail(
        error.InvalidShape,
        "x is {f}, expected {d} rows of {d}",
        .{ Shape{ .sizes = x.shape() }, ids.ne[0], columns },
    );
    for (ids.pointer(i32)[0..ids.ne[0]], 0..) |id, i| {
        if (id < 0 or id >= rows.ne[0]) return 0;
        const row = rows.pointer(u32) + @as(usize, @intCast(id)) * columns;
        const given = x.pointer(u32) + i * columns;
        if (!std.mem.eql(u32, row[0..columns], given[0..columns])) return 0;
    }
    return 1;
}
