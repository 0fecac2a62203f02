//! Elementary functions of one register of f32. `@exp` and its like would become one library call
//! per lane.

const std = @import("std");
const simd = @import("simd.zig");
const exponential = @import("exponential.zig");
const pieces = @import("pieces.zig");

const V = simd.V;
const Whole = @Vector(simd.lanes, i32);
const Bits = @Vector(simd.lanes, u32);

const sign_bit: Bits = @splat(0x8000_0000);

inline fn splat(value: f32) V {
    return @splat(value);
}

/// `e^x`, within 2 ulp.
pub inline fn exp(x: V) V {
    return exponential.exp(simd.has_fma, x);
}

/// `e^x` for x <= 0 that is a rounded difference, within 2 ulp + 1.3 |x| 2^-24.
pub inline fn expOfDifference(x: V) V {
    return exponential.expOfDifference(simd.has_fma, x);
}

/// `1 / (1 + e^-x)`, within 4 ulp; 0 below -88.8, where the result is denormal.
pub inline fn sigmoid(x: V) V {
    return splat(1) / (splat(1) + exp(-x));
}

/// Hyperbolic tangent, within 4 ulp. Small arguments: Cephes, `tanhf`.
pub inline fn tanh(x: V) V {
    const size = magnitude(x);
    if (pieces.are_available) return withSignOf(x, pieces.tanh(size));
    const z = x * x;
    const small = simd.mulAdd(polynomial(z, &.{
        -3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2, -5.70498872745e-3,
    }) * z, x, x);
    const large = splat(1) - splat(2) / (exp(size + size) + splat(1));
    return @select(f32, size < splat(0.625), small, withSignOf(x, large));
}

/// The error function, within 4 ulp.
pub inline fn erf(x: V) V {
    const size = magnitude(x);
    const z = x * x;
    const small = x * polynomial(z, &.{
        1.1283791670580220,    -0.37612638434652940,  0.11283781974130618,   -0.026865400043425980,
        0.0052209454360849790, -8.482828889751819e-4, 1.1256948218480056e-4, -9.641516951263272e-6,
    });
    const large = splat(1) - complement(size);
    return @select(f32, size < splat(1), small, withSignOf(x, large));
}

/// The standard normal distribution function `(1 + erf(x / sqrt(2))) / 2`, accurate in relative
/// terms also where it is close to 0.
pub inline fn normalDistribution(x: V) V {
    const size = magnitude(x);
    const tail = inPieces(size, pieces.normalTail, normalTail);
    return @select(f32, x < splat(0), tail, splat(1) - tail);
}

/// The derivative of `x normalDistribution(x)`.
pub inline fn normalSlope(x: V) V {
    const slope = inPieces(magnitude(x), pieces.normalSlope, negativeNormalSlope);
    return @select(f32, x < splat(0), slope, splat(1) - slope);
}

/// A function of numbers that are not negative, by the formula where there are no pieces.
inline fn inPieces(
    size: V,
    comptime near: fn (V) callconv(.@"inline") V,
    comptime formula: fn (V) V,
) V {
    if (!pieces.are_available) return @call(.always_inline, formula, .{size});
    const is_near = size < splat(pieces.normal_end);
    const value = near(size);
    if (!@reduce(.And, is_near)) {
        @branchHint(.cold);
        return @select(f32, is_near, value, @call(.never_inline, formula, .{size}));
    }
    return value;
}

/// `normalDistribution(-z)` for `z >= 0`.
fn normalTail(z: V) V {
    return splat(0.5) * complement(z * splat(0.70710678118654752));
}

/// The derivative of `x normalDistribution(x)` at `-z` for `z >= 0`.
fn negativeNormalSlope(z: V) V {
    const density = splat(0.3989422804014327) * exp(splat(-0.5) * z * z);
    return simd.mulAdd(-z, density, normalTail(z));
}

/// `1 - erf(z)` for `z >= 0`: `e^(-z^2) t P(t)` with `t = 1 / (1 + 0.35 z)`, where P is a minimax
/// fit with relative error 8e-9.
inline fn complement(z_any: V) V {
    // The result is 0 from 10.1 on; larger arguments would overflow in the squares.
    const z = @select(f32, z_any > splat(16), splat(16), z_any);
    const t = splat(1) / simd.mulAdd(z, splat(0.35), splat(1));
    const series = t * polynomial(t, &.{
        0.19748229104895776,  0.19716552508684960,  0.18768923402666720,  0.15212988507647304,
        0.14344061092327198,  0.09165784367499963,  -0.03306588795372278, 0.18533806894685073,
        -0.16052376295986287, 0.038686199456321145,
    });
    // The exponential would multiply the rounding error of the square: it is added afterwards.
    const square = z * z;
    return exp(-square) * (splat(1) - lostOfSquare(z, square)) * series;
}

/// What rounding took from `z * z`.
inline fn lostOfSquare(z: V, square: V) V {
    if (simd.has_fma) return simd.mulAdd(z, z, -square);
    const high: V = @bitCast(@as(Bits, @bitCast(z)) & @as(Bits, @splat(0xffff_f000)));
    const low = z - high;
    return (high * high - square) + (high + high) * low + low * low;
}

/// Natural logarithm, within 2 ulp, also of denormal numbers; -inf of 0, NaN of what is less.
/// Method and coefficients: Cephes, `logf`.
pub inline fn log(x: V) V {
    const smallest_normal = splat(1.17549435e-38);
    const is_tiny = x < smallest_normal;
    const scaled: Bits = @bitCast(@select(f32, is_tiny, x * splat(8388608), x));
    const exponent = @as(Whole, @bitCast(scaled >> @splat(23))) - @as(Whole, @splat(126));
    const fraction: V = @bitCast(
        (scaled & @as(Bits, @splat(0x7f_ffff))) | @as(Bits, @splat(0x3f00_0000)),
    );
    const below = fraction < splat(0.70710678118654752);
    const corrected = @as(V, @floatFromInt(exponent)) - @select(f32, is_tiny, splat(23), splat(0));
    const e = corrected - @select(f32, below, splat(1), splat(0));
    const m = (fraction - splat(1)) + @select(f32, below, fraction, splat(0));
    const z = m * m;
    const series = polynomial(m, &.{
        3.3333331174e-1,  -2.4999993993e-1, 2.0000714765e-1,  -1.6668057665e-1, 1.4249322787e-1,
        -1.2420140846e-1, 1.1676998740e-1,  -1.1514610310e-1, 7.0376836292e-2,
    }) * m * z;
    const low = simd.mulAdd(z, splat(-0.5), simd.mulAdd(e, splat(-2.12194440e-4), series));
    const result = simd.mulAdd(e, splat(0.693359375), m + low);
    const infinity = splat(std.math.inf(f32));
    const limited = @select(f32, x == infinity, infinity, result);
    const positive = @select(f32, x == splat(0), -infinity, limited);
    return @select(f32, (x < splat(0)) | (x != x), splat(std.math.nan(f32)), positive);
}

/// `log(1 + x)` for `x >= 0`, accurate also where x is small (Kahan).
pub inline fn log1p(x: V) V {
    const sum = splat(1) + x;
    const lost = sum - splat(1);
    return @select(f32, lost == splat(0), x, log(sum) * (x / lost));
}

/// `e^x - 1` for `x <= 0`, accurate also where x is close to 0 (Kahan).
pub inline fn expm1(x: V) V {
    const power = exp(x);
    const difference = power - splat(1);
    const close = difference * (x / log(power));
    const result = @select(f32, x < splat(-0.5), difference, close);
    return @select(f32, power == splat(1), x, result);
}

/// `a^b` with the special cases of C; the relative error is below 1e-7 (1 + |b log a|).
pub inline fn pow(a: V, b: V) V {
    const one = splat(1);
    const infinity = splat(std.math.inf(f32));
    const size = magnitude(a);
    const logarithm = log(size);
    const product = logarithm * b;
    const lost = if (simd.has_fma) simd.mulAdd(logarithm, b, -product) else splat(0);
    const is_finite = magnitude(product) < splat(1e4);
    const power = exp(product) * (one + @select(f32, is_finite, lost, splat(0)));

    // Whole exponents of negative numbers give the sign; from 2^24 on all are even.
    const beyond = magnitude(b) >= splat(16777216);
    const in_range = @select(f32, beyond | (b != b), splat(0), b);
    const whole: Whole = @intFromFloat(in_range);
    const is_whole = @as(V, @floatFromInt(whole)) == in_range;
    const odd: Bits = @bitCast(whole & @as(Whole, @splat(1)));
    const sign = @as(Bits, @bitCast(a)) & (odd << @splat(31));
    const signs = @select(u32, is_whole, sign, @as(Bits, @splat(0)));
    const signed: V = @bitCast(@as(Bits, @bitCast(power)) | signs);
    const has_no_root = (a < splat(0)) & (size < infinity) & !is_whole;
    const result = @select(f32, has_no_root, splat(std.math.nan(f32)), signed);
    const is_one = (b == splat(0)) | (a == one) | ((size == one) & (magnitude(b) == infinity));
    const is_nan = ((a != a) | (b != b)) & !is_one;
    return @select(f32, is_nan, a + b, @select(f32, is_one, one, result));
}

/// `c[0] + c[1] x + c[2] x^2 + ...` by Horner's rule.
inline fn polynomial(x: V, comptime coefficients: []const f32) V {
    var sum = splat(coefficients[coefficients.len - 1]);
    comptime var i = coefficients.len - 1;
    inline while (i > 0) {
        i -= 1;
        sum = simd.mulAdd(sum, x, splat(coefficients[i]));
    }
    return sum;
}

inline fn magnitude(x: V) V {
    return @bitCast(@as(Bits, @bitCast(x)) & ~sign_bit);
}

/// `value`, which is not negative, with the sign of x.
inline fn withSignOf(x: V, value: V) V {
    return @bitCast(@as(Bits, @bitCast(value)) | (@as(Bits, @bitCast(x)) & sign_bit));
}
