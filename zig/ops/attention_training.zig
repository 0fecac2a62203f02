//! Attention of whole sequences, and its gradients.
//!
//! `parameters[0..3]`: the seed of dropout, low and high half, and its probability as f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const elementwise_gradients = @import("elementwise_gradients.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/attention_training.zig");

const Context = context_module.Context;
const DropoutMask = @import("../kernels/cpu/elementwise_interface.zig").DropoutMask;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// f32 of rank 4 whose innermost dimension is contiguous.
fn rowsOf(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try operands.floats(context, handle, role);
    try operands.requireRank(context, tensor, role, 4);
    if (tensor.ne[3] == 1 or tensor.nb[3] == @sizeOf(f32)) return tensor;
    return context.fail(
        error.InvalidLayout,
        "{s} {f} is a view whose last dimension is not contiguous: copy it with contiguous() first",
        .{ role, Shape{ .sizes = tensor.shape() } },
    );
}

/// Strides in elements of `[batch, heads, positions, ...]`; those of single elements are 0.
fn stridesOf(tensor: *const Tensor) threaded.Rows([*]const f32) {
    const strides = tensor.nb;
    return .{
        .data = tensor.pointer(f32),
        .batch_stride = if (tensor.ne[0] == 1) 0 else @intCast(strides[0] / 4),
        .head_stride = if (tensor.ne[1] == 1) 0 else @intCast(strides[1] / 4),
        .position_stride = if (tensor.ne[2] == 1) 0 else @intCast(strides[2] / 4),
    };
}

/// Contiguous rows of the sizes of `tensor` from `data` on; strides of single elements are 0.
fn contiguousLike(tensor: *const Tensor, data: [*]f32) threaded.Rows([*]f32) {
    const sizes = tensor.ne;
    const columns: usize = sizes[3];
    return .{
        .data = data,
        .batch_stride = if (sizes[0] == 1) 0 else columns * sizes[2] * sizes[1],
        .head_stride = if (sizes[1] == 1) 0 else columns * sizes[2],
        .position_stride = if (sizes[2] == 1) 0 else columns,
    };
}

/// Contiguous `[batch, positions, heads, head_size]` from `data` on.
fn interleaved(data: [*]f32, positions: usize, heads: usize, size: usize) threaded.Rows([*]f32) {
    return .{
        .data = data,
        .batch_stride = positions * heads * size,
        .head_stride = size,
        .position_stride = heads * size,
    };
}

/// Checks query `[batch, heads, queries, size]`, key and value `[batch, kv_heads, keys, size]` and
/// the mask, which is broadcast to `[batch, heads, queries, keys]`.
fn check(
    context: *Context,
    query_handle: Handle,
    key_handle: Handle,
    value_handle: Handle,
    mask_handle: Handle,
    causal: u32,
    scale: f32,
) Error!threaded.Attention {
    const query = try rowsOf(context, query_handle, "query");
    const key = try rowsOf(context, key_handle, "key");
    const value = try rowsOf(context, value_handle, "value");
    try operands.requireShape(context, value, "value", key.shape());
    const heads, const kv_heads = .{ query.ne[1], key.ne[1] };
    const divides = kv_heads > 0 and heads % kv_heads == 0;
    if (query.ne[0] != key.ne[0] or query.ne[3] != key.ne[3] or !divides) return context.fail(
        error.InvalidShape,
        "query {f} and key {f}: both need the same batch and head size, and query heads must be a " ++
            "multiple of the key's",
        .{ Shape{ .sizes = query.shape() }, Shape{ .sizes = key.shape() } },
    );
    return .{
        .batch = query.ne[0],
        .heads = heads,
        .kv_heads = kv_heads,
        .head_size = query.ne[3],
        .query_count = query.ne[2],
        .key_count = key.ne[2],
        .query = stridesOf(query),
        .key = stridesOf(key),
        .value = stridesOf(value),
        .mask = if (mask_handle == table.none) null else try maskOf(context, mask_handle, query, key),
        .causal = causal != 0,
        .scale = scale,
        .dropout = try dropoutOf(context),
    };
}

fn dropoutOf(context: *Context) Error!?DropoutMask {
    const low, const high, const bits = context.shared.parameters[0..3].*;
    const probability: f32 = @bitCast(bits);
    if (probability == 0) return null;
    return try elementwise_gradients.dropoutMask(context, probability, low, high);
}

fn maskOf(
    context: *Context,
    handle: Handle,
    query: *const Tensor,
    key: *const Tensor,
) Error!threaded.Rows([*]const f32) {
    const mask = try rowsOf(context, handle, "mask");
    const sizes = [4]u32{ query.ne[0], query.ne[1], query.ne[2], key.ne[2] };
    var fits = mask.ne[3] == sizes[3];
    for (sizes[0..3], mask.ne[0..3]) |size, given| fits = fits and (given == size or given == 1);
    if (fits) return stridesOf(mask);
    return context.fail(
        error.InvalidShape,
        "mask is {f}, expected {f} or 1 in place of the first three",
        .{ Shape{ .sizes = mask.shape() }, Shape{ .sizes = &sizes } },
    );
}

fn isEmpty(attention: threaded.Attention) bool {
    return attention.batch *| attention.heads *| attention.query_count *| attention.head_size == 0;
}

/// Attention; returns `[batch, queries, heads, size]`. `rows [2, batch, heads, queries]` takes what
/// the gradients need.
pub fn forward(
    context: *Context,
    query_handle: Handle,
    key_handle: Handle,
    value_handle: Handle,
    mask_handle: Handle,
    rows_handle: Handle,
    causal: u32,
    scale: f32,
) Error!Handle {
    const handles = .{ query_handle, key_handle, value_handle, mask_handle };
    const attention = try @call(.auto, check, .{context} ++ handles ++ .{ causal, scale });
    const rows = try rowResults(context, rows_handle, &attention);
    inline for (handles, .{ "query", "key", "value", "mask" }) |handle, role| {
        if (handle != table.none) {
            try operands.forbidOverlap(context, rows, try context.tensor(handle, role), role);
        }
    }
    const query = try context.tensor(query_handle, "query");
    const sizes = [4]u32{ query.ne[0], query.ne[2], query.ne[1], query.ne[3] };
    const out = try operands.output(context, 0, &sizes);
    if (isEmpty(attention)) return out.handle;
    const data = out.tensor.pointer(f32);
    if (attention.key_count == 0) {
        @memset(data[0..@intCast(out.tensor.count())], 0);
        return out.handle;
    }
    const places = interleaved(
        data,
        attention.query_count,
        attention.heads,
        attention.head_size,
    );
    var runner = context.runner();
    threaded.forward(&runner, &attention, places, rows.pointer(f32)) catch |failure|
        return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// `[2, batch, heads, queries]`, contiguous and writable.
fn rowResults(context: *Context, handle: Handle, attention: *const threaded.Attention) Error!*Tensor {
    const rows = try operands.contiguousFloats(context, handle, "rows");
    try operands.requireShape(context, rows, "rows", &.{
        2,
        @intCast(attention.batch),
        @intCast(attention.heads),
        @intCast(attention.query_count),
    });
    try operands.requireWritable(context, rows, "rows");
    return rows;
}

/// Writes the products of each row of `output` with its gradient, both
/// `[batch, queries, heads, size]`, into the second half of `rows`.
pub fn products(
    context: *Context,
    output_handle: Handle,
    gradient_handle: Handle,
    rows_handle: Handle,
) Error!void {
    const output = try operands.contiguousFloats(context, output_handle, "output");
    try operands.requireRank(context, output, "output", 4);
    const gradient = try operands.contiguousFloats(context, gradient_handle, "gradient");
    try operands.requireShape(context, gradient, "gradient", output.shape());
    const attention: threaded.Attention = .{
        .batch = output.ne[0],
        .heads = output.ne[2],
        .kv_heads = output.ne[2],
        .head_size = output.ne[3],
        .query_count = output.ne[1],
        .key_count = 0,
        .query = undefined,
        .key = undefined,
        .value = undefined,
        .mask = null,
        .causal = false,
        .scale = 1,
    };
    const rows = try rowResults(context, rows_handle, &attention);
    try operands.forbidOverlap(context, rows, output, "output");
    try operands.forbidOverlap(context, rows, gradient, "gradient");
    var runner = context.runner();
    threaded.rowProducts(
        &runner,
        &attention,
        secondHalf(rows),
        interleavedOf(output),
        interleavedOf(gradient),
    );
}

fn secondHalf(rows: *const Tensor) [*]f32 {
    return rows.pointer(f32) + @as(usize, @intCast(rows.count() / 2));
}

fn interleavedOf(tensor: *const Tensor) threaded.Rows([*]const f32) {
    const places = interleaved(tensor.pointer(f32), tensor.ne[1], tensor.ne[2], tensor.ne[3]);
    return .{
        .data = places.data,
        .batch_stride = places.batch_stride,
        .head_stride = places.head_stride,
        .position_stride = places.position_stride,
    };
}

/// The gradients of query, key and value, one behind the other in one vector, each as
/// `[batch, positions, heads, size]`; behind them that of the mask if `parameters[3]` is 1.
pub fn backward(
    context: *Context,
    gradient_handle: Handle,
    query_handle: Handle,
    key_handle: Handle,
    value_handle: Handle,
    mask_handle: Handle,
    rows_handle: Handle,
    causal: u32,
    scale: f32,
) Error!Handle {
    const handles = .{ query_handle, key_handle, value_handle, mask_handle };
    const attention = try @call(.auto, check, .{context} ++ handles ++ .{ causal, scale });
    const rows = try rowResults(context, rows_handle, &attention);
    const query = try context.tensor(query_handle, "query");
    const key = try context.tensor(key_handle, "key");
    const gradient = try operands.contiguousFloats(context, gradient_handle, "gradient");
    const sizes = [4]u32{ query.ne[0], query.ne[2], query.ne[1], query.ne[3] };
    try operands.requireShape(context, gradient, "gradient", &sizes);
    const mask: ?*Tensor = if (mask_handle != table.none and context.shared.parameters[3] == 1)
        try context.tensor(mask_handle, "mask")
    else
        null;
    const mask_count = if (mask) |tensor| tensor.count() else 0;
    const total = query.count() + 2 * key.count() + mask_count;
    if (total > std.math.maxInt(u32)) return context.fail(
        error.InvalidShape,
        "gradients of {d} elements do not fit one vector: use smaller batches",
        .{total},
    );
    const out = try operands.output(context, 0, &.{@intCast(total)});
    const data = out.tensor.pointer(f32);
    const size = attention.head_size;
    if (isEmpty(attention) or attention.key_count == 0) {
        @memset(data[0..@intCast(total)], 0);
        return out.handle;
    }
    const key_data = data + @as(usize, @intCast(query.count()));
    const value_data = key_data + @as(usize, @intCast(key.count()));
    const mask_data = value_data + @as(usize, @intCast(key.count()));
    @memset(mask_data[0..@intCast(mask_count)], 0);
    var runner = context.runner();
    threaded.backward(&runner, &attention, &.{
        .output = interleavedOf(gradient),
        .log_sums = rows.pointer(f32),
        .products = secondHalf(rows),
        .query = interleaved(data, attention.query_count, attention.heads, size),
        .key = interleaved(key_data, attention.key_count, attention.kv_heads, size),
        .value = interleaved(value_data, attention.key_count, attention.kv_heads, size),
        .mask = if (mask) |tensor| contiguousLike(tensor, mask_data) else null,
    }) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}
