//! Attention of whole sequences for training, and of new tokens against caches; rotary positions.

const call = @import("call.zig").call;
const attention = @import("../ops/attention.zig");
const attention_cached = @import("../ops/attention_cached.zig");
const attention_training = @import("../ops/attention_training.zig");
const normalization = @import("../ops/normalization.zig");
const rope = @import("../ops/rope.zig");

/// Sets scores above the diagonal, shifted by position, to -inf in place.
export fn q_causal_mask(scores: u32, position: u32) i32 {
    return call(normalization.causalMask, .{ scores, position });
}

// Whole sequences.

/// Attention [batch, queries, heads, size] of query [batch, heads, queries, size]; mask may be 0.
/// rows [2, batch, heads, queries] takes what the gradients need. Parameters: the seed of dropout,
/// low and high half, and its probability (f32).
export fn q_scaled_attention(
    query: u32,
    key: u32,
    value: u32,
    mask: u32,
    rows: u32,
    causal: u32,
    scale: f32,
) i32 {
    return call(attention_training.forward, .{ query, key, value, mask, rows, causal, scale });
}

/// Writes the products of the output's rows with their gradient to the second half of rows.
export fn q_attention_products(output: u32, gradient: u32, rows: u32) i32 {
    return call(attention_training.products, .{ output, gradient, rows });
}

/// The gradients of query, key and value of q_scaled_attention in one vector. Parameters: as
/// there, then 1 for that of the mask as well.
export fn q_attention_gradient(
    gradient: u32,
    query: u32,
    key: u32,
    value: u32,
    mask: u32,
    rows: u32,
    causal: u32,
    scale: f32,
) i32 {
    const arguments = .{ gradient, query, key, value, mask, rows, causal, scale };
    return call(attention_training.backward, arguments);
}

// New tokens of one sequence.

/// Cosines and sines [2, count, half] for positions from start.
export fn q_rope_table(frequencies: u32, start: u32, count: u32) i32 {
    return call(rope.ropeTable, .{ frequencies, start, count });
}

/// Turns heads [.., count, heads, head_size], back when inverse is 1; style is a code of
/// kernels/cpu/rows_interface.zig.
export fn q_rope(x: u32, table: u32, style: u32, inverse: u32, out: u32) i32 {
    return call(rope.rope, .{ x, table, style, inverse, out });
}

/// Writes keys or values [count, kv_heads, head_size] into a cache [kv_heads, capacity, head_size].
export fn q_store_cache(cache: u32, x: u32, position: u32) i32 {
    return call(attention.storeCache, .{ cache, x, position });
}

/// Causal attention of query [count, heads, head_size] from position on against two caches.
export fn q_attention(query: u32, keys: u32, values: u32, position: u32, scale: f32, out: u32) i32 {
    return call(attention.attend, .{ query, keys, values, position, scale, out });
}

/// Turns new queries and keys by a table, which may be 0, stores keys and values from position on
/// and attends to them; the result takes the query's place.
export fn q_cached_attention(
    query: u32,
    key: u32,
    value: u32,
    table: u32,
    style: u32,
    keys: u32,
    values: u32,
    position: u32,
) i32 {
    const handles: attention_cached.Handles =
        .{ .query = query, .key = key, .value = value, .table = table };
    return call(attention_cached.attend, .{ handles, style, keys, values, position });
}

// Rows of several sequences: places [count, 2] tell slot and position of each, and the caches are
// [slots, kv_heads, capacity, head_size], or that of slot 0 alone.

/// Cosines and sines [2, count, half] for the places' positions.
export fn q_rope_table_rows(frequencies: u32, places: u32) i32 {
    return call(rope.ropeTableRows, .{ frequencies, places });
}

/// Writes keys or values [count, kv_heads, head_size] into caches at places, which ascend.
export fn q_store_cache_rows(cache: u32, x: u32, places: u32) i32 {
    return call(attention.storeCacheRows, .{ cache, x, places });
}

/// Attention of query [count, heads, head_size], each row against its own slot up to its position.
export fn q_attention_rows(
    query: u32,
    keys: u32,
    values: u32,
    places: u32,
    scale: f32,
    out: u32,
) i32 {
    return call(attention.attendRows, .{ query, keys, values, places, scale, out });
}

/// As q_cached_attention, for rows at places, which ascend.
export fn q_cached_attention_rows(
    query: u32,
    key: u32,
    value: u32,
    table: u32,
    style: u32,
    keys: u32,
    values: u32,
    places: u32,
) i32 {
    const handles: attention_cached.Handles =
        .{ .query = query, .key = key, .value = value, .table = table };
    return call(attention_cached.attendRows, .{ handles, style, keys, values, places });
}
