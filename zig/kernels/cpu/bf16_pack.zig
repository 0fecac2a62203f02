//! Copies blocks of f32 matrices into bf16, in the order in which a register tile reads them.
//!
//! Panels and strips are those of matmul_pack.zig with pairs of neighbours along k in place of
//! single elements: pair (i, p) of a panel of A, elements (i, 2p) and (i, 2p + 1), lies at
//! `p * rows + i`, pair (p, j) of a strip of B at `p * columns + j`. Where k is odd, zeros complete
//! the last pairs. A panel or strip that starts at row or column s of its block starts at
//! `s * pairs` of the copy, counted in words of 32 bits.

const bf16 = @import("bf16.zig");
const interface = @import("matmul_interface.zig");
const matmul_pack = @import("matmul_pack.zig");
const simd = @import("simd.zig");

const lanes = simd.lanes;
const Matrix = interface.Matrix;

pub const tile_rows = matmul_pack.tile_rows;
pub const tile_vectors = matmul_pack.tile_vectors;

pub const partSize = interface.partSize;
const HalfPairs = bf16.HalfPairs;

pub inline fn storeEight(pointer: [*]u32, value: HalfPairs) void {
    @as(*align(4) HalfPairs, @ptrCast(pointer)).* = value;
}

inline fn storePairs(pointer: [*]u32, value: bf16.Pairs) void {
    @as(*align(4) bf16.Pairs, @ptrCast(pointer)).* = value;
}

pub inline fn transpose(rows: [8]HalfPairs) [8]HalfPairs {
    var floats: [8]matmul_pack.Eight = undefined;
    inline for (&floats, rows) |*float, row| float.* = @bitCast(row);
    var columns: [8]HalfPairs = undefined;
    const transposed = matmul_pack.transpose(floats);
    inline for (&columns, transposed) |*column, float| column.* = @bitCast(float);
    return columns;
}

pub fn packRows(
    out: [*]f32,
    a: *const Matrix,
    rows: usize,
    depth: usize,
) callconv(.c) void {
    const words: [*]u32 = @ptrCast(out);
    const pairs = (depth + 1) / 2;
    var row: usize = 0;
    while (row < rows) {
        const panel_rows = partSize(rows - row, tile_rows);
        const panel = a.at(row, 0);
        switch (panel_rows) {
            inline 1...tile_rows => |count| packPanel(count, words + row * pairs, panel, depth),
            else => unreachable,
        }
        row += panel_rows;
    }
}

fn packPanel(comptime rows: usize, out: [*]u32, a: Matrix, depth: usize) void {
    var done: usize = 0;
    if (a.column_stride == 1) {
        // Writes 8 pairs for `rows`: what is too much is written over by the next ones.
        while (done + lanes <= depth) : (done += lanes) {
            var block: [8]HalfPairs = @splat(@splat(0));
            inline for (0..rows) |i| {
                block[i] = bf16.roundNeighbours(simd.load(a.data + i * a.row_stride + done));
            }
            const transposed = transpose(block);
            inline for (0..8) |p| storeEight(out + (done / 2 + p) * rows, transposed[p]);
        }
    } else if (a.row_stride == 1) {
        while (done + 2 <= depth) : (done += 2) {
            var both: [lanes]f32 = @splat(0);
            const source = a.data + done * a.column_stride;
            both[0..rows].* = source[0..rows].*;
            both[lanes / 2 ..][0..rows].* = (source + a.column_stride)[0..rows].*;
            storeEight(out + done / 2 * rows, bf16.roundHalves(both));
        }
    }
    while (done < depth) : (done += 2) {
        inline for (0..rows) |i| {
            out[done / 2 * rows + i] = pairAt(a.at(i, done), a.column_stride, depth - done);
        }
    }
}

/// The first element and, where `left` is more than one, the one `stride` behind it.
inline fn pairAt(matrix: Matrix, stride: usize, left: usize) u32 {
    return bf16.roundPair(matrix.data[0], if (left > 1) matrix.data[stride] else 0);
}

pub fn packColumns(
    out: [*]f32,
    b: *const Matrix,
    depth: usize,
    columns: usize,
) callconv(.c) void {
    const words: [*]u32 = @ptrCast(out);
    const pairs = (depth + 1) / 2;
    const vector_count = (columns + lanes - 1) / lanes;
    var vector: usize = 0;
    while (vector < vector_count) {
        const vectors = partSize(vector_count - vector, tile_vectors);
        const start = vector * lanes;
        const count = @min(columns - start, vectors * lanes);
        switch (vectors) {
            inline 1...tile_vectors => |v| {
                packStrip(v, words + start * pairs, b.at(0, start), depth, count);
            },
            else => unreachable,
        }
        vector += vectors;
    }
}

/// Packs `columns` columns, and zeros up to whole registers.
fn packStrip(
    comptime vectors: usize,
    out: [*]u32,
    b: Matrix,
    depth: usize,
    columns: usize,
) void {
    const width = vectors * lanes;
    var done: usize = 0;
    if (b.column_stride == 1) {
        while (done + 2 <= depth) : (done += 2) packRowPair(vectors, out, b, done, columns);
    } else if (b.row_stride == 1) {
        // Each column is read in one go: 48 at a time would fall out of the cache between reads.
        const end = depth / lanes * lanes;
        inline for (0..width / 8) |group| {
            while (done < end) : (done += lanes) {
                packColumnGroup(width, group, out, b, done, columns);
            }
            done = 0;
        }
        done = end;
    }
    while (done < depth) : (done += 2) {
        const target = out + done / 2 * width;
        for (0..columns) |j| {
            target[j] = pairAt(b.at(done, j), b.row_stride, depth - done);
        }
        for (columns..width) |j| target[j] = 0;
    }
}

/// Two rows of a strip whose rows are contiguous, from row `start` on.
inline fn packRowPair(
    comptime vectors: usize,
    out: [*]u32,
    b: Matrix,
    start: usize,
    columns: usize,
) void {
    const source = b.data + start * b.row_stride;
    const target = out + start / 2 * (vectors * lanes);
    inline for (0..vectors) |v| {
        const first = source + v * lanes;
        const second = first + b.row_stride;
        const is_whole = v + 1 < vectors or columns == vectors * lanes;
        const pairs = if (is_whole)
            bf16.roundPairs(simd.load(first), simd.load(second))
        else
            bf16.roundPairs(
                simd.loadPart(first, columns - v * lanes, 0),
                simd.loadPart(second, columns - v * lanes, 0),
            );
        storePairs(target + v * lanes, pairs);
    }
}

/// 16 rows of up to 8 columns of a strip whose columns are contiguous, from row `start` on.
inline fn packColumnGroup(
    comptime width: usize,
    comptime group: usize,
    out: [*]u32,
    b: Matrix,
    start: usize,
    columns: usize,
) void {
    const first = group * 8;
    const is_whole = columns >= first + 8;
    var block: [8]HalfPairs = @splat(@splat(0));
    inline for (0..8) |j| {
        if (is_whole or first + j < columns) {
            const source = b.data + (first + j) * b.column_stride + start;
            block[j] = bf16.roundNeighbours(simd.load(source));
        }
    }
    const transposed = transpose(block);
    inline for (0..8) |p| storeEight(out + (start / 2 + p) * width + first, transposed[p]);
}
