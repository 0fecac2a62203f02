//! One register of f32 from and to 16-bit floats in memory of any alignment.

const simd = @import("simd.zig");

const V = simd.V;
const lanes = simd.lanes;
const Half = @Vector(lanes, u16);
const Word = @Vector(lanes, u32);

/// Reads `lanes` f16.
pub inline fn loadF16(pointer: [*]const u8) V {
    return widenF16(@as(*align(1) const Half, @ptrCast(pointer)).*);
}

/// Reads `lanes` bf16.
pub inline fn loadBf16(pointer: [*]const u8) V {
    return widenBf16(@as(*align(1) const Half, @ptrCast(pointer)).*);
}

/// f32 of f16 given as bits.
pub inline fn widenF16(bits: Half) V {
    if (comptime simd.has_f16) return @floatCast(@as(@Vector(lanes, f16), @bitCast(bits)));
    // Without hardware the cast is a library call per lane. Exponent and fraction move to their
    // places in f32; the product corrects the exponent's bias and makes denormals normal.
    const wide: Word = bits;
    const body = (wide & @as(Word, @splat(0x7fff))) << @splat(13);
    const rebias: V = @splat(@bitCast(@as(u32, (127 + 127 - 15) << 23)));
    const finite: Word = @bitCast(@as(V, @bitCast(body)) * rebias);
    const special = body | @as(Word, @splat(0x7f80_0000));
    const size = @select(u32, body >= @as(Word, @splat(0x7c00 << 13)), special, finite);
    return @bitCast(size | (wide & @as(Word, @splat(0x8000))) << @splat(16));
}

/// f32 of bf16 given as bits.
pub inline fn widenBf16(bits: Half) V {
    return @bitCast(@as(Word, bits) << @splat(16));
}

/// Bits of the nearest f16, ties to even; NaN stays NaN.
pub inline fn narrowF16(x: V) Half {
    return @bitCast(@as(@Vector(lanes, f16), @floatCast(x)));
}

/// Bits of the nearest bf16, ties to even; NaN stays NaN.
pub inline fn narrowBf16(x: V) Half {
    const bits: Word = @bitCast(x);
    const odd = (bits >> @splat(16)) & @as(Word, @splat(1));
    const rounded = (bits +% @as(Word, @splat(0x7fff)) +% odd) >> @splat(16);
    const quiet = (bits >> @splat(16)) | @as(Word, @splat(0x40));
    return @truncate(@select(u32, x == x, rounded, quiet));
}

/// `out[i] = f32(x[i])`.
pub fn widenRow(
    comptime widen: fn (Half) callconv(.@"inline") V,
    out: [*]f32,
    x: [*]const u8,
    count: usize,
) void {
    const source: [*]align(1) const u16 = @ptrCast(x);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        simd.store(out + i, widen(@as(*align(1) const Half, @ptrCast(source + i)).*));
    }
    if (i == count) return;
    var part: [lanes]u16 = @splat(0);
    for (part[0 .. count - i], source[i..count]) |*bits, value| bits.* = value;
    simd.storePart(out + i, widen(part), count - i);
}

/// `out[i]` = bits of x[i] in a 16-bit type.
pub fn narrowRow(
    comptime narrow: fn (V) callconv(.@"inline") Half,
    out: [*]u8,
    x: [*]const f32,
    count: usize,
) void {
    const target: [*]align(1) u16 = @ptrCast(out);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        @as(*align(1) Half, @ptrCast(target + i)).* = narrow(simd.load(x + i));
    }
    if (i == count) return;
    const part: [lanes]u16 = narrow(simd.loadPart(x + i, count - i, 0));
    for (target[i..count], part[0 .. count - i]) |*bits, value| bits.* = value;
}

/// `out[i]` = the bf16 nearest to x[i], as f32.
pub fn roundRowBf16(out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        simd.store(out + i, widenBf16(narrowBf16(simd.load(x + i))));
    }
    if (i == count) return;
    const part = widenBf16(narrowBf16(simd.loadPart(x + i, count - i, 0)));
    simd.storePart(out + i, part, count - i);
}
