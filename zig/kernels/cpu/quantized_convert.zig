//! f32 to Q8_0 and Q4_0 and back, and both between GGML's arrangement and layout `rows16`.
//! k_quants_convert.zig does it for K-quants.

const std = @import("std");
const dtypes = @import("../../core/dtype.zig");
const k_quants = @import("k_quants_convert.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const BlockQ8_0 = dtypes.BlockQ8_0;
const BlockQ4_0 = dtypes.BlockQ4_0;
const block_columns = dtypes.block_columns;
const group_rows = dtypes.group_rows;
const F = @Vector(block_columns, f32);
const I = @Vector(block_columns, i32);
const HalfBlock = @Vector(block_columns / 2, u8);

pub fn quantize(out: [*]u8, x: [*]const f32, dtype: DType, count: usize) callconv(.c) void {
    switch (dtype) {
        .q8_0 => {
            const blocks: [*]BlockQ8_0 = @ptrCast(@alignCast(out));
            for (0..count / block_columns) |i| blocks[i] = quantizeQ8(x + i * block_columns);
        },
        .q4_0 => {
            const blocks: [*]BlockQ4_0 = @ptrCast(@alignCast(out));
            for (0..count / block_columns) |i| blocks[i] = quantizeQ4(x + i * block_columns);
        },
        else => unreachable,
    }
}

inline fn loadBlock(x: [*]const f32) F {
    return @as(*align(4) const F, @ptrCast(x)).*;
}

/// `1 / scale`, or 0 where that is no number to multiply with.
inline fn inverse(scale: f32) f32 {
    return if (scale == 0) 0 else 1 / scale;
}

/// Numbers outside of i8, which only x that is not finite (or that overflows when it is scaled)
/// gives, become its ends; NaN becomes its lower end.
inline fn toInteger(x: F) I {
    const low: F = @splat(-128);
    const clamped = @select(f32, x > low, @min(x, @as(F, @splat(127))), low);
    return @intFromFloat(clamped);
}

fn quantizeQ8(x: [*]const f32) BlockQ8_0 {
    const values = loadBlock(x);
    const scale = @reduce(.Max, @abs(values)) / 127;
    // Halves away from zero, as C's roundf: the constant is the largest below one half, so that
    // nothing below a half is lifted over it.
    const scaled = values * @as(F, @splat(inverse(scale)));
    const half: F = @splat(0.49999997);
    const shift = @select(f32, scaled < @as(F, @splat(0)), -half, half);
    const numbers: @Vector(block_columns, i8) = @truncate(toInteger(scaled + shift));
    return .{ .d = @floatCast(scale), .q = numbers };
}

fn quantizeQ4(x: [*]const f32) BlockQ4_0 {
    const values = loadBlock(x);
    const magnitudes = @abs(values);
    const largest = @reduce(.Max, magnitudes);
    // The first of equally large numbers decides the sign; zeros of either sign count as +0.
    const lane = std.simd.firstTrue(magnitudes == @as(F, @splat(largest))) orelse 0;
    const scale = if (largest > 0) x[lane] / -8 else -0.0;
    const scaled = values * @as(F, @splat(inverse(scale))) + @as(F, @splat(8.5));
    const numbers = @max(@min(toInteger(scaled), @as(I, @splat(15))), @as(I, @splat(0)));
    const nibbles: [block_columns]u8 = @as(@Vector(block_columns, u8), @intCast(numbers));
    const low: HalfBlock = nibbles[0 .. block_columns / 2].*;
    const high: HalfBlock = nibbles[block_columns / 2 ..].*;
    return .{ .d = @floatCast(scale), .q = low | high << @splat(4) };
}

pub fn dequantize(out: [*]f32, x: [*]const u8, dtype: DType, count: usize) callconv(.c) void {
    switch (dtype) {
        .q8_0 => {
            const blocks: [*]const BlockQ8_0 = @ptrCast(@alignCast(x));
            for (0..count / block_columns) |i| {
                const numbers: @Vector(block_columns, i8) = blocks[i].q;
                storeBlock(out + i * block_columns, blocks[i].d, numbers);
            }
        },
        .q4_0 => {
            const blocks: [*]const BlockQ4_0 = @ptrCast(@alignCast(x));
            for (0..count / block_columns) |i| {
                storeBlock(out + i * block_columns, blocks[i].d, nibbleNumbers(blocks[i].q));
            }
        },
        inline .q4_k, .q5_k, .q6_k => |known| k_quants.dequantize(known, out, x, count),
        else => unreachable,
    }
}

inline fn nibbleNumbers(q: HalfBlock) I {
    const low = q & @as(HalfBlock, @splat(15));
    const nibbles: I = std.simd.join(low, q >> @splat(4));
    return nibbles - @as(I, @splat(8));
}

inline fn storeBlock(out: [*]f32, scale: f16, numbers: I) void {
    const wide = widenHalf(1, @splat(@bitCast(scale)))[0];
    const values = @as(F, @floatFromInt(numbers)) * @as(F, @splat(wide));
    @as(*align(4) F, @ptrCast(out)).* = values;
}

/// Four neighbouring bytes of each of four rows, or four such words of one row.
pub const Words = @Vector(4, u32);

/// Columns 4g to 4g + 3 (low) and 16 + 4g to 16 + 4g + 3 (high nibbles) are bytes 4g to 4g + 3 in
/// GGML's Q4_0 too, so interleaving moves words of four bytes; in Q8_0 it also turns their signs.
fn Format(comptime dtype: DType) type {
    return switch (dtype) {
        .q8_0 => struct {
            const Block = BlockQ8_0;
            const Group = dtypes.Rows16Q8_0;
            const turned: Words = @splat(0x8080_8080);
            /// The number zero, four times.
            const zero: u32 = 0x8080_8080;
        },
        .q4_0 => struct {
            const Block = BlockQ4_0;
            const Group = dtypes.Rows16Q4_0;
            const turned: Words = @splat(0);
            const zero: u32 = 0x8888_8888;
        },
        else => comptime unreachable,
    };
}

/// `out[j][i] = in[i][j]`.
pub inline fn transpose(in: [4]Words) [4]Words {
    const low_mask = [4]i32{ 0, ~@as(i32, 0), 1, ~@as(i32, 1) };
    const high_mask = [4]i32{ 2, ~@as(i32, 2), 3, ~@as(i32, 3) };
    const low_02 = @shuffle(u32, in[0], in[2], low_mask);
    const low_13 = @shuffle(u32, in[1], in[3], low_mask);
    const high_02 = @shuffle(u32, in[0], in[2], high_mask);
    const high_13 = @shuffle(u32, in[1], in[3], high_mask);
    return .{
        @shuffle(u32, low_02, low_13, low_mask),
        @shuffle(u32, low_02, low_13, high_mask),
        @shuffle(u32, high_02, high_13, low_mask),
        @shuffle(u32, high_02, high_13, high_mask),
    };
}

pub fn repack(
    out: [*]u8,
    x: [*]const u8,
    dtype: DType,
    row_count: usize,
    columns: usize,
) callconv(.c) void {
    switch (dtype) {
        inline .q8_0, .q4_0 => |known| repackAs(Format(known), out, x, row_count, columns),
        inline .q4_k, .q5_k, .q6_k => |known| k_quants.repack(known, out, x, row_count, columns),
        else => unreachable,
    }
}

fn repackAs(
    comptime format: type,
    out: [*]u8,
    x: [*]const u8,
    row_count: usize,
    columns: usize,
) void {
    const block_count = columns / block_columns;
    const groups: [*]format.Group = @ptrCast(@alignCast(out));
    const rows: [*]const format.Block = @ptrCast(@alignCast(x));
    for (0..block_count) |index| {
        const group = &groups[index];
        var row: usize = 0;
        while (row + 4 <= row_count) : (row += 4) {
            inline for (0..4) |i| group.d[row + i] = rows[(row + i) * block_count + index].d;
            inline for (0..group.q.len / 4) |part| {
                var square: [4]Words = undefined;
                inline for (&square, 0..) |*line, i| {
                    const block = &rows[(row + i) * block_count + index];
                    line.* = @bitCast(block.q[part * 16 ..][0..16].*);
                }
                const columns_first = transpose(square);
                inline for (columns_first, part * 4..) |line, g| {
                    group.q[g][row..][0..4].* = @bitCast(line ^ format.turned);
                }
            }
        }
        while (row < row_count) : (row += 1) {
            const block = &rows[row * block_count + index];
            group.d[row] = block.d;
            for (&group.q, 0..) |*words, g| {
                const word: u32 = @bitCast(block.q[g * 4 ..][0..4].*);
                words[row] = @bitCast(word ^ format.turned[0]);
            }
        }
        while (row < group_rows) : (row += 1) {
            group.d[row] = 0;
            for (&group.q) |*words| words[row] = @bitCast(format.zero);
        }
    }
}

pub fn unpack(
    out: [*]u8,
    x: [*]const u8,
    dtype: DType,
    row_count: usize,
    columns: usize,
) callconv(.c) void {
    switch (dtype) {
        inline .q8_0, .q4_0 => |known| unpackAs(Format(known), out, x, row_count, columns),
        inline .q4_k, .q5_k, .q6_k => |known| k_quants.unpack(known, out, x, row_count, columns),
        else => unreachable,
    }
}

fn unpackAs(
    comptime format: type,
    out: [*]u8,
    x: [*]const u8,
    row_count: usize,
    columns: usize,
) void {
    const block_count = columns / block_columns;
    const groups: [*]const format.Group = @ptrCast(@alignCast(x));
    const rows: [*]format.Block = @ptrCast(@alignCast(out));
    for (0..block_count) |index| {
        for (0..row_count) |row| {
            rows[row * block_count + index] = takeBlock(format, &groups[index], row);
        }
    }
}

/// One row's block of a group, as GGML arranges it.
inline fn takeBlock(comptime format: type, group: *const format.Group, row: usize) format.Block {
    var block: format.Block = undefined;
    block.d = group.d[row];
    inline for (0..group.q.len) |g| {
        const word: u32 = @bitCast(group.q[g][row]);
        block.q[g * 4 ..][0..4].* = @bitCast(word ^ format.turned[0]);
    }
    return block;
}

pub fn dequantizeGroupRow(
    out: [*]f32,
    group: [*]const u8,
    dtype: DType,
    row: usize,
    columns: usize,
) callconv(.c) void {
    switch (dtype) {
        inline .q8_0, .q4_0 => |known| {
            const format = Format(known);
            const groups: [*]const format.Group = @ptrCast(@alignCast(group));
            for (0..columns / block_columns) |index| {
                const block = takeBlock(format, &groups[index], row);
                dequantize(out + index * block_columns, @ptrCast(&block), known, block_columns);
            }
        },
        inline .q4_k, .q5_k, .q6_k => |known| {
            k_quants.dequantizeGroupRow(known, out, group, row, columns);
        },
        else => unreachable,
    }
}
