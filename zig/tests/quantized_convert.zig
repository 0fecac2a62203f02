//! Quantization bit for bit, and conversion between dtypes and layouts.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const dtypes = @import("../core/dtype.zig");
const reference = @import("../kernels/cpu/reference/quantized.zig");
const converter = @import("../kernels/cpu/threaded/convert.zig");
const Weight = @import("../kernels/cpu/threaded/linear.zig").Weight;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const Guarded = @import("guarded.zig").Guarded;
const support = @import("support.zig");

const DType = dtypes.DType;
const expectEqualSlices = std.testing.expectEqualSlices;

/// Blocks that a quantizer gets wrong first, then random ones of many sizes.
fn fillBlocks(random: std.Random, x: []f32) void {
    for (0..x.len / 32) |index| {
        const block = x[index * 32 ..][0..32];
        const size = std.math.ldexp(@as(f32, 1), random.intRangeAtMost(i32, -30, 15));
        for (block, 0..) |*value, i| {
            const step: f32 = @floatFromInt(@as(i32, @intCast(i)) - 16);
            value.* = switch (index) {
                0 => 0,
                1 => -0.0,
                // Equally large numbers of both signs: the first decides.
                2 => if (i % 2 == 0) 3 else -3,
                3 => if (i % 2 == 0) -3 else 3,
                // Halves, once scaled: 127 in the block makes the scale 1.
                4 => if (i == 9) 127 else step + 0.5,
                5 => if (i == 9) -8 else step / 2 + 0.5,
                // Just below a half.
                6 => if (i == 31) -127 else if (i % 2 == 0) 0.49999997 else -0.49999997,
                7 => step * 1e-39,
                8 => step * 1e30,
                9 => step * 1e-45,
                else => random.floatNorm(f32) * size,
            };
        }
    }
}

test "quantized: q8_0 and q4_0 are GGML's bit for bit" {
    var generator: std.Random.DefaultPrng = .init(1);
    for ([_]usize{ 0, 32, 64, 32 * 1000 }) |count| {
        const x = try Guarded(f32).init(count);
        defer x.deinit();
        fillBlocks(generator.random(), x.items);
        // 127 / 1e-45 has no meaning in the reference.
        if (count > 32 * 9) @memset(x.items[32 * 9 ..][0..32], 1);
        if (count > 32 * 7) @memset(x.items[32 * 7 ..][0..32], 1e-30);
        for ([_]DType{ .q8_0, .q4_0 }) |dtype| {
            const size = count / 32 * dtype.blockBytes();
            const expected = try std.testing.allocator.alloc(u8, size);
            defer std.testing.allocator.free(expected);
            for (0..count / 32) |i| {
                const block = x.items[i * 32 ..][0..32];
                if (dtype == .q8_0) {
                    expected[i * 34 ..][0..34].* = @bitCast(reference.quantizeQ8(block));
                } else {
                    expected[i * 18 ..][0..18].* = @bitCast(reference.quantizeQ4(block));
                }
            }
            var buffer: [8]cpu.Isa = undefined;
            for (support.supportedIsas(&buffer)) |isa| {
                const out = try Guarded(u8).init(size);
                defer out.deinit();
                const table = cpu.kernels(isa).?.quantized;
                table.quantize(out.items.ptr, x.items.ptr, dtype, count);
                try expectEqualSlices(u8, expected, out.items);
                const back = try Guarded(f32).init(count);
                defer back.deinit();
                table.dequantize(back.items.ptr, out.items.ptr, dtype, count);
                for (back.items, 0..) |value, i| {
                    const number = reference.element(dtype, expected.ptr, i);
                    // A scale beyond f16 is infinite, and zero times that is NaN.
                    if (!std.math.isNan(number)) try std.testing.expectEqual(number, value);
                }
            }
        }
    }
}

test "quantized: blocks made by GGML's own Python package" {
    // gguf.quants.quantize of ((7919 i + 13) mod 256 - 128) / 32.
    const q8 = [_]u8{
        240, 39,  140, 125, 108, 91, 74, 56, 39, 22,  5,   244, 227, 210, 192, 175, 158,
        141, 126, 109, 92,  75,  57, 40, 23, 6,  245, 228, 211, 194, 176, 159, 142, 127,
    };
    const q4 = [_]u8{
        224, 183, 15,  16,  33,  50,  67,  84,  118,
        135, 152, 169, 186, 203, 220, 237, 254, 15,
    };
    var x: [32]f32 = undefined;
    for (&x, 0..) |*value, i| value.* = (@as(f32, @floatFromInt((i * 7919 + 13) % 256)) - 128) / 32;
    var buffer: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&buffer)) |isa| {
        var out: [34]u8 align(2) = undefined;
        cpu.kernels(isa).?.quantized.quantize(&out, &x, .q8_0, 32);
        try expectEqualSlices(u8, &q8, &out);
        cpu.kernels(isa).?.quantized.quantize(&out, &x, .q4_0, 32);
        try expectEqualSlices(u8, &q4, out[0..18]);
    }
}

test "quantized: what is not finite never crashes" {
    const bad = [_]f32{ std.math.nan(f32), std.math.inf(f32), -std.math.inf(f32), 1e-45, 3.4e38 };
    var buffer: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&buffer)) |isa| for (bad) |value| {
        var x: [32]f32 = @splat(value);
        x[3] = 1;
        var out: [34]u8 align(2) = undefined;
        for ([_]DType{ .q8_0, .q4_0 }) |dtype| {
            cpu.kernels(isa).?.quantized.quantize(&out, &x, dtype, 32);
        }
    };
}

test "quantized: every f16 scale is read right" {
    var buffer: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&buffer)) |isa| for (0..1 << 16) |bits| {
        const scale: f16 = @bitCast(@as(u16, @intCast(bits)));
        const block: dtypes.BlockQ8_0 = .{ .d = scale, .q = @splat(1) };
        var out: [32]f32 = undefined;
        cpu.kernels(isa).?.quantized.dequantize(&out, @ptrCast(&block), .q8_0, 32);
        const expected: f32 = block.d;
        if (std.math.isNan(expected)) {
            try std.testing.expect(std.math.isNan(out[5]));
        } else {
            try std.testing.expectEqual(@as(u32, @bitCast(expected)), @as(u32, @bitCast(out[5])));
        }
    };
}

test "quantized: rows16 and back, and single rows of it" {
    try support.forRunners({}, checkRows16);
}

fn checkRows16(_: void, runner: *Runner, _: u32) anyerror!void {
    const columns = 96;
    for ([_]DType{ .q8_0, .q4_0 }) |dtype| for ([_]usize{ 0, 1, 15, 16, 17, 172 }) |rows| {
        var generator: std.Random.DefaultPrng = .init(rows);
        const plain = try Guarded(u8).init(rows * columns / 32 * dtype.blockBytes());
        defer plain.deinit();
        generator.random().bytes(plain.items);
        const arranged = try Guarded(u8).init(converter.rows16Bytes(dtype, rows, columns));
        defer arranged.deinit();
        converter.repack(runner, arranged.items.ptr, plain.items.ptr, dtype, rows, columns);
        const back = try Guarded(u8).init(plain.items.len);
        defer back.deinit();
        converter.unpack(runner, back.items.ptr, arranged.items.ptr, dtype, rows, columns);
        try expectEqualSlices(u8, plain.items, back.items);
        for (0..rows) |row| {
            const group: Weight = .{
                .data = arranged.items.ptr,
                .dtype = dtype,
                .layout = .rows16,
                .rows = rows,
                .columns = columns,
            };
            const out = try Guarded(f32).init(columns);
            defer out.deinit();
            converter.dequantizeRow(runner.kernels, out.items.ptr, group, row);
            for (out.items, 0..) |value, column| {
                const expected = reference.element(dtype, plain.items.ptr, row * columns + column);
                if (!std.math.isNan(expected)) try std.testing.expectEqual(expected, value);
            }
        }
    };
}

test "quantized: conversion between all dtypes goes through f32" {
    try support.forRunners({}, checkConvert);
}

fn checkConvert(_: void, runner: *Runner, _: u32) anyerror!void {
    const plain_dtypes = [_]DType{ .f32, .f16, .bf16, .q8_0, .q4_0 };
    var generator: std.Random.DefaultPrng = .init(3);
    for ([_]usize{ 0, 32, 2048, 70_016 }) |count| {
        const x = try Guarded(f32).init(count);
        defer x.deinit();
        support.fillNormal(generator.random(), x.items);
        for (plain_dtypes) |from| {
            const source = try Guarded(u8).init(count / from.blockElements() * from.blockBytes());
            defer source.deinit();
            converter.convert(runner, source.items.ptr, from, @ptrCast(x.items.ptr), .f32, count);
            const floats = try Guarded(f32).init(count);
            defer floats.deinit();
            for (floats.items, 0..) |*value, i| {
                value.* = reference.element(from, source.items.ptr, i);
            }
            for (plain_dtypes) |to| {
                const size = count / to.blockElements() * to.blockBytes();
                const direct = try Guarded(u8).init(size);
                defer direct.deinit();
                converter.convert(runner, direct.items.ptr, to, source.items.ptr, from, count);
                const twice = try Guarded(u8).init(size);
                defer twice.deinit();
                if (from == to) {
                    @memcpy(twice.items, source.items);
                } else {
                    const middle: [*]const u8 = @ptrCast(floats.items.ptr);
                    converter.convert(runner, twice.items.ptr, to, middle, .f32, count);
                }
                try expectEqualSlices(u8, twice.items, direct.items);
            }
            // Steps of f16, bf16, q8_0 and q4_0 relative to the largest of 32 normal numbers.
            const step: f32 = switch (from) {
                .f32 => 0,
                .f16 => 0x1p-9,
                .bf16 => 0x1p-6,
                .q8_0 => 0.03,
                else => 0.7,
            };
            for (floats.items, x.items) |value, original| {
                try std.testing.expect(@abs(value - original) <= step);
            }
        }
    }
}
