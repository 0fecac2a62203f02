//! Products with few rows of A or few columns of B. They read the large operand once, in the order
//! in which it lies in memory: packing it would cost more than multiplying.

const simd = @import("simd.zig");
const interface = @import("matmul_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Product = interface.Product;

/// Dot products computed together: their sums and the vectors that they share fill the registers.
const dot_rows = if (simd.has_32_registers) 4 else 3;
const dot_columns = 4;

/// Rows of `out` updated together, and rows of B added in one pass over them.
const update_rows = if (simd.has_32_registers) 4 else 2;

pub fn dots(product: *const Product) callconv(.c) void {
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
    while (done + lanes <= product.k) : (done += lanes) {
        var x: [rows]V = undefined;
        inline for (0..rows) |i| x[i] = simd.load(a.data + i * a.row_stride + done);
        inline for (0..columns) |j| {
            const y = simd.load(b.data + j * b.column_stride + done);
            inline for (0..rows) |i| sums[i][j] = simd.mulAdd(x[i], y, sums[i][j]);
        }
    }
    if (done < product.k) {
        const rest = product.k - done;
        var x: [rows]V = undefined;
        inline for (0..rows) |i| x[i] = simd.loadPart(a.data + i * a.row_stride + done, rest, 0);
        inline for (0..columns) |j| {
            const y = simd.loadPart(b.data + j * b.column_stride + done, rest, 0);
            inline for (0..rows) |i| sums[i][j] = simd.mulAdd(x[i], y, sums[i][j]);
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

/// Columns updated together: 8 rows of them stay in half of a 32 KB L1 cache.
const update_columns = 512;

pub fn rowUpdates(product: *const Product) callconv(.c) void {
    var column: usize = 0;
    while (column < product.n) : (column += update_columns) {
        var block = product.*;
        block.n = @min(product.n - column, update_columns);
        block.b = product.b.at(0, column);
        block.out = product.out + column;
        if (product.m == 1) updateBlock(8, block) else updateBlock(4, block);
    }
}

/// Adds `depth` rows of B at a time: they stay in the cache for all rows of `out`.
fn updateBlock(comptime depth: usize, product: Product) void {
    var step = product;
    var done: usize = 0;
    while (done + depth <= product.k) : (done += depth) {
        step.a = product.a.at(0, done);
        step.b = product.b.at(done, 0);
        updateRows(depth, step);
        step.accumulate = true;
    }
    while (done < product.k) : (done += 1) {
        step.a = product.a.at(0, done);
        step.b = product.b.at(done, 0);
        updateRows(1, step);
        step.accumulate = true;
    }
}

fn updateRows(comptime depth: usize, product: Product) void {
    var row: usize = 0;
    while (row < product.m) : (row += update_rows) {
        var part = product;
        part.a = product.a.at(row, 0);
        part.out = product.out + row * product.out_row_stride;
        switch (@min(product.m - row, update_rows)) {
            inline 1...update_rows => |rows| addRows(rows, depth, &part),
            else => unreachable,
        }
    }
}

/// Adds `depth` rows of B, each times an element of A, to `rows` rows of `out`.
noinline fn addRows(comptime rows: usize, comptime depth: usize, product: *const Product) void {
    var x: [rows][depth]V = undefined;
    inline for (0..rows) |i| {
        inline for (0..depth) |p| x[i][p] = @splat(product.a.at(i, p).data[0]);
    }
    const b = product.b;
    const accumulate = product.accumulate;
    var column: usize = 0;
    while (column + lanes <= product.n) : (column += lanes) {
        var sums: [rows]V = @splat(@splat(0));
        inline for (0..rows) |i| {
            if (accumulate) sums[i] = simd.load(product.out + i * product.out_row_stride + column);
        }
        inline for (0..depth) |p| {
            const y = simd.load(b.data + p * b.row_stride + column);
            inline for (0..rows) |i| sums[i] = simd.mulAdd(x[i][p], y, sums[i]);
        }
        inline for (0..rows) |i| {
            simd.store(product.out + i * product.out_row_stride + column, sums[i]);
        }
    }
    while (column < product.n) : (column += 1) {
        inline for (0..rows) |i| {
            const out = &product.out[i * product.out_row_stride + column];
            var sum: f32 = if (accumulate) out.* else 0;
            inline for (0..depth) |p| {
                sum = simd.mulAdd(x[i][p][0], b.data[p * b.row_stride + column], sum);
            }
            out.* = sum;
        }
    }
}
