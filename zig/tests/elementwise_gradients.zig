//! Functions with parameters, of three operands, their gradients, and dropout.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const reference = @import("../kernels/cpu/reference/elementwise.zig");
const threaded = @import("../kernels/cpu/threaded/elementwise.zig");

const sizes = [_]usize{ 0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 100, 1001 };

fn numbersOf(random: std.Random, count: usize) !Guarded(f32) {
    const numbers = try Guarded(f32).init(count);
    support.fillNormal(random, numbers.items);
    for (numbers.items) |*x| x.* *= 3;
    return numbers;
}

/// Parameters of each function, with which they are tested.
fn parameters(comptime name: []const u8) [2]f32 {
    const known = .{
        .leaky_relu = .{ 0.01, 0 },
        .elu = .{ 1.5, 0 },
        .softplus = .{ 2, 6 },
        .clamp = .{ -1, 2 },
        .pow = .{ 4, 0 },
    };
    return if (@hasField(@TypeOf(known), name)) @field(known, name) else .{ 0, 0 };
}

test "elementwise: functions with parameters, all sizes" {
    var random = std.Random.DefaultPrng.init(21);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        const kernels = cpu.kernels(isa).?.elementwise;
        const x = try numbersOf(random.random(), count);
        defer x.deinit();
        const out = try Guarded(f32).init(count);
        defer out.deinit();
        const expected = try Guarded(f32).init(count);
        defer expected.deinit();
        inline for (comptime std.enums.values(interface.Parametric)) |function| {
            const p = comptime parameters(@tagName(function));
            for (expected.items, x.items) |*y, value| {
                y.* = @floatCast(reference.parametric(function, value, p[0], p[1]));
            }
            kernels.parametric(function, out.items.ptr, x.items.ptr, p[0], p[1], count);
            try support.expectClose(expected.items, out.items, 1e-30, 2e-6);
        }
    };
}

test "elementwise: gradients of functions, all sizes" {
    var random = std.Random.DefaultPrng.init(22);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        const kernels = cpu.kernels(isa).?.elementwise;
        const saved = try numbersOf(random.random(), count);
        defer saved.deinit();
        const gradient = try numbersOf(random.random(), count);
        defer gradient.deinit();
        const out = try Guarded(f32).init(count);
        defer out.deinit();
        const expected = try Guarded(f32).init(count);
        defer expected.deinit();
        inline for (comptime std.enums.values(interface.Derivative)) |function| {
            const p = comptime parameters(@tagName(function));
            for (expected.items, gradient.items, saved.items) |*y, g, s| {
                y.* = @floatCast(reference.derivative(function, g, s, p[0], p[1]));
            }
            kernels.derivative(
                function,
                out.items.ptr,
                gradient.items.ptr,
                saved.items.ptr,
                p[0],
                p[1],
                count,
            );
            try support.expectClose(expected.items, out.items, 2e-6, 1e-5);
        }
    };
}

test "elementwise: three operands, each of them repeated or not" {
    var random = std.Random.DefaultPrng.init(23);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes[1..]) |count| {
        const kernels = cpu.kernels(isa).?.elementwise;
        var operands: [3]Guarded(f32) = undefined;
        for (&operands) |*operand| operand.* = try Guarded(f32).init(count);
        defer for (operands) |operand| operand.deinit();
        const out = try Guarded(f32).init(count);
        defer out.deinit();
        const expected = try Guarded(f32).init(count);
        defer expected.deinit();
        // Few values, so that zeros and equal ones are among them; bases that have roots.
        for (operands) |operand| for (operand.items) |*x| {
            x.* = @floatFromInt(random.random().uintLessThan(u32, 4));
        };
        for (std.enums.values(interface.Ternary)) |function| for (0..8) |repeated| {
            for (expected.items, 0..) |*y, i| {
                var values: [3]f64 = undefined;
                for (&values, operands, 0..) |*value, operand, k| {
                    value.* = operand.items[if (repeated >> @intCast(k) & 1 == 1) 0 else i];
                }
                y.* = @floatCast(reference.ternary(function, values[0], values[1], values[2]));
            }
            var pointers: [3][*]const f32 = undefined;
            for (&pointers, operands) |*pointer, operand| pointer.* = operand.items.ptr;
            kernels.ternary(function, out.items.ptr, &pointers, @intCast(repeated), count);
            try support.expectClose(expected.items, out.items, 1e-6, 1e-6);
        };
    };
}

test "elementwise: powers, with the special cases of C" {
    const infinity = std.math.inf(f32);
    const nan = std.math.nan(f32);
    const values = [_]f32{
        0,   -0.0, 1,     -1,    2,        -2,        3,        0.5,       -0.5, 0.75,  7.25,  -7.25,
        1e5, 1e30, 1e-30, 1e-40, 16777215, -16777218, infinity, -infinity, nan,  0.999, 1.001,
    };
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (values) |base| {
        const bases: [values.len]f32 = @splat(base);
        var expected: [values.len]f32 = undefined;
        var out: [values.len]f32 = undefined;
        for (&expected, values) |*y, exponent| y.* = reference.binaryValue(.pow, base, exponent);
        cpu.kernels(isa).?.elementwise.binary(.pow, &out, &bases, &values, values.len);
        try support.expectClose(&expected, &out, 2e-45, 3e-5);
    };
}

test "elementwise: silu_mul gradients, also in place" {
    var random = std.Random.DefaultPrng.init(24);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        const kernels = cpu.kernels(isa).?.elementwise;
        const g = try numbersOf(random.random(), count);
        defer g.deinit();
        const gate = try numbersOf(random.random(), count);
        defer gate.deinit();
        const up = try numbersOf(random.random(), count);
        defer up.deinit();
        const expected: [2]Guarded(f32) = .{ try .init(count), try .init(count) };
        defer for (expected) |buffer| buffer.deinit();
        for (g.items, gate.items, up.items, 0..) |gradient, x, u, i| {
            const through = @as(f64, gradient) * u;
            expected[0].items[i] = @floatCast(reference.derivative(.silu, through, x, 0, 0));
            expected[1].items[i] = @floatCast(gradient * reference.exact(.silu, x));
        }
        const gate_out, const up_out = .{ gate.items.ptr, up.items.ptr };
        kernels.silu_mul_gradients(gate_out, up_out, g.items.ptr, gate_out, up_out, count);
        try support.expectClose(expected[0].items, gate.items, 5e-6, 1e-5);
        try support.expectClose(expected[1].items, up.items, 2e-6, 1e-5);
    };
}

test "elementwise: dropout keeps the same elements on every processor and thread count" {
    const count = 3 * threaded.chunk_elements + 77;
    const known = try Guarded(f32).init(count);
    defer known.deinit();
    @memset(known.items, std.math.nan(f32));
    try support.forRunners(known.items, checkDropout);
}

fn checkDropout(known: []f32, runner: *Runner, _: u32) !void {
    const x = try Guarded(f32).init(known.len);
    defer x.deinit();
    @memset(x.items, 3);
    const out = try Guarded(f32).init(known.len);
    defer out.deinit();
    // Three elements in ten go.
    const mask: interface.DropoutMask = .{
        .seed = 0x1234_5678_9abc_def0,
        .threshold = 1288490188,
        .scale = 2,
    };
    threaded.dropout(runner, out.items.ptr, x.items.ptr, known.len, mask);
    var kept: usize = 0;
    for (out.items) |y| {
        try std.testing.expect(y == 0 or y == 6);
        kept += @intFromBool(y != 0);
    }
    const share = @as(f64, @floatFromInt(kept)) / @as(f64, @floatFromInt(known.len));
    try std.testing.expectApproxEqAbs(0.7, share, 0.01);
    if (std.math.isNan(known[0])) @memcpy(known, out.items);
    try std.testing.expectEqualSlices(f32, known, out.items);
    // Another part of the same mask, and places beyond 2^32.
    const kernels = runner.kernels.elementwise;
    kernels.dropout(out.items.ptr, x.items.ptr, 500, 1001, &mask);
    try std.testing.expectEqualSlices(f32, known[1001..1501], out.items[0..500]);
    kernels.dropout(out.items.ptr, x.items.ptr, 600, (1 << 32) - 300, &mask);
    kernels.dropout(x.items.ptr, x.items.ptr, 290, (1 << 32) + 10, &mask);
    try std.testing.expectEqualSlices(f32, out.items[310..600], x.items[0..290]);
}
