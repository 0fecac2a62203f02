//! Products of f32 matrices whose elements are rounded to bf16 on the way; sums are f32. The tiles
//! are those of matmul.zig, each step taking two elements of k: see bf16_pack.zig for the layout.

const bf16 = @import("bf16.zig");
const interface = @import("matmul_interface.zig");
const matmul = @import("matmul.zig");
const pack = @import("bf16_pack.zig");
const simd = @import("simd.zig");

const V = simd.V;
const lanes = simd.lanes;
const Product = interface.Product;

const tile_rows = pack.tile_rows;
const partSize = interface.partSize;

pub const table: interface.Table = .{
    .depth_step = 2,
    .tile_rows = tile_rows,
    .tile_columns = pack.tile_vectors * lanes,
    .pack_rows = pack.packRows,
    .pack_columns = pack.packColumns,
    .packed_product = packedProduct,
    .half_packed_product = halfPackedProduct,
    .direct_product = null,
    .dots = dots,
    .row_updates = null,
};

fn packedProduct(product: *const Product) callconv(.c) void {
    var pairs = product.*;
    pairs.k = (product.k + 1) / 2;
    matmul.multiplyStrips(.pairs, &pairs);
}

/// Packs one panel of A at a time, into the first-level cache.
fn halfPackedProduct(product: *const Product) callconv(.c) void {
    const panel_floats = comptime interface.packedRowsFloats(tile_rows, interface.max_depth);
    var panel: [panel_floats]f32 align(64) = undefined;
    var part = product.*;
    part.k = (product.k + 1) / 2;
    part.ahead = null;
    part.a = .{ .data = &panel, .row_stride = 1, .column_stride = 1 };
    var row: usize = 0;
    while (row < product.m) {
        part.m = partSize(product.m - row, tile_rows);
        part.out = product.out + row * product.out_row_stride;
        pack.packRows(&panel, &product.a.at(row, 0), part.m, product.k);
        matmul.multiplyStrips(.pairs, &part);
        row += part.m;
    }
}

/// Dot products computed together, as in matmul_thin.zig.
const dot_rows = 4;
const dot_columns = 4;

fn dots(product: *const Product) callconv(.c) void {
    // The large operand goes by in the outer loop, so each part of it is read once.
    if (product.m < product.n) {
        var column: usize = 0;
        while (column < product.n) : (column += dot_columns) {
            var row: usize = 0;
            while (row < product.m) : (row += dot_rows) dotTileOf(product, row, column);
        }
    } else {
        var row: usize = 0;
        while (row < product.m) : (row += dot_rows) {
            var column: usize = 0;
            while (column < product.n) : (column += dot_columns) dotTileOf(product, row, column);
        }
    }
}

fn dotTileOf(product: *const Product, row: usize, column: usize) void {
    switch (@min(product.m - row, dot_rows)) {
        inline 1...dot_rows => |r| switch (@min(product.n - column, dot_columns)) {
            inline 1...dot_columns => |c| dotTile(r, c, product, row, column),
            else => unreachable,
        },
        else => unreachable,
    }
}

noinline fn dotTile(
    comptime rows: usize,
    comptime columns: usize,
    product: *const Product,
    row: usize,
    column: usize,
) void {
    const a = product.a.at(row, 0);
    const b = product.b.at(0, column);
    var sums: [rows][columns]V = @splat(@splat(@splat(0)));
    var done: usize = 0;
    while (done + 2 * lanes <= product.k) : (done += 2 * lanes) {
        var x: [rows]bf16.Pairs = undefined;
        inline for (0..rows) |i| {
            const source = a.data + i * a.row_stride + done;
            x[i] = bf16.roundBoth(simd.load(source), simd.load(source + lanes));
        }
        inline for (0..columns) |j| {
            const source = b.data + j * b.column_stride + done;
            const y = bf16.roundBoth(simd.load(source), simd.load(source + lanes));
            inline for (0..rows) |i| sums[i][j] = bf16.addProducts(x[i], y, sums[i][j]);
        }
    }
    if (done < product.k) {
        const rest = product.k - done;
        var x: [rows]bf16.Pairs = undefined;
        inline for (0..rows) |i| x[i] = roundRest(a.data + i * a.row_stride + done, rest);
        inline for (0..columns) |j| {
            const y = roundRest(b.data + j * b.column_stride + done, rest);
            inline for (0..rows) |i| sums[i][j] = bf16.addProducts(x[i], y, sums[i][j]);
        }
    }
    inline for (0..rows) |i| {
        const out = product.out + (row + i) * product.out_row_stride + column;
        inline for (0..columns) |j| {
            const sum = simd.sumLanes(sums[i][j]);
            out[j] = if (product.accumulate) out[j] + sum else sum;
        }
    }
}

/// `count` numbers, fewer than two registers have; zeros behind them.
inline fn roundRest(source: [*]const f32, count: usize) bf16.Pairs {
    const first = @min(count, lanes);
    return bf16.roundBoth(
        simd.loadPart(source, first, 0),
        simd.loadPart(source + first, count - first, 0),
    );
}
