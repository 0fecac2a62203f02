//! The vector exponential, apart from `math.zig` because code outside the kernels uses it too: with
//! `fused` false it rounds the same on every processor.

const std = @import("std");
const builtin = @import("builtin");

const has_scale = builtin.cpu.arch == .x86_64 and
    std.Target.x86.featureSetHas(builtin.cpu.features, .avx512f);

/// `a * 2^b` for every lane, rounded once; lanes outside the mask are those of `other`.
extern fn @"llvm.x86.avx512.mask.scalef.ps.512"(
    a: @Vector(16, f32),
    b: @Vector(16, f32),
    other: @Vector(16, f32),
    mask: u16,
    rounding: i32,
) @Vector(16, f32);

/// For each lane, that one of `from` which the lower four bits of its index name.
extern fn @"llvm.x86.avx512.permvar.sf.512"(
    from: @Vector(16, f32),
    index: @Vector(16, i32),
) @Vector(16, f32);

/// Powers of two from 0 on in steps of a sixteenth.
const sixteenths: @Vector(16, f32) = .{
    1.0,       1.0442737, 1.0905077, 1.1387886, 1.1892071, 1.2418578, 1.2968396, 1.3542556,
    1.4142135, 1.4768262, 1.5422108, 1.6104903, 1.6817929, 1.7562522, 1.8340081, 1.9152066,
};

/// Above this the result is infinite, below `lowest` it is zero.
const highest = 89.0;
const lowest = -104.0;
/// Adding 1.5 * 2^23 rounds to a whole number, which then stands in the low bits.
const rounder = 12582912.0;
/// ln 2 in two parts; products of the first with a whole exponent are exact.
const ln2_high = 0.693359375;
const ln2_low = -2.12194440e-4;

/// `e^x` of a vector of f32, within 2 ulp over the whole range, denormal results included.
/// exp(NaN) is NaN. Method and coefficients: Cephes, `expf`.
pub inline fn exp(comptime fused: bool, x: anytype) @TypeOf(x) {
    const T = @TypeOf(x);
    const count = @typeInfo(T).vector.len;
    const I = @Vector(count, i32);
    // The comparisons are false for NaN, which passes through.
    const above = @select(f32, x < splat(T, lowest), splat(T, lowest), x);
    const clamped = @select(f32, above > splat(T, highest), splat(T, highest), above);
    if (comptime has_scale and fused and count == 16) return expBySixteenths(clamped);

    const shifted = multiplyAdd(fused, clamped, splat(T, 1.44269504088896341), splat(T, rounder));
    const whole = shifted - splat(T, rounder);
    const partly = multiplyAdd(fused, whole, splat(T, -ln2_high), clamped);
    const r = multiplyAdd(fused, whole, splat(T, -ln2_low), partly);

    var series = splat(T, 1.9875691500e-4);
    inline for (.{
        1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
    }) |coefficient| {
        series = multiplyAdd(fused, series, r, splat(T, coefficient));
    }
    const fraction = multiplyAdd(fused, series, r * r, r) + splat(T, 1);

    // 2^n in two factors, so that neither overflows and a denormal result is rounded once.
    const n = @as(I, @bitCast(shifted)) -% @as(I, @bitCast(splat(T, rounder)));
    const half = n >> @splat(1);
    return fraction * powerOfTwo(I, T, half) * powerOfTwo(I, T, n -% half);
}

/// `e^x` for numbers that are not too large: with the exponent's sixteenths from a table, half as
/// many terms of the series do (Gal and Bachelis 1991).
inline fn expBySixteenths(x: @Vector(16, f32)) @Vector(16, f32) {
    const T = @Vector(16, f32);
    // Adding it rounds to a sixteenth, which then stands in the low bits.
    const sixteenth_rounder = splat(T, rounder / 16);
    const shifted = multiplyAdd(true, x, splat(T, 1.44269504088896341), sixteenth_rounder);
    const exponent = shifted - sixteenth_rounder;
    const partly = multiplyAdd(true, exponent, splat(T, -ln2_high), x);
    const r = multiplyAdd(true, exponent, splat(T, -ln2_low), partly);
    const series = multiplyAdd(true, r, splat(T, 0.16666971), splat(T, 0.50001398));
    const rest = multiplyAdd(true, r * r, series, r);
    const power = @"llvm.x86.avx512.permvar.sf.512"(sixteenths, @bitCast(shifted));
    const fraction = multiplyAdd(true, power, rest, power);
    return scale(fraction, exponent);
}

/// `e^x` for x <= 0 that is a difference of rounded numbers: its error is at most
/// 2 ulp + 1.3 |x| 2^-24, about what rounding the difference cost: the exponent of 2 is rounded as
/// well, where `exp` takes three steps more.
pub inline fn expOfDifference(comptime fused: bool, x: anytype) @TypeOf(x) {
    const T = @TypeOf(x);
    if (comptime !has_scale or !fused or @typeInfo(T).vector.len != 16) return exp(fused, x);
    const above = @select(f32, x < splat(T, lowest), splat(T, lowest), x);
    const exponent = above * splat(T, 1.44269504088896341);
    const sixteenth_rounder = splat(T, rounder / 16);
    const shifted = exponent + sixteenth_rounder;
    const rounded = shifted - sixteenth_rounder;
    const r = exponent - rounded;
    // The series of 2^r.
    var series = multiplyAdd(true, r, splat(T, 0.05550411), splat(T, 0.24022651));
    series = multiplyAdd(true, r, series, splat(T, 0.69314718));
    const power = @"llvm.x86.avx512.permvar.sf.512"(sixteenths, @bitCast(shifted));
    return scale(multiplyAdd(true, power, r * series, power), rounded);
}

/// `x` times 2 to the whole part of the exponent.
inline fn scale(x: @Vector(16, f32), exponent: @Vector(16, f32)) @Vector(16, f32) {
    const current_rounding = 4;
    return @"llvm.x86.avx512.mask.scalef.ps.512"(x, exponent, x, 0xffff, current_rounding);
}

inline fn powerOfTwo(comptime I: type, comptime T: type, exponent: I) T {
    return @bitCast((exponent +% @as(I, @splat(127))) << @splat(23));
}

inline fn splat(comptime T: type, value: f32) T {
    return @splat(value);
}

inline fn multiplyAdd(comptime fused: bool, a: anytype, b: @TypeOf(a), c: @TypeOf(a)) @TypeOf(a) {
    return if (fused) @mulAdd(@TypeOf(a), a, b, c) else a * b + c;
}
