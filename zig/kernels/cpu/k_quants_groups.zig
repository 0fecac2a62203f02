//! Products with K-quants in layout `rows16`: what one block of 256 columns adds to a tile.
//!
//! A block's sub-blocks are taken one after the other: the exact integer sum of their columns times
//! the sub-block's scale. Their numbers are unpacked when they are multiplied, once for all tokens
//! of the tile, their scales before, once for the block.

const dtypes = @import("../../core/dtype.zig");
const activations = @import("quantized_activations.zig");
const dots = @import("quantized_dot.zig");
const groups = @import("quantized_groups.zig");
const simd = @import("simd.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const Bytes = dots.Bytes;
const Tile = groups.Tile;
const lanes = simd.lanes;
const V = simd.V;
/// One word of 32 bits of each of `lanes` rows.
const Words = @Vector(lanes, u32);
const Integers = @Vector(lanes, i32);

/// Columns of a sub-block.
fn subColumns(comptime dtype: DType) usize {
    return if (dtype == .q6_k) 16 else 32;
}

fn subCount(comptime dtype: DType) usize {
    return dtypes.super_columns / subColumns(dtype);
}

/// Scales (and mins, where the type has them) of every sub-block, for one register of rows.
fn Scales(comptime dtype: DType) type {
    return struct {
        scale: [subCount(dtype)]V,
        min: [if (dtype == .q6_k) 0 else subCount(dtype)]V,
    };
}

pub inline fn addBlock(
    comptime dtype: DType,
    comptime tile: Tile,
    first_row: usize,
    totals: *[tile.tokens][tile.vectors]V,
    group: *const groups.Group(dtype),
    x: [*]const activations.Block(dtype, tile.interleaved),
) void {
    var scales: [tile.vectors]Scales(dtype) = undefined;
    inline for (&scales, 0..) |*vector, i| {
        const row = first_row + i * lanes;
        vector.* = if (dtype == .q6_k)
            signedScales(group, row)
        else
            packedScales(dtype, group, row);
    }
    // Sub-blocks whose numbers lie in the same bytes, in different bits, are fields of one part.
    const field_count = if (dtype == .q6_k) 4 else 2;
    for (0..subCount(dtype) / field_count) |part| {
        inline for (0..field_count) |field| {
            addSubBlock(dtype, tile, first_row, totals, group, x, &scales, part, field);
        }
    }
}

/// Which sub-block a part's field is, and where its columns lie in the activations.
const Position = struct {
    sub_block: usize,
    /// Block of 32 columns, and the first four columns in it.
    block: usize,
    first_quad: usize,
    /// Which of the block's offsets.
    offset: usize,
};

inline fn positionOf(comptime dtype: DType, part: usize, comptime field: usize) Position {
    if (dtype != .q6_k) {
        const sub_block = 2 * part + field;
        return .{ .sub_block = sub_block, .block = sub_block, .first_quad = 0, .offset = 0 };
    }
    const half = part / 2;
    const side = part % 2;
    return .{
        .sub_block = 8 * half + 2 * field + side,
        .block = 4 * half + field,
        .first_quad = 4 * side,
        .offset = side,
    };
}

inline fn addSubBlock(
    comptime dtype: DType,
    comptime tile: Tile,
    first_row: usize,
    totals: *[tile.tokens][tile.vectors]V,
    group: *const groups.Group(dtype),
    x: [*]const activations.Block(dtype, tile.interleaved),
    scales: *const [tile.vectors]Scales(dtype),
    part: usize,
    comptime field: usize,
) void {
    const Dot = dots.Dot(dtype);
    const position = positionOf(dtype, part, field);
    const block = &x[position.block];
    const quad_count = comptime subColumns(dtype) / 4;
    const run_quads = comptime @min(quad_count, dots.mostQuads(dtype));
    var sums: [tile.tokens][tile.vectors]dots.Sums = @splat(@splat(@splat(0)));
    inline for (0..quad_count / run_quads) |run| {
        var partial: [tile.tokens][tile.vectors]Dot.Partial = undefined;
        var offsets: [tile.tokens]i32 = @splat(0);
        if (dtype == .q6_k and run == 0) {
            offsets = block.offset[position.offset][tile.first_token..][0..tile.tokens].*;
        }
        inline for (&partial, offsets) |*sum, offset| sum.* = @splat(Dot.begin(offset));
        inline for (run * run_quads..(run + 1) * run_quads) |quad| {
            var bytes: [tile.vectors]Bytes = undefined;
            inline for (&bytes, 0..) |*vector, i| {
                vector.* = unpack(dtype, group, part, field, quad, first_row + i * lanes);
            }
            const numbers = &block.numbers[position.first_quad + quad];
            groups.addQuads(Dot, tile, &partial, bytes, numbers);
        }
        inline for (&sums, partial, offsets) |*token_sums, token_partial, offset| {
            inline for (token_sums, token_partial) |*sum, from| sum.* +%= Dot.finish(from, offset);
        }
    }
    inline for (totals, sums, tile.first_token..) |*token_totals, token_sums, token| {
        const x_scale: V = @splat(block.scale[token]);
        inline for (token_totals, token_sums, scales) |*total, sum, *vector| {
            const scale = vector.scale[position.sub_block] * x_scale;
            total.* = simd.mulAdd(@as(V, @floatFromInt(sum)), scale, total.*);
            if (dtype != .q6_k) {
                const offset: V = @splat(block.offset[0][token]);
                total.* = simd.mulAdd(vector.min[position.sub_block], offset, total.*);
            }
        }
    }
}

/// Four columns of a sub-block, for the rows from `row` on, as unsigned bytes.
inline fn unpack(
    comptime dtype: DType,
    group: *const groups.Group(dtype),
    part: usize,
    comptime field: usize,
    comptime quad: usize,
    row: usize,
) Bytes {
    const low_field = if (dtype == .q6_k) field / 2 else field;
    const both = load(switch (dtype) {
        .q4_k => &group.q[part * 8 + quad],
        .q5_k => &group.parts[part].q[quad],
        else => &group.parts[part].quads[quad].q[field % 2],
    }, row);
    const low = if (low_field == 0) both else both >> @splat(4);
    const nibbles = low & splatByte(15);
    if (dtype == .q4_k) return @bitCast(nibbles);
    if (dtype == .q5_k) {
        const high = load(&group.parts[part].high[quad / 4], row);
        const bit = shiftRight(high, @as(i32, 2 * (quad % 4) + field) - 4);
        return @bitCast(nibbles | (bit & splatByte(0x10)));
    }
    const high = load(&group.parts[part].quads[quad].high, row);
    const bits = shiftRight(high, @as(i32, 2 * field) - 4);
    return @bitCast(nibbles | (bits & splatByte(0x30)));
}

/// Bits of other bytes come along and are to be masked.
inline fn shiftRight(words: Words, comptime bits: i32) Words {
    return if (bits < 0) words << @splat(-bits) else words >> @splat(bits);
}

inline fn load(word: *const [dtypes.group_rows][4]u8, row: usize) Words {
    return @bitCast(word[row..][0..lanes].*);
}

inline fn splatByte(comptime byte: u32) Words {
    return @splat(byte * 0x0101_0101);
}

/// Scales and mins of 6 bits, four to a word: those of the first four sub-blocks lie in whole
/// bytes, the upper bits of the others' above them.
inline fn packedScales(
    comptime dtype: DType,
    group: *const groups.Group(dtype),
    row: usize,
) Scales(dtype) {
    const words = [3]Words{
        load(&group.scales[0], row),
        load(&group.scales[1], row),
        load(&group.scales[2], row),
    };
    const upper_scales = words[0] >> @splat(2) & splatByte(0x30);
    const upper_mins = words[1] >> @splat(2) & splatByte(0x30);
    const scales = [2]Words{ words[0] & splatByte(63), (words[2] & splatByte(15)) | upper_scales };
    const mins = [2]Words{
        words[1] & splatByte(63),
        (words[2] >> @splat(4) & splatByte(15)) | upper_mins,
    };
    const both: Words = @bitCast(group.d[row..][0..lanes].*);
    const d = widenHalf(lanes, @truncate(both));
    const d_min = widenHalf(lanes, @truncate(both >> @splat(16)));
    var result: Scales(dtype) = undefined;
    inline for (0..8) |b| {
        result.scale[b] = d * byteOf(scales[b / 4], b % 4);
        result.min[b] = d_min * byteOf(mins[b / 4], b % 4);
    }
    return result;
}

inline fn byteOf(words: Words, comptime byte: usize) V {
    const bytes = words >> @splat(8 * byte) & @as(Words, @splat(255));
    return @floatFromInt(@as(Integers, @bitCast(bytes)));
}

inline fn signedScales(group: *const dtypes.Rows16Q6K, row: usize) Scales(.q6_k) {
    const d = widenHalf(lanes, @bitCast(group.d[row..][0..lanes].*));
    var result: Scales(.q6_k) = undefined;
    inline for (&result.scale, 0..) |*scale, b| {
        const words: Integers = @bitCast(load(&group.scales[b / 4], row));
        const number = words << @splat(24 - 8 * (b % 4)) >> @splat(24);
        scale.* = d * @as(V, @floatFromInt(number));
    }
    return result;
}
