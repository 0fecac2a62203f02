//! K-quants, one number at a time, after GGML's `dequantize_row_q*_K`.

const dtypes = @import("../../../core/dtype.zig");

const DType = dtypes.DType;

pub fn Block(comptime dtype: DType) type {
    return switch (dtype) {
        .q4_k => dtypes.BlockQ4K,
        .q5_k => dtypes.BlockQ5K,
        .q6_k => dtypes.BlockQ6K,
        else => comptime unreachable,
    };
}

/// The stored number of a column of a block, before scale and minimum.
pub fn number(comptime dtype: DType, block: *align(1) const Block(dtype), column: usize) u8 {
    if (dtype == .q6_k) {
        const half = column / 128;
        const field = column / 32 % 4;
        const byte = block.q[half * 64 + field % 2 * 32 + column % 32];
        const high = block.high[half * 32 + column % 32] >> @intCast(2 * field);
        return (if (field < 2) byte & 15 else byte >> 4) | (high & 3) << 4;
    }
    const byte = block.q[column / 64 * 32 + column % 32];
    const nibble = if (column % 64 < 32) byte & 15 else byte >> 4;
    if (dtype == .q4_k) return nibble;
    return nibble | (block.high[column % 32] >> @intCast(column / 32) & 1) << 4;
}

/// Element `index` of an array of blocks.
pub fn element(comptime dtype: DType, data: [*]const u8, index: usize) f32 {
    const block = &@as([*]align(1) const Block(dtype), @ptrCast(data))[index / 256];
    const column = index % 256;
    const stored: f32 = @floatFromInt(number(dtype, block, column));
    if (dtype == .q6_k) {
        const scale: f32 = @floatFromInt(block.scales[column / 16]);
        return @as(f32, block.d) * scale * (stored - 32);
    }
    const scale, const min = scaleAndMin(&block.scales, column / 32);
    return @as(f32, block.d) * scale * stored - @as(f32, block.dmin) * min;
}

/// GGML's `get_scale_min_k4`.
fn scaleAndMin(bytes: *align(1) const [12]u8, sub_block: usize) [2]f32 {
    if (sub_block < 4) return .{
        @floatFromInt(bytes[sub_block] & 63),
        @floatFromInt(bytes[sub_block + 4] & 63),
    };
    return .{
        @floatFromInt((bytes[sub_block + 4] & 15) | (bytes[sub_block - 4] >> 6) << 4),
        @floatFromInt((bytes[sub_block + 4] >> 4) | (bytes[sub_block] >> 6) << 4),
    };
}
