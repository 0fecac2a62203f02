//! Quantization and products with quantized weights, one number at a time: what the vector kernels
//! are tested against.

const std = @import("std");
const dtypes = @import("../../../core/dtype.zig");
const k_quants = @import("k_quants.zig");

const DType = dtypes.DType;
const BlockQ8_0 = dtypes.BlockQ8_0;
const BlockQ4_0 = dtypes.BlockQ4_0;

/// GGML's quantize_row_q8_0_ref for one block.
pub fn quantizeQ8(x: *const [32]f32) BlockQ8_0 {
    var largest: f32 = 0;
    for (x) |value| largest = @max(largest, @abs(value));
    const d = largest / 127;
    const inverse: f32 = if (d != 0) 1 / d else 0;
    var block: BlockQ8_0 = .{ .d = @floatCast(d), .q = undefined };
    for (x, &block.q) |value, *q| q.* = @intFromFloat(@round(value * inverse));
    return block;
}

/// GGML's quantize_row_q4_0_ref for one block.
pub fn quantizeQ4(x: *const [32]f32) BlockQ4_0 {
    var magnitude: f32 = 0;
    var largest: f32 = 0;
    for (x) |value| {
        if (magnitude < @abs(value)) {
            magnitude = @abs(value);
            largest = value;
        }
    }
    const d = largest / -8;
    const inverse: f32 = if (d != 0) 1 / d else 0;
    var block: BlockQ4_0 = .{ .d = @floatCast(d), .q = undefined };
    for (&block.q, 0..) |*q, i| {
        const low: u8 = @min(15, @as(u8, @intFromFloat(x[i] * inverse + 8.5)));
        const high: u8 = @min(15, @as(u8, @intFromFloat(x[i + 16] * inverse + 8.5)));
        q.* = low | high << 4;
    }
    return block;
}

/// Element `index` of a row-major array of `dtype`.
pub fn element(dtype: DType, data: [*]const u8, index: usize) f32 {
    return switch (dtype) {
        .f32 => @as([*]align(1) const f32, @ptrCast(data))[index],
        .f16 => @as([*]align(1) const f16, @ptrCast(data))[index],
        .bf16 => @bitCast(@as(u32, @as([*]align(1) const u16, @ptrCast(data))[index]) << 16),
        .q8_0 => {
            const block = @as([*]align(1) const BlockQ8_0, @ptrCast(data))[index / 32];
            return @as(f32, block.d) * @as(f32, @floatFromInt(block.q[index % 32]));
        },
        .q4_0 => {
            const block = @as([*]align(1) const BlockQ4_0, @ptrCast(data))[index / 32];
            const column = index % 32;
            const byte = block.q[column % 16];
            const nibble: i32 = if (column < 16) byte & 15 else byte >> 4;
            return @as(f32, block.d) * @as(f32, @floatFromInt(nibble - 8));
        },
        inline .q4_k, .q5_k, .q6_k => |known| k_quants.element(known, data, index),
        .i32, .u8 => unreachable,
    };
}

/// Rounds activations to 8 bits per block of 32 as the kernels do: halves to even.
pub fn roundActivations(out: []f64, x: []const f32) void {
    var start: usize = 0;
    while (start < x.len) : (start += 32) {
        var largest: f32 = 0;
        for (x[start..][0..32]) |value| largest = @max(largest, @abs(value));
        const inverse: f32 = if (largest < 0x1p-118) 0 else 127 / largest;
        const scale: f64 = largest / 127;
        for (x[start..][0..32], out[start..][0..32]) |value, *rounded| {
            rounded.* = scale * roundEven(value * inverse);
        }
    }
}

fn roundEven(x: f32) f64 {
    const below = @floor(x);
    const fraction = x - below;
    if (fraction != 0.5) return @round(x);
    return if (@mod(below, 2) == 0) below else below + 1;
}

/// `sum(x[i] * weight[row][i])` in f64.
pub fn dot(x: []const f64, dtype: DType, weight: [*]const u8, row: usize) f64 {
    var sum: f64 = 0;
    for (x, 0..) |value, i| sum += value * @as(f64, element(dtype, weight, row * x.len + i));
    return sum;
}
