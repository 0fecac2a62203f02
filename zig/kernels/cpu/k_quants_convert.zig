//! K-quants to f32, and between GGML's arrangement and layout `rows16`.
//!
//! Every scale times its number is exact in f32, so that nothing depends on the order of factors,
//! nor on whether multiplication and subtraction are fused: all results are GGML's, bit by bit.

const dtypes = @import("../../core/dtype.zig");
const quantized = @import("quantized_convert.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const group_rows = dtypes.group_rows;
const super_columns = dtypes.super_columns;

pub fn Block(comptime dtype: DType) type {
    return switch (dtype) {
        .q4_k => dtypes.BlockQ4K,
        .q5_k => dtypes.BlockQ5K,
        .q6_k => dtypes.BlockQ6K,
        else => comptime unreachable,
    };
}

pub fn dequantize(comptime dtype: DType, out: [*]f32, x: [*]const u8, count: usize) void {
    const blocks: [*]const Block(dtype) = @ptrCast(@alignCast(x));
    for (0..count / super_columns) |index| {
        const target = out[index * super_columns ..][0..super_columns];
        if (dtype == .q6_k) {
            dequantizeQ6(target, &blocks[index]);
        } else {
            dequantizeWithMins(dtype, target, &blocks[index]);
        }
    }
}

/// Columns of a sub-block with a scale and a minimum, and of one with a scale alone.
const wide = 32;
const narrow = 16;

fn dequantizeWithMins(
    comptime dtype: DType,
    out: *[super_columns]f32,
    block: *const Block(dtype),
) void {
    const Bytes = @Vector(wide, u8);
    const Floats = @Vector(wide, f32);
    const d: [2]f32 = widenHalf(2, .{ @bitCast(block.d), @bitCast(block.dmin) });
    inline for (0..super_columns / wide) |b| {
        const both: Bytes = block.q[b / 2 * wide ..][0..wide].*;
        var numbers = if (b % 2 == 0) both & @as(Bytes, @splat(15)) else both >> @splat(4);
        if (dtype == .q5_k) {
            const high: Bytes = block.high;
            numbers |= (high >> @splat(b) & @as(Bytes, @splat(1))) << @splat(4);
        }
        const pair = scaleAndMin(&block.scales, b);
        const scale: Floats = @splat(d[0] * pair[0]);
        const min: Floats = @splat(d[1] * pair[1]);
        out[b * wide ..][0..wide].* = scale * @as(Floats, @floatFromInt(numbers)) - min;
    }
}

/// A sub-block's scale and minimum, of 6 bits each: those of the first four sub-blocks lie in whole
/// bytes, the upper bits of the others' above them.
inline fn scaleAndMin(bytes: *const [dtypes.packed_scale_bytes]u8, comptime b: usize) [2]f32 {
    const scale, const min = if (b < 4) .{ bytes[b] & 63, bytes[b + 4] & 63 } else .{
        (bytes[b + 4] & 15) | (bytes[b - 4] >> 6 << 4),
        (bytes[b + 4] >> 4) | (bytes[b] >> 6 << 4),
    };
    return .{ @floatFromInt(scale), @floatFromInt(min) };
}

fn dequantizeQ6(out: *[super_columns]f32, block: *const dtypes.BlockQ6K) void {
    const Bytes = @Vector(narrow, u8);
    const Floats = @Vector(narrow, f32);
    const d = widenHalf(1, @splat(@bitCast(block.d)))[0];
    inline for (0..super_columns / narrow) |b| {
        const half = b / 8;
        const field = b / 2 % 4;
        const first = b % 2 * narrow;
        const both: Bytes = block.q[half * 64 + field % 2 * 32 + first ..][0..narrow].*;
        const high: Bytes = block.high[half * 32 + first ..][0..narrow].*;
        const low = if (field < 2) both & @as(Bytes, @splat(15)) else both >> @splat(4);
        const upper = high >> @splat(2 * field) & @as(Bytes, @splat(3));
        const numbers: @Vector(narrow, i8) = @bitCast(low | (upper << @splat(4)));
        const centered = numbers - @as(@Vector(narrow, i8), @splat(32));
        const scale: Floats = @splat(d * @as(f32, @floatFromInt(block.scales[b])));
        out[b * narrow ..][0..narrow].* = scale * @as(Floats, @floatFromInt(centered));
    }
}

/// Words of 32 bits of a block; Q6_K's `d` is half a word more.
fn wordCount(comptime dtype: DType) usize {
    return @sizeOf(Block(dtype)) / 4;
}

fn wordBytes(comptime dtype: DType) usize {
    return wordCount(dtype) * 4;
}

/// Bytes of a group before its words: Q6_K's `d`.
fn headBytes(comptime dtype: DType) usize {
    return @sizeOf(Block(dtype)) % 4 * group_rows;
}

/// Where Q6_K's `d` is in a block.
const last = @offsetOf(dtypes.BlockQ6K, "d");

/// Which word of a block each word of a group is. (Of Q5_K's `high` this holds after
/// `exchangeHigh`.)
fn wordOrder(comptime dtype: DType) [wordCount(dtype)]usize {
    @setEvalBranchQuota(10_000);
    var order: [wordCount(dtype)]usize = undefined;
    for (&order, 0..) |*from, i| from.* = i;
    switch (dtype) {
        .q5_k => for (0..4) |part| {
            for (0..2) |k| order[4 + part * 10 + k] = 4 + 2 * part + k;
            for (0..8) |quad| order[4 + part * 10 + 2 + quad] = 12 + 8 * part + quad;
        },
        .q6_k => {
            for (0..4) |i| order[i] = 48 + i;
            for (0..4) |part| for (0..4) |quad| {
                const low = 16 * (part / 2) + 4 * (part % 2) + quad;
                const first = 4 + (part * 4 + quad) * 3;
                order[first..][0..3].* = .{ 32 + part * 4 + quad, low, low + 8 };
            };
        },
        else => {},
    }
    return order;
}

/// Exchanges sub-blocks and columns in Q5_K's fifth bits: pair of bits t of word 2j + k becomes
/// what pair j of word 4k + t was. `forward` is from a block to a group.
inline fn exchangeHigh(words: [8]u32, comptime forward: bool) [8]u32 {
    var result: [8]u32 = @splat(0);
    inline for (0..4) |j| inline for (0..2) |k| inline for (0..4) |t| {
        const group_word = 2 * j + k;
        const block_word = 4 * k + t;
        if (forward) {
            result[group_word] |= (words[block_word] >> (2 * j) & 0x0303_0303) << (2 * t);
        } else {
            result[block_word] |= (words[group_word] >> (2 * t) & 0x0303_0303) << (2 * j);
        }
    };
    return result;
}

/// A row's words in the order of a group.
inline fn toWords(comptime dtype: DType, block: [*]const u8) [wordCount(dtype)]u32 {
    var words: [wordCount(dtype)]u32 = @bitCast(block[0..comptime wordBytes(dtype)].*);
    if (dtype == .q5_k) words[4..12].* = exchangeHigh(words[4..12].*, true);
    var ordered: @TypeOf(words) = undefined;
    inline for (&ordered, comptime wordOrder(dtype)) |*word, from| word.* = words[from];
    return ordered;
}

/// The reverse of `toWords`.
inline fn fromWords(comptime dtype: DType, ordered: [wordCount(dtype)]u32, block: [*]u8) void {
    var words: [wordCount(dtype)]u32 = undefined;
    inline for (ordered, comptime wordOrder(dtype)) |word, from| words[from] = word;
    if (dtype == .q5_k) words[4..12].* = exchangeHigh(words[4..12].*, false);
    block[0..comptime wordBytes(dtype)].* = @bitCast(words);
}

/// A group's words of all its rows.
inline fn wordsOf(comptime dtype: DType, group: anytype) @TypeOf(group) {
    return group + comptime headBytes(dtype);
}

pub fn repack(
    comptime dtype: DType,
    out: [*]u8,
    x: [*]const u8,
    row_count: usize,
    columns: usize,
) void {
    const size = @sizeOf(Block(dtype));
    const row_bytes = columns / super_columns * size;
    for (0..columns / super_columns) |index| {
        const group = out + index * size * group_rows;
        const target = wordsOf(dtype, group);
        var row: usize = 0;
        while (row < group_rows) : (row += 4) {
            var rows: [4][wordCount(dtype)]u32 = undefined;
            for (&rows, row..) |*words, i| {
                words.* = @splat(0);
                if (dtype == .q6_k) group[2 * i ..][0..2].* = @splat(0);
                if (i >= row_count) continue;
                const block = x + i * row_bytes + index * size;
                words.* = toWords(dtype, block);
                if (dtype == .q6_k) group[2 * i ..][0..2].* = block[last..][0..2].*;
            }
            var word: usize = 0;
            while (word < wordCount(dtype)) : (word += 4) {
                var square: [4]quantized.Words = undefined;
                inline for (&square, rows) |*line, words| line.* = words[word..][0..4].*;
                inline for (quantized.transpose(square), 0..) |line, i| {
                    target[((word + i) * group_rows + row) * 4 ..][0..16].* = @bitCast(line);
                }
            }
        }
    }
}

/// One row's block of a group, as GGML arranges it.
inline fn takeBlock(comptime dtype: DType, block: [*]u8, group: [*]const u8, row: usize) void {
    const source = wordsOf(dtype, group);
    var words: [wordCount(dtype)]u32 = undefined;
    for (&words, 0..) |*word, i| {
        word.* = @bitCast(source[(i * group_rows + row) * 4 ..][0..4].*);
    }
    fromWords(dtype, words, block);
    if (dtype == .q6_k) block[last..][0..2].* = group[2 * row ..][0..2].*;
}

pub fn unpack(
    comptime dtype: DType,
    out: [*]u8,
    x: [*]const u8,
    row_count: usize,
    columns: usize,
) void {
    const size = @sizeOf(Block(dtype));
    const block_count = columns / super_columns;
    for (0..block_count) |index| {
        const group = x + index * size * group_rows;
        for (0..row_count) |row| {
            takeBlock(dtype, out + (row * block_count + index) * size, group, row);
        }
    }
}

pub fn dequantizeGroupRow(
    comptime dtype: DType,
    out: [*]f32,
    group: [*]const u8,
    row: usize,
    columns: usize,
) void {
    const size = @sizeOf(Block(dtype));
    for (0..columns / super_columns) |index| {
        var block: Block(dtype) = undefined;
        takeBlock(dtype, @ptrCast(&block), group + index * size * group_rows, row);
        dequantize(dtype, out + index * super_columns, @ptrCast(&block), super_columns);
    }
}
