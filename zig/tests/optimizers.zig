//! Steps of optimizers and limits on gradients: kernels and threaded drivers.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const interface = @import("../kernels/cpu/optimizers_interface.zig");
const reference = @import("../kernels/cpu/reference/optimizers.zig");
const threaded = @import("../kernels/cpu/threaded/optimizers.zig");

const sizes = [_]usize{ 0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 1001, 5000 };

const Case = struct { algorithm: interface.Algorithm, options: interface.Options };

fn sgdCase(decay: f32, momentum: f32, factor: f32, nesterov: f32) Case {
    return .{ .algorithm = .sgd, .options = .{ .sgd = .{
        .learning_rate = 0.1,
        .weight_decay = decay,
        .momentum = momentum,
        .gradient_factor = factor,
        .nesterov = nesterov,
    } } };
}

fn rmspropCase(momentum: f32, centered: f32) Case {
    return .{ .algorithm = .rmsprop, .options = .{ .rmsprop = .{
        .learning_rate = 0.01,
        .weight_decay = 0.1,
        .alpha = 0.9,
        .alpha_complement = 0.1,
        .epsilon = 1e-3,
        .momentum = momentum,
        .centered = centered,
    } } };
}

const cases = [_]Case{
    sgdCase(0, 0, 1, 0),
    sgdCase(0.1, 0.9, 0.7, 0),
    sgdCase(0.1, 0.9, 1, 1),
    .{ .algorithm = .adam, .options = .{ .adam = .{
        .step_size = 0.02,
        .root_correction = 0.3,
        .epsilon = 1e-4,
        .beta1_complement = 0.1,
        .beta2 = 0.95,
        .beta2_complement = 0.05,
        .weight_decay = 0.2,
        .decay = 0.98,
    } } },
    rmspropCase(0, 0),
    rmspropCase(0.8, 0),
    rmspropCase(0, 1),
    rmspropCase(0.8, 1),
    .{ .algorithm = .lion, .options = .{ .lion = .{
        .learning_rate = 0.01,
        .beta1 = 0.9,
        .beta1_complement = 0.1,
        .beta2_complement = 0.02,
        .decay = 0.99,
    } } },
};

/// A parameter, its gradient and its states, each before an inaccessible page.
const Tensors = struct {
    buffers: [5]Guarded(f32),

    fn init(random: std.Random, count: usize) !Tensors {
        var tensors: Tensors = undefined;
        for (&tensors.buffers) |*buffer| {
            buffer.* = try .init(count);
            support.fillNormal(random, buffer.items);
        }
        // A mean of squares is not negative, and above the square of the mean.
        for (tensors.buffers[2].items) |*x| x.* = 0.1 + @abs(x.*);
        for (tensors.buffers[3].items) |*x| x.* = 0.1 * @abs(x.*);
        return tensors;
    }

    fn deinit(tensors: Tensors) void {
        for (tensors.buffers) |buffer| buffer.deinit();
    }

    fn span(tensors: *const Tensors, state_count: usize) interface.Span {
        var result: interface.Span = .{
            .parameter = tensors.buffers[0].items.ptr,
            .gradient = tensors.buffers[1].items.ptr,
            .count = tensors.buffers[0].items.len,
        };
        for (result.states[0..state_count], 2..) |*state, i| {
            state.* = tensors.buffers[i].items.ptr;
        }
        return result;
    }
};

test "optimizers: one step of every rule" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        for (cases) |case| for (sizes) |count| {
            var random = std.Random.DefaultPrng.init(count);
            const actual = try Tensors.init(random.random(), count);
            defer actual.deinit();
            random.seed(count);
            const expected = try Tensors.init(random.random(), count);
            defer expected.deinit();
            const states = interface.stateCount(case.algorithm, &case.options);
            const kernel = cpu.kernels(isa).?.optimizers.update;
            kernel(case.algorithm, &case.options, &actual.span(states));
            reference.update(case.algorithm, &case.options, &expected.span(states));
            errdefer std.debug.print("{t}, {t}, {d} elements\n", .{ isa, case.algorithm, count });
            for (expected.buffers, actual.buffers) |want, got| {
                try support.expectClose(want.items, got.items, 1e-5, 1e-4);
            }
        };
    }
}

test "optimizers: norms and limits" {
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| for (sizes) |count| {
        var random = std.Random.DefaultPrng.init(count);
        const kernels = &cpu.kernels(isa).?.optimizers;
        const x = try Guarded(f32).init(count);
        defer x.deinit();
        support.fillNormal(random.random(), x.items);
        for (std.enums.values(interface.Norm)) |norm| {
            const want = reference.measure(norm, x.items);
            const got = kernels.measure(norm, x.items.ptr, count);
            try std.testing.expectApproxEqRel(want, got, 1e-6);
        }
        if (count == 0) continue;
        x.items[count / 2] = std.math.nan(f32);
        for (std.enums.values(interface.Norm)) |norm| {
            try std.testing.expect(std.math.isNan(kernels.measure(norm, x.items.ptr, count)));
        }
        kernels.limit(x.items.ptr, 0.5, count);
        for (x.items, 0..) |value, i| {
            const is_nan = std.math.isNan(value);
            try std.testing.expect(if (i == count / 2) is_nan else @abs(value) <= 0.5);
        }
    };
}

test "optimizers: threaded drivers over tensors of many sizes" {
    try support.forRunners({}, checkThreaded);
}

const counts = [_]usize{ 0, 5, 40_000, 0, 16_384, 1, 16_385, 0 };

fn checkThreaded(_: void, runner: *Runner, _: u32) !void {
    const case = cases[3];
    const kernels = &runner.kernels.optimizers;
    var random = std.Random.DefaultPrng.init(1);
    var actual: [counts.len]Tensors = undefined;
    var expected: [counts.len]Tensors = undefined;
    var rows: [counts.len]threaded.Row = undefined;
    var gradients: [counts.len][]f32 = undefined;
    for (counts, 0..) |count, i| {
        actual[i] = try .init(random.random(), count);
        random.seed(i);
        expected[i] = try .init(random.random(), count);
        for (actual[i].buffers, expected[i].buffers) |to, from| @memcpy(to.items, from.items);
        rows[i] = .{ .span = actual[i].span(2), .options = &case.options };
        gradients[i] = actual[i].buffers[1].items;
        kernels.update(case.algorithm, &case.options, &expected[i].span(2));
    }
    defer for (actual, expected) |first, second| {
        first.deinit();
        second.deinit();
    };
    try threaded.update(runner, case.algorithm, &rows);
    for (actual, expected) |got, want| for (got.buffers, want.buffers) |a, b| {
        try std.testing.expectEqualSlices(f32, b.items, a.items);
    };
    try checkLimits(runner, &gradients);
}

fn checkLimits(runner: *Runner, gradients: []const []f32) !void {
    for (std.enums.values(interface.Norm)) |norm| {
        var total: f64 = 0;
        for (gradients) |x| {
            const part = reference.measure(norm, x);
            total = if (norm == .largest) @max(total, part) else total + part;
        }
        const want = if (norm == .two) @sqrt(total) else total;
        try std.testing.expectApproxEqRel(want, try threaded.norm(runner, norm, gradients), 1e-6);
    }
    const before = gradients[2][39_999];
    try threaded.scale(runner, gradients, 0.5);
    try std.testing.expectEqual(0.5 * before, gradients[2][39_999]);
    try threaded.limit(runner, gradients, 0.25);
    for (gradients) |x| for (x) |value| try std.testing.expect(@abs(value) <= 0.25);
    gradients[4][3] = std.math.nan(f32);
    try std.testing.expect(std.math.isNan(try threaded.norm(runner, .largest, gradients)));
    try std.testing.expectEqual(0, try threaded.norm(runner, .two, &.{}));
}
