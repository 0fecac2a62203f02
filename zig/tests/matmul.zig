//! f32 matrix products: every kernel of every instruction set against the plain product in f64.

const std = @import("std");
const cases = @import("matmul_cases.zig");
const cpu = @import("../core/cpu.zig");
const Arena = @import("../core/arena.zig").Arena;
const Pool = @import("../core/pool.zig").Pool;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const threaded = @import("../kernels/cpu/threaded/matmul.zig");
const interface = @import("../kernels/cpu/matmul_interface.zig");

const Case = cases.Case;
const Prepared = cases.Prepared;
const Shape = threaded.Shape;
const untouched = cases.untouched;

const isas = [_]cpu.Isa{ .baseline, .v3, .v4, .dotprod };

// Static because the workers of a pool are never joined.
var pool: Pool = .{};

fn runnerOf(isa: cpu.Isa, scratch: *Arena) Runner {
    return .{ .kernels = cpu.kernels(isa).?, .pool = &pool, .scratch = scratch };
}

/// Runs one case with one thread for every instruction set of this machine.
fn tryCase(case: Case, random: std.Random, scratch: *Arena) !void {
    const prepared: Prepared = try .init(case, random);
    defer prepared.deinit();
    for (isas) |isa| {
        if (!cpu.supports(isa)) continue;
        try prepared.run(&runnerOf(isa, scratch));
        try prepared.check(isa);
    }
}

fn tryLayouts(m: usize, n: usize, k: usize, random: std.Random, scratch: *Arena) !void {
    for ([_]bool{ false, true }) |transposed_a| {
        for ([_]bool{ false, true }) |transposed_b| {
            try tryCase(.{
                .shape = .{ .m = m, .n = n, .k = k },
                .transposed_a = transposed_a,
                .transposed_b = transposed_b,
                .gap = (m + n + k) % 3,
                .accumulate = (m ^ n ^ k) & 1 == 1,
            }, random, scratch);
        }
    }
}

const edges = blk: {
    var sizes: [27]usize = undefined;
    for (0..20) |i| sizes[i] = i + 1;
    sizes[20..].* = .{ 47, 48, 49, 50, 95, 96, 97 };
    break :blk sizes;
};

test "matmul: every remainder of rows and columns, both operands plain and transposed" {
    var generator: std.Random.DefaultPrng = .init(1);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    pool.resize(1);
    for (edges) |m| {
        for (edges) |n| {
            const k = 1 + (m * 7 + n * 3) % 37;
            try tryLayouts(m, n, k, generator.random(), &scratch);
        }
    }
}

test "matmul: every remainder of k, and k around its blocks" {
    var generator: std.Random.DefaultPrng = .init(2);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    pool.resize(1);
    const sizes = [_][2]usize{
        .{ 1, 1 },  .{ 1, 70 }, .{ 70, 1 },
        .{ 3, 40 }, .{ 7, 50 }, .{ 13, 21 },
    };
    for (sizes) |size| {
        for (edges ++ [_]usize{ 511, 512, 513, 1023, 1024, 1025 }) |k| {
            try tryLayouts(size[0], size[1], k, generator.random(), &scratch);
        }
    }
}

test "matmul: sizes that need several blocks" {
    var generator: std.Random.DefaultPrng = .init(3);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    pool.resize(1);
    const sizes = [_][3]usize{
        .{ 119, 241, 65 },   .{ 121, 239, 100 }, .{ 5, 700, 513 },  .{ 241, 481, 513 },
        .{ 300, 10, 520 },   .{ 2, 3000, 70 },   .{ 3000, 2, 70 },  .{ 16, 1000, 1025 },
        .{ 1, 2500, 300 },   .{ 2500, 1, 300 },  .{ 3200, 250, 9 }, .{ 130, 3300, 17 },
        .{ 121, 500, 4200 },
    };
    for (sizes) |size| try tryLayouts(size[0], size[1], size[2], generator.random(), &scratch);
}

test "matmul: batches, shared operands, elements far apart" {
    var generator: std.Random.DefaultPrng = .init(4);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    pool.resize(1);
    const sizes = [_][3]usize{
        .{ 1, 1, 9 },   .{ 4, 5, 6 },    .{ 1, 33, 20 },
        .{ 33, 1, 20 }, .{ 21, 18, 35 }, .{ 125, 7, 11 },
    };
    for (sizes) |size| for (0..64) |bits| try tryCase(.{
        .shape = .{
            .m = size[0],
            .n = size[1],
            .k = size[2],
            .batch = if (bits & 1 == 0) .{ 1, 2, 1, 3 } else .{ 2, 1, 3, 2 },
        },
        .transposed_a = bits & 2 != 0,
        .transposed_b = bits & 4 != 0,
        .shared_a = bits & 8 != 0,
        .shared_b = bits & 16 != 0,
        .spread = if (bits & 32 != 0) 3 else 1,
        .gap = bits % 5,
        .accumulate = bits % 3 == 0,
    }, generator.random(), &scratch);
}

test "matmul: a batch whose rows continue becomes one product" {
    var generator: std.Random.DefaultPrng = .init(5);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    pool.resize(1);
    for ([_][4]usize{ .{ 1, 1, 1, 5 }, .{ 1, 3, 1, 2 }, .{ 2, 2, 2, 2 } }) |batch| {
        const shape: Shape = .{ .m = 9, .n = 30, .k = 12, .batch = batch };
        try tryCase(.{ .shape = shape, .shared_b = true }, generator.random(), &scratch);
    }
}

test "matmul: sizes of zero" {
    var generator: std.Random.DefaultPrng = .init(6);
    var scratch: Arena = try .init(1 << 20);
    defer scratch.deinit();
    pool.resize(2);
    const shapes = [_]Shape{
        .{ .m = 0, .n = 5, .k = 5 },
        .{ .m = 5, .n = 0, .k = 5 },
        .{ .m = 5, .n = 7, .k = 0 },
        .{ .m = 0, .n = 0, .k = 0 },
        .{ .m = 2, .n = 3, .k = 4, .batch = .{ 1, 0, 3, 1 } },
        .{ .m = 2, .n = 3, .k = 0, .batch = .{ 1, 2, 3, 1 } },
    };
    for (shapes) |shape| for ([_]bool{ false, true }) |accumulate| {
        const case: Case = .{ .shape = shape, .accumulate = accumulate, .gap = 2 };
        try tryCase(case, generator.random(), &scratch);
    };
}

test "matmul: the same bits with 1, 2 and 3 threads" {
    var generator: std.Random.DefaultPrng = .init(7);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const shapes = [_]Shape{
        .{ .m = 500, .n = 520, .k = 530 },
        .{ .m = 16, .n = 1000, .k = 700 },
        .{ .m = 1000, .n = 16, .k = 700 },
        .{ .m = 1, .n = 3000, .k = 300 },
        .{ .m = 3000, .n = 3, .k = 300 },
        .{ .m = 7, .n = 2000, .k = 600 },
        .{ .m = 100, .n = 600, .k = 600 },
        .{ .m = 60, .n = 70, .k = 80, .batch = .{ 1, 1, 5, 7 } },
        .{ .m = 16, .n = 16, .k = 16, .batch = .{ 1, 1, 1, 1000 } },
    };
    for (shapes) |shape| for ([_]bool{ false, true }) |transposed_b| for (isas) |isa| {
        if (!cpu.supports(isa)) continue;
        const case: Case = .{ .shape = shape, .transposed_b = transposed_b, .accumulate = true };
        const prepared: Prepared = try .init(case, generator.random());
        defer prepared.deinit();
        for (1..4) |threads| {
            pool.resize(@intCast(threads));
            try prepared.run(&runnerOf(isa, &scratch));
            if (threads == 1) {
                try prepared.check(isa);
                @memcpy(prepared.expected.items, prepared.out.items);
            } else {
                const one_thread = std.mem.sliceAsBytes(prepared.expected.items);
                const several = std.mem.sliceAsBytes(prepared.out.items);
                try std.testing.expectEqualSlices(u8, one_thread, several);
            }
        }
    };
}

test "matmul: the same bits with a bias, with 1, 2 and 3 threads" {
    var generator: std.Random.DefaultPrng = .init(11);
    var scratch: Arena = try .init(64 << 20);
    defer scratch.deinit();
    const shape: Shape = .{ .m = 100, .n = 1000, .k = 1500 };
    for ([_]bool{ false, true }) |transposed_b| for (isas) |isa| {
        if (!cpu.supports(isa)) continue;
        const case: Case = .{ .shape = shape, .transposed_b = transposed_b };
        const prepared: Prepared = try .init(case, generator.random());
        defer prepared.deinit();
        for (1..4) |threads| {
            pool.resize(@intCast(threads));
            const result = if (threads == 1) prepared.expected.items else prepared.out.items;
            var out = prepared.output(result.ptr);
            out.bias = prepared.a.items.ptr;
            const a = prepared.operandA();
            try threaded.matmul(&runnerOf(isa, &scratch), shape, a, prepared.operandB(), out);
            if (threads == 1) continue;
            try std.testing.expectEqualSlices(f32, prepared.expected.items, result);
        }
    };
}

test "matmul: every kernel alone, where the driver would choose another" {
    var generator: std.Random.DefaultPrng = .init(8);
    const sizes = [_][3]usize{ .{ 9, 11, 13 }, .{ 25, 101, 1030 }, .{ 10, 1100, 21 } };
    for (sizes) |size| for ([_]bool{ false, true }) |accumulate| {
        const shape: Shape = .{ .m = size[0], .n = size[1], .k = size[2] };
        for ([_]bool{ false, true }) |transposed_b| {
            const case: Case = .{
                .shape = shape,
                .transposed_b = transposed_b,
                .gap = 3,
                .accumulate = accumulate,
            };
            const prepared: Prepared = try .init(case, generator.random());
            defer prepared.deinit();
            const product = prepared.product(0, prepared.out.items.ptr);
            for (isas) |isa| {
                if (!cpu.supports(isa)) continue;
                const kernels = &cpu.kernels(isa).?.matmul;
                const plain = [_]*const fn (*const interface.Product) callconv(.c) void{
                    kernels.row_updates.?, kernels.direct_product.?,
                };
                for (if (transposed_b) &.{kernels.dots} else &plain) |kernel| {
                    @memset(prepared.out.items, untouched);
                    kernel(&product);
                    try prepared.check(isa);
                }
            }
        }
    };
}

test "matmul: a full arena is an error and leaves the result alone" {
    var generator: std.Random.DefaultPrng = .init(9);
    var scratch: Arena = try .init(4096);
    defer scratch.deinit();
    _ = try scratch.take(scratch.capacity - 4096);
    const mark = scratch.head;
    const case: Case = .{ .shape = .{ .m = 200, .n = 300, .k = 64 } };
    const prepared: Prepared = try .init(case, generator.random());
    defer prepared.deinit();
    const runner = runnerOf(cpu.best(), &scratch);
    try std.testing.expectError(error.ArenaFull, prepared.run(&runner));
    try std.testing.expectEqual(mark, scratch.head);
    for (prepared.out.items) |x| try std.testing.expectEqual(untouched, x);
}
