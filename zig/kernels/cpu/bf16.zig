//! What AVX512-BF16 adds: rounding to bf16, and sums of products of pairs of bf16.
//!
//! Rounding is to the nearest, ties to even; NaN stays NaN, and numbers below the normal ones
//! become zero, as everywhere in these instructions.

const simd = @import("simd.zig");

const V = simd.V;

/// 16 pairs of bf16; of each pair the first number is in the lower half.
pub const Pairs = @Vector(16, u32);
/// 8 pairs.
pub const HalfPairs = @Vector(8, u32);

const Words = @Vector(32, u16);
const HalfWords = @Vector(16, u16);

extern fn @"llvm.x86.avx512bf16.dpbf16ps.512"(V, @Vector(16, i32), @Vector(16, i32)) V;
extern fn @"llvm.x86.avx512bf16.cvtne2ps2bf16.512"(V, V) @Vector(32, i16);
extern fn @"llvm.x86.avx512bf16.cvtneps2bf16.512"(V) @Vector(16, i16);

/// `sums[i] + a[i][0] * b[i][0] + a[i][1] * b[i][1]`.
pub inline fn addProducts(a: Pairs, b: Pairs, sums: V) V {
    return @"llvm.x86.avx512bf16.dpbf16ps.512"(sums, @bitCast(a), @bitCast(b));
}

/// Pairs of neighbours: `x[2 * i]` and `x[2 * i + 1]`.
pub inline fn roundNeighbours(x: V) HalfPairs {
    return @bitCast(@"llvm.x86.avx512bf16.cvtneps2bf16.512"(x));
}

/// The numbers of `first`, then those of `second`: for sums over all lanes, whose order is free.
pub inline fn roundBoth(first: V, second: V) Pairs {
    return @bitCast(@"llvm.x86.avx512bf16.cvtne2ps2bf16.512"(second, first));
}

/// Pairs of `first[i]` and `second[i]`.
pub inline fn roundPairs(first: V, second: V) Pairs {
    const words: Words = @bitCast(roundBoth(first, second));
    const mask = comptime zipped: {
        var indices: [32]i32 = undefined;
        for (0..16) |i| {
            indices[2 * i] = i;
            indices[2 * i + 1] = i + 16;
        }
        break :zipped indices;
    };
    return @bitCast(@shuffle(u16, words, undefined, mask));
}

/// Pairs of the first eight numbers with the last eight.
pub inline fn roundHalves(x: V) HalfPairs {
    const words: HalfWords = @bitCast(@"llvm.x86.avx512bf16.cvtneps2bf16.512"(x));
    const mask = [16]i32{ 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15 };
    return @bitCast(@shuffle(u16, words, undefined, mask));
}

/// One pair.
pub inline fn roundPair(first: f32, second: f32) u32 {
    return @as(u32, round(second)) << 16 | round(first);
}

/// One number, for remainders.
fn round(x: f32) u16 {
    const bits: u32 = @bitCast(x);
    if (x != x) return @intCast(bits >> 16 | 0x40);
    if (bits & 0x7f80_0000 == 0) return @intCast(bits >> 16 & 0x8000);
    return @intCast((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
