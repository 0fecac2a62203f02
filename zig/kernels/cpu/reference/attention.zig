//! Scalar reference of attention, with all scores of a row, in f64. Tests only.

const std = @import("std");

pub const Shape = struct {
    query_count: usize,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    /// Positions that the cache has room for.
    capacity: usize,
    position: usize,
    key_count: usize,
    causal: bool,
    scale: f32,
};

/// `query` and `out` are `[query_count][heads][head_size]`, `keys` and `values`
/// `[kv_heads][capacity][head_size]`; `scores` has room for `key_count`.
pub fn attend(
    shape: Shape,
    out: []f32,
    query: []const f32,
    keys: []const f32,
    values: []const f32,
    scores: []f64,
) void {
    const size = shape.head_size;
    for (0..shape.query_count) |i| for (0..shape.heads) |head| {
        const kv_head = head / (shape.heads / shape.kv_heads);
        const cache = kv_head * shape.capacity * size;
        const q = query[(i * shape.heads + head) * size ..][0..size];
        const seen = if (shape.causal) shape.position + i + 1 else shape.key_count;
        var highest: f64 = -std.math.inf(f64);
        for (scores[0..seen], 0..) |*score, j| {
            score.* = 0;
            for (q, keys[cache + j * size ..][0..size]) |a, b| score.* += @as(f64, a) * b;
            score.* *= shape.scale;
            highest = @max(highest, score.*);
        }
        var total: f64 = 0;
        for (scores[0..seen]) |*score| {
            score.* = @exp(score.* - highest);
            total += score.*;
        }
        for (out[(i * shape.heads + head) * size ..][0..size], 0..) |*y, d| {
            var sum: f64 = 0;
            for (scores[0..seen], 0..) |weight, j| sum += weight * values[cache + j * size + d];
            y.* = @floatCast(sum / total);
        }
    };
}
