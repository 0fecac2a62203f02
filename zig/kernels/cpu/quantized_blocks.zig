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
/// Rows that share every load of activations.
const rows_at_once = 4;

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
        const x: [*]const TokenBlock = @ptrCast(@alignCast(job.x + token * interface.tileBytes(job.columns)));
        const out = job.out + token * job.out_stride;
        var row: usize = 0;
        while (row + rows_at_once <= job.row_count) : (row += rows_at_once) {
            multiplyRows(dtype, rows_at_once, weight + row * block_count, x, block_count, out + row);
        }
        while (row < job.row_count) : (row += 1) {
            multiplyRows(dtype, 1, weight + row * block_count, x, block_count, out + row);
        }
        if (job.bias) |bias| {
            for (out[0..job.row_count], bias) |*number, addend| number.* += addend;
        }
    }
}

fn multiplyRows(
    comptime dtype: DType,
    comptime rows: usize,
    weight: [*]const Block(dtype),
    x: [*]const TokenBlock,
    block_count: usize,
    out: [*]f32,
) void {
    var totals: [rows]Totals = @splat(@splat(0));
    for (0..block_count) |index| {
        const numbers: Numbers = x[index].numbers;
        inline for (&totals, 0..) |*total, row| {
            const block = &weight[row * block_count + index];
            const sums: Totals = @floatFromInt(dotBlock(unpack(dtype, block), numbers));
            const scale = widenHalf(1, .{block.d})[0] * x[index].scale;
            total.* = simd.mulAdd(sums, @as(Totals, @splat(scale)), total.*);
        }
    }
    inline for (totals, 0..) |total, row| out[row] = reduce(total);
}

inline fn unpack(comptime dtype: DType, block: *const Block(dtype)) Numbers {
    if (dtype == .q8_0) return block.q;
    const Nibbles = @Vector(block_columns / 2, u8);
    const packed_numbers: Nibbles = block.q;
    const low = packed_numbers & @as(Nibbles, @splat(15));
    const nibbles: Numbers = @bitCast(std.simd.join(low, packed_numbers >> @splat(4)));
    return nibbles - @as(Numbers, @splat(8));
}

extern fn @"llvm.x86.avx512.vpdpbusd.256"(Sums, Sums, Sums) Sums;
extern fn @"llvm.x86.avx2.pmadd.ub.sw"(Numbers, Numbers) @Vector(16, i16);
extern fn @"llvm.x86.avx2.pmadd.wd"(@Vector(16, i16), @Vector(16, i16)) @Vector(8, i32);
extern fn @"llvm.x86.avx2.psign.b"(Numbers, Numbers) Numbers;
extern fn @"llvm.aarch64.neon.sdot.v4i32.v16i8"(Sums, @Vector(16, i8), @Vector(16, i8)) Sums;

/// The exact dot product of two blocks, spread over some lanes; numbers of x are never -128.
inline fn dotBlock(weights: Numbers, x: Numbers) Sums {
    if (simd.has_avx2) {
        // |w| as an unsigned byte times x with the sign of w: right for w = -128 as well, whose
        // magnitude is 128, and two products of at most 128 * 127 fit i16.
        const magnitudes: Numbers = @bitCast(@abs(weights));
        const signed = @"llvm.x86.avx2.psign.b"(x, weights);
        if (simd.has_vnni) {
            return @"llvm.x86.avx512.vpdpbusd.256"(@splat(0), @bitCast(magnitudes), @bitCast(signed));
        }
        const pairs = @"llvm.x86.avx2.pmadd.ub.sw"(magnitudes, signed);
        return @"llvm.x86.avx2.pmadd.wd"(pairs, @splat(1));
    }
    const w: [2]@Vector(16, i8) = @bitCast(weights);
    const numbers: [2]@Vector(16, i8) = @bitCast(x);
    var sums: Sums = @splat(0);
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
