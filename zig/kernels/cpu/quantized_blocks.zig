//! Products with Q8_0 and Q4_0 weights in GGML's own arrangement, row by row.

const std = @import("std");
const builtin = @import("builtin");
const dtypes = @import("../../core/dtype.zig");
const TokenBlock = @import("quantized_activations.zig").TokenBlock;
const dots = @import("quantized_dot.zig");
const interface = @import("quantized_interface.zig");
const simd = @import("simd.zig");
const reduce = @import("weights_few.zig").reduce;
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const block_columns = dtypes.block_columns;
/// A block of numbers.
const Numbers = @Vector(block_columns, i8);
/// Partial sums of one block: half of the registers' width on AVX-512, where a block has 32 bytes.
const sum_lanes = @min(simd.lanes, 8);
const Sums = @Vector(sum_lanes, i32);
const Totals = @Vector(sum_lanes, f32);
/// Sums of one row that are kept apart, so that none waits for its own last addition.
const strands = 4;

fn Block(comptime dtype: DType) type {
    return switch (dtype) {
        .q8_0 => dtypes.BlockQ8_0,
        .q4_0 => dtypes.BlockQ4_0,
        else => comptime unreachable,
    };
}

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        inline .q8_0, .q4_0 => |dtype| multiplyAs(dtype, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime dtype: DType, job: *const interface.Job) void {
    const block_count = job.columns / block_columns;
    const weight: [*]const Block(dtype) = @ptrCast(@alignCast(job.weight));
    for (0..job.token_count) |token| {
        const tile = job.x + token * interface.tileBytes(job.columns);
        const x: [*]const TokenBlock = @ptrCast(@alignCast(tile));
        const out = job.out + token * job.out_stride;
        for (out[0..job.row_count], 0..) |*number, row| {
            number.* = multiplyRow(dtype, weight + row * block_count, x, block_count);
        }
        if (job.bias) |bias| {
            for (out[0..job.row_count], bias) |*number, addend| number.* += addend;
        }
    }
}

fn multiplyRow(
    comptime dtype: DType,
    row: [*]const Block(dtype),
    x: [*]const TokenBlock,
    block_count: usize,
) f32 {
    var totals: [strands]Totals = @splat(@splat(0));
    var index: usize = 0;
    while (index + strands <= block_count) : (index += strands) {
        inline for (&totals, 0..) |*total, i| {
            addBlock(dtype, total, &row[index + i], &x[index + i]);
        }
    }
    while (index < block_count) : (index += 1) addBlock(dtype, &totals[0], &row[index], &x[index]);
    inline for (totals[1..]) |total| totals[0] += total;
    return reduce(totals[0]);
}

inline fn addBlock(
    comptime dtype: DType,
    total: *Totals,
    block: *const Block(dtype),
    x: *const TokenBlock,
) void {
    const sums: Totals = @floatFromInt(dotBlock(dtype, block, x.numbers, x.offset[0..sum_lanes].*));
    const scales = widenHalf(sum_lanes, @splat(@bitCast(block.d)));
    total.* = simd.mulAdd(sums, scales * @as(Totals, @splat(x.scale)), total.*);
}

/// A block's numbers plus `tokenZeroPoint`.
inline fn unpack(comptime dtype: DType, block: *const Block(dtype)) Numbers {
    if (dtype == .q8_0) {
        const numbers: Numbers = block.q;
        return if (simd.has_vnni) numbers ^ @as(Numbers, @splat(-128)) else numbers;
    }
    const Nibbles = @Vector(block_columns / 2, u8);
    const both: Nibbles = block.q;
    const low = both & @as(Nibbles, @splat(15));
    return @bitCast(std.simd.join(low, both >> @splat(4)));
}

extern fn @"llvm.x86.avx512.vpdpbusd.256"(Sums, Sums, Sums) Sums;
extern fn @"llvm.x86.avx2.pmadd.ub.sw"(Numbers, Numbers) @Vector(16, i16);
extern fn @"llvm.x86.avx2.pmadd.wd"(@Vector(16, i16), @Vector(16, i16)) @Vector(8, i32);
extern fn @"llvm.x86.avx2.psign.b"(Numbers, Numbers) Numbers;
extern fn @"llvm.aarch64.neon.sdot.v4i32.v16i8"(Sums, @Vector(16, i8), @Vector(16, i8)) Sums;

/// The exact dot product of two blocks, spread over some lanes; numbers of x are never -128.
inline fn dotBlock(
    comptime dtype: DType,
    block: *const Block(dtype),
    x: Numbers,
    offset: Sums,
) Sums {
    const weights = unpack(dtype, block);
    if (simd.has_vnni) {
        return @"llvm.x86.avx512.vpdpbusd.256"(offset, @bitCast(weights), @bitCast(x));
    }
    if (simd.has_avx2) {
        if (dtype == .q4_0) return offset +% addPairs(weights, x);
        // |w| as an unsigned byte times x with the sign of w: right for w = -128 as well, whose
        // magnitude is 128, and two products of at most 128 * 127 fit i16.
        return addPairs(@bitCast(@abs(weights)), @"llvm.x86.avx2.psign.b"(x, weights));
    }
    const w: [2]@Vector(16, i8) = @bitCast(weights);
    const numbers: [2]@Vector(16, i8) = @bitCast(x);
    var sums = offset;
    inline for (w, numbers) |half_weights, half_numbers| {
        if (simd.has_dotprod) {
            sums = @"llvm.aarch64.neon.sdot.v4i32.v16i8"(sums, half_weights, half_numbers);
        } else {
            const wide_weights: [2]@Vector(8, i16) = @bitCast(@as(@Vector(16, i16), half_weights));
            const wide_numbers: [2]@Vector(8, i16) = @bitCast(@as(@Vector(16, i16), half_numbers));
            sums +%= dots.multiplyPairs(wide_weights[0], wide_numbers[0]);
            sums +%= dots.multiplyPairs(wide_weights[1], wide_numbers[1]);
        }
    }
    return sums;
}

/// Unsigned times signed bytes, added by fours.
inline fn addPairs(unsigned: Numbers, signed: Numbers) Sums {
    const pairs = @"llvm.x86.avx2.pmadd.ub.sw"(unsigned, signed);
    return @"llvm.x86.avx2.pmadd.wd"(pairs, @splat(1));
}
