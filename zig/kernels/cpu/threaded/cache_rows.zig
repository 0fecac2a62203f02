//! The way of new rows into a key/value cache: queries and keys are turned, keys and values stored.

const Runner = @import("runner.zig").Runner;
const attention = @import("attention.zig");
const convert = @import("convert.zig");
const Kernels = @import("../interface.zig").Kernels;
const RopeStyle = @import("../rows_interface.zig").RopeStyle;
const passage = @import("passage.zig");

/// Where rows go.
pub const Positions = union(enum) {
    /// One behind the other in the only slot.
    first: usize,
    /// Each at a place of its own; no two are the same.
    places: [*]const attention.Place,
};

/// Angles of rotary embedding.
pub const Rotation = struct {
    /// `[count][head_size / 2]`.
    cosines: [*]const f32,
    /// As `cosines`.
    sines: [*]const f32,
    style: RopeStyle,
};

pub const NewRows = struct {
    /// `[query_count][heads][head_size]`, turned in place; row i belongs to the row of keys that
    /// stands as far before the last.
    query: [*]f32,
    query_count: usize,
    heads: usize,
    /// `[count][kv_heads][head_size]`, turned in place.
    key: [*]f32,
    /// As `key`.
    value: [*]const f32,
    /// At least `query_count`.
    count: usize,
    kv_heads: usize,
    head_size: usize,
    rotation: ?Rotation,
    keys: [*]u8,
    values: [*]u8,
    /// How both caches lie in memory.
    cache: attention.Cache,
    positions: Positions,

    pub fn row(own: *const NewRows, kernels: *const Kernels, index: usize) void {
        const size = own.head_size;
        const width = own.kv_heads * size;
        const key = own.key + index * width;
        const value = own.value + index * width;
        if (own.rotation) |rotation| {
            own.turn(kernels, rotation, index, key, own.kv_heads);
            const without_query = own.count - own.query_count;
            if (index >= without_query) {
                const query = own.query + (index - without_query) * own.heads * size;
                own.turn(kernels, rotation, index, query, own.heads);
            }
        }
        const cache = own.cache;
        const offset = switch (own.positions) {
            .first => |first| (first + index) * cache.position_stride_bytes,
            .places => |places| cache.offsetOf(places[index]),
        };
        for (0..own.kv_heads) |head| {
            const to = offset + head * cache.head_stride_bytes;
            const from = head * size;
            convert.fromFloats(kernels, own.keys + to, key + from, cache.dtype, size);
            convert.fromFloats(kernels, own.values + to, value + from, cache.dtype, size);
        }
    }

    fn turn(
        own: *const NewRows,
        kernels: *const Kernels,
        rotation: Rotation,
        index: usize,
        x: [*]f32,
        heads: usize,
    ) void {
        const size = own.head_size;
        const cosines = rotation.cosines + index * (size / 2);
        const sines = rotation.sines + index * (size / 2);
        for (0..heads) |head| {
            const at = x + head * size;
            kernels.rows.rope(at, at, cosines, sines, size, rotation.style, false);
        }
    }
};

/// Turns and stores all rows, in one run of the pool.
pub fn take(runner: *Runner, new: *const NewRows) void {
    const elements = (new.heads + 2 * new.kv_heads) * new.head_size;
    passage.forRows(runner, new.count, elements, new);
}
