//! Attention against a key/value cache.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const places_module = @import("places.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/attention.zig");
const threaded_rows = @import("../kernels/cpu/threaded/attention_rows.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// A cache `[kv_heads, capacity, head_size]`, f32, f16 or q8_0, contiguous.
pub fn cacheOf(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const cache = try context.tensor(handle, role);
    try operands.requireRank(context, cache, role, 3);
    return checkCache(context, cache, role);
}

/// Caches of several sequences, `[slots, kv_heads, capacity, head_size]`, or that of one.
pub fn slotsOf(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const cache = try context.tensor(handle, role);
    if (cache.rank != 3) try operands.requireRank(context, cache, role, 4);
    return checkCache(context, cache, role);
}

fn checkCache(context: *Context, cache: *Tensor, role: []const u8) Error!*Tensor {
    switch (cache.dtype) {
        .f32, .f16, .q8_0 => {},
        else => return context.fail(
            error.InvalidDtype,
            "{s} is {t}, expected f32, f16 or q8_0",
            .{ role, cache.dtype },
        ),
    }
    if (cache.flags.layout != .rows) return context.fail(
        error.InvalidLayout,
        "{s} is a matrix of weights, whose rows are interleaved",
        .{role},
    );
    try operands.requireContiguous(context, cache, role);
    return cache;
}

pub fn stridesOf(cache: *const Tensor) threaded.Cache {
    const first = cache.rank - 3;
    return .{
        .dtype = cache.dtype,
        .head_stride_bytes = @intCast(cache.nb[first]),
        .position_stride_bytes = @intCast(cache.nb[first + 1]),
        .slot_stride_bytes = if (first == 0) 0 else @intCast(cache.nb[0]),
    };
}

/// `[kv_heads, capacity, head_size]` of each slot.
pub fn slotShape(cache: *const Tensor) [3]u32 {
    return cache.ne[cache.rank - 3 ..][0..3].*;
}

pub fn boundsOf(cache: *const Tensor) places_module.Bounds {
    const slots = if (cache.rank == 3) 1 else cache.ne[0];
    return .{ .slots = slots, .positions = slotShape(cache)[1] };
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

/// Writes row r of `x [count, kv_heads, head_size]` into caches of sequences at `places[r]`; the
/// places `[count, 2]` ascend.
pub fn storeCacheRows(
    context: *Context,
    cache_handle: Handle,
    x_handle: Handle,
    places_handle: Handle,
) Error!void {
    const cache = try slotsOf(context, cache_handle, "cache");
    try operands.requireWritable(context, cache, "cache");
    const kv_heads, _, const head_size = slotShape(cache);
    var bounds = boundsOf(cache);
    bounds.ascending = true;
    const places = try places_module.of(context, places_handle, bounds);
    const count: u32 = @intCast(places.len);
    const x = try operands.contiguousFloats(context, x_handle, "x");
    try operands.requireShape(context, x, "x", &.{ count, kv_heads, head_size });
    try operands.forbidOverlap(context, cache, x, "x");
    const places_tensor = try context.tensor(places_handle, "places");
    try operands.forbidOverlap(context, cache, places_tensor, "places");
    var runner = context.runner();
    threaded_rows.storeCacheRows(
        &runner,
        cache.bytes(),
        stridesOf(cache),
        places.ptr,
        x.pointer(f32),
        count,
        kv_heads,
        head_size,
    );
}

/// The operands of an attention, but for where its queries stand.
const Operands = struct {
    query: *Tensor,
    keys: *Tensor,
    values: *Tensor,
    out: operands.Output,

    fn init(
        context: *Context,
        query_handle: Handle,
        keys: *Tensor,
        values: *Tensor,
        out_handle: Handle,
    ) Error!Operands {
        const query = try operands.contiguousFloats(context, query_handle, "query");
        try operands.requireRank(context, query, "query", 3);
        try operands.requireShape(context, values, "values", keys.shape());
        if (values.dtype != keys.dtype) return context.fail(
            error.InvalidDtype,
            "keys are {t}, values {t}: both must be the same",
            .{ keys.dtype, values.dtype },
        );
        const kv_heads, _, const size = slotShape(keys);
        const heads = query.ne[1];
        if (query.ne[2] != size or kv_heads == 0 or heads % kv_heads != 0) return context.fail(
            error.InvalidShape,
            "query {f} and keys {f}: heads must be a multiple of the keys' and as wide",
            .{ Shape{ .sizes = query.shape() }, Shape{ .sizes = keys.shape() } },
        );
        const out = try operands.output(context, out_handle, query.shape());
        try operands.forbidOverlap(context, out.tensor, query, "query");
        try operands.forbidOverlap(context, out.tensor, keys, "keys");
        try operands.forbidOverlap(context, out.tensor, values, "values");
        return .{ .query = query, .keys = keys, .values = values, .out = out };
    }

    fn attention(own: Operands, position: usize, key_count: usize, scale: f32) threaded.Attention {
        return .{
            .query = own.query.pointer(f32),
            .out = own.out.tensor.pointer(f32),
            .query_count = own.query.ne[0],
            .heads = own.query.ne[1],
            .kv_heads = slotShape(own.keys)[0],
            .head_size = own.query.ne[2],
            .keys = own.keys.bytes(),
            .values = own.values.bytes(),
            .cache = stridesOf(own.keys),
            .position = position,
            .key_count = key_count,
            .causal = true,
            .scale = scale,
        };
    }
};

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
    const keys = try cacheOf(context, keys_handle, "keys");
    const values = try cacheOf(context, values_handle, "values");
    const own: Operands = try .init(context, query_handle, keys, values, out_handle);
    const key_count = @as(u64, position) + own.query.ne[0];
    if (key_count > keys.ne[1]) return context.fail(
        error.OutOfRange,
        "positions up to {d} do not fit a cache of {d}",
        .{ key_count, keys.ne[1] },
    );
    if (own.query.count() == 0) return own.out.handle;
    var runner = context.runner();
    const call = own.attention(position, @intCast(key_count), scale);
    threaded.attend(&runner, &call) catch |failure|
        return operands.workspaceFailure(context, failure);
    return own.out.handle;
}

/// Throws when the pool could not number a call's chunks.
pub fn checkChunks(context: *Context, query: *const Tensor, rows: u32, heads: u32) Error!void {
    if (@as(u64, rows) * (@as(u64, heads) + 32) <= std.math.maxInt(i32)) return;
    return context.fail(
        error.InvalidShape,
        "query {f} has too many rows",
        .{Shape{ .sizes = query.shape() }},
    );
}

/// Attention of `query [count, heads, head_size]`, whose row r stands at `places[r]` and sees its
/// own slot's positions up to there.
pub fn attendRows(
    context: *Context,
    query_handle: Handle,
    keys_handle: Handle,
    values_handle: Handle,
    places_handle: Handle,
    scale: f32,
    out_handle: Handle,
) Error!Handle {
    const keys = try slotsOf(context, keys_handle, "keys");
    const values = try slotsOf(context, values_handle, "values");
    const places = try places_module.of(context, places_handle, boundsOf(keys));
    const own: Operands = try .init(context, query_handle, keys, values, out_handle);
    const places_tensor = try context.tensor(places_handle, "places");
    try operands.forbidOverlap(context, own.out.tensor, places_tensor, "places");
    const rows, const heads = own.query.ne[0..2].*;
    if (rows != places.len) return context.fail(
        error.InvalidShape,
        "query {f} and {d} places: each row has one",
        .{ Shape{ .sizes = own.query.shape() }, places.len },
    );
    if (own.query.count() == 0) return own.out.handle;
    try checkChunks(context, own.query, rows, heads);
    var runner = context.runner();
    const call = own.attention(0, 0, scale);
    threaded_rows.attendRows(&runner, &call, places.ptr) catch |failure|
        return operands.workspaceFailure(context, failure);
    return own.out.handle;
}
