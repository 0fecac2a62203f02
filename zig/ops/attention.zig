//! Attention against a key/value cache.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/attention.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// A cache `[kv_heads, capacity, head_size]`, f32 or f16, whose heads are contiguous.
fn cacheOf(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const cache = try context.tensor(handle, role);
    try operands.requireRank(context, cache, role, 3);
    if (cache.dtype != .f32 and cache.dtype != .f16) return context.fail(
        error.InvalidDtype,
        "{s} is {t}, expected f32 or f16",
        .{ role, cache.dtype },
    );
    try operands.requireContiguous(context, cache, role);
    return cache;
}

fn stridesOf(cache: *const Tensor) threaded.Cache {
    return .{
        .dtype = cache.dtype,
        .head_stride_bytes = @intCast(cache.nb[0]),
        .position_stride_bytes = @intCast(cache.nb[1]),
    };
}

/// Writes `x [count, kv_heads, head_size]` into the cache from `position` on.
pub fn storeCache(
    context: *Context,
    cache_handle: Handle,
    x_handle: Handle,
    position: u32,
) Error!void {
    const cache = try cacheOf(context, cache_handle, "cache");
    try operands.requireWritable(context, cache, "cache");
    const x = try operands.contiguousFloats(context, x_handle, "x");
    try operands.requireRank(context, x, "x", 3);
    try operands.requireShape(context, x, "x", &.{ x.ne[0], cache.ne[0], cache.ne[2] });
    if (@as(u64, position) + x.ne[0] > cache.ne[1]) return context.fail(
        error.OutOfRange,
        "positions {d} to {d} do not fit a cache of {d}",
        .{ position, @as(u64, position) + x.ne[0], cache.ne[1] },
    );
    try operands.forbidOverlap(context, cache, x, "x");
    var runner = context.runner();
    const data = x.pointer(f32);
    threaded.storeCache(
        &runner,
        cache.bytes(),
        stridesOf(cache),
        position,
        data,
        x.ne[0],
        x.ne[1],
        x.ne[2],
    );
}

/// Causal attention of `query [count, heads, head_size]`, whose first row stands at `position`.
pub fn attend(
    context: *Context,
    query_handle: Handle,
    keys_handle: Handle,
    values_handle: Handle,
    position: u32,
    scale: f32,
    out_handle: Handle,
) Error!Handle {
    const query = try operands.contiguousFloats(context, query_handle, "query");
    try operands.requireRank(context, query, "query", 3);
    const keys = try cacheOf(context, keys_handle, "keys");
    const values = try cacheOf(context, values_handle, "values");
    try operands.requireShape(context, values, "values", keys.shape());
    if (values.dtype != keys.dtype) return context.fail(
        error.InvalidDtype,
        "keys are {t}, values {t}: both must be the same",
        .{ keys.dtype, values.dtype },
    );
    const heads, const kv_heads = .{ query.ne[1], keys.ne[0] };
    if (query.ne[2] != keys.ne[2] or kv_heads == 0 or heads % kv_heads != 0) return context.fail(
        error.InvalidShape,
        "query {f} and keys {f}: heads must be a multiple of the keys' and as wide",
        .{ Shape{ .sizes = query.shape() }, Shape{ .sizes = keys.shape() } },
    );
    const key_count = @as(u64, position) + query.ne[0];
    if (key_count > keys.ne[1]) return context.fail(
        error.OutOfRange,
        "positions up to {d} do not fit a cache of {d}",
        .{ key_count, keys.ne[1] },
    );
    const out = try operands.output(context, out_handle, query.shape());
    try operands.forbidOverlap(context, out.tensor, query, "query");
    try operands.forbidOverlap(context, out.tensor, keys, "keys");
    try operands.forbidOverlap(context, out.tensor, values, "values");
    if (query.count() == 0) return out.handle;
    var runner = context.runner();
    threaded.attend(&runner, &.{
        .query = query.pointer(f32),
        .out = out.tensor.pointer(f32),
        .query_count = query.ne[0],
        .heads = heads,
        .kv_heads = kv_heads,
        .head_size = query.ne[2],
        .keys = keys.bytes(),
        .values = values.bytes(),
        .cache = stridesOf(keys),
        .position = position,
        .key_count = @intCast(key_count),
        .causal = true,
        .scale = scale,
    }) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}
