//! f32 matrix products: every kernel of every instruction set against the plain product in f64.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Arena = @import("../core/arena.zig").Arena;
const Pool = @import("../core/pool.zig").Pool;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const threaded = @import("../kernels/cpu/threaded/matmul.zig");
const interface = @import("../kernels/cpu/matmul_interface.zig");
const reference = @import("../kernels/cpu/reference/matmul.zig");

const Shape = threaded.Shape;

const isas = [_]cpu.Isa{ .baseline, .v3, .v4, .dotprod };

/// What the result holds before, also between its rows, where nothing may change it.
const untouched: f32 = 0.625;

// Static because the workers of a pool are never joined.
var pool: Pool = .{};

/// A product to try: how its operands lie in memory and what is asked for.
const Case = struct {
    shape: Shape,
    transposed_a: bool = false,
    transposed_b: bool = false,
    /// Unused elements between the rows of each matrix in memory.
    gap: usize = 0,
    /// Distance of elements within a row of A and B in memory.
    spread: usize = 1,
    /// All products of the batch use the same A or B.
    shared_a: bool = false,
    shared_b: bool = false,
    accumulate: bool = false,
};

/// Memory for a batch of matrices, without gaps behind the last element.
const Layout = struct {
    row_stride: usize,
    column_stride: usize,
    batch_strides: [4]usize,
    count: usize,

    fn of(
        batch: [4]usize,
        rows: usize,
        columns: usize,
        transposed: bool,
        gap: usize,
        spread: usize,
        shared: bool,
    ) Layout {
        const inner = if (transposed) rows else columns;
        const outer = if (transposed) columns else rows;
        const outer_stride = inner * spread + gap;
        var strides: [4]usize = @splat(0);
        var matrices: usize = 1;
        if (!shared) {
            var dimension: usize = 4;
            while (dimension > 0) {
                dimension -= 1;
                strides[dimension] = matrices * outer * outer_stride;
                matrices *= batch[dimension];
            }
        }
        const is_empty = matrices * outer * inner == 0;
        const unused = outer_stride -| ((inner -| 1) * spread + 1);
        return .{
            .row_stride = if (transposed) spread else outer_stride,
            .column_stride = if (transposed) outer_stride else spread,
            .batch_strides = strides,
            .count = if (is_empty) 0 else matrices * outer * outer_stride - unused,
        };
    }
};

/// The operands of a case and the expected result, in memory that ends at inaccessible pages.
const Prepared = struct {
    case: Case,
    a: Guarded(f32),
    b: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),
    a_layout: Layout,
    b_layout: Layout,
    out_layout: Layout,

    fn init(case: Case, random: std.Random) !Prepared {
        const s = case.shape;
        const a_layout: Layout =
            .of(s.batch, s.m, s.k, case.transposed_a, case.gap, case.spread, case.shared_a);
        const b_layout: Layout =
            .of(s.batch, s.k, s.n, case.transposed_b, case.gap, case.spread, case.shared_b);
        const out_layout: Layout = .of(s.batch, s.m, s.n, false, case.gap, 1, false);
        const prepared: Prepared = .{
            .case = case,
            .a = try .init(a_layout.count),
            .b = try .init(b_layout.count),
            .out = try .init(out_layout.count),
            .expected = try .init(out_layout.count),
            .a_layout = a_layout,
            .b_layout = b_layout,
            .out_layout = out_layout,
        };
        // Uniform with variance 1.
        for (prepared.a.items) |*x| x.* = (random.float(f32) - 0.5) * @sqrt(12.0);
        for (prepared.b.items) |*x| x.* = (random.float(f32) - 0.5) * @sqrt(12.0);
        @memset(prepared.expected.items, untouched);
        for (0..s.batchCount()) |index| {
            reference.multiply(prepared.product(index, prepared.expected.items.ptr));
        }
        return prepared;
    }

    fn deinit(prepared: Prepared) void {
        for ([_]Guarded(f32){ prepared.a, prepared.b, prepared.out, prepared.expected }) |buffer| {
            buffer.deinit();
        }
    }

    fn operandA(prepared: Prepared) threaded.Operand {
        return .{
            .data = prepared.a.items.ptr,
            .row_stride = prepared.a_layout.row_stride,
            .column_stride = prepared.a_layout.column_stride,
            .batch_strides = prepared.a_layout.batch_strides,
        };
    }

    fn operandB(prepared: Prepared) threaded.Operand {
        return .{
            .data = prepared.b.items.ptr,
            .row_stride = prepared.b_layout.row_stride,
            .column_stride = prepared.b_layout.column_stride,
            .batch_strides = prepared.b_layout.batch_strides,
        };
    }

    fn output(prepared: Prepared, data: [*]f32) threaded.Output {
        return .{
            .data = data,
            .row_stride = prepared.out_layout.row_stride,
            .batch_strides = prepared.out_layout.batch_strides,
            .accumulate = prepared.case.accumulate,
        };
    }

    fn product(prepared: Prepared, index: usize, out: [*]f32) interface.Product {
        const shape = prepared.case.shape;
        return .{
            .m = shape.m,
            .n = shape.n,
            .k = shape.k,
            .a = prepared.operandA().matrix(shape, index),
            .b = prepared.operandB().matrix(shape, index),
            .out = prepared.output(out).at(shape, index),
            .out_row_stride = prepared.out_layout.row_stride,
            .accumulate = prepared.case.accumulate,
        };
    }

    fn run(prepared: Prepared, kernels: *const cpu.Kernels, scratch: *Arena) !void {
        @memset(prepared.out.items, untouched);
        const runner: Runner = .{ .kernels = kernels, .pool = &pool, .scratch = scratch };
        const out = prepared.output(prepared.out.items.ptr);
        const a = prepared.operandA();
        const b = prepared.operandB();
        try threaded.matmul(&runner, prepared.case.shape, a, b, out);
        try std.testing.expectEqual(0, scratch.head);
    }

    /// Within 1e-5 absolute plus 1e-4 relative for k up to 100. The sum of k products of variance 1
    /// has standard deviation sqrt(k) and passes through values of that size, whose rounding
    /// errors stay when the result happens to be near 0: for larger k the absolute part is
    /// 2e-6 of the standard deviation, 6.4e-5 at k = 1024.
    fn check(prepared: Prepared, isa: cpu.Isa) !void {
        const k: f32 = @floatFromInt(prepared.case.shape.k);
        const absolute = if (k <= 100) 1e-5 else 2e-6 * @sqrt(k);
        for (prepared.expected.items, prepared.out.items, 0..) |expected, found, i| {
            if (@abs(found - expected) <= absolute + 1e-4 * @abs(expected)) continue;
            std.debug.print("{t}, {any}: element {d} is {d}, expected {d}\n", .{
                isa, prepared.case, i, found, expected,
            });
            return error.WrongProduct;
        }
    }
};

/// Runs one case with one thread for every instruction set of this machine.
fn tryCase(case: Case, random: std.Random, scratch: *Arena) !void {
    const prepared: Prepared = try .init(case, random);
    defer prepared.deinit();
    for (isas) |isa| {
        if (!cpu.supports(isa)) continue;
        try prepared.run(cpu.kernels(isa).?, scratch);
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
            try prepared.run(cpu.kernels(isa).?, &scratch);
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
                    kernels.row_updates, kernels.direct_product,
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
    const kernels = cpu.kernels(.baseline).?;
    try std.testing.expectError(error.ArenaFull, prepared.run(kernels, &scratch));
    try std.testing.expectEqual(mark, scratch.head);
    for (prepared.out.items) |x| try std.testing.expectEqual(untouched, x);
}
