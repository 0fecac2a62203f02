//! Element types. The codes are part of the ABI and of `.qorus` files; lib/core/dtype.ts has them
//! too.

pub const DType = enum(u8) {
    f32 = 0,
    f16 = 1,
    bf16 = 2,
    q8_0 = 3,
    q4_0 = 4,
    i32 = 5,
    u8 = 6,
    q4_k = 7,
    q5_k = 8,
    q6_k = 9,

    /// Elements that share one block; 1 for plain types.
    pub fn blockElements(dtype: DType) u32 {
        return switch (dtype) {
            .f32, .f16, .bf16, .i32, .u8 => 1,
            .q8_0, .q4_0 => block_columns,
            .q4_k, .q5_k, .q6_k => super_columns,
        };
    }

    /// Bytes of one block.
    pub fn blockBytes(dtype: DType) u32 {
        return switch (dtype) {
            .f32, .i32 => 4,
            .f16, .bf16 => 2,
            .u8 => 1,
            .q8_0 => @sizeOf(BlockQ8_0),
            .q4_0 => @sizeOf(BlockQ4_0),
            .q4_k => @sizeOf(BlockQ4K),
            .q5_k => @sizeOf(BlockQ5K),
            .q6_k => @sizeOf(BlockQ6K),
        };
    }

    /// Bytes that an address of such elements is a multiple of: quantized blocks begin or end with
    /// scales of 16 bits.
    pub fn alignment(dtype: DType) u32 {
        return switch (dtype) {
            .f32, .i32 => 4,
            .f16, .bf16, .q8_0, .q4_0, .q4_k, .q5_k, .q6_k => 2,
            .u8 => 1,
        };
    }

    /// Whether elements share blocks with a scale.
    pub fn isQuantized(dtype: DType) bool {
        return dtype.blockElements() > 1;
    }

    /// Whether weights can have this type: it stands for real numbers.
    pub fn isReal(dtype: DType) bool {
        return dtype != .i32 and dtype != .u8;
    }

    /// Whether it is one of GGML's K-quants, which are read but never made.
    pub fn isKQuant(dtype: DType) bool {
        return dtype.blockElements() == super_columns;
    }
};

/// Columns that share one scale in Q8_0 and Q4_0.
pub const block_columns = 32;
/// Columns of a K-quant's block: sub-blocks of 32 or 16 whose scales share one scale in turn.
pub const super_columns = 256;
/// Rows that are interleaved in the `rows16` layout.
pub const group_rows = 16;

/// GGML's Q8_0: `x = d * q`.
pub const BlockQ8_0 = extern struct {
    d: f16,
    q: [block_columns]i8,
};

/// GGML's Q4_0: `x = d * (nibble - 8)`; byte i holds column i (low) and column i + 16 (high).
pub const BlockQ4_0 = extern struct {
    d: f16,
    q: [block_columns / 2]u8,
};

/// Bytes that hold a K-quant's eight scales and eight mins of 6 bits.
pub const packed_scale_bytes = 12;

/// GGML's Q4_K: sub-blocks of 32 columns, `x = d * scale * nibble - dmin * min`. Byte 32j + i holds
/// column 64j + i (low) and column 64j + 32 + i (high).
pub const BlockQ4K = extern struct {
    d: f16,
    dmin: f16,
    scales: [packed_scale_bytes]u8,
    q: [super_columns / 2]u8,
};

/// GGML's Q5_K: Q4_K with a fifth bit; bit b of `high[i]` belongs to column 32b + i.
pub const BlockQ5K = extern struct {
    d: f16,
    dmin: f16,
    scales: [packed_scale_bytes]u8,
    high: [super_columns / 8]u8,
    q: [super_columns / 2]u8,
};

/// GGML's Q6_K: sub-blocks of 16 columns, `x = d * scale * (number - 32)`. Column 128n + 32f + i
/// has its low four bits in nibble f / 2 of `q[64n + f % 2 * 32 + i]` and bits 2f and 2f + 1 of
/// `high[32n + i]` above them.
pub const BlockQ6K = extern struct {
    q: [super_columns / 2]u8,
    high: [super_columns / 4]u8,
    scales: [super_columns / 16]i8,
    d: f16,
};

/// Q8_0 in layout `rows16`: one block of 32 columns for 16 neighbouring rows.
/// `q[g][r][j]` is row r, column 4g + j, stored as `q ^ 0x80` (that is q + 128, unsigned).
/// A matrix is `[ceil(rows / 16)][columns / 32]` such groups; rows past the end are zeros.
pub const Rows16Q8_0 = extern struct {
    d: [group_rows]f16,
    q: [8][group_rows][4]u8,
};

/// Q4_0 in layout `rows16`: byte `q[g][r][j]` holds row r, column 4g + j (low nibble) and column
/// 16 + 4g + j (high nibble).
pub const Rows16Q4_0 = extern struct {
    d: [group_rows]f16,
    q: [4][group_rows][4]u8,
};

/// One word of 32 bits of each of 16 rows.
const GroupWord = [group_rows][4]u8;

/// Q4_K in layout `rows16`: the 36 words of 32 bits of a block, each for 16 neighbouring rows.
pub const Rows16Q4K = extern struct {
    /// `d` and `dmin`.
    d: [group_rows][2]f16,
    scales: [packed_scale_bytes / 4]GroupWord,
    q: [32]GroupWord,
};

/// Q5_K in layout `rows16`: words as in Q4_K, with the fifth bits of each pair of sub-blocks before
/// its nibbles. Bit 2t + f of `parts[j].high[k][r][i]` is row r, column 64j + 32f + 16k + 4t + i.
pub const Rows16Q5K = extern struct {
    d: [group_rows][2]f16,
    scales: [packed_scale_bytes / 4]GroupWord,
    parts: [4]extern struct { high: [2]GroupWord, q: [8]GroupWord },
};

/// Q6_K in layout `rows16`: `d`, then words in the order that products take them in.
/// `parts[2n + s].quads[t]` holds the columns 128n + 32f + 16s + 4t and the three behind, for f
/// from 0 to 3: bits 2f and 2f + 1 of `high`, nibble f / 2 of `q[f % 2]`.
pub const Rows16Q6K = extern struct {
    d: [group_rows]f16,
    scales: [4]GroupWord,
    parts: [4]extern struct { quads: [4]extern struct { high: GroupWord, q: [2]GroupWord } },
};

comptime {
    const assert = @import("std").debug.assert;
    assert(@sizeOf(BlockQ8_0) == 34);
    assert(@sizeOf(BlockQ4_0) == 18);
    assert(@sizeOf(Rows16Q8_0) == 544);
    assert(@sizeOf(Rows16Q4_0) == 288);
    assert(@sizeOf(BlockQ4K) == 144 and @sizeOf(Rows16Q4K) == 16 * 144);
    assert(@sizeOf(BlockQ5K) == 176 and @sizeOf(Rows16Q5K) == 16 * 176);
    assert(@sizeOf(BlockQ6K) == 210 and @sizeOf(Rows16Q6K) == 16 * 210);
}

/// How a matrix's bytes are arranged. The codes are part of the ABI and of `.qorus` files.
pub const Layout = enum(u2) {
    /// Row-major.
    rows = 0,
    /// Quantized blocks of 16 neighbouring rows interleaved.
    rows16 = 1,
};
