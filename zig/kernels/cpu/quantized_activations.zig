//! Activations as the quantized kernels read them: 8 bits with one f32 scale per 32 columns.

const std = @import("std");
const dtypes = @import("../../core/dtype.zig");
const interface = @import("quantized_interface.zig");
const simd = @import("simd.zig");

const DType = dtypes.DType;
const block_columns = dtypes.block_columns;
const F = @Vector(block_columns, f32);
const I = @Vector(block_columns, i32);
const B = @Vector(block_columns, i8);

/// How four neighbouring columns of one token are stored.
pub const Form = enum {
    /// Four i8.
    bytes,
    /// Two pairs of i16, columns 0 and 2, then columns 1 and 3: for processors that multiply pairs
    /// of i16. A vector of weights splits into those pairs with one mask and one shift.
    pairs,

    /// Words of four columns.
    pub fn words(form: Form) usize {
        return if (form == .bytes) 1 else 2;
    }
};

/// The form that this instruction set's `multiply_groups` wants for weights of `dtype`.
pub fn formOf(comptime dtype: DType) Form {
    if (simd.has_vnni or simd.has_dotprod) return .bytes;
    return if (simd.has_avx2 and dtype != .q8_0) .bytes else .pairs;
}

/// What is added to a quantized weight to store it as an unsigned number.
pub fn zeroPoint(comptime dtype: DType) i32 {
    // `sdot` multiplies signed bytes, so those kernels take the 128 off again.
    return switch (dtype) {
        .q8_0 => if (simd.has_dotprod) 0 else 128,
        .q4_0 => 8,
        .q6_k => 32,
        else => comptime unreachable,
    };
}

/// Whether weights of the dtype are numbers times a scale less a minimum, not less a zero point.
fn hasMins(comptime dtype: DType) bool {
    return dtype == .q4_k or dtype == .q5_k;
}

/// Columns of a block that share one offset: those that share a scale in the weights.
fn offsetColumns(comptime dtype: DType) usize {
    return if (dtype == .q6_k) 16 else block_columns;
}

/// 32 columns of `tokens` tokens, for weights of `dtype`.
pub fn Block(comptime dtype: DType, comptime tokens: usize) type {
    const words = comptime formOf(dtype).words();
    const offsets = block_columns / comptime offsetColumns(dtype);
    return extern struct {
        scale: [tokens]f32,
        /// i32, `-zeroPoint * sum(numbers)`: takes back what the weights' zero point adds to a
        /// product. For weights with mins f32, `-scale * sum(numbers)`: what the mins are times.
        offset: [offsets][tokens]if (hasMins(dtype)) f32 else i32,
        /// `numbers[g][..][t]` holds columns 4g to 4g + 3 of token t. The words of one token are
        /// not neighbours: the compiler would read them together and take them apart again.
        numbers: [block_columns / 4][words][tokens]u32,
    };
}

/// One token's quantized block of 32 columns.
const Quantized = struct { scale: f32, numbers: B };

/// `scale = max(|x|) / 127`, numbers rounded to the nearest, halves to even: the same on every
/// instruction set.
inline fn quantizeBlock(x: [*]const f32) Quantized {
    const values: F = @as(*align(4) const F, @ptrCast(x)).*;
    // As integers, so that NaN is the largest of all.
    const magnitudes = @as(I, @bitCast(values)) & @as(I, @splat(0x7fff_ffff));
    const largest: f32 = @bitCast(@reduce(.Max, magnitudes));
    if (!(largest < std.math.inf(f32))) {
        return .{ .scale = std.math.nan(f32), .numbers = @splat(0) };
    }
    // So small that 127 / largest would overflow.
    if (largest < 0x1p-118) return .{ .scale = 0, .numbers = @splat(0) };
    // Adding 1.5 * 2^23 leaves no bits for a fraction; the number is then in the low bits.
    const magic = 0x1.8p23;
    const rounded = values * @as(F, @splat(127 / largest)) + @as(F, @splat(magic));
    const numbers = @as(I, @bitCast(rounded)) - @as(I, @splat(@bitCast(@as(f32, magic))));
    return .{ .scale = largest / 127, .numbers = @truncate(numbers) };
}

inline fn sum(numbers: anytype) i32 {
    return @reduce(.Add, @as(@Vector(@typeInfo(@TypeOf(numbers)).vector.len, i16), numbers));
}

/// A block's columns in the given form, four at a time.
inline fn quads(comptime form: Form, numbers: B) [block_columns / 4][form.words()]u32 {
    if (form == .bytes) return @bitCast(numbers);
    const order = comptime order: {
        var order: [block_columns]i32 = undefined;
        for (&order, 0..) |*from, i| from.* = i / 4 * 4 + ([_]i32{ 0, 2, 1, 3 })[i % 4];
        break :order order;
    };
    const wide: @Vector(block_columns, i16) = @shuffle(i8, numbers, undefined, order);
    return @bitCast(wide);
}

inline fn setOffsets(
    comptime dtype: DType,
    comptime tokens: usize,
    block: *Block(dtype, tokens),
    token: usize,
    quantized: Quantized,
) void {
    if (comptime hasMins(dtype)) {
        const total: f32 = @floatFromInt(sum(quantized.numbers));
        block.offset[0][token] = -quantized.scale * total;
        return;
    }
    const columns = comptime offsetColumns(dtype);
    const parts: [block_columns / columns]@Vector(columns, i8) = @bitCast(quantized.numbers);
    inline for (parts, &block.offset) |part, *offset| {
        offset[token] = -zeroPoint(dtype) * sum(part);
    }
}

fn quantizeTokens(
    comptime dtype: DType,
    comptime tokens: usize,
    out: [*]align(64) u8,
    x: [*]const f32,
    columns: usize,
) void {
    const form = comptime formOf(dtype);
    const blocks: [*]Block(dtype, tokens) = @ptrCast(out);
    for (0..columns / block_columns) |index| {
        const block = &blocks[index];
        for (0..tokens) |token| {
            const quantized = quantizeBlock(x + token * columns + index * block_columns);
            block.scale[token] = quantized.scale;
            setOffsets(dtype, tokens, block, token, quantized);
            const all = quads(form, quantized.numbers);
            for (&block.numbers, all) |*group, words| {
                for (group, words) |*tokens_words, word| tokens_words[token] = word;
            }
        }
    }
}

pub fn quantizeTile(
    out: [*]align(64) u8,
    x: [*]const f32,
    token_count: usize,
    columns: usize,
    dtype: DType,
) callconv(.c) void {
    switch (dtype) {
        inline .q8_0, .q4_0, .q6_k => |known| quantizeTileFor(known, out, x, token_count, columns),
        // Both have mins.
        .q4_k, .q5_k => quantizeTileFor(.q4_k, out, x, token_count, columns),
        else => unreachable,
    }
}

fn quantizeTileFor(
    comptime dtype: DType,
    out: [*]align(64) u8,
    x: [*]const f32,
    token_count: usize,
    columns: usize,
) void {
    switch (token_count) {
        inline 1...interface.tile_tokens => |tokens| quantizeTokens(dtype, tokens, out, x, columns),
        else => unreachable,
    }
}

/// One token for weights in GGML's arrangement.
pub const TokenBlock = extern struct {
    /// As `Block.offset`, in the first lane of a register of sums.
    offset: [8]i32,
    numbers: [block_columns]i8,
    scale: f32,
};

pub fn quantizeToken(
    out: [*]align(64) u8,
    x: [*]const f32,
    columns: usize,
    dtype: DType,
) callconv(.c) void {
    const blocks: [*]TokenBlock = @ptrCast(out);
    const zero_point = tokenZeroPoint(dtype);
    for (0..columns / block_columns) |index| {
        const quantized = quantizeBlock(x + index * block_columns);
        const block = &blocks[index];
        block.offset = @splat(0);
        block.offset[0] = -zero_point * sum(quantized.numbers);
        block.numbers = quantized.numbers;
        block.scale = quantized.scale;
    }
}

/// Like `zeroPoint`, for `multiply_blocks`: only VNNI wants Q8_0 unsigned.
pub fn tokenZeroPoint(dtype: DType) i32 {
    if (dtype == .q4_0) return 8;
    return if (simd.has_vnni) 128 else 0;
}

comptime {
    for ([_]DType{ .q8_0, .q4_0, .q4_k, .q5_k, .q6_k }) |dtype| for (1..9) |tokens| {
        std.debug.assert(@sizeOf(Block(dtype, tokens)) <= tokens * interface.tile_block_bytes);
    };
}
