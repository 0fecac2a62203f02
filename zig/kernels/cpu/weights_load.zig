//! Reads numbers of 16 and 32 bits as f32.

const std = @import("std");
const builtin = @import("builtin");
const simd = @import("simd.zig");

/// Whether the processor itself converts f16; else the compiler would call a function per number.
const has_half = builtin.cpu.arch != .x86_64 or
    std.Target.x86.featureSetHas(builtin.cpu.features, .f16c);

/// f16, given as bits, to f32, exact for every value; NaN stays NaN. Vectors of the type f16 would
/// be taken apart where the processor does not know it.
pub inline fn widenHalf(comptime count: usize, half: @Vector(count, u16)) @Vector(count, f32) {
    if (has_half) return @floatCast(@as(@Vector(count, f16), @bitCast(half)));
    const Words = @Vector(count, i32);
    const Floats = @Vector(count, f32);
    const bits: Words = half;
    const magnitude = (bits & @as(Words, @splat(0x7fff))) << @splat(13);
    // The exponents' biases differ by 112; the product also normalizes what was subnormal.
    const finite: Words = @bitCast(@as(Floats, @bitCast(magnitude)) * @as(Floats, @splat(0x1p112)));
    const special = magnitude | @as(Words, @splat(0x7f80_0000));
    const is_special = magnitude >= @as(Words, @splat(0x7c00 << 13));
    const sign = (bits & @as(Words, @splat(0x8000))) << @splat(16);
    return @bitCast(@select(i32, is_special, special, finite) | sign);
}

/// Element types of plain weights.
pub const Element = enum {
    f32,
    f16,
    bf16,

    /// How an element is stored.
    pub fn Stored(comptime element: Element) type {
        return switch (element) {
            .f32 => f32,
            .f16, .bf16 => u16,
        };
    }
};

/// Reads one register of f32 from memory of any alignment.
pub inline fn load(comptime element: Element, pointer: [*]const element.Stored()) simd.V {
    const Stored = @Vector(simd.lanes, element.Stored());
    const stored = @as(*align(@alignOf(element.Stored())) const Stored, @ptrCast(pointer)).*;
    return switch (element) {
        .f32 => stored,
        .f16 => widenHalf(simd.lanes, stored),
        .bf16 => @bitCast(@as(@Vector(simd.lanes, u32), stored) << @splat(16)),
    };
}

/// Reads one number.
pub inline fn loadOne(comptime element: Element, pointer: [*]const element.Stored()) f32 {
    return switch (element) {
        .f32 => pointer[0],
        .f16 => widenHalf(1, .{pointer[0]})[0],
        .bf16 => @bitCast(@as(u32, pointer[0]) << 16),
    };
}
