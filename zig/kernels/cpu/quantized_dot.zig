//! Integer dot products of unsigned quantized weights with 8-bit activations, four columns at a
//! time: one struct per kind of instruction, the same exact sums from each.

const std = @import("std");
const builtin = @import("builtin");
const simd = @import("simd.zig");
const DType = @import("../../core/dtype.zig").DType;

/// Rows of layout `rows16` that one register of sums holds.
pub const lanes = simd.lanes;

pub const Sums = @Vector(lanes, i32);
/// Four columns of each of `lanes` rows.
pub const Bytes = @Vector(lanes * 4, u8);
const Words = @Vector(lanes, u32);
const Halves = @Vector(lanes * 2, i16);

/// The instructions to use for weights of `dtype`. Each struct has
/// - `Weights`: four columns of `lanes` rows, made ready once for all tokens by `prepare`;
/// - `Partial`: running sums, begun by `begin`, continued by `add`, and made i32 by `finish`.
pub fn Dot(comptime dtype: DType) type {
    if (simd.has_vnni) return Vnni;
    if (simd.has_dotprod) return DotProduct(dtype);
    return if (simd.has_avx2 and dtype != .q8_0) BytePairs else WordPairs;
}

/// Fours of columns that `Dot(dtype)` adds to one `Partial`: as many as fit its sums.
pub fn mostQuads(comptime dtype: DType) usize {
    if (Dot(dtype) != BytePairs) return 8;
    // A product of two bytes, and the sum of a pair, times the fours: at most 2^15 - 1.
    return switch (dtype) {
        .q4_0, .q4_k => 8, // 2 * 15 * 127 * 8 = 30,480
        .q5_k => 4, // 2 * 31 * 127 * 4 = 31,496
        .q6_k => 2, // 2 * 63 * 127 * 2 = 32,004
        else => comptime unreachable,
    };
}

const I16 = @Vector(16, i32);
extern fn @"llvm.x86.avx512.vpdpbusd.512"(I16, I16, I16) I16;
extern fn @"llvm.x86.avx2.pmadd.ub.sw"(@Vector(32, i8), @Vector(32, i8)) @Vector(16, i16);
extern fn @"llvm.x86.avx2.pmadd.wd"(@Vector(16, i16), @Vector(16, i16)) @Vector(8, i32);
extern fn @"llvm.x86.sse2.pmadd.wd"(@Vector(8, i16), @Vector(8, i16)) @Vector(4, i32);
const I4 = @Vector(4, i32);
const B16 = @Vector(16, i8);
extern fn @"llvm.aarch64.neon.sdot.v4i32.v16i8"(I4, B16, B16) I4;

/// AVX-512 VNNI: u8 x i8, summed by four straight into i32.
const Vnni = struct {
    pub const Weights = Sums;
    pub const Partial = Sums;

    pub inline fn prepare(bytes: Bytes) Weights {
        return @bitCast(bytes);
    }

    pub inline fn begin(offset: i32) Partial {
        return @splat(offset);
    }

    pub inline fn add(partial: Partial, weights: Weights, quad: [1]u32) Partial {
        const numbers: Sums = @splat(@as(i32, @bitCast(quad[0])));
        return @"llvm.x86.avx512.vpdpbusd.512"(partial, weights, numbers);
    }

    pub inline fn finish(partial: Partial, _: i32) Sums {
        return partial;
    }
};

/// Armv8.2 dot product: i8 x i8, summed by four straight into i32.
fn DotProduct(comptime dtype: DType) type {
    return struct {
        pub const Weights = @Vector(16, i8);
        pub const Partial = Sums;

        pub inline fn prepare(bytes: Bytes) Weights {
            // Numbers of 4 to 6 bits are below 128; Q8_0 goes back to its signed numbers.
            return @bitCast(if (dtype == .q8_0) bytes ^ @as(Bytes, @splat(0x80)) else bytes);
        }

        pub inline fn begin(offset: i32) Partial {
            return @splat(offset);
        }

        pub inline fn add(partial: Partial, weights: Weights, quad: [1]u32) Partial {
            const numbers: Weights = @bitCast(@as(Words, @splat(quad[0])));
            return @"llvm.aarch64.neon.sdot.v4i32.v16i8"(partial, weights, numbers);
        }

        pub inline fn finish(partial: Partial, _: i32) Sums {
            return partial;
        }
    };
}

/// AVX2 with numbers of 4 to 6 bits: u8 x i8, summed by pairs into i16, which hold the sums of
/// `mostQuads`.
const BytePairs = struct {
    pub const Weights = @Vector(32, i8);
    pub const Partial = Halves;

    pub inline fn prepare(bytes: Bytes) Weights {
        return @bitCast(bytes);
    }

    pub inline fn begin(_: i32) Partial {
        return @splat(0);
    }

    pub inline fn add(partial: Partial, weights: Weights, quad: [1]u32) Partial {
        const numbers: Weights = @bitCast(@as(Words, @splat(quad[0])));
        return keepOrder(partial +% @"llvm.x86.avx2.pmadd.ub.sw"(weights, numbers));
    }

    pub inline fn finish(partial: Partial, offset: i32) Sums {
        const ones: Halves = @splat(1);
        return multiplyPairs(partial, ones) +% @as(Sums, @splat(offset));
    }
};

/// i16 x i16, summed by pairs into i32: exact for every unsigned byte. The activations come as
/// pairs of i16, columns 0 and 2, then columns 1 and 3.
const WordPairs = struct {
    pub const Weights = struct { even: Halves, odd: Halves };
    pub const Partial = Sums;

    pub inline fn prepare(bytes: Bytes) Weights {
        const pairs: @Vector(lanes * 2, u16) = @bitCast(bytes);
        return .{
            .even = @bitCast(pairs & @as(@TypeOf(pairs), @splat(0x00ff))),
            .odd = @bitCast(pairs >> @splat(8)),
        };
    }

    pub inline fn begin(offset: i32) Partial {
        return @splat(offset);
    }

    pub inline fn add(partial: Partial, weights: Weights, quad: [2]u32) Partial {
        const even: Halves = @bitCast(@as(Words, @splat(quad[0])));
        const odd: Halves = @bitCast(@as(Words, @splat(quad[1])));
        const half = keepOrder(partial +% multiplyPairs(weights.even, even));
        return keepOrder(half +% multiplyPairs(weights.odd, odd));
    }

    pub inline fn finish(partial: Partial, _: i32) Sums {
        return partial;
    }
};

/// `a[2i] * b[2i] + a[2i + 1] * b[2i + 1]` (pmaddwd).
pub inline fn multiplyPairs(a: Halves, b: Halves) Sums {
    if (simd.has_avx2) return @"llvm.x86.avx2.pmadd.wd"(a, b);
    if (builtin.cpu.arch == .x86_64) return @"llvm.x86.sse2.pmadd.wd"(a, b);
    const even = comptime std.simd.iota(i32, lanes) * @as(Sums, @splat(2));
    const odd = even + @as(Sums, @splat(1));
    const products = @as(@Vector(lanes * 2, i32), a) * @as(@Vector(lanes * 2, i32), b);
    return @shuffle(i32, products, undefined, even) +% @shuffle(i32, products, undefined, odd);
}

/// Keeps the compiler from summing in another order: it would hold all weights of a block at once,
/// which are more than there are registers.
inline fn keepOrder(sums: anytype) @TypeOf(sums) {
    if (builtin.cpu.arch != .x86_64) return sums;
    return asm (""
        : [_] "=x" (-> @TypeOf(sums)),
        : [_] "0" (sums),
    );
}
