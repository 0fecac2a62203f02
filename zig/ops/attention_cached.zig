//! The attention of a decoder's layer in one call: new queries and keys are turned, keys and values
//! go into the cache, and the queries attend to it.

const std = @import("std");
const attention = @import("attention.zig");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const places_module = @import("places.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const cache_rows = @import("../kernels/cpu/threaded/cache_rows.zig");
const threaded = @import("../kernels/cpu/threaded/attention.zig");
const threaded_rows = @import("../kernels/cpu/threaded/attention_rows.zig");
const RopeStyle = @import("../kernels/cpu/rows_interface.zig").RopeStyle;

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Shape = tensor_module.Shape;
const Tensor = tensor_module.Tensor;

/// Handles of what all such calls take: `query [query_count, heads * head_size]`, `key` and `value`
/// `[count, kv_heads * head_size]`, an optional table of angles `[2, count, head_size / 2]`.
pub const Handles = struct {
    query: Handle,
    key: Handle,
    value: Handle,
    table: Handle,
};

/// The checked operands.
const Operands = struct {
    query: *Tensor,
    key: *Tensor,
    value: *Tensor,
    keys: *Tensor,
    values: *Tensor,
    rotation: ?cache_rows.Rotation,

    fn init(
        context: *Context,
        handles: Handles,
        style: u32,
        keys: *Tensor,
        values: *Tensor,
    ) Error!Operands {
        const query = try operands.contiguousFloats(context, handles.query, "query");
        const key = try operands.contiguousFloats(context, handles.key, "key");
        const value = try operands.contiguousFloats(context, handles.value, "value");
        try operands.requireRank(context, query, "query", 2);
        try operands.requireRank(context, key, "key", 2);
        try checkCaches(context, keys, values);
        const kv_heads, _, const size = attention.slotShape(keys);
        try operands.requireShape(context, value, "value", key.shape());
        const width = @as(u64, kv_heads) * size;
        const is_whole = width > 0 and key.ne[1] == width and query.ne[1] % width == 0;
        if (!is_whole or query.ne[1] == 0 or query.ne[0] > key.ne[0]) return context.fail(
            error.InvalidShape,
            "query {f}, key {f} and keys {f}: a key has the keys' heads side by side, a query a " ++
                "multiple of them, and there are no more queries than keys",
            .{
                Shape{ .sizes = query.shape() },
                Shape{ .sizes = key.shape() },
                Shape{ .sizes = keys.shape() },
            },
        );
        try operands.requireWritable(context, query, "query");
        try operands.requireWritable(context, key, "key");
        var own: Operands = .{
            .query = query,
            .key = key,
            .value = value,
            .keys = keys,
            .values = values,
            .rotation = null,
        };
        const all = [_]*const Tensor{ query, key, value, keys, values };
        const roles = [_][]const u8{ "query", "key", "value", "keys", "values" };
        for (all, 0..) |a, i| for (all[0..i], roles[0..i]) |b, role| {
            try operands.forbidOverlap(context, a, b, role);
        };
        if (handles.table != table.none) try own.setRotation(context, handles.table, style);
        return own;
    }

    fn setRotation(own: *Operands, context: *Context, handle: Handle, style: u32) Error!void {
        const code = std.enums.fromInt(RopeStyle, style) orelse
            return context.fail(error.InvalidArgument, "{d} is no style", .{style});
        const count = own.key.ne[0];
        const size = attention.slotShape(own.keys)[2];
        const half = size / 2;
        if (size % 2 != 0) return context.fail(
            error.InvalidShape,
            "heads have {d} elements, expected an even number",
            .{size},
        );
        const angles = try operands.contiguousFloats(context, handle, "table");
        try operands.requireShape(context, angles, "table", &.{ 2, count, half });
        try own.forbidOverlaps(context, angles, "table");
        const cosines = angles.pointer(f32);
        own.rotation = .{
            .cosines = cosines,
            .sines = cosines + @as(usize, count) * half,
            .style = code,
        };
    }

    /// What is written must not be the given operand.
    fn forbidOverlaps(
        own: *const Operands,
        context: *Context,
        operand: *const Tensor,
        role: []const u8,
    ) Error!void {
        for ([_]*const Tensor{ own.query, own.key, own.keys, own.values }) |written| {
            try operands.forbidOverlap(context, written, operand, role);
        }
    }

    fn newRows(own: *const Operands, positions: cache_rows.Positions) cache_rows.NewRows {
        const kv_heads, _, const size = attention.slotShape(own.keys);
        return .{
            .query = own.query.pointer(f32),
            .query_count = own.query.ne[0],
            .heads = own.query.ne[1] / size,
            .key = own.key.pointer(f32),
            .value = own.value.pointer(f32),
            .count = own.key.ne[0],
            .kv_heads = kv_heads,
            .head_size = size,
            .rotation = own.rotation,
            .keys = own.keys.bytes(),
            .values = own.values.bytes(),
            .cache = attention.stridesOf(own.keys),
            .positions = positions,
        };
    }

    fn attentionOf(own: *const Operands, position: usize, key_count: usize) threaded.Attention {
        const kv_heads, _, const size = attention.slotShape(own.keys);
        return .{
            .query = own.query.pointer(f32),
            .out = own.query.pointer(f32),
            .query_count = own.query.ne[0],
            .heads = own.query.ne[1] / size,
            .kv_heads = kv_heads,
            .head_size = size,
            .keys = own.keys.bytes(),
            .values = own.values.bytes(),
            .cache = attention.stridesOf(own.keys),
            .position = position,
            .key_count = key_count,
            .scale = 1 / @sqrt(@as(f32, @floatFromInt(size))),
        };
    }
};

fn checkCaches(context: *Context, keys: *const Tensor, values: *const Tensor) Error!void {
    try operands.requireShape(context, values, "values", keys.shape());
    if (values.dtype != keys.dtype) return context.fail(
        error.InvalidDtype,
        "keys are {t}, values {t}: both must be the same",
        .{ keys.dtype, values.dtype },
    );
    try operands.requireWritable(context, keys, "keys");
    try operands.requireWritable(context, values, "values");
}

/// Takes the rows of one sequence, which begin at `position`, and lets the query's rows, the last
/// of them, attend to all up to themselves. The result takes the query's place.
pub fn attend(
    context: *Context,
    handles: Handles,
    style: u32,
    keys_handle: Handle,
    values_handle: Handle,
    position: u32,
) Error!void {
    const keys = try attention.cacheOf(context, keys_handle, "keys");
    const values = try attention.cacheOf(context, values_handle, "values");
    const own: Operands = try .init(context, handles, style, keys, values);
    const end = @as(u64, position) + own.key.ne[0];
    if (end > keys.ne[1]) return context.fail(
        error.OutOfRange,
        "positions {d} to {d} do not fit a cache of {d}",
        .{ position, end, keys.ne[1] },
    );
    if (own.key.ne[0] == 0) return;
    var runner = context.runner();
    const new = own.newRows(.{ .first = position });
    cache_rows.take(&runner, &new);
    const count: usize = @intCast(end);
    const call = own.attentionOf(count - own.query.ne[0], count);
    threaded.attend(&runner, &call) catch |failure|
        return operands.workspaceFailure(context, failure);
}

/// Takes rows that stand at `places`, ascending, and lets each attend to its own slot's positions
/// up to its own. The result takes the query's place.
pub fn attendRows(
    context: *Context,
    handles: Handles,
    style: u32,
    keys_handle: Handle,
    values_handle: Handle,
    places_handle: Handle,
) Error!void {
    const keys = try attention.slotsOf(context, keys_handle, "keys");
    const values = try attention.slotsOf(context, values_handle, "values");
    var bounds = attention.boundsOf(keys);
    bounds.ascending = true;
    const places = try places_module.of(context, places_handle, bounds);
    const own: Operands = try .init(context, handles, style, keys, values);
    try own.forbidOverlaps(context, try context.tensor(places_handle, "places"), "places");
    const count = own.key.ne[0];
    if (count != places.len or own.query.ne[0] != count) return context.fail(
        error.InvalidShape,
        "query {f}, key {f} and {d} places: each row has one",
        .{ Shape{ .sizes = own.query.shape() }, Shape{ .sizes = own.key.shape() }, places.len },
    );
    if (count == 0) return;
    try attention.checkChunks(context, own.query, count, own.query.ne[1]);
    var runner = context.runner();
    const new = own.newRows(.{ .places = places.ptr });
    cache_rows.take(&runner, &new);
    const call = own.attentionOf(0, 0);
    threaded_rows.attendRows(&runner, &call, places.ptr) catch |failure|
        return operands.workspaceFailure(context, failure);
}
