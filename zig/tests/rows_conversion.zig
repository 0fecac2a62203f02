//! Kernels that convert rows between f32 and 16 bits.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/rows_interface.zig");

test "rows: widen gives every f16 and bf16 exactly" {
    const count = 1 << 16;
    const bits = try Guarded(u16).init(count);
    defer bits.deinit();
    const out = try Guarded(f32).init(count);
    defer out.deinit();
    for (bits.items, 0..) |*b, i| b.* = @intCast(i);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = &cpu.kernels(isa).?.rows;
        kernels.widen(out.items.ptr, @ptrCast(bits.items.ptr), .f16, count);
        for (bits.items, out.items) |b, y| try support.expectSame(@as(f16, @bitCast(b)), y);
        kernels.widen(out.items.ptr, @ptrCast(bits.items.ptr), .bf16, count);
        for (bits.items, out.items) |b, y| try support.expectSame(@as(f32, @bitCast(@as(u32, b) << 16)), y);
    }
}

test "rows: narrow rounds to nearest even and keeps NaN, all sizes" {
    var random = std.Random.DefaultPrng.init(1);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        for ([_]usize{ 1, 3, 8, 15, 16, 17, 31, 33, 64, 100, 1001, 5000 }) |count| {
            const x = try Guarded(f32).init(count);
            defer x.deinit();
            support.fillNormal(random.random(), x.items);
            try checkNarrow(&cpu.kernels(isa).?.rows, x.items);
        }
    }
}

fn checkNarrow(kernels: *const interface.Table, x: []f32) !void {
    const specials = [_]f32{
        std.math.nan(f32), std.math.inf(f32),              1.00390625, 65520, 1e-7,
        -0.0,              @bitCast(@as(u32, 0x7f800001)),
    };
    for (x[0..@min(x.len, specials.len)], specials[0..@min(x.len, specials.len)]) |*a, b| a.* = b;
    for (x, 0..) |*value, i| if (i > 10 and i % 3 == 0) {
        value.* *= std.math.pow(f32, 2, @floatFromInt(@as(i32, @intCast(i % 60)) - 40));
    };
    const narrowed = try Guarded(u16).init(x.len);
    defer narrowed.deinit();
    kernels.narrow(@ptrCast(narrowed.items.ptr), x.ptr, .f16, x.len);
    for (x, narrowed.items) |value, bits| {
        try support.expectSame(@as(f16, @floatCast(value)), @as(f16, @bitCast(bits)));
    }
    kernels.narrow(@ptrCast(narrowed.items.ptr), x.ptr, .bf16, x.len);
    for (x, narrowed.items) |value, bits| try checkBf16(value, bits);
    const copied = try Guarded(f32).init(x.len);
    defer copied.deinit();
    kernels.narrow(@ptrCast(copied.items.ptr), x.ptr, .f32, x.len);
    for (x, copied.items) |value, y| try support.expectSame(value, y);
}

/// No neighbour of the result may be closer; of two equally close ones the even one is taken.
fn checkBf16(value: f32, bits: u16) !void {
    const got: f32 = @bitCast(@as(u32, bits) << 16);
    if (std.math.isNan(value)) return std.testing.expect(std.math.isNan(got));
    if (std.math.isInf(value)) return std.testing.expectEqual(value, got);
    const distance = @abs(@as(f64, value) - got);
    for ([_]u16{ bits -% 1, bits +% 1 }) |neighbour_bits| {
        const neighbour: f32 = @bitCast(@as(u32, neighbour_bits) << 16);
        if (!std.math.isFinite(neighbour)) continue;
        const other = @abs(@as(f64, value) - neighbour);
        try std.testing.expect(distance < other or (distance == other and bits % 2 == 0));
    }
}
