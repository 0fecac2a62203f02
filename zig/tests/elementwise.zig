//! Elementwise kernels and their threaded drivers.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const reference = @import("../kernels/cpu/reference/elementwise.zig");
const threaded = @import("../kernels/cpu/threaded/elementwise.zig");

const sizes = [_]usize{ 0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 100, 1001, 5000 };

const Buffers = struct {
    a: Guarded(f32),
    b: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),

    fn init(random: std.Random, count: usize) !Buffers {
        const buffers: Buffers = .{
            .a = try .init(count),
            .b = try .init(count),
            .out = try .init(count),
            .expected = try .init(count),
        };
        support.fillNormal(random, buffers.a.items);
        support.fillNormal(random, buffers.b.items);
        for (buffers.a.items) |*x| x.* *= 4;
        return buffers;
    }

    fn deinit(buffers: Buffers) void {
        inline for (.{ buffers.a, buffers.b, buffers.out, buffers.expected }) |b| b.deinit();
    }
};

test "elementwise: unary functions, all sizes, also in place" {
    var random = std.Random.DefaultPrng.init(1);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = cpu.kernels(isa).?.elementwise;
        for (sizes) |count| {
            const buffers = try Buffers.init(random.random(), count);
            defer buffers.deinit();
            const out = buffers.out.items;
            for (std.enums.values(interface.Unary)) |function| {
                reference.unary(function, buffers.expected.items, buffers.a.items);
                kernels.unary(function, out.ptr, buffers.a.items.ptr, count);
                try support.expectClose(buffers.expected.items, out, 1e-6, 1e-5);
                @memcpy(out, buffers.a.items);
                kernels.unary(function, out.ptr, out.ptr, count);
                try support.expectClose(buffers.expected.items, out, 1e-6, 1e-5);
            }
        }
    }
}

test "elementwise: binary functions are exact, all sizes" {
    var random = std.Random.DefaultPrng.init(2);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = cpu.kernels(isa).?.elementwise;
        for (sizes) |count| {
            const buffers = try Buffers.init(random.random(), count);
            defer buffers.deinit();
            for (std.enums.values(interface.Binary)) |function| {
                // Powers round; they have a test of their own.
                if (function != .pow) try checkBinary(&kernels, function, buffers);
            }
        }
    }
}

fn checkBinary(
    kernels: *const interface.Table,
    function: interface.Binary,
    buffers: Buffers,
) !void {
    const a = buffers.a.items;
    const b = buffers.b.items;
    const out = buffers.out.items;
    const expected = buffers.expected.items;
    for (expected, a, b) |*y, p, q| y.* = reference.binaryValue(function, p, q);
    kernels.binary(function, out.ptr, a.ptr, b.ptr, a.len);
    try std.testing.expectEqualSlices(f32, expected, out);
    @memcpy(out, b);
    kernels.binary(function, out.ptr, a.ptr, out.ptr, a.len);
    try std.testing.expectEqualSlices(f32, expected, out);
    for (expected, a) |*y, p| y.* = reference.binaryValue(function, p, 0.75);
    kernels.binary_scalar(function, out.ptr, a.ptr, 0.75, a.len);
    try std.testing.expectEqualSlices(f32, expected, out);
    for (expected, b) |*y, q| y.* = reference.binaryValue(function, 0.75, q);
    kernels.scalar_binary(function, out.ptr, 0.75, b.ptr, a.len);
    try std.testing.expectEqualSlices(f32, expected, out);
}

test "elementwise: silu_mul, all sizes" {
    var random = std.Random.DefaultPrng.init(3);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = cpu.kernels(isa).?.elementwise;
        for (sizes) |count| {
            const buffers = try Buffers.init(random.random(), count);
            defer buffers.deinit();
            reference.siluMul(buffers.expected.items, buffers.a.items, buffers.b.items);
            kernels.silu_mul(
                buffers.out.items.ptr,
                buffers.a.items.ptr,
                buffers.b.items.ptr,
                count,
            );
            try support.expectClose(buffers.expected.items, buffers.out.items, 1e-6, 1e-5);
        }
    }
}

test "elementwise: threaded drivers give the kernels' bits for any thread count" {
    try support.forRunners({}, checkThreaded);
}

fn checkThreaded(_: void, runner: *Runner, _: u32) !void {
    var random = std.Random.DefaultPrng.init(4);
    for ([_]usize{ 0, 5, threaded.chunk_elements, 3 * threaded.chunk_elements + 77 }) |count| {
        const buffers = try Buffers.init(random.random(), count);
        defer buffers.deinit();
        const kernels = runner.kernels.elementwise;
        const a = buffers.a.items.ptr;
        const b = buffers.b.items.ptr;
        const out = buffers.out.items;
        const expected = buffers.expected.items;
        kernels.unary(.gelu, expected.ptr, a, count);
        threaded.unary(runner, .gelu, out.ptr, a, count);
        try std.testing.expectEqualSlices(f32, expected, out);
        kernels.binary(.div, expected.ptr, a, b, count);
        threaded.binary(runner, .div, out.ptr, a, b, count);
        try std.testing.expectEqualSlices(f32, expected, out);
        kernels.binary_scalar(.sub, expected.ptr, a, 3, count);
        threaded.binaryScalar(runner, .sub, out.ptr, a, 3, count);
        try std.testing.expectEqualSlices(f32, expected, out);
        kernels.scalar_binary(.sub, expected.ptr, 3, b, count);
        threaded.scalarBinary(runner, .sub, out.ptr, 3, b, count);
        try std.testing.expectEqualSlices(f32, expected, out);
        kernels.silu_mul(expected.ptr, a, b, count);
        threaded.siluMul(runner, out.ptr, a, b, count);
        try std.testing.expectEqualSlices(f32, expected, out);
    }
}
