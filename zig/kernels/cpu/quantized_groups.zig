//! Products with Q8_0 and Q4_0 weights in layout `rows16`.
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
const simd = @import("simd.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const group_rows = dtypes.group_rows;
const lanes = simd.lanes;
const V = simd.V;
/// Registers that hold one number for each of 16 rows.
const group_vectors = group_rows / lanes;

fn Group(comptime dtype: DType) type {
    return switch (dtype) {
        .q8_0 => dtypes.Rows16Q8_0,
        .q4_0 => dtypes.Rows16Q4_0,
        else => comptime unreachable,
    };
}

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        inline .q8_0, .q4_0 => |dtype| multiplyAs(dtype, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime dtype: DType, job: *const interface.Job) void {
    const block_count = job.columns / dtypes.block_columns;
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
                    multiplyTile(dtype, count, group, @ptrCast(@alignCast(tile)), block_count, target);
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

/// Registers of rows that are worked on at once: with one token all 16 rows, so that every cache
/// line is used when it comes; with many tokens so few that their sums fit the register file.
fn vectorsAtOnce(comptime tokens: usize) usize {
    return if (tokens == 1) group_vectors else 1;
}

noinline fn multiplyTile(
    comptime dtype: DType,
    comptime tokens: usize,
    group: [*]const Group(dtype),
    x: [*]const activations.Block(activations.formOf(dtype), tokens),
    block_count: usize,
    target: Target,
) void {
    // The products of a block are unrolled.
    @setEvalBranchQuota(10_000);
    const at_once = comptime vectorsAtOnce(tokens);
    inline for (0..group_vectors / at_once) |step| {
        const first = step * at_once;
        var totals: [tokens][at_once]V = @splat(@splat(@splat(0)));
        for (0..block_count) |index| {
            addBlock(dtype, tokens, at_once, &totals, &group[index], &x[index], first);
        }
        for (&totals, 0..) |*token_totals, token| {
            inline for (token_totals, 0..) |total, vector| {
                storeTotals(target, token, (first + vector) * lanes, total);
            }
        }
    }
}

/// Adds the products of one block of 32 columns, beginning with row register `first`.
inline fn addBlock(
    comptime dtype: DType,
    comptime tokens: usize,
    comptime vectors: usize,
    totals: *[tokens][vectors]V,
    group: *const Group(dtype),
    x: *const activations.Block(activations.formOf(dtype), tokens),
    comptime first: usize,
) void {
    const Dot = dots.Dot(dtype);
    var partial: [tokens][vectors]Dot.Partial = undefined;
    inline for (&partial, 0..) |*token_partial, token| {
        token_partial.* = @splat(Dot.begin(x.offset[token]));
    }
    inline for (0..group.q.len) |g| {
        inline for (0..vectors) |vector| {
            const bytes: dots.Bytes = @bitCast(group.q[g][(first + vector) * lanes ..][0..lanes].*);
            if (dtype == .q8_0) {
                addQuad(Dot, tokens, vectors, vector, &partial, bytes, &x.numbers[g]);
            } else {
                const low = bytes & @as(dots.Bytes, @splat(15));
                const high = bytes >> @splat(4);
                addQuad(Dot, tokens, vectors, vector, &partial, low, &x.numbers[g]);
                addQuad(Dot, tokens, vectors, vector, &partial, high, &x.numbers[g + 4]);
            }
        }
    }
    inline for (0..vectors) |vector| {
        const scales = widenHalf(lanes, group.d[(first + vector) * lanes ..][0..lanes].*);
        inline for (0..tokens) |token| {
            const sums: V = @floatFromInt(Dot.finish(partial[token][vector], x.offset[token]));
            const scale = scales * @as(V, @splat(x.scale[token]));
            totals[token][vector] = simd.mulAdd(sums, scale, totals[token][vector]);
        }
    }
}

/// Adds four columns of one register of rows for every token.
inline fn addQuad(
    comptime Dot: type,
    comptime tokens: usize,
    comptime vectors: usize,
    comptime vector: usize,
    partial: *[tokens][vectors]Dot.Partial,
    bytes: dots.Bytes,
    quads: anytype,
) void {
    const weights = Dot.prepare(bytes);
    inline for (0..tokens) |token| {
        partial[token][vector] = Dot.add(partial[token][vector], weights, quads[token]);
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
