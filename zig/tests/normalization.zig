//! Log-softmax, gradients of row kernels, and the sums over rows of their threaded drivers.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/normalization_interface.zig");
const reference = @import("../kernels/cpu/reference/normalization.zig");
const threaded = @import("../kernels/cpu/threaded/normalization.zig");

const sizes = [_]usize{ 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 100, 1001, 5000 };

const Buffers = struct {
    x: Guarded(f32),
    weight: Guarded(f32),
    gradient: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),
    sums: [2]Guarded(f32),
    expected_sums: [2]Guarded(f32),

    fn init(random: std.Random, rows: usize, columns: usize) !Buffers {
        const buffers: Buffers = .{
            .x = try .init(rows * columns),
            .weight = try .init(columns),
            .gradient = try .init(rows * columns),
            .out = try .init(rows * columns),
            .expected = try .init(rows * columns),
            .sums = .{ try .init(columns), try .init(columns) },
            .expected_sums = .{ try .init(columns), try .init(columns) },
        };
        inline for (.{ buffers.x, buffers.weight, buffers.gradient }) |b| {
            support.fillNormal(random, b.items);
        }
        for (0..2) |k| {
            @memset(buffers.sums[k].items, 0.5);
            @memset(buffers.expected_sums[k].items, 0.5);
        }
        return buffers;
    }

    fn deinit(self: Buffers) void {
        inline for (.{ self.x, self.weight, self.gradient, self.out, self.expected }) |b| {
            b.deinit();
        }
        for (0..2) |k| {
            self.sums[k].deinit();
            self.expected_sums[k].deinit();
        }
    }

    fn check(self: Buffers) !void {
        try support.expectClose(self.expected.items, self.out.items, 1e-5, 1e-4);
    }

    /// Sums over hundreds of rows grow, and with them their rounding errors.
    fn checkSums(self: Buffers, absolute: f32) !void {
        for (0..2) |k| {
            const expected = self.expected_sums[k].items;
            try support.expectClose(expected, self.sums[k].items, absolute, 1e-4);
        }
    }
};

fn forSizes(check: fn (*const interface.Table, Buffers) anyerror!void) !void {
    var random = std.Random.DefaultPrng.init(1);
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        const buffers = try Buffers.init(random.random(), 1, count);
        defer buffers.deinit();
        errdefer std.debug.print("{t}, {d} elements\n", .{ isa, count });
        try check(&cpu.kernels(isa).?.normalization, buffers);
    };
}

test "normalization: softmax, log-softmax and their gradients" {
    try forSizes(checkSoftmax);
}

fn checkSoftmax(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    const gradient = buffers.gradient.items;
    const out = buffers.out.items;
    reference.logSoftmax(buffers.expected.items, x);
    kernels.log_softmax(out.ptr, x.ptr, x.len, null);
    try buffers.check();
    @memcpy(out, x);
    kernels.log_softmax(out.ptr, out.ptr, x.len, null);
    try buffers.check();

    @memcpy(x, out);
    reference.logSoftmaxGradient(buffers.expected.items, x, gradient);
    kernels.log_softmax_gradient(out.ptr, x.ptr, gradient.ptr, x.len, null);
    try buffers.check();

    for (x) |*y| y.* = @exp(y.*);
    reference.softmaxGradient(buffers.expected.items, x, gradient, 0.7);
    kernels.softmax_gradient(out.ptr, x.ptr, gradient.ptr, x.len, 0.7, null);
    try buffers.check();
}

test "normalization: gradients of norms" {
    try forSizes(checkNorms);
}

fn checkNorms(kernels: *const interface.Table, buffers: Buffers) !void {
    const x = buffers.x.items;
    const weight = buffers.weight.items;
    const gradient = buffers.gradient.items;
    const out = buffers.out.items;
    const sums, const biases = .{ buffers.sums[0].items, buffers.sums[1].items };
    const expected_sums = buffers.expected_sums[0].items;
    const expected_biases = buffers.expected_sums[1].items;
    const expected = buffers.expected.items;
    const epsilon = 1e-2;
    reference.normGradient(expected, x, weight, gradient, expected_sums, null, epsilon);
    var norm: interface.NormRows = .{
        .kind = .rms_norm,
        .out = out.ptr,
        .x = x.ptr,
        .weight = weight.ptr,
        .gradient = gradient.ptr,
        .weight_gradient = sums.ptr,
        .bias_gradient = null,
        .rows = 1,
        .columns = x.len,
        .epsilon = epsilon,
        .flows = false,
    };
    kernels.norm_gradient(&norm);
    try buffers.check();
    reference.normGradient(expected, x, weight, gradient, expected_sums, expected_biases, epsilon);
    norm.kind = .layer_norm;
    norm.bias_gradient = biases.ptr;
    kernels.norm_gradient(&norm);
    try buffers.check();
    reference.rowProductGradient(expected, x, weight, gradient, expected_sums);
    norm.kind = .product;
    norm.bias_gradient = null;
    kernels.norm_gradient(&norm);
    try buffers.check();
    try buffers.checkSums(1e-5);
}

test "normalization: sums over rows are the same for any number of threads" {
    var random = std.Random.DefaultPrng.init(3);
    const buffers = try Buffers.init(random.random(), 531, 77);
    defer buffers.deinit();
    try support.forRunners(buffers, checkThreadedNorm);
}

fn checkThreadedNorm(buffers: Buffers, runner: *Runner, threads: u32) !void {
    const columns = buffers.weight.items.len;
    const norm: threaded.NormGradient = .{
        .kind = .layer_norm,
        .out = buffers.out.items.ptr,
        .x = buffers.x.items.ptr,
        .weight = buffers.weight.items.ptr,
        .gradient = buffers.gradient.items.ptr,
        .weight_gradient = buffers.sums[0].items.ptr,
        .bias_gradient = buffers.sums[1].items.ptr,
        .rows = buffers.x.items.len / columns,
        .columns = columns,
        .epsilon = 1e-5,
    };
    try threaded.normGradient(runner, norm);
    if (threads > 1) {
        for (0..2) |k| {
            const expected = buffers.expected_sums[k].items;
            try std.testing.expectEqualSlices(f32, expected, buffers.sums[k].items);
        }
        return;
    }
    for (0..2) |k| @memset(buffers.expected_sums[k].items, 0);
    for (0..norm.rows) |row| {
        const at = row * columns;
        reference.normGradient(
            buffers.expected.items[at..][0..columns],
            buffers.x.items[at..][0..columns],
            buffers.weight.items,
            buffers.gradient.items[at..][0..columns],
            buffers.expected_sums[0].items,
            buffers.expected_sums[1].items,
            norm.epsilon,
        );
    }
    try buffers.check();
    try buffers.checkSums(1e-4);
    for (0..2) |k| @memcpy(buffers.expected_sums[k].items, buffers.sums[k].items);
}

test "normalization: the gradient of looking up rows" {
    try support.forRunners({}, checkEmbedding);
}

fn checkEmbedding(_: void, runner: *Runner, _: u32) !void {
    const rows, const columns, const count = .{ 9, 131, 40 };
    var random = std.Random.DefaultPrng.init(4);
    const out = try Guarded(f32).init(rows * columns);
    defer out.deinit();
    const gradient = try Guarded(f32).init(count * columns);
    defer gradient.deinit();
    support.fillNormal(random.random(), gradient.items);
    var ids: [count]i32 = undefined;
    for (&ids) |*id| id.* = random.random().intRangeLessThan(i32, 0, rows);
    var expected: [rows * columns]f32 = @splat(0);
    for (ids, 0..) |id, i| for (0..columns) |j| {
        const row: usize = @intCast(id);
        expected[row * columns + j] += gradient.items[i * columns + j];
    };
    const data = gradient.items.ptr;
    threaded.embeddingGradient(runner, out.items.ptr, rows, columns, &ids, data);
    try std.testing.expectEqualSlices(f32, &expected, out.items);
}
