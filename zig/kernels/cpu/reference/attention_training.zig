//! Attention of whole sequences and its gradients, in double precision, with all scores of a row.

const std = @import("std");

/// Sizes; all operands are contiguous `[batch][heads][positions][head_size]`.
pub const Shape = struct {
    batch: usize,
    heads: usize,
    kv_heads: usize,
    query_count: usize,
    key_count: usize,
    head_size: usize,
    causal: bool,
    scale: f64,
};

pub const Operands = struct {
    query: []const f32,
    key: []const f32,
    value: []const f32,
    /// `[query_count][key_count]`, for all heads.
    mask: ?[]const f32,
    /// Factors of the weights, `[batch][heads][query_count][key_count]`: those of dropout.
    factors: ?[]const f32 = null,
    gradient: []const f32,
};

pub const Results = struct {
    out: []f32,
    query: []f64,
    key: []f64,
    value: []f64,
    /// Shaped like the mask.
    mask: ?[]f64 = null,
};

/// Writes the output and adds the gradients. `row` has room for twice `key_count` numbers.
pub fn attention(shape: Shape, given: Operands, results: Results, row: []f64) void {
    const group = shape.heads / shape.kv_heads;
    for (0..shape.batch * shape.heads) |index| {
        const kv_head = index % shape.heads / group;
        const kv_index = index / shape.heads * shape.kv_heads + kv_head;
        for (0..shape.query_count) |i| oneRow(shape, given, results, row, index, kv_index, i);
    }
}

fn oneRow(
    shape: Shape,
    given: Operands,
    results: Results,
    row: []f64,
    index: usize,
    kv_index: usize,
    i: usize,
) void {
    const size = shape.head_size;
    const at = (index * shape.query_count + i) * size;
    const keys = kv_index * shape.key_count * size;
    const count = if (shape.causal) @min(shape.key_count, i + 1) else shape.key_count;
    const weights, const slopes = .{ row[0..count], row[shape.key_count..][0..count] };
    var highest: f64 = -std.math.inf(f64);
    for (weights, 0..) |*score, j| {
        score.* = shape.scale * dot(given.query[at..], given.key[keys + j * size ..], size);
        if (given.mask) |mask| score.* += mask[i * shape.key_count + j];
        highest = @max(highest, score.*);
    }
    var total: f64 = 0;
    for (weights) |*weight| {
        weight.* = @exp(weight.* - highest);
        total += weight.*;
    }
    var product: f64 = 0;
    for (weights, slopes, 0..) |*weight, *slope, j| {
        weight.* /= total;
        slope.* = dot(given.gradient[at..], given.value[keys + j * size ..], size);
        if (given.factors) |all| slope.* *= factorOf(shape, all, index, i, j);
        product += weight.* * slope.*;
    }
    if (results.mask) |sums| for (weights, slopes, 0..) |weight, slope, j| {
        sums[i * shape.key_count + j] += weight * (slope - product);
    };
    for (0..size) |d| {
        var sum: f64 = 0;
        for (weights, slopes, 0..) |weight, slope, j| {
            const place = keys + j * size + d;
            const score_gradient = weight * (slope - product) * shape.scale;
            const kept = if (given.factors) |all|
                weight * factorOf(shape, all, index, i, j)
            else
                weight;
            sum += kept * given.value[place];
            results.query[at + d] += score_gradient * given.key[place];
            results.key[place] += score_gradient * given.query[at + d];
            results.value[place] += kept * given.gradient[at + d];
        }
        results.out[at + d] = @floatCast(sum);
    }
}

fn factorOf(shape: Shape, factors: []const f32, index: usize, i: usize, j: usize) f64 {
    return factors[(index * shape.query_count + i) * shape.key_count + j];
}

fn dot(a: []const f32, b: []const f32, count: usize) f64 {
    var sum: f64 = 0;
    for (a[0..count], b[0..count]) |x, y| sum += @as(f64, x) * y;
    return sum;
}
