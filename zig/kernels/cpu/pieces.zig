//! Functions of one register of f32 that are polynomials in 32 pieces, for AVX-512: one
//! instruction looks up a coefficient for all lanes. For numbers in no piece callers have formulas.

const simd = @import("simd.zig");
const tables = @import("piece_tables.zig");

const V = simd.V;
const Indices = @Vector(simd.lanes, i32);

/// Whether the processor can look up.
pub const are_available = simd.has_avx512;

/// For each lane, that one of a and b (from 16 on) which the lower five bits of its index name.
extern fn @"llvm.x86.avx512.vpermi2var.ps.512"(
    a: @Vector(16, f32),
    index: @Vector(16, i32),
    b: @Vector(16, f32),
) @Vector(16, f32);

/// Numbers below this lie in the pieces of the normal distribution.
pub const normal_end = (tables.piece_count - 0.5) * tables.normal_step;

/// `Phi(-z)` for z from 0 to `normal_end`; its relative error is below 1e-6 up to 6, 5e-6 above.
pub inline fn normalTail(z: V) V {
    return evaluate(&tables.normal_tail, tables.normal_step, z);
}

/// `Phi(-z) - z phi(z)` for z from 0 to `normal_end`.
pub inline fn normalSlope(z: V) V {
    return evaluate(&tables.normal_slope, tables.normal_step, z);
}

/// `tanh(z)` for `z >= 0`, within 4 ulp.
pub inline fn tanh(z: V) V {
    // The last piece is 1. The comparison is false for NaN, which passes through.
    const end: V = @splat((tables.piece_count - 1) * tables.tanh_step);
    return evaluate(&tables.tanh, tables.tanh_step, @select(f32, z > end, end, z));
}

inline fn evaluate(comptime table: *const tables.Coefficients, comptime step: f32, z: V) V {
    // Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits.
    const rounder: V = @splat(12582912.0);
    const shifted = simd.mulAdd(z, @as(V, @splat(1 / step)), rounder);
    const piece: Indices = @bitCast(shifted);
    const d = simd.mulAdd(shifted - rounder, @as(V, @splat(-step)), z);
    var sum = lookUp(&table[table.len - 1], piece);
    comptime var i = table.len - 1;
    inline while (i > 0) {
        i -= 1;
        sum = simd.mulAdd(sum, d, lookUp(&table[i], piece));
    }
    return sum;
}

inline fn lookUp(comptime row: *const [tables.piece_count]f32, piece: Indices) V {
    const low: @Vector(16, f32) = row[0..16].*;
    const high: @Vector(16, f32) = row[16..32].*;
    return @"llvm.x86.avx512.vpermi2var.ps.512"(low, piece, high);
}
