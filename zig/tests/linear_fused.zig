//! Products of several weights at once and products that go on at once: bit by bit what one product
//! after the other gives. tests/quantized.zig compares these with the scalar reference.

const std = @import("std");
const dtypes = @import("../core/dtype.zig");
const converter = @import("../kernels/cpu/threaded/convert.zig");
const fused = @import("../kernels/cpu/threaded/linear_fused.zig");
const linear = @import("../kernels/cpu/threaded/linear.zig").linear;
const Precision = @import("../kernels/cpu/threaded/runner.zig").Precision;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const Guarded = @import("guarded.zig").Guarded;
const k_quants = @import("k_quants.zig");
const quantized = @import("quantized.zig");
const support = @import("support.zig");

const DType = dtypes.DType;
const Layout = dtypes.Layout;

const Kind = struct { DType, Layout };

/// Kinds of three weights: alike, of different dtypes, and prepared differently.
const mixes = [_][3]Kind{
    .{ .{ .q4_0, .rows16 }, .{ .q4_0, .rows16 }, .{ .q4_0, .rows16 } },
    .{ .{ .q4_k, .rows16 }, .{ .q4_k, .rows16 }, .{ .q6_k, .rows16 } },
    .{ .{ .q8_0, .rows }, .{ .q4_0, .rows16 }, .{ .q8_0, .rows } },
    .{ .{ .f32, .rows }, .{ .f32, .rows }, .{ .f32, .rows } },
    .{ .{ .f16, .rows }, .{ .q8_0, .rows16 }, .{ .bf16, .rows } },
};

const columns = 256;

/// A matrix of random weights with a bias, in memory that ends at a guard page.
const Made = struct {
    plain: Guarded(u8),
    arranged: Guarded(u8),
    bias: Guarded(f32),
    kind: Kind,
    rows: usize,
    has_bias: bool,

    fn init(random: std.Random, kind: Kind, rows: usize, has_bias: bool) !Made {
        const dtype, const layout = kind;
        const bytes = rows * columns / dtype.blockElements() * dtype.blockBytes();
        const padded = converter.rows16Bytes(dtype, rows, columns);
        const made: Made = .{
            .plain = try .init(bytes),
            .arranged = try .init(if (layout == .rows16) padded else 0),
            .bias = try .init(rows),
            .kind = kind,
            .rows = rows,
            .has_bias = has_bias,
        };
        quantized.fillWeights(random, dtype, made.plain.items);
        quantized.fillActivations(random, made.bias.items);
        if (layout == .rows16) {
            const arrange = if (dtype.isKQuant()) &k_quants.rearrange else &quantized.rearrange;
            arrange(dtype, made.arranged.items, made.plain.items, rows, columns);
        }
        return made;
    }

    fn deinit(made: Made) void {
        made.plain.deinit();
        made.arranged.deinit();
        made.bias.deinit();
    }

    fn weight(made: *const Made) fused.Weight {
        const dtype, const layout = made.kind;
        const data = if (layout == .rows16) made.arranged.items else made.plain.items;
        return .{
            .matrix = .{
                .data = data.ptr,
                .dtype = dtype,
                .layout = layout,
                .rows = made.rows,
                .columns = columns,
            },
            .bias = if (made.has_bias) made.bias.items.ptr else null,
        };
    }
};

const Case = struct {
    count: usize,
    x: []const f32,
    /// Of these, the first two have the same rows.
    weights: [3]Made,

    fn product(case: Case, runner: *Runner, index: usize) !Guarded(f32) {
        const weight = case.weights[index].weight();
        const out = try Guarded(f32).init(case.count * weight.matrix.rows);
        try linear(runner, out.items.ptr, case.x.ptr, case.count, weight.matrix, weight.bias);
        return out;
    }

    fn check(case: Case, runner: *Runner, _: u32) anyerror!void {
        for ([_]Precision{ .f32, .bf16 }) |precision| {
            runner.precision = precision;
            defer runner.precision = .f32;
            const mark = runner.scratch.head;
            try case.checkSeveral(runner);
            try case.checkGated(runner);
            try case.checkAdded(runner);
            try std.testing.expectEqual(mark, runner.scratch.head);
        }
    }

    fn checkSeveral(case: Case, runner: *Runner) !void {
        var targets: [3]fused.Target = undefined;
        var outs: [3]Guarded(f32) = undefined;
        for (&targets, &outs, &case.weights) |*target, *out, *made| {
            out.* = try .init(case.count * made.rows);
            target.* = .{ .weight = made.weight(), .out = out.items.ptr };
        }
        defer for (outs) |out| out.deinit();
        for (1..4) |number| {
            for (outs) |out| @memset(out.items, std.math.nan(f32));
            try fused.linears(runner, case.x.ptr, case.count, targets[0..number]);
            for (outs[0..number], 0..) |out, i| {
                const expected = try case.product(runner, i);
                defer expected.deinit();
                try expectSame(expected.items, out.items);
            }
        }
    }

    fn checkGated(case: Case, runner: *Runner) !void {
        const gate = try case.product(runner, 0);
        defer gate.deinit();
        const up = try case.product(runner, 1);
        defer up.deinit();
        const silu_mul = runner.kernels.elementwise.silu_mul;
        silu_mul(gate.items.ptr, gate.items.ptr, up.items.ptr, gate.items.len);
        const out = try Guarded(f32).init(gate.items.len);
        defer out.deinit();
        @memset(out.items, std.math.nan(f32));
        const weights = .{ case.weights[0].weight(), case.weights[1].weight() };
        try fused.gated(runner, out.items.ptr, case.x.ptr, case.count, weights[0], weights[1]);
        try expectSame(gate.items, out.items);
    }

    fn checkAdded(case: Case, runner: *Runner) !void {
        const expected = try case.product(runner, 2);
        defer expected.deinit();
        const residual = try Guarded(f32).init(expected.items.len);
        defer residual.deinit();
        for (residual.items, 0..) |*r, i| r.* = @sin(@as(f32, @floatFromInt(i)));
        for (expected.items, residual.items) |*sum, r| sum.* = r + sum.*;
        const weight = case.weights[2].weight();
        try fused.addTo(runner, residual.items.ptr, case.x.ptr, case.count, weight);
        try expectSame(expected.items, residual.items);
    }
};

fn expectSame(expected: []const f32, actual: []const f32) !void {
    try std.testing.expectEqualSlices(u32, @ptrCast(expected), @ptrCast(actual));
}

test "linear fused: several products, gated and added ones, to the bit for any thread count" {
    for (mixes, 0..) |mix, i| for ([_]usize{ 1, 3, 8, 17, 40 }) |count| {
        errdefer std.debug.print("mix {any}, count {d}\n", .{ mix, count });
        var generator: std.Random.DefaultPrng = .init(100 * i + count);
        const random = generator.random();
        const x = try Guarded(f32).init(count * columns);
        defer x.deinit();
        quantized.fillActivations(random, x.items);
        var case: Case = .{ .count = count, .x = x.items, .weights = undefined };
        const row_counts = [_]usize{ 700, 700, 131 };
        for (&case.weights, mix, row_counts, 0..) |*made, kind, rows, j| {
            made.* = try .init(random, kind, rows, (i + j) % 2 == 0);
        }
        defer for (case.weights) |made| made.deinit();
        try support.forRunners(case, Case.check);
    };
}
