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

    /// Elements that share one block; 1 for plain types.
    pub fn blockElements(dtype: DType) u32 {
        return switch (dtype) {
            .q8_0, .q4_0 => 32,
            else => 1,
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
        };
    }
};

/// Columns that share one scale in both quantized types.
pub const block_columns = 32;
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

comptime {
    const assert = @import("std").debug.assert;
    assert(@sizeOf(BlockQ8_0) == 34);
    assert(@sizeOf(BlockQ4_0) == 18);
    assert(@sizeOf(Rows16Q8_0) == 544);
    assert(@sizeOf(Rows16Q4_0) == 288);
}

/// How a matrix's bytes are arranged. The codes are part of the ABI and of `.qorus` files.
pub const Layout = enum(u2) {
    /// Row-major.
    rows = 0,
    /// Quantized blocks of 16 neighbouring rows interleaved.
    rows16 = 1,
};
