//! The natural logarithm of one register of f32.

const std = @import("std");
const simd = @import("simd.zig");

const V = simd.V;
const Bits = @Vector(simd.lanes, u32);
const Integers = @Vector(simd.lanes, i32);

inline fn splat(value: f32) V {
    return @splat(value);
}

/// `ln x`, within 2 ulp, denormal numbers included; -inf for 0, NaN below. Method and coefficients:
/// Cephes, `logf`.
pub inline fn log(x: V) V {
    const smallest_normal = splat(std.math.floatMin(f32));
    const is_small = x < smallest_normal;
    const normal = @select(f32, is_small, x * splat(0x1p23), x);
    const bits: Bits = @bitCast(normal);
    // x = 2^exponent * m with m from 0.5 to 1, moved to between sqrt(0.5) and sqrt(2).
    const biased: Integers = @bitCast((bits >> @splat(23)) & @as(Bits, @splat(0xff)));
    var exponent: V = @floatFromInt(biased - @as(Integers, @splat(126)));
    exponent -= @select(f32, is_small, splat(23), splat(0));
    const fraction = bits & @as(Bits, @splat(0x007f_ffff));
    const half: V = @bitCast(fraction | @as(Bits, @splat(0x3f00_0000)));
    const is_low = half < splat(0.70710678118654752);
    exponent -= @select(f32, is_low, splat(1), splat(0));
    const m = @select(f32, is_low, half + half, half) - splat(1);

    const z = m * m;
    var series = splat(7.0376836292e-2);
    inline for (.{
        -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    }) |coefficient| series = simd.mulAdd(series, m, splat(coefficient));
    var tail = simd.mulAdd(exponent, splat(-2.12194440e-4), series * m * z);
    tail = simd.mulAdd(z, splat(-0.5), tail);
    const value = simd.mulAdd(exponent, splat(0.693359375), m + tail);

    const infinity = splat(std.math.inf(f32));
    const bounded = @select(f32, x < infinity, value, x);
    const positive = @select(f32, x == splat(0), -infinity, bounded);
    return @select(f32, x < splat(0), splat(std.math.nan(f32)), positive);
}

/// `ln(1 + y)` for y from 0 to 1, exact to the last bits near 0 too.
pub inline fn log1p(y: V) V {
    const sum = splat(1) + y;
    // What rounding took from the sum, divided by it, is what the logarithm lost.
    return log(sum) + (y - (sum - splat(1))) / sum;
}
