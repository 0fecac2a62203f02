//! Products with quantized weights in layout `rows16`; what is particular to K-quants is in
//! k_quants_groups.zig.
//!
//! One register holds four columns of as many rows as it has 32-bit lanes; the four activations
//! that meet them are broadcast. A tile is 16 rows (or a part of them) times up to 8 tokens: its
//! f32 sums stay in registers over all columns, and each block's weights are read and unpacked once
//! for all of its tokens.

const std = @import("std");
const dtypes = @import("../../core/dtype.zig");
const activations = @import("quantized_activations.zig");
const dots = @import("quantized_dot.zig");
const interface = @import("quantized_interface.zig");
const k_quants = @import("k_quants_groups.zig");
const simd = @import("simd.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const group_rows = dtypes.group_rows;
const lanes = simd.lanes;
const V = simd.V;
/// Registers that hold one number for each of 16 rows.
const group_vectors = group_rows / lanes;

pub fn Group(comptime dtype: DType) type {
    return switch (dtype) {
        .q8_0 => dtypes.Rows16Q8_0,
        .q4_0 => dtypes.Rows16Q4_0,
        .q4_k => dtypes.Rows16Q4K,
        .q5_k => dtypes.Rows16Q5K,
        .q6_k => dtypes.Rows16Q6K,
        else => comptime unreachable,
    };
}

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        inline .q8_0, .q4_0, .q4_k, .q5_k, .q6_k => |dtype| multiplyAs(dtype, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime dtype: DType, job: *const interface.Job) void {
    const block_count = job.columns / comptime dtype.blockElements();
    const groups: [*]const Group(dtype) = @ptrCast(@alignCast(job.weight));
    var token: usize = 0;
    while (token < job.token_count) : (token += interface.tile_tokens) {
        const tile = job.x + token / interface.tile_tokens * interface.tileBytes(job.columns);
        const tokens = @min(job.token_count - token, interface.tile_tokens);
        var row: usize = 0;
        while (row < job.row_count) : (row += group_rows) {
            const target: Target = .{
                .out = job.out + token * job.out_stride + row,
                .stride = job.out_stride,
                .bias = if (job.bias) |bias| bias + row else null,
                .rows = @min(job.row_count - row, group_rows),
            };
            const group = groups + row / group_rows * block_count;
            switch (tokens) {
                inline 1...interface.tile_tokens => |count| {
                    const x: [*]const activations.Block(dtype, count) = @ptrCast(@alignCast(tile));
                    multiplyTile(dtype, count, group, x, block_count, target);
                },
                else => unreachable,
            }
        }
    }
}

/// Where a tile's sums go.
const Target = struct {
    out: [*]f32,
    stride: usize,
    bias: ?[*]const f32,
    /// Rows that exist, at most 16.
    rows: usize,
};

/// What is worked on at once.
pub const Tile = struct {
    /// Tokens that the activations are interleaved for.
    interleaved: usize,
    /// Known when compiling: the activations' addresses then need no registers of their own.
    first_token: usize,
    tokens: usize,
    /// Registers of rows.
    vectors: usize,
};

/// Registers of rows at once: with one token all 16 rows, so that every cache line is used when it
/// comes. Else one of 16 rows, or two smaller ones that share the broadcast activations.
fn vectorsAtOnce(comptime tokens: usize) usize {
    return if (tokens == 1) group_vectors else @min(2, group_vectors);
}

/// Tokens at once: as many as their sums fit the register file.
fn tokensAtOnce(comptime tokens: usize) usize {
    return if (simd.has_avx512) tokens else @min(4, tokens);
}

noinline fn multiplyTile(
    comptime dtype: DType,
    comptime tokens: usize,
    group: [*]const Group(dtype),
    x: [*]const activations.Block(dtype, tokens),
    block_count: usize,
    target: Target,
) void {
    // The products of a block are unrolled.
    @setEvalBranchQuota(10_000);
    const vectors = comptime vectorsAtOnce(tokens);
    const at_once = comptime tokensAtOnce(tokens);
    comptime var first_token = 0;
    inline while (first_token < tokens) : (first_token += at_once) {
        const tile: Tile = .{
            .interleaved = tokens,
            .first_token = first_token,
            .tokens = comptime @min(at_once, tokens - first_token),
            .vectors = vectors,
        };
        multiplyPart(dtype, tile, group, x, block_count, target);
    }
}

inline fn multiplyPart(
    comptime dtype: DType,
    comptime tile: Tile,
    group: [*]const Group(dtype),
    x: [*]const activations.Block(dtype, tile.interleaved),
    block_count: usize,
    target: Target,
) void {
    const step = comptime dtype.blockElements() / dtypes.block_columns;
    const add = if (comptime dtype.isKQuant()) k_quants.addBlock else addBlock;
    var row: usize = 0;
    while (row < group_rows) : (row += tile.vectors * lanes) {
        var totals: [tile.tokens][tile.vectors]V = @splat(@splat(@splat(0)));
        for (0..block_count) |index| {
            add(dtype, tile, row, &totals, &group[index], x + index * step);
        }
        inline for (totals, 0..) |token_totals, i| {
            inline for (token_totals, 0..) |total, vector| {
                storeTotals(target, tile.first_token + i, row + vector * lanes, total);
            }
        }
    }
}

/// Adds the products of one block of 32 columns.
inline fn addBlock(
    comptime dtype: DType,
    comptime tile: Tile,
    first_row: usize,
    totals: *[tile.tokens][tile.vectors]V,
    group: *const Group(dtype),
    blocks: [*]const activations.Block(dtype, tile.interleaved),
) void {
    const Dot = dots.Dot(dtype);
    const x = &blocks[0];
    var partial: [tile.tokens][tile.vectors]Dot.Partial = undefined;
    inline for (&partial, 0..) |*token_partial, token| {
        token_partial.* = @splat(Dot.begin(x.offset[0][tile.first_token + token]));
    }
    inline for (0..group.q.len) |g| {
        var bytes: [tile.vectors]dots.Bytes = undefined;
        inline for (&bytes, 0..) |*vector, i| {
            vector.* = @bitCast(group.q[g][first_row + i * lanes ..][0..lanes].*);
        }
        if (dtype == .q8_0) {
            addQuads(Dot, tile, &partial, bytes, &x.numbers[g]);
        } else {
            var low: [tile.vectors]dots.Bytes = undefined;
            var high: [tile.vectors]dots.Bytes = undefined;
            inline for (bytes, &low, &high) |both, *l, *h| {
                l.* = both & @as(dots.Bytes, @splat(15));
                h.* = both >> @splat(4);
            }
            addQuads(Dot, tile, &partial, low, &x.numbers[g]);
            addQuads(Dot, tile, &partial, high, &x.numbers[g + 4]);
        }
    }
    inline for (0..tile.vectors) |vector| {
        const row = first_row + vector * lanes;
        const scales = widenHalf(lanes, @bitCast(group.d[row..][0..lanes].*));
        inline for (0..tile.tokens) |token| {
            const offset = x.offset[0][tile.first_token + token];
            const sums: V = @floatFromInt(Dot.finish(partial[token][vector], offset));
            const scale = scales * @as(V, @splat(x.scale[tile.first_token + token]));
            totals[token][vector] = simd.mulAdd(sums, scale, totals[token][vector]);
        }
    }
}

/// Adds four columns for every row and token of the tile.
pub inline fn addQuads(
    comptime Dot: type,
    comptime tile: Tile,
    partial: *[tile.tokens][tile.vectors]Dot.Partial,
    bytes: [tile.vectors]dots.Bytes,
    numbers: anytype,
) void {
    var weights: [tile.vectors]Dot.Weights = undefined;
    inline for (&weights, bytes) |*vector, from| vector.* = Dot.prepare(from);
    inline for (partial, tile.first_token..) |*token_partial, token| {
        var quad: [numbers.len]u32 = undefined;
        inline for (&quad, numbers) |*word, words| word.* = words[token];
        inline for (token_partial, weights) |*sums, vector| sums.* = Dot.add(sums.*, vector, quad);
    }
}

/// Writes the totals of the rows from `row` on, as far as they exist.
inline fn storeTotals(target: Target, token: usize, row: usize, total: V) void {
    if (row >= target.rows) return;
    const out = target.out + token * target.stride + row;
    if (row + lanes <= target.rows) {
        const bias = if (target.bias) |bias| simd.load(bias + row) else @as(V, @splat(0));
        simd.store(out, total + bias);
        return;
    }
    const numbers: [lanes]f32 = total;
    for (numbers[0 .. target.rows - row], 0..) |number, i| {
        out[i] = number + if (target.bias) |bias| bias[row + i] else 0;
    }
}
