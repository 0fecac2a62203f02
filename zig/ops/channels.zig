//! Batch norm and group norm of f32 `[batch, channels, ...]`.
//!
//! Both first make `statistics`: the means, then the inverses `1 / sqrt(variance + epsilon)`.

const std = @import("std");
const Arena = @import("../core/arena.zig").Arena;
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/channels.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

fn channelsOf(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const x = try operands.contiguousFloats(context, handle, role);
    if (x.rank >= 2) return x;
    return context.fail(
        error.InvalidShape,
        "{s} is {f}, expected [batch, channels, ...]",
        .{ role, Shape{ .sizes = x.shape() } },
    );
}

fn shapeOf(x: *const Tensor) threaded.Shape {
    var spatial: usize = 1;
    for (x.shape()[2..]) |size| spatial *= size;
    return .{ .batch = x.ne[0], .channels = x.ne[1], .spatial = spatial };
}

/// A vector of the channels that is written to.
fn runningVector(context: *Context, handle: Handle, role: []const u8, count: u32) Error!*Tensor {
    _ = try operands.vector(context, handle, role, count);
    return context.tensor(handle, role);
}

/// Statistics `[2, channels]` of the batch `x`; moves the running ones, if any, towards them by
/// `momentum`. The running variance is the unbiased one.
pub fn batchStatistics(
    context: *Context,
    x_handle: Handle,
    running_mean_handle: Handle,
    running_variance_handle: Handle,
    momentum: f32,
    epsilon: f32,
) Error!Handle {
    const x = try channelsOf(context, x_handle, "x");
    const shape = shapeOf(x);
    const samples = shape.batch *| shape.spatial;
    if (samples < 2 and x.count() > 0) return context.fail(
        error.InvalidShape,
        "{f} has one value per channel, which has no variance: use larger batches, or eval()",
        .{Shape{ .sizes = x.shape() }},
    );
    const running = running_mean_handle != table.none;
    if (running) {
        const mean = try runningVector(context, running_mean_handle, "runningMean", x.ne[1]);
        const variance = try runningVector(
            context,
            running_variance_handle,
            "runningVariance",
            x.ne[1],
        );
        try operands.requireWritable(context, mean, "runningMean");
        try operands.requireWritable(context, variance, "runningVariance");
        try operands.forbidOverlap(context, mean, variance, "runningVariance");
        try operands.forbidOverlap(context, mean, x, "x");
        try operands.forbidOverlap(context, variance, x, "x");
    }
    const out = try operands.output(context, 0, &.{ 2, x.ne[1] });
    const means = out.tensor.pointer(f32)[0..shape.channels];
    const inverses = (out.tensor.pointer(f32) + shape.channels)[0..shape.channels];
    var runner = context.runner();
    threaded.moments(&runner, shape, x.pointer(f32), means.ptr, inverses.ptr) catch |failure|
        return operands.workspaceFailure(context, failure);
    if (running and samples > 1) {
        const n: f32 = @floatFromInt(samples);
        const mean = (context.tensor(running_mean_handle, "") catch unreachable).pointer(f32);
        const tensor = context.tensor(running_variance_handle, "") catch unreachable;
        const variance = tensor.pointer(f32);
        for (means, inverses, 0..) |own_mean, own_variance, i| {
            mean[i] += momentum * (own_mean - mean[i]);
            variance[i] += momentum * (own_variance * (n / (n - 1)) - variance[i]);
        }
    }
    invert(inverses, epsilon);
    return out.handle;
}

/// Statistics `[2, channels]` from running ones.
pub fn runningStatistics(
    context: *Context,
    mean_handle: Handle,
    variance_handle: Handle,
    epsilon: f32,
) Error!Handle {
    const mean = try operands.contiguousFloats(context, mean_handle, "runningMean");
    try operands.requireRank(context, mean, "runningMean", 1);
    const count = mean.ne[0];
    const variance = try operands.vector(context, variance_handle, "runningVariance", count);
    const out = try operands.output(context, 0, &.{ 2, count });
    const statistics = out.tensor.pointer(f32);
    @memcpy(statistics[0..count], mean.pointer(f32));
    @memcpy(statistics[count .. 2 * count], variance);
    invert(statistics[count .. 2 * count], epsilon);
    return out.handle;
}

/// Statistics `[2, batch, groups]` of every group of channels in every sample.
pub fn groupStatistics(
    context: *Context,
    x_handle: Handle,
    groups: u32,
    epsilon: f32,
) Error!Handle {
    const x = try channelsOf(context, x_handle, "x");
    if (groups == 0 or x.ne[1] % groups != 0) return context.fail(
        error.InvalidShape,
        "{d} channels cannot be cut into {d} groups",
        .{ x.ne[1], groups },
    );
    const out = try operands.output(context, 0, &.{ 2, x.ne[0], groups });
    const count = @as(usize, x.ne[0]) * groups;
    const inverses = (out.tensor.pointer(f32) + count)[0..count];
    var runner = context.runner();
    threaded.moments(&runner, .{
        .batch = 1,
        .channels = count,
        .spatial = x.ne[1] / groups * shapeOf(x).spatial,
    }, x.pointer(f32), out.tensor.pointer(f32), inverses.ptr) catch |failure|
        return operands.workspaceFailure(context, failure);
    invert(inverses, epsilon);
    return out.handle;
}

fn invert(variances: []f32, epsilon: f32) void {
    for (variances) |*value| value.* = @floatCast(1 / @sqrt(@as(f64, value.*) + epsilon));
}

/// Operands of a norm, checked.
const Norm = struct {
    x: *Tensor,
    shape: threaded.Shape,
    means: [*]const f32,
    inverses: [*]const f32,
    weight: ?[*]const f32,
    /// Channels that share a mean; null for a batch norm.
    group_channels: ?usize,

    fn init(
        context: *Context,
        x_handle: Handle,
        statistics_handle: Handle,
        weight_handle: Handle,
    ) Error!Norm {
        const x = try channelsOf(context, x_handle, "x");
        const statistics = try operands.contiguousFloats(context, statistics_handle, "statistics");
        const channels = x.ne[1];
        const per_group = statistics.rank == 3;
        if (per_group) {
            const groups = statistics.ne[2];
            const sizes = [3]u32{ 2, x.ne[0], groups };
            try operands.requireShape(context, statistics, "statistics", &sizes);
            if (groups == 0 or channels % groups != 0) return context.fail(
                error.InvalidShape,
                "statistics of {d} groups for {d} channels",
                .{ groups, channels },
            );
        } else {
            try operands.requireShape(context, statistics, "statistics", &.{ 2, channels });
        }
        const half: usize = @intCast(statistics.count() / 2);
        return .{
            .x = x,
            .shape = shapeOf(x),
            .means = statistics.pointer(f32),
            .inverses = statistics.pointer(f32) + half,
            .weight = try optionalVector(context, weight_handle, "weight", channels),
            .group_channels = if (per_group) channels / statistics.ne[2] else null,
        };
    }

    /// Planes that have a line of their own: channels, or the channels of every sample.
    fn planes(norm: *const Norm) threaded.Shape {
        return if (norm.group_channels == null) norm.shape else norm.shape.perSample();
    }

    /// Place of a plane's numbers in the statistics.
    fn place(norm: *const Norm, plane: usize) usize {
        return plane / (norm.group_channels orelse 1);
    }

    fn weightOf(norm: *const Norm, plane: usize) f32 {
        const weight = norm.weight orelse return 1;
        return weight[plane % norm.shape.channels];
    }
};

fn optionalVector(
    context: *Context,
    handle: Handle,
    role: []const u8,
    count: u32,
) Error!?[*]const f32 {
    if (handle == table.none) return null;
    return try operands.vector(context, handle, role, count);
}

/// `(x - mean) * inverse * weight + bias`; statistics of rank 2 are a batch norm's, of rank 3 a
/// group norm's. Weight and bias may be absent.
pub fn normalize(
    context: *Context,
    x_handle: Handle,
    statistics_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
) Error!Handle {
    const norm = try Norm.init(context, x_handle, statistics_handle, weight_handle);
    const bias = try optionalVector(context, bias_handle, "bias", norm.x.ne[1]);
    const out = try operands.output(context, 0, norm.x.shape());
    var runner = context.runner();
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const planes = norm.planes();
    const numbers = runner.scratch.slice(f32, 3 * planes.channels) catch |failure|
        return operands.workspaceFailure(context, failure);
    const means, const factors, const biases = thirds(numbers);
    for (means, factors, biases, 0..) |*mean, *factor, *own_bias, plane| {
        mean.* = norm.means[norm.place(plane)];
        factor.* = norm.inverses[norm.place(plane)] * norm.weightOf(plane);
        own_bias.* = if (bias) |values| values[plane % norm.shape.channels] else 0;
    }
    const x = norm.x.pointer(f32);
    const data = out.tensor.pointer(f32);
    threaded.normalize(&runner, planes, data, x, means.ptr, factors.ptr, biases.ptr);
    return out.handle;
}

fn thirds(numbers: []f32) [3][]f32 {
    const count = numbers.len / 3;
    return .{ numbers[0..count], numbers[count .. 2 * count], numbers[2 * count ..] };
}

/// The gradient of `normalize` with respect to x. `sums [2, channels]` takes those of weight and
/// bias. With `constant`, the statistics do not depend on x, as after training. `out` may be the
/// gradient or x.
pub fn gradient(
    context: *Context,
    gradient_handle: Handle,
    x_handle: Handle,
    statistics_handle: Handle,
    weight_handle: Handle,
    constant: u32,
    sums_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const norm = try Norm.init(context, x_handle, statistics_handle, weight_handle);
    const given = try operands.contiguousFloats(context, gradient_handle, "gradient");
    try operands.requireShape(context, given, "gradient", norm.x.shape());
    const sums = try operands.contiguousFloats(context, sums_handle, "sums");
    try operands.requireShape(context, sums, "sums", &.{ 2, norm.x.ne[1] });
    try operands.requireWritable(context, sums, "sums");
    inline for (
        .{ gradient_handle, x_handle, statistics_handle, weight_handle },
        .{ "gradient", "x", "statistics", "weight" },
    ) |handle, role| if (handle != table.none) {
        try operands.forbidOverlap(context, sums, try context.tensor(handle, role), role);
    };
    const out = try operands.output(context, out_handle, norm.x.shape());
    try operands.allowInPlace(context, out.tensor, given, "gradient");
    try operands.allowInPlace(context, out.tensor, norm.x, "x");
    inline for (
        .{ statistics_handle, weight_handle, sums_handle },
        .{ "statistics", "weight", "sums" },
    ) |handle, role| if (handle != table.none) {
        try operands.forbidOverlap(context, out.tensor, try context.tensor(handle, role), role);
    };
    const operands_of: Operands = .{
        .out = out.tensor.pointer(f32),
        .gradient = given.pointer(f32),
        .x = norm.x.pointer(f32),
        .sums = sums.pointer(f32),
    };
    computeGradient(context, &norm, operands_of, constant != 0) catch |failure|
        return operands.workspaceFailure(context, failure);
    return out.handle;
}

const Operands = struct {
    out: [*]f32,
    gradient: [*]const f32,
    x: [*]const f32,
    sums: [*]f32,
};

fn computeGradient(
    context: *Context,
    norm: *const Norm,
    given: Operands,
    constant: bool,
) Arena.Error!void {
    var runner = context.runner();
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const planes = norm.planes();
    const count = planes.channels;
    const numbers = try runner.scratch.slice(f32, 6 * count);
    const means = numbers[0..count];
    const factors = numbers[count .. 2 * count];
    const slopes = numbers[2 * count .. 3 * count];
    const offsets = numbers[3 * count .. 4 * count];
    const totals = numbers[4 * count .. 5 * count];
    const products = numbers[5 * count ..];
    for (means, 0..) |*mean, plane| mean.* = norm.means[norm.place(plane)];
    const x = given.x;
    try threaded.gradientSums(
        &runner,
        planes,
        given.gradient,
        x,
        means.ptr,
        totals.ptr,
        products.ptr,
    );
    sumParameters(norm, totals, products, given.sums);
    for (factors, 0..) |*factor, plane| {
        factor.* = norm.inverses[norm.place(plane)] * norm.weightOf(plane);
    }
    if (constant) {
        @memset(slopes, 0);
        @memset(offsets, 0);
    } else {
        flow(norm, totals, products, slopes, offsets);
    }
    threaded.inputGradient(&runner, planes, given.out, given.gradient, x, .{
        .mean = means.ptr,
        .factor = factors.ptr,
        .slope = slopes.ptr,
        .offset = offsets.ptr,
    });
}

/// The gradients of weight and bias: sums over all samples.
fn sumParameters(norm: *const Norm, totals: []const f32, products: []const f32, sums: [*]f32) void {
    const channels = norm.shape.channels;
    @memset(sums[0 .. 2 * channels], 0);
    for (totals, products, 0..) |total, product, plane| {
        sums[plane % channels] += product * norm.inverses[norm.place(plane)];
        sums[channels + plane % channels] += total;
    }
}

/// What flows back through means and variances: every element of a group shares it.
fn flow(
    norm: *const Norm,
    totals: []const f32,
    products: []const f32,
    slopes: []f32,
    offsets: []f32,
) void {
    const group = norm.group_channels orelse 1;
    const samples = if (norm.group_channels == null) norm.shape.batch else 1;
    const n: f64 = @floatFromInt(samples * group * norm.shape.spatial);
    var first: usize = 0;
    while (first < totals.len) : (first += group) {
        var total: f64 = 0;
        var product: f64 = 0;
        for (first..first + group) |plane| {
            total += @as(f64, totals[plane]) * norm.weightOf(plane);
            product += @as(f64, products[plane]) * norm.weightOf(plane);
        }
        const inverse: f64 = norm.inverses[norm.place(first)];
        @memset(offsets[first..][0..group], @floatCast(-inverse * total / n));
        const slope = -inverse * inverse * inverse * product / n;
        @memset(slopes[first..][0..group], @floatCast(slope));
    }
}
