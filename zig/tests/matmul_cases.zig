//! Matrix products to try, and the operands and expected result of each.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const runner_module = @import("../kernels/cpu/threaded/runner.zig");
const threaded = @import("../kernels/cpu/threaded/matmul.zig");
const interface = @import("../kernels/cpu/matmul_interface.zig");
const reference = @import("../kernels/cpu/reference/matmul.zig");

const Precision = runner_module.Precision;
const Runner = runner_module.Runner;
const Shape = threaded.Shape;

/// What the result holds before, also between its rows, where nothing may change it.
pub const untouched: f32 = 0.625;

/// A product to try: how its operands lie in memory and what is asked for.
pub const Case = struct {
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
    /// What the operands are rounded to.
    precision: Precision = .f32,
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
pub const Prepared = struct {
    case: Case,
    a: Guarded(f32),
    b: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),
    a_layout: Layout,
    b_layout: Layout,
    out_layout: Layout,

    pub fn init(case: Case, random: std.Random) !Prepared {
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
        prepared.expect();
        return prepared;
    }

    /// Computes the expected result.
    pub fn expect(prepared: Prepared) void {
        @memset(prepared.expected.items, untouched);
        for (0..prepared.case.shape.batchCount()) |index| {
            const one = prepared.product(index, prepared.expected.items.ptr);
            switch (prepared.case.precision) {
                .f32 => reference.multiply(one),
                .bf16 => reference.multiplyRounded(one),
            }
        }
    }

    pub fn deinit(prepared: Prepared) void {
        for ([_]Guarded(f32){ prepared.a, prepared.b, prepared.out, prepared.expected }) |buffer| {
            buffer.deinit();
        }
    }

    pub fn operandA(prepared: Prepared) threaded.Operand {
        return .{
            .data = prepared.a.items.ptr,
            .row_stride = prepared.a_layout.row_stride,
            .column_stride = prepared.a_layout.column_stride,
            .batch_strides = prepared.a_layout.batch_strides,
        };
    }

    pub fn operandB(prepared: Prepared) threaded.Operand {
        return .{
            .data = prepared.b.items.ptr,
            .row_stride = prepared.b_layout.row_stride,
            .column_stride = prepared.b_layout.column_stride,
            .batch_strides = prepared.b_layout.batch_strides,
        };
    }

    pub fn output(prepared: Prepared, data: [*]f32) threaded.Output {
        return .{
            .data = data,
            .row_stride = prepared.out_layout.row_stride,
            .batch_strides = prepared.out_layout.batch_strides,
            .accumulate = prepared.case.accumulate,
        };
    }

    pub fn product(prepared: Prepared, index: usize, out: [*]f32) interface.Product {
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

    pub fn run(prepared: Prepared, runner: *const Runner) !void {
        @memset(prepared.out.items, untouched);
        const out = prepared.output(prepared.out.items.ptr);
        const a = prepared.operandA();
        const b = prepared.operandB();
        try threaded.matmul(runner, prepared.case.shape, a, b, out);
        try std.testing.expectEqual(0, runner.scratch.head);
    }

    /// Within 1e-5 absolute plus 1e-4 relative for k up to 100. The sum of k products of variance 1
    /// has standard deviation sqrt(k) and passes through values of that size, whose rounding
    /// errors stay when the result happens to be near 0: for larger k the absolute part is
    /// 2e-6 of the standard deviation, 6.4e-5 at k = 1024.
    pub fn check(prepared: Prepared, isa: cpu.Isa) !void {
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
