//! Copies blocks of matrices into the order in which a register tile reads them.
//!
//! Rows of A go into panels of `tile_rows` rows: element (i, p) of a panel lies at `p * rows + i`.
//! Columns of B go into strips of `tile_columns` columns: element (p, j) lies at `p * columns + j`.
//! The last panels may have fewer rows, the last strips fewer columns (see `partSize`). A panel or
//! strip that starts at row or column s of its block starts at `s * depth` of the copy.
//!
//! Where the elements that become neighbours are far apart, blocks of 8 x 8 are transposed in
//! registers; where they are neighbours already they are copied; other strides go one by one.

const simd = @import("simd.zig");
const interface = @import("matmul_interface.zig");

const lanes = simd.lanes;
const Matrix = interface.Matrix;

/// Rows and vectors of columns of the register tile. Its sums, one row of B and one element of A
/// fill the registers: 32 with AVX-512 and NEON, 16 with AVX2 and SSE.
pub const tile_rows = if (simd.has_32_registers) 8 else 6;
pub const tile_vectors = if (simd.has_32_registers) 3 else 2;

pub const partSize = interface.partSize;

pub const Eight = @Vector(8, f32);

pub inline fn loadEight(pointer: [*]const f32) Eight {
    return @as(*align(4) const Eight, @ptrCast(pointer)).*;
}

pub inline fn storeEight(pointer: [*]f32, value: Eight) void {
    @as(*align(4) Eight, @ptrCast(pointer)).* = value;
}

/// Writes the first four elements.
pub inline fn storeFour(pointer: [*]f32, value: Eight) void {
    const halves: [2]@Vector(4, f32) = @bitCast(value);
    @as(*align(4) @Vector(4, f32), @ptrCast(pointer)).* = halves[0];
}

/// Transposes 8 x 8 elements by pairs, pairs of pairs, and halves: 24 two-operand shuffles.
pub inline fn transpose(rows: [8]Eight) [8]Eight {
    const low_pairs = [8]i32{ 0, ~@as(i32, 0), 1, ~@as(i32, 1), 4, ~@as(i32, 4), 5, ~@as(i32, 5) };
    const high_pairs = [8]i32{ 2, ~@as(i32, 2), 3, ~@as(i32, 3), 6, ~@as(i32, 6), 7, ~@as(i32, 7) };
    const low_quads = [8]i32{ 0, 1, ~@as(i32, 0), ~@as(i32, 1), 4, 5, ~@as(i32, 4), ~@as(i32, 5) };
    const high_quads = [8]i32{ 2, 3, ~@as(i32, 2), ~@as(i32, 3), 6, 7, ~@as(i32, 6), ~@as(i32, 7) };
    const low_half = [8]i32{ 0, 1, 2, 3, ~@as(i32, 0), ~@as(i32, 1), ~@as(i32, 2), ~@as(i32, 3) };
    const high_half = [8]i32{ 4, 5, 6, 7, ~@as(i32, 4), ~@as(i32, 5), ~@as(i32, 6), ~@as(i32, 7) };
    // pairs[2i]: columns 0, 1, 4, 5 of rows 2i and 2i + 1; pairs[2i + 1]: columns 2, 3, 6, 7.
    var pairs: [8]Eight = undefined;
    inline for (0..4) |i| {
        pairs[2 * i] = @shuffle(f32, rows[2 * i], rows[2 * i + 1], low_pairs);
        pairs[2 * i + 1] = @shuffle(f32, rows[2 * i], rows[2 * i + 1], high_pairs);
    }
    // quads[4h + c]: columns c and c + 4 of rows 4h to 4h + 3.
    var quads: [8]Eight = undefined;
    inline for (0..2) |h| {
        inline for (0..2) |c| {
            const first = pairs[4 * h + c];
            const second = pairs[4 * h + 2 + c];
            quads[4 * h + 2 * c] = @shuffle(f32, first, second, low_quads);
            quads[4 * h + 2 * c + 1] = @shuffle(f32, first, second, high_quads);
        }
    }
    var columns: [8]Eight = undefined;
    inline for (0..4) |c| {
        columns[c] = @shuffle(f32, quads[c], quads[4 + c], low_half);
        columns[4 + c] = @shuffle(f32, quads[c], quads[4 + c], high_half);
    }
    return columns;
}

pub fn packRows(
    out: [*]f32,
    a: *const Matrix,
    rows: usize,
    depth: usize,
) callconv(.c) void {
    var row: usize = 0;
    if (a.row_stride == 1) {
        // A few panels side by side: what a line of the cache holds is read in one go.
        inline for (.{ 4, 2 }) |panels| {
            const group = panels * tile_rows;
            while (rows - row == group or rows - row >= group + tile_rows) : (row += group) {
                packPanels(panels, out + row * depth, a.at(row, 0), depth);
            }
        }
    }
    while (row < rows) {
        const panel_rows = partSize(rows - row, tile_rows);
        const panel = a.at(row, 0);
        switch (panel_rows) {
            inline 1...tile_rows => |count| packPanel(count, out + row * depth, panel, depth),
            else => unreachable,
        }
        row += panel_rows;
    }
}

/// Whole panels of `a`, whose rows are neighbours.
fn packPanels(comptime panels: usize, out: [*]f32, a: Matrix, depth: usize) void {
    for (0..depth) |p| {
        inline for (0..panels) |panel| {
            const source: *const [tile_rows]f32 =
                @ptrCast(a.data + p * a.column_stride + panel * tile_rows);
            const target: *[tile_rows]f32 = @ptrCast(out + (panel * depth + p) * tile_rows);
            target.* = source.*;
        }
    }
}

fn packPanel(comptime rows: usize, out: [*]f32, a: Matrix, depth: usize) void {
    var done: usize = 0;
    if (a.column_stride == 1) {
        // Writes 8 elements for `rows`: what is too much is written over by the next ones.
        while (done + 8 <= depth) : (done += 8) {
            var block: [8]Eight = @splat(@splat(0));
            inline for (0..rows) |i| block[i] = loadEight(a.data + i * a.row_stride + done);
            const transposed = transpose(block);
            inline for (0..8) |p| storeEight(out + (done + p) * rows, transposed[p]);
        }
    } else if (a.row_stride == 1) {
        while (done < depth) : (done += 1) {
            const source: *const [rows]f32 = @ptrCast(a.data + done * a.column_stride);
            const target: *[rows]f32 = @ptrCast(out + done * rows);
            target.* = source.*;
        }
    }
    while (done < depth) : (done += 1) {
        inline for (0..rows) |i| {
            out[done * rows + i] = a.data[i * a.row_stride + done * a.column_stride];
        }
    }
}

pub fn packColumns(
    out: [*]f32,
    b: *const Matrix,
    depth: usize,
    columns: usize,
) callconv(.c) void {
    const vector_count = (columns + lanes - 1) / lanes;
    var vector: usize = 0;
    if (b.column_stride == 1) {
        // Whole rows: memory is read in the order in which it lies.
        const strips = wholeStrips(columns);
        packStrips(out, b, depth, strips);
        vector = strips * tile_vectors;
    }
    while (vector < vector_count) {
        const vectors = partSize(vector_count - vector, tile_vectors);
        const start = vector * lanes;
        const count = @min(columns - start, vectors * lanes);
        switch (vectors) {
            inline 1...tile_vectors => |v| {
                packStrip(v * lanes, out + start * depth, b.at(0, start), depth, count);
            },
            else => unreachable,
        }
        vector += vectors;
    }
}

/// How many strips at the front of `columns` have all columns of a tile.
fn wholeStrips(columns: usize) usize {
    var vectors = (columns + lanes - 1) / lanes;
    var strips: usize = 0;
    while (vectors >= 2 * tile_vectors) : (vectors -= tile_vectors) strips += 1;
    if (vectors == tile_vectors and columns % lanes == 0) strips += 1;
    return strips;
}

/// `strips` whole strips of `b`, whose columns are neighbours.
fn packStrips(out: [*]f32, b: *const Matrix, depth: usize, strips: usize) void {
    const width = tile_vectors * lanes;
    for (0..depth) |p| {
        const source = b.data + p * b.row_stride;
        for (0..strips) |strip| {
            const target = out + (strip * depth + p) * width;
            inline for (0..tile_vectors) |v| {
                simd.store(target + v * lanes, simd.load(source + strip * width + v * lanes));
            }
        }
    }
}

/// Packs `columns` columns, and zeros up to `width`.
fn packStrip(
    comptime width: usize,
    out: [*]f32,
    b: Matrix,
    depth: usize,
    columns: usize,
) void {
    var done: usize = 0;
    if (b.column_stride == 1 and columns == width) {
        while (done < depth) : (done += 1) {
            inline for (0..width / lanes) |v| {
                const source = b.data + done * b.row_stride + v * lanes;
                simd.store(out + done * width + v * lanes, simd.load(source));
            }
        }
    } else if (b.row_stride == 1) {
        // Each column is read in one go: 48 at a time would fall out of the cache between reads.
        const end = depth / 8 * 8;
        inline for (0..(width + 7) / 8) |group| {
            while (done < end) : (done += 8) packColumnGroup(width, group, out, b, done, columns);
            done = 0;
        }
        done = end;
    }
    while (done < depth) : (done += 1) {
        const source = b.data + done * b.row_stride;
        const target = out + done * width;
        for (0..columns) |j| target[j] = source[j * b.column_stride];
        for (columns..width) |j| target[j] = 0;
    }
}

/// Eight rows of up to eight columns of a strip whose columns are contiguous, from row `start` on.
inline fn packColumnGroup(
    comptime width: usize,
    comptime group: usize,
    out: [*]f32,
    b: Matrix,
    start: usize,
    columns: usize,
) void {
    const first = group * 8;
    const group_width = @min(8, width - first);
    const is_whole = columns >= first + group_width;
    var block: [8]Eight = @splat(@splat(0));
    inline for (0..group_width) |j| {
        if (is_whole or first + j < columns) {
            block[j] = loadEight(b.data + (first + j) * b.column_stride + start);
        }
    }
    const transposed = transpose(block);
    inline for (0..8) |p| {
        const target = out + (start + p) * width + first;
        const row = transposed[p];
        if (group_width == 8) storeEight(target, row) else storeFour(target, row);
    }
}
