//! Products of f32 rows with F32, F16, BF16 and quantized weights; quantization.
//!
//! A matrix of weights is `[rows][columns]` and every product is with its transpose:
//! `out[token][row] = sum(x[token][column] * weight[row][column]) + bias[row]`.

const DType = @import("../../core/dtype.zig").DType;

/// Tokens whose quantized activations are interleaved in one tile.
pub const tile_tokens = 8;

/// Bytes that one token has per 32 columns in a tile: scale, two offsets, 32 numbers of 16 bits, and
/// what keeps the tiles behind aligned to 64 bytes.
pub const tile_block_bytes = 4 + 8 + 64 + 4;

comptime {
    @import("std").debug.assert(tileBytes(32) % 64 == 0);
}

/// Bytes between the tiles of quantized activations.
pub fn tileBytes(columns: usize) usize {
    return tile_tokens * tile_block_bytes * (columns / 32);
}

/// Bytes between tokens that were rounded to bf16 for `multiply_few` of bf16_interface.zig.
pub fn bf16TokenBytes(columns: usize) usize {
    return (2 * columns + 63) / 64 * 64;
}

/// Bytes of one panel of `dense_panel_columns` columns, the workspace of `multiply_many`.
pub fn panelBytes(rows: usize) usize {
    return rows * dense_panel_columns * @sizeOf(f32);
}

/// Columns that `multiply_many` converts and multiplies at a time.
pub const dense_panel_columns = 512;

/// One product: some neighbouring rows of a weight with all tokens.
pub const Job = extern struct {
    /// `[token_count][row_count]`, tokens `out_stride` elements apart.
    out: [*]f32,
    out_stride: usize,
    /// What the kernel's comment says.
    x: [*]const u8,
    token_count: usize,
    /// The first of the rows, or the first group of 16 rows in layout `rows16`.
    weight: [*]const u8,
    row_count: usize,
    columns: usize,
    /// One number for each of the rows, or null.
    bias: ?[*]const f32,
    dtype: DType,
    /// `panelBytes(row_count rounded up to dense_panel_rows)`; only for `multiply_many`.
    workspace: ?[*]align(64) f32 = null,
};

pub const Table = extern struct {
    /// f32 to a row in Q8_0 or Q4_0, bit for bit as GGML's `quantize_row_*_ref`; `count % 32 == 0`.
    /// Numbers that are not finite have no defined quantization, but never crash.
    quantize: *const fn (out: [*]u8, x: [*]const f32, dtype: DType, count: usize) callconv(.c) void,
    /// The reverse of `quantize`, for K-quants too: GGML's `dequantize_row_*` bit for bit.
    dequantize: *const fn (
        out: [*]f32,
        x: [*]const u8,
        dtype: DType,
        count: usize,
    ) callconv(.c) void,
    /// Interleaves up to 16 quantized rows into one group of layout `rows16`; missing rows
    /// become zeros.
    repack: *const fn (
        out: [*]u8,
        x: [*]const u8,
        dtype: DType,
        row_count: usize,
        columns: usize,
    ) callconv(.c) void,
    /// The reverse of `repack` for the first `row_count` rows of a group.
    unpack: *const fn (
        out: [*]u8,
        x: [*]const u8,
        dtype: DType,
        row_count: usize,
        columns: usize,
    ) callconv(.c) void,
    /// One row of a group of layout `rows16` to f32.
    dequantize_group_row: *const fn (
        out: [*]f32,
        group: [*]const u8,
        dtype: DType,
        row: usize,
        columns: usize,
    ) callconv(.c) void,

    /// Quantizes `token_count` (at most `tile_tokens`) rows of x to 8 bits with one scale per 32
    /// columns, arranged as `multiply_groups` wants them for weights of `dtype`. A block with a
    /// number that is not finite makes its token's products NaN.
    quantize_tile: *const fn (
        out: [*]align(64) u8,
        x: [*]const f32,
        token_count: usize,
        columns: usize,
        dtype: DType,
    ) callconv(.c) void,
    /// Weights in layout `rows16`; x holds tiles of 8 tokens (the last may have fewer),
    /// `tileBytes(columns)` apart, 64-byte aligned.
    multiply_groups: *const fn (job: *const Job) callconv(.c) void,
    /// Like `quantize_tile` for one token and `multiply_blocks`.
    quantize_token: *const fn (
        out: [*]align(64) u8,
        x: [*]const f32,
        columns: usize,
        dtype: DType,
    ) callconv(.c) void,
    /// Weights in Q8_0 or Q4_0 as GGML arranges them; x as for `multiply_groups`, but with one
    /// token to a tile.
    multiply_blocks: *const fn (job: *const Job) callconv(.c) void,

    /// F32, F16 or BF16 weights with few tokens; x is `[token_count][columns]` f32.
    multiply_few: *const fn (job: *const Job) callconv(.c) void,
    /// Interleaves up to `dense_tile_tokens` rows of x to `[columns][token_count]`.
    interleave_tile: *const fn (
        out: [*]f32,
        x: [*]const f32,
        token_count: usize,
        columns: usize,
    ) callconv(.c) void,
    /// F16 or BF16 weights with many tokens; x holds tiles of `dense_tile_tokens` (the last
    /// may have fewer) end to end.
    multiply_many: *const fn (job: *const Job) callconv(.c) void,
    /// Tokens in one tile of `multiply_many`.
    dense_tile_tokens: usize,
    /// Rows in one panel of `multiply_many`.
    dense_panel_rows: usize,
};
