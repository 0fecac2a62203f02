//! The register tiles of attention: products of queries with keys, and weighted sums of values.
//! Rows in the workspace are `padded` floats long, with zeros at the end.

const std = @import("std");
const simd = @import("simd.zig");
const packing = @import("attention_packing.zig");

const V = simd.V;
const lanes = simd.lanes;
const key_tile = @import("attention_interface.zig").key_tile;

const many_registers = simd.has_32_registers;

/// Rows of queries that one tile of registers holds.
pub const tile_rows = 6;
/// Up to this many rows, scores are dot products of rows as they lie in memory; more rows pay for
/// transposing the keys.
pub const few_rows = 4;
const score_vectors = packing.score_vectors;
const score_keys = packing.score_keys;
const Rows = packing.Rows;
const Cached = packing.Cached;

/// `scores[r][j] = query[r] . key[j]` for the transposed keys: row r's first `visible[r]`, which
/// rise with r, and perhaps more. Rows of scores are `key_tile` apart.
pub fn scoreMany(
    scores: [*]f32,
    query: Rows,
    row_count: usize,
    columns: [*]const f32,
    head_size: usize,
    visible: [*]const usize,
) void {
    var r: usize = 0;
    while (r < row_count) : (r += tile_rows) {
        const rows = @min(tile_rows, row_count - r);
        const key_count = visible[r + rows - 1];
        const tile: Rows = .{ .first = query.at(r), .stride = query.stride };
        var j: usize = 0;
        while (j < key_count) : (j += score_keys) {
            const out = scores + r * key_tile + j;
            const vectors = @min(score_vectors, (key_count - j + lanes - 1) / lanes);
            switch (rows) {
                inline 1...tile_rows => |n| switch (vectors) {
                    inline 1...score_vectors => |v| {
                        scoreTile(n, v, out, tile, columns + j, head_size);
                    },
                    else => unreachable,
                },
                else => unreachable,
            }
        }
    }
}

noinline fn scoreTile(
    comptime row_count: usize,
    comptime vectors: usize,
    scores: [*]f32,
    query: Rows,
    columns: [*]const f32,
    head_size: usize,
) void {
    var sums: [row_count][vectors]V = @splat(@splat(@splat(0)));
    for (0..head_size) |d| {
        var keys: [vectors]V = undefined;
        inline for (&keys, 0..) |*key, k| key.* = simd.load(columns + d * key_tile + k * lanes);
        inline for (&sums, 0..) |*row, r| {
            const q: V = @splat(query.at(r)[d]);
            inline for (row, keys) |*sum, key| sum.* = simd.mulAdd(q, key, sum.*);
        }
    }
    inline for (sums, 0..) |row, r| {
        inline for (row, 0..) |sum, k| simd.store(scores + r * key_tile + k * lanes, sum);
    }
}

/// As `scoreMany` for up to `few_rows` rows and keys as rows; writes `key_count` columns. Meanwhile
/// the rows after those of `streams` are fetched; a single row does too little for that to pay.
pub fn scoreFew(
    scores: [*]f32,
    query: Rows,
    row_count: usize,
    keys: Rows,
    padded: usize,
    key_count: usize,
    streams: [2]Cached,
) void {
    switch (row_count) {
        inline 1...few_rows => |n| {
            var j: usize = 0;
            while (j + 4 <= key_count) : (j += 4) {
                if (n > 1) inline for (streams) |stream| {
                    inline for (0..4) |i| stream.prefetchNext(j + i);
                };
                dotTile(n, 4, scores + j, query, keys, j, padded);
            }
            while (j < key_count) : (j += 1) dotTile(n, 1, scores + j, query, keys, j, padded);
        },
        else => unreachable,
    }
}

inline fn dotTile(
    comptime row_count: usize,
    comptime key_count: usize,
    scores: [*]f32,
    query: Rows,
    keys: Rows,
    first_key: usize,
    padded: usize,
) void {
    var sums: [row_count][key_count]V = @splat(@splat(@splat(0)));
    var d: usize = 0;
    while (d < padded) : (d += lanes) {
        var key: [key_count]V = undefined;
        inline for (&key, 0..) |*k, j| k.* = simd.load(keys.at(first_key + j) + d);
        inline for (&sums, 0..) |*row, r| {
            const q = simd.load(query.at(r) + d);
            inline for (row, key) |*sum, k| sum.* = simd.mulAdd(q, k, sum.*);
        }
    }
    inline for (sums, 0..) |row, r| {
        const out = scores + r * key_tile;
        if (key_count == 4) {
            out[0..4].* = std.simd.extract(simd.fold(.sum, row), 0, 4);
        } else {
            out[0] = simd.sumLanes(row[0]);
        }
    }
}

/// Weighted sums of values for rows of queries.
pub const Weighted = struct {
    /// Rows are `padded` apart.
    sums: [*]f32,
    /// What each row's sums are multiplied by first; null: they begin at 0.
    corrections: ?[*]const f32,
    /// Rows are `key_tile` apart; zeros from `visible[r]` on, which rises with r.
    weights: [*]const f32,
    row_count: usize,
    values: Rows,
    visible: [*]const usize,
    padded: usize,
};

/// `sums[r] = sums[r] * corrections[r] + weights[r] x values`.
pub fn addValues(work: Weighted) void {
    var r: usize = 0;
    while (r < work.row_count) : (r += tile_rows) {
        const key_count = work.visible[@min(r + tile_rows, work.row_count) - 1];
        // Rows that see nothing have a correction of 1, or sums of zeros.
        if (key_count == 0 and work.corrections != null) continue;
        switch (@min(tile_rows, work.row_count - r)) {
            inline 1...tile_rows => |n| {
                var d: usize = 0;
                inline for (.{ 8, 4, 2, 1 }) |vectors| {
                    if (vectors <= valueVectors(n)) while (d + vectors * lanes <= work.padded) {
                        valueTile(n, vectors, &work, r, d, key_count);
                        d += vectors * lanes;
                    };
                }
            },
            else => unreachable,
        }
    }
}

/// Registers of each row in the tile: enough chains of additions to hide their latency.
fn valueVectors(comptime row_count: usize) usize {
    if (row_count == 1) return 8;
    if (many_registers) return if (row_count <= 3) 8 else 4;
    return if (row_count <= 3) 4 else 2;
}

/// Elements from d on of rows from r on.
noinline fn valueTile(
    comptime row_count: usize,
    comptime vectors: usize,
    work: *const Weighted,
    r: usize,
    d: usize,
    key_count: usize,
) void {
    const sums = work.sums + r * work.padded + d;
    var total: [row_count][vectors]V = @splat(@splat(@splat(0)));
    if (work.corrections) |corrections| inline for (&total, 0..) |*row, i| {
        const correction: V = @splat(corrections[r + i]);
        const old = sums + i * work.padded;
        inline for (row, 0..) |*t, k| t.* = correction * simd.load(old + k * lanes);
    };
    const weights = work.weights + r * key_tile;
    const values: Rows = .{ .first = work.values.first + d, .stride = work.values.stride };
    for (0..key_count) |j| {
        var value: [vectors]V = undefined;
        inline for (&value, 0..) |*v, k| v.* = simd.load(values.at(j) + k * lanes);
        inline for (&total, 0..) |*row, i| {
            const weight: V = @splat(weights[i * key_tile + j]);
            inline for (row, value) |*t, v| t.* = simd.mulAdd(weight, v, t.*);
        }
    }
    inline for (total, 0..) |row, i| {
        inline for (row, 0..) |t, k| simd.store(sums + i * work.padded + k * lanes, t);
    }
}
