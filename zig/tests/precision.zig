//! Products in precision bf16 against the f32 products of operands that were rounded before, for
//! every instruction set and one, two and three threads, in memory that ends at inaccessible pages.

const std = @import("std");
const convolution = @import("../kernels/cpu/threaded/convolution.zig");
const Guarded = @import("guarded.zig").Guarded;
const linear = @import("../kernels/cpu/threaded/linear.zig");
const matmul = @import("../kernels/cpu/threaded/matmul.zig");
const recurrent = @import("../kernels/cpu/threaded/recurrent.zig");
const runner_module = @import("../kernels/cpu/threaded/runner.zig");
const support = @import("support.zig");

const Precision = runner_module.Precision;
const Runner = runner_module.Runner;

// Sums are of the same exact products, but they may be added in another order.
const absolute = 2e-5;
const relative = 1e-4;

/// The bf16 nearest to x, ties to even, as f32.
fn rounded(x: f32) f32 {
    const bits: u32 = @bitCast(x);
    if (std.math.isNan(x)) return @bitCast(bits & 0xffff_0000 | 0x40_0000);
    const below = bits & 0xffff_0000;
    const rest = bits & 0xffff;
    const up = rest > 0x8000 or (rest == 0x8000 and below & 0x1_0000 != 0);
    return @bitCast(if (up) below +% 0x1_0000 else below);
}

/// Numbers, and what they are in bf16.
const Operand = struct {
    exact: Guarded(f32),
    rounded: Guarded(f32),

    fn init(seed: u64, count: usize, scale: f32) !Operand {
        const operand: Operand = .{ .exact = try .init(count), .rounded = try .init(count) };
        var random = std.Random.DefaultPrng.init(seed);
        support.fillNormal(random.random(), operand.exact.items);
        for (operand.exact.items, operand.rounded.items) |*x, *out| {
            x.* *= scale;
            out.* = rounded(x.*);
        }
        return operand;
    }

    fn deinit(operand: Operand) void {
        operand.exact.deinit();
        operand.rounded.deinit();
    }

    fn of(operand: Operand, precision: Precision) [*]f32 {
        return (if (precision == .f32) operand.rounded else operand.exact).items.ptr;
    }
};

/// Runs `compute(case, runner, out)` in f32 on rounded operands with one thread and in bf16 on the
/// exact ones: the latter must be close, and the same bits for any number of threads.
fn compare(
    case: anytype,
    runner: *Runner,
    threads: u32,
    expected: []f32,
    first: []f32,
    out: []f32,
) !void {
    if (threads == 1) {
        runner.precision = .f32;
        @memset(expected, 0.5);
        try case.compute(runner, .f32, expected);
    }
    runner.precision = .bf16;
    defer runner.precision = .f32;
    @memset(out, 0.5);
    try case.compute(runner, .bf16, out);
    try support.expectClose(expected, out, absolute, relative);
    if (threads == 1) @memcpy(first, out);
    try std.testing.expectEqualSlices(u8, std.mem.sliceAsBytes(first), std.mem.sliceAsBytes(out));
}

/// Calls `compare` for every runner.
fn compareAll(case: anytype, count: usize) !void {
    const Case = @TypeOf(case);
    const Check = struct {
        case: Case,
        expected: Guarded(f32),
        first: Guarded(f32),
        out: Guarded(f32),

        fn run(check: @This(), runner: *Runner, threads: u32) anyerror!void {
            const first = check.first.items;
            try compare(check.case, runner, threads, check.expected.items, first, check.out.items);
        }
    };
    const check: Check = .{
        .case = case,
        .expected = try .init(count),
        .first = try .init(count),
        .out = try .init(count),
    };
    defer inline for (.{ check.expected, check.first, check.out }) |memory| memory.deinit();
    try support.forRunners(check, Check.run);
}

test "precision: rounding to bf16" {
    const Case = struct {
        fn check(_: void, runner: *Runner, _: u32) anyerror!void {
            const nan: f32 = @bitCast(@as(u32, 0x7f80_0001));
            const special = [_]f32{
                0,        -0.0,     1,        1.00390625, 1.01171875, -1.01171875, 3.4e38,
                -3.4e38,  1e-40,    -1e-40,   nan,        -nan,       3.3895e38,   std.math.inf(f32),
                1.003906, 1.003907, 65535.99, 1e-45,      0.1,        -0.3,        2.5,
            };
            for (0..special.len + 1) |count| {
                const x: Guarded(f32) = try .init(count);
                defer x.deinit();
                @memcpy(x.items, special[0..count]);
                runner.kernels.rows.round_bf16(x.items.ptr, x.items.ptr, count);
                for (x.items, special[0..count]) |got, given| {
                    const want: u32 = @bitCast(rounded(given));
                    try std.testing.expectEqual(want, @as(u32, @bitCast(got)));
                }
            }
        }
    };
    try support.forRunners({}, Case.check);
}

const Matmul = struct {
    shape: matmul.Shape,
    a: Operand,
    b: Operand,
    a_layout: matmul.Operand,
    b_layout: matmul.Operand,
    accumulate: bool,

    fn compute(case: Matmul, runner: *Runner, precision: Precision, out: []f32) !void {
        var a = case.a_layout;
        var b = case.b_layout;
        a.data = case.a.of(precision);
        b.data = case.b.of(precision);
        const size = case.shape.m * case.shape.n;
        try matmul.matmul(runner, case.shape, a, b, .{
            .data = out.ptr,
            .row_stride = case.shape.n,
            .batch_strides = .{ 0, 0, case.shape.batch[3] * size, size },
            .accumulate = case.accumulate,
        });
    }
};

test "precision: matmul, all layouts, batches and repeated operands" {
    const sizes = [_][3]usize{
        .{ 1, 1, 1 },     .{ 1, 70, 33 },    .{ 5, 3, 600 },    .{ 9, 31, 17 },
        .{ 33, 200, 70 }, .{ 130, 260, 40 }, .{ 300, 20, 513 },
    };
    for (sizes, 0..) |size, seed| for (0..16) |bits| {
        const m, const n, const k = size;
        const gap: usize = if (bits & 4 != 0) 3 else 0;
        const batch: [4]usize = if (bits & 8 != 0) .{ 1, 1, 2, 3 } else @splat(1);
        const plain_a = bits & 1 == 0;
        const plain_b = bits & 2 == 0;
        const a_step = (if (plain_a) k else m) + gap;
        const b_step = (if (plain_b) n else k) + gap;
        const a_size = (if (plain_a) m else k) * a_step;
        const b_size = (if (plain_b) k else n) * b_step;
        const case: Matmul = .{
            .shape = .{ .m = m, .n = n, .k = k, .batch = batch },
            .a = try .init(seed, 3 * a_size, 1 / @sqrt(@as(f32, @floatFromInt(k)))),
            .b = try .init(seed + 100, 6 * b_size, 1),
            .a_layout = .{
                .data = undefined,
                .row_stride = if (plain_a) a_step else 1,
                .column_stride = if (plain_a) 1 else a_step,
                .batch_strides = .{ 0, 0, 0, a_size },
            },
            .b_layout = .{
                .data = undefined,
                .row_stride = if (plain_b) b_step else 1,
                .column_stride = if (plain_b) 1 else b_step,
                .batch_strides = .{ 0, 0, 3 * b_size, b_size },
            },
            .accumulate = bits % 3 == 1,
        };
        defer case.a.deinit();
        defer case.b.deinit();
        try compareAll(case, case.shape.batchCount() * m * n);
    };
}

test "precision: matmul of elements far apart" {
    const case: Matmul = .{
        .shape = .{ .m = 20, .n = 40, .k = 30 },
        .a = try .init(1, 20 * 30 * 2, 0.2),
        .b = try .init(2, 30 * 40 * 3, 1),
        .a_layout = .{ .data = undefined, .row_stride = 60, .column_stride = 2 },
        .b_layout = .{ .data = undefined, .row_stride = 3, .column_stride = 90 },
        .accumulate = false,
    };
    defer case.a.deinit();
    defer case.b.deinit();
    try compareAll(case, 20 * 40);
}

const Linear = struct {
    count: usize,
    rows: usize,
    columns: usize,
    x: Operand,
    weight: Operand,
    bias: Operand,

    fn compute(case: Linear, runner: *Runner, precision: Precision, out: []f32) !void {
        const weight: linear.Weight = .{
            .data = @ptrCast(case.weight.of(precision)),
            .dtype = .f32,
            .layout = .rows,
            .rows = case.rows,
            .columns = case.columns,
        };
        const bias = case.bias.exact.items.ptr;
        try linear.linear(runner, out.ptr, case.x.of(precision), case.count, weight, bias);
    }
};

test "precision: linear with f32 weights, few tokens and many" {
    for ([_]usize{ 1, 7, 40, 130 }) |count| for ([_][2]usize{ .{ 3, 5 }, .{ 100, 260 } }) |size| {
        const case: Linear = .{
            .count = count,
            .rows = size[0],
            .columns = size[1],
            .x = try .init(count, count * size[1], 0.1),
            .weight = try .init(size[0], size[0] * size[1], 1),
            .bias = try .init(3, size[0], 1),
        };
        defer inline for (.{ case.x, case.weight, case.bias }) |operand| operand.deinit();
        try compareAll(case, count * size[0]);
    };
}

const Convolution = struct {
    geometry: convolution.Geometry,
    pass: enum { forward, input, weight },
    x: Operand,
    weight: Operand,
    gradient: Operand,

    fn compute(case: Convolution, runner: *Runner, precision: Precision, out: []f32) !void {
        const x = case.x.of(precision);
        const weight = case.weight.of(precision);
        const gradient = case.gradient.of(precision);
        const by = case.geometry;
        switch (case.pass) {
            .forward => try convolution.forward(runner, by, x, weight, null, out.ptr),
            .input => try convolution.inputGradient(runner, by, gradient, weight, null, out.ptr),
            .weight => try convolution.weightGradient(runner, by, x, gradient, out.ptr),
        }
    }
};

test "precision: convolution and its gradients" {
    const geometry: convolution.Geometry = .{
        .images = 3,
        .groups = 2,
        .in_channels = 4,
        .out_channels = 5,
        .in = .{ 9, 11 },
        .out = .{ 5, 6 },
        .kernel = .{ 3, 3 },
        .stride = .{ 2, 2 },
        .padding = .{ 1, 1 },
        .dilation = .{ 1, 1 },
    };
    const x: Operand = try .init(1, geometry.inputCount(), 0.3);
    defer x.deinit();
    const weight: Operand = try .init(2, geometry.weightCount(), 0.3);
    defer weight.deinit();
    const gradient: Operand = try .init(3, geometry.resultCount(), 0.3);
    defer gradient.deinit();
    const case: Convolution = .{
        .geometry = geometry,
        .pass = .forward,
        .x = x,
        .weight = weight,
        .gradient = gradient,
    };
    try compareAll(case, geometry.resultCount());
    var input = case;
    input.pass = .input;
    try compareAll(input, geometry.inputCount());
    var weights = case;
    weights.pass = .weight;
    try compareAll(weights, geometry.weightCount());
}

/// One step: from there on states of f32 and of bf16 products would be rounded apart.
const Lstm = struct {
    shape: recurrent.Shape,
    weight: Operand,
    states: Operand,

    /// `out` is the gates [batch][4][hidden], then states and cells [2][batch][hidden].
    fn compute(case: Lstm, runner: *Runner, precision: Precision, out: []f32) !void {
        const size = case.shape.batch * case.shape.hidden;
        const states = out[4 * size ..];
        @memcpy(states[0..size], case.states.of(precision)[0..size]);
        try recurrent.forward(runner, case.shape, case.weight.of(precision), recurrent.Lstm{
            .gates = out.ptr,
            .states = states.ptr,
            .cells = out[6 * size ..].ptr,
        });
        @memcpy(states[0..size], case.states.of(.bf16)[0..size]);
    }
};

/// One step: the only product is that of its gates' gradients, which gives the initial states'.
const LstmBackward = struct {
    shape: recurrent.Shape,
    weight: Operand,
    saved: Operand,

    /// `out` is the gradients of gates [batch][4][hidden], of states [2][batch][hidden] and of
    /// cells [batch][hidden].
    fn compute(case: LstmBackward, runner: *Runner, precision: Precision, out: []f32) !void {
        const size = case.shape.batch * case.shape.hidden;
        const gate_gradients = out[0 .. 4 * size];
        const state_gradients = out[4 * size ..];
        const weight = case.weight.of(precision);
        try recurrent.backward(runner, case.shape, weight, recurrent.LstmGradients{
            .gates = case.saved.exact.items.ptr,
            .cells = case.saved.exact.items.ptr + 4 * size,
            .gate_gradients = gate_gradients.ptr,
            .state_gradients = state_gradients.ptr,
            .cell_gradients = out[6 * size ..].ptr,
        });
        if (precision == .bf16) return;
        const hidden = case.shape.hidden;
        for (state_gradients[0..size], 0..) |*gradient, i| {
            var sum: f64 = 0.5;
            for (0..4 * hidden) |row| {
                const factor = rounded(gate_gradients[i / hidden * 4 * hidden + row]);
                sum += @as(f64, factor) * weight[row * hidden + i % hidden];
            }
            gradient.* = @floatCast(sum);
        }
    }
};

test "precision: the way back of a recurrence" {
    for ([_][2]usize{ .{ 3, 20 }, .{ 33, 70 } }) |sizes| {
        const shape: recurrent.Shape = .{ .steps = 1, .batch = sizes[0], .hidden = sizes[1] };
        const size = shape.batch * shape.hidden;
        const case: LstmBackward = .{
            .shape = shape,
            .weight = try .init(1, 4 * shape.hidden * shape.hidden, 0.1),
            .saved = try .init(2, 6 * size, 0.5),
        };
        defer case.weight.deinit();
        defer case.saved.deinit();
        try compareAll(case, 7 * size);
    }
}
