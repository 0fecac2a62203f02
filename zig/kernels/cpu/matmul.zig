//! f32 matrix products around one register tile, after "Anatomy of High-Performance Matrix
//! Multiplication" (Goto and van de Geijn 2008) and BLIS (Van Zee and van de Geijn 2015).
//!
//! A tile of `tile_rows` x `tile_columns` sums stays in registers while k goes by: each step reads
//! one row of B into registers and multiplies it by one element of A after the other. Packed
//! operands make those reads sequential: see matmul_pack.zig for their layout. The order of
//! summation is k in rising order within a block of `max_depth`, then block after block.

const bf16 = @import("bf16.zig");
const simd = @import("simd.zig");
const interface = @import("matmul_interface.zig");
const pack = @import("matmul_pack.zig");
const thin = @import("matmul_thin.zig");

const V = simd.V;
const lanes = simd.lanes;
const Product = interface.Product;

const tile_rows = pack.tile_rows;
const tile_vectors = pack.tile_vectors;
const partSize = pack.partSize;

pub const table: interface.Table = .{
    .depth_step = 1,
    .tile_rows = tile_rows,
    .tile_columns = tile_vectors * lanes,
    .pack_rows = pack.packRows,
    .pack_columns = pack.packColumns,
    .packed_product = packedProduct,
    .half_packed_product = halfPackedProduct,
    .direct_product = directProduct,
    .dots = thin.dots,
    .row_updates = thin.rowUpdates,
};

/// Where the operands of a tile lie.
const Layout = enum {
    /// Both packed: A as [k][rows], B as [k][columns].
    dense,
    /// A with any strides; rows of B are `b_step` apart, their elements neighbours.
    strided,
    /// Like `dense`, but every element is a pair of bf16.
    pairs,
};

const Tile = struct {
    depth: usize,
    a: [*]const f32,
    a_row_stride: usize = 1,
    a_step: usize = 0,
    b: [*]const f32,
    b_step: usize = 0,
    out: [*]f32,
    out_row_stride: usize,
    /// Columns that the last vector of the tile has in `out`, 1 to `lanes`.
    last_columns: usize = lanes,
    accumulate: bool,
    /// Of the tile's columns, added to every row; null: nothing.
    bias: ?[*]const f32 = null,
    ahead: Ahead = .{},
};

/// Steps of k from one request for memory ahead to the next.
const ahead_steps = 64;
const line_floats = 16;

/// A tile's share of a product's `Ahead`.
const Ahead = struct {
    data: [*]const f32 = undefined,
    stride: usize = 0,
    columns: usize = 0,
    /// Rows with each request; 0: nothing is asked for.
    rows: usize = 0,

    inline fn request(ahead: *Ahead) void {
        for (0..ahead.rows) |_| {
            var column: usize = 0;
            while (column < ahead.columns) : (column += line_floats) {
                @prefetch(ahead.data + column, .{ .locality = 2 });
            }
            ahead.data += ahead.stride;
        }
    }
};

noinline fn multiplyTile(
    comptime rows: usize,
    comptime vectors: usize,
    comptime layout: Layout,
    tile: *const Tile,
) void {
    // What is added to at the end comes while the sums are computed.
    inline for (0..rows) |i| {
        inline for (0..vectors) |v| {
            @prefetch(tile.out + i * tile.out_row_stride + v * lanes, .{ .rw = .write });
        }
    }
    var sums: [rows][vectors]V = @splat(@splat(@splat(0)));
    const a_row_stride = if (layout == .strided) tile.a_row_stride else 1;
    const a_step = if (layout == .strided) tile.a_step else rows;
    const b_step = if (layout == .strided) tile.b_step else vectors * lanes;
    var a = tile.a;
    var b = tile.b;
    var ahead = tile.ahead;
    var left = tile.depth;
    while (left > 0) {
        const steps = @min(left, ahead_steps);
        for (0..steps) |_| {
            var b_row: [vectors]V = undefined;
            inline for (0..vectors) |v| b_row[v] = simd.load(b + v * lanes);
            inline for (0..rows) |i| {
                const x: V = @splat(a[i * a_row_stride]);
                inline for (0..vectors) |v| sums[i][v] = if (layout == .pairs)
                    bf16.addProducts(@bitCast(x), @bitCast(b_row[v]), sums[i][v])
                else
                    simd.mulAdd(x, b_row[v], sums[i][v]);
            }
            a += a_step;
            b += b_step;
        }
        left -= steps;
        ahead.request();
    }
    if (tile.bias) |bias| {
        var b_row: [vectors]V = undefined;
        inline for (0..vectors) |v| {
            const is_whole = v + 1 < vectors or tile.last_columns == lanes;
            const source = bias + v * lanes;
            b_row[v] =
                if (is_whole) simd.load(source) else simd.loadPart(source, tile.last_columns, 0);
        }
        inline for (0..rows) |i| {
            inline for (0..vectors) |v| sums[i][v] += b_row[v];
        }
    }
    inline for (0..rows) |i| {
        const row = tile.out + i * tile.out_row_stride;
        inline for (0..vectors) |v| {
            const out = row + v * lanes;
            if (v + 1 < vectors or tile.last_columns == lanes) {
                simd.store(out, if (tile.accumulate) simd.load(out) + sums[i][v] else sums[i][v]);
            } else {
                storeFirst(lanes, out, sums[i][v], tile.last_columns, tile.accumulate);
            }
        }
    }
}

/// Writes the first `count` elements of `value`, fewer than all, in pieces of powers of two.
inline fn storeFirst(
    comptime width: usize,
    out: [*]f32,
    value: @Vector(width, f32),
    count: usize,
    accumulate: bool,
) void {
    if (width == 1) return;
    const half = width / 2;
    const halves: [2]@Vector(half, f32) = @bitCast(value);
    const takes_half = count & half != 0;
    if (takes_half) {
        const target: *align(4) @Vector(half, f32) = @ptrCast(out);
        target.* = if (accumulate) target.* + halves[0] else halves[0];
    }
    const next = if (takes_half) out + half else out;
    storeFirst(half, next, if (takes_half) halves[1] else halves[0], count, accumulate);
}

fn multiplyTileOf(
    comptime layout: Layout,
    rows: usize,
    vectors: usize,
    tile: *const Tile,
) void {
    switch (rows) {
        inline 1...tile_rows => |r| switch (vectors) {
            inline 1...tile_vectors => |v| multiplyTile(r, v, layout, tile),
            else => unreachable,
        },
        else => unreachable,
    }
}

fn packedProduct(product: *const Product) callconv(.c) void {
    multiplyStrips(.dense, product);
}

fn halfPackedProduct(product: *const Product) callconv(.c) void {
    multiplyStrips(.strided, product);
}

/// The product with a packed B, and A packed unless `layout` is strided; k counts steps.
pub inline fn multiplyStrips(comptime layout: Layout, product: *const Product) void {
    const vector_count = (product.n + lanes - 1) / lanes;
    var ahead = shareAhead(product);
    const ahead_step = ahead.rows * (product.k / ahead_steps) * ahead.stride;
    var vector: usize = 0;
    while (vector < vector_count) {
        const vectors = partSize(vector_count - vector, tile_vectors);
        const column = vector * lanes;
        // A packed panel holds whole rows of the block, one panel after the other.
        const a_row_step = if (layout == .strided) product.a.row_stride else product.k;
        const is_last = vector + vectors == vector_count;
        var row: usize = 0;
        while (row < product.m) {
            const rows = partSize(product.m - row, tile_rows);
            multiplyTileOf(layout, rows, vectors, &.{
                .depth = product.k,
                .a = product.a.data + row * a_row_step,
                .a_row_stride = product.a.row_stride,
                .a_step = product.a.column_stride,
                .b = product.b.data + column * product.k,
                .b_step = vectors * lanes,
                .out = product.out + row * product.out_row_stride + column,
                .out_row_stride = product.out_row_stride,
                .last_columns = if (is_last) product.n - (vector_count - 1) * lanes else lanes,
                .accumulate = product.accumulate,
                .bias = if (product.bias) |bias| bias + column else null,
                .ahead = ahead,
            });
            ahead.data += ahead_step;
            row += rows;
        }
        vector += vectors;
    }
}

/// What each tile of a product asks for.
inline fn shareAhead(product: *const Product) Ahead {
    const all = product.ahead orelse return .{};
    const row_tiles = (product.m + tile_rows - 1) / tile_rows;
    const column_tiles = (product.n + tile_vectors * lanes - 1) / (tile_vectors * lanes);
    const requests = @max(1, row_tiles * column_tiles * (product.k / ahead_steps));
    return .{
        .data = all.data,
        .stride = all.stride,
        .columns = all.columns,
        .rows = (all.rows + requests - 1) / requests,
    };
}

fn directProduct(product: *const Product) callconv(.c) void {
    var block = product.*;
    var start: usize = 0;
    while (start < product.k) : (start += block.k) {
        block.k = @min(product.k - start, interface.max_depth);
        block.a = product.a.at(0, start);
        block.b = product.b.at(start, 0);
        block.accumulate = product.accumulate or start > 0;
        directBlock(&block);
        if (product.n % lanes != 0) directTail(&block);
    }
}

/// The columns of `product` that fill whole vectors.
fn directBlock(product: *const Product) void {
    const vector_count = product.n / lanes;
    var vector: usize = 0;
    while (vector < vector_count) {
        const vectors = partSize(vector_count - vector, tile_vectors);
        directStrip(product, vectors, vector * lanes, lanes, product.b.at(0, vector * lanes));
        vector += vectors;
    }
}

/// The last columns, fewer than a vector: a copy with zeros behind it spares masked reads.
noinline fn directTail(product: *const Product) void {
    const columns = product.n % lanes;
    const start = product.n - columns;
    var copy: [interface.max_depth * lanes]f32 align(64) = undefined;
    pack.packColumns(&copy, &product.b.at(0, start), product.k, columns);
    const copied: interface.Matrix = .{ .data = &copy, .row_stride = lanes, .column_stride = 1 };
    directStrip(product, 1, start, columns, copied);
}

/// All rows of the columns from `column` on; `b` holds just these columns.
fn directStrip(
    product: *const Product,
    vectors: usize,
    column: usize,
    last_columns: usize,
    b: interface.Matrix,
) void {
    var row: usize = 0;
    while (row < product.m) {
        const rows = partSize(product.m - row, tile_rows);
        multiplyTileOf(.strided, rows, vectors, &.{
            .depth = product.k,
            .a = product.a.at(row, 0).data,
            .a_row_stride = product.a.row_stride,
            .a_step = product.a.column_stride,
            .b = b.data,
            .b_step = b.row_stride,
            .out = product.out + row * product.out_row_stride + column,
            .out_row_stride = product.out_row_stride,
            .last_columns = last_columns,
            .accumulate = product.accumulate,
        });
        row += rows;
    }
}
