//! f32 matrix products over strided operands.

/// A matrix somewhere in memory: element (i, j) is `data[i * row_stride + j * column_stride]`.
/// Strides are in elements, so a transpose is a swap of the two.
pub const Matrix = extern struct {
    data: [*]const f32,
    row_stride: usize,
    column_stride: usize,

    /// The part that starts at (row, column).
    pub fn at(matrix: Matrix, row: usize, column: usize) Matrix {
        return .{
            .data = matrix.data + row * matrix.row_stride + column * matrix.column_stride,
            .row_stride = matrix.row_stride,
            .column_stride = matrix.column_stride,
        };
    }

    pub fn transposed(matrix: Matrix) Matrix {
        return .{
            .data = matrix.data,
            .row_stride = matrix.column_stride,
            .column_stride = matrix.row_stride,
        };
    }
};

/// Memory that is read after a product: it is asked for meanwhile, a little with every tile.
pub const Ahead = extern struct {
    data: [*]const f32,
    /// From one row to the next, in floats.
    stride: usize,
    rows: usize,
    /// Floats of a row.
    columns: usize,
};

/// `out [m][n] = a [m][k] x b [k][n]`, or `+=`. `out` overlaps neither operand; its columns are
/// neighbours and its rows `out_row_stride` elements apart. m, n and k are at least 1.
pub const Product = extern struct {
    m: usize,
    n: usize,
    k: usize,
    a: Matrix,
    b: Matrix,
    out: [*]f32,
    out_row_stride: usize,
    accumulate: bool,
    /// [n], is added to every row; null: nothing. For the packed products only.
    bias: ?[*]const f32 = null,
    /// For the packed products only.
    ahead: ?*const Ahead = null,
};

/// Most steps of k that one packed block holds: 8 rows of A then fill half of a 32 KB L1 cache.
pub const max_depth = 512;

/// Most rows of A or columns of B that `dots` is meant for, and rows of A for `row_updates`.
pub const max_thin = 8;

/// How many of `remaining` rows (or vectors of columns) the next tile takes. The last two tiles
/// share what is left evenly: 9 rows as 5 + 4 keep more sums in flight than 8 + 1.
pub fn partSize(remaining: usize, largest: usize) usize {
    if (remaining <= largest) return remaining;
    return if (remaining >= 2 * largest) largest else (remaining + 1) / 2;
}

/// Floats that `pack_rows` may touch for `rows` x `depth` steps of k: it writes 8 at a time, so a
/// little past the end. A multiple of 16.
pub fn packedRowsFloats(rows: usize, depth: usize) usize {
    return (rows * depth + 8 + 15) / 16 * 16;
}

/// Floats that `pack_columns` writes for `depth` steps of k: columns are filled up with zeros to a
/// multiple of 16.
pub fn packedColumnsFloats(columns: usize, depth: usize) usize {
    return (columns + 15) / 16 * 16 * depth;
}

const PackRows = fn (out: [*]f32, a: *const Matrix, rows: usize, depth: usize) callconv(.c) void;
const PackColumns =
    fn (out: [*]f32, b: *const Matrix, depth: usize, columns: usize) callconv(.c) void;
const Multiply = fn (product: *const Product) callconv(.c) void;

pub const Table = extern struct {
    /// Elements of k in one step of packed operands, which has the size of a float: 1, or 2 where
    /// they are pairs of bf16.
    depth_step: usize,
    /// Rows and columns of the register tile. Blocks that are multiples of them run fastest.
    tile_rows: usize,
    tile_columns: usize,
    /// Packs `a` [rows][depth] into panels of `tile_rows` rows or fewer, each `[depth][rows]`.
    pack_rows: *const PackRows,
    /// Packs `b` [depth][columns] into strips of `tile_columns` columns or fewer, each
    /// `[depth][columns]`, the last one filled up with zeros to whole registers.
    pack_columns: *const PackColumns,
    /// The product of a packed `a.data` and a packed `b.data`; k is at most `maxDepth`.
    packed_product: *const Multiply,
    /// The product of `a` as it lies and a packed `b.data`; k is at most `maxDepth`.
    half_packed_product: *const Multiply,
    /// The product without packing, for matrices that fit the caches. `b.column_stride` is 1.
    /// Null where operands have to be packed.
    direct_product: ?*const Multiply,
    /// Every element of `out` as a dot product, for few rows or few columns.
    /// `a.column_stride` and `b.row_stride` are 1.
    dots: *const Multiply,
    /// Adds multiples of the rows of `b` to few rows of `out`. `b.column_stride` is 1.
    /// Null where operands have to be packed.
    row_updates: ?*const Multiply,

    /// Steps of packed operands with `depth` elements of k.
    pub fn steps(table: *const Table, depth: usize) usize {
        return (depth + table.depth_step - 1) / table.depth_step;
    }

    /// Most elements of k that one packed block holds.
    pub fn maxDepth(table: *const Table) usize {
        return max_depth * table.depth_step;
    }
};
