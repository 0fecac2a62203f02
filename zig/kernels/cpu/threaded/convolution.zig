//! f32 convolutions and their gradients, `[images][groups][channels][rows][columns]`.
//!
//! All operands are contiguous. Work is cut by shapes only and every sum is made in one order, so
//! results are the same for any number of threads.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const geometry_module = @import("convolution_geometry.zig");
const correlate = @import("convolution_correlate.zig");
const depthwise = @import("convolution_depthwise.zig");
const gathered = @import("convolution_gathered.zig");
const gathered_gradient = @import("convolution_gathered_gradient.zig");
const points = @import("convolution_points.zig");
const winograd = @import("convolution_winograd.zig");
const winograd_gradient = @import("convolution_winograd_gradient.zig");
const gradient_module = @import("convolution_gradient.zig");
const rounding = @import("rounding.zig");

const Operands = correlate.Operands;
pub const Geometry = geometry_module.Geometry;

/// How convolutions are computed; what is fastest depends on shapes only.
const Method = enum {
    /// Products of transformed tiles, a quarter as many: kernels of 3 x 3 in steps of 1. They are
    /// computed in f32 whatever the precision, which is faster than all products in bf16.
    winograd,
    /// Sums of pixels, for planes that have a kernel each. They are computed in f32 whatever the
    /// precision: rounding operands would only add work.
    depthwise,
    /// Products of images as they lie: kernels of 1 x 1.
    points,
    /// Products of gathered pixels: strides, and whatever is to be multiplied in bf16.
    gathered,
    /// Products of strips that are packed from a staged tile: few channels, groups, large kernels.
    staged,

    /// For results of `size` pixels.
    fn of(runner: *const Runner, geometry: Geometry, size: [2]usize) Method {
        if (depthwise.suits(geometry)) return .depthwise;
        const one = [2]usize{ 1, 1 };
        const is_dense = geometry.groups == 1 and std.mem.eql(usize, &geometry.stride, &one);
        if (is_dense and suitsWinograd(geometry, size)) return .winograd;
        const is_point = std.mem.eql(usize, &geometry.kernel, &one);
        if (points.suits(geometry)) return .points;
        const prefers_gathered = is_point or !is_dense or runner.precision == .bf16;
        return if (prefers_gathered and gathered.suits(runner, geometry)) .gathered else .staged;
    }
};

/// Whether Winograd's filtering can compute a convolution in steps of 1, and does it well.
fn suitsWinograd(geometry: Geometry, size: [2]usize) bool {
    const is_plain = std.mem.eql(usize, &geometry.kernel, &.{ 3, 3 }) and
        std.mem.eql(usize, &geometry.dilation, &.{ 1, 1 });
    if (!is_plain) return false;
    for (0..2) |axis| {
        // A transposed convolution may have a smaller input than its result needs.
        if (geometry.padding[axis] > 2) return false;
        if (geometry.in[axis] + 2 * geometry.padding[axis] != geometry.out[axis] + 2) return false;
    }
    const channels = [2]usize{ geometry.in_channels, geometry.out_channels };
    return winograd.suits(geometry.images, channels, size);
}

/// `out = x * weight + bias`: x has `in_channels` and `in`, out has `out_channels` and `out`,
/// weight is `[groups][out_channels][in_channels][kernel]`.
pub fn forward(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    weight: [*]const f32,
    bias: ?[*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const kernel = geometry.kernelSize();
    var operands: Operands = .{
        .images = geometry.images,
        .groups = geometry.groups,
        .source_channels = geometry.in_channels,
        .source_size = geometry.in,
        .source = x,
        .weights = weight,
        .weight_strides = .{
            geometry.out_channels * geometry.in_channels * kernel,
            geometry.in_channels * kernel,
            kernel,
        },
        .bias = bias,
        .channels = geometry.out_channels,
        .size = geometry.out,
        .out = out,
    };
    const phase = try geometry_module.forwardPhase(runner.scratch, geometry);
    switch (Method.of(runner, geometry, geometry.out)) {
        .winograd => try winograd.run(runner, &operands, geometry.padding, false),
        .depthwise => try depthwise.run(runner, &operands, &.{phase}),
        .points => try points.forward(runner, &operands, geometry),
        .gathered => {
            if (runner.roundsFirst()) {
                try round(runner, &operands, geometry.inputCount(), geometry.weightCount());
            }
            try gathered.run(runner, &operands, &.{phase});
        },
        .staged => {
            try round(runner, &operands, geometry.inputCount(), geometry.weightCount());
            try correlate.run(runner, &operands, &phase);
        },
    }
}

/// The gradient of `forward` with respect to x, given that of its result; with a bias
/// `[groups][in_channels]` a transposed convolution of `gradient`.
pub fn inputGradient(
    runner: *const Runner,
    geometry: Geometry,
    gradient: [*]const f32,
    weight: [*]const f32,
    bias: ?[*]const f32,
    out: [*]f32,
) Arena.Error!void {
    if (geometry.images == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const kernel = geometry.kernelSize();
    var operands: Operands = .{
        .images = geometry.images,
        .groups = geometry.groups,
        .source_channels = geometry.out_channels,
        .source_size = geometry.out,
        .source = gradient,
        .weights = weight,
        .weight_strides = .{
            geometry.out_channels * geometry.in_channels * kernel,
            kernel,
            geometry.in_channels * kernel,
        },
        .bias = bias,
        .channels = geometry.in_channels,
        .size = geometry.in,
        .out = out,
    };
    const phases = try geometry_module.backwardPhases(runner.scratch, geometry);
    switch (Method.of(runner, geometry, geometry.in)) {
        .winograd => {
            const padding = [2]usize{ 2 - geometry.padding[0], 2 - geometry.padding[1] };
            try winograd.run(runner, &operands, padding, true);
        },
        .depthwise => try depthwise.run(runner, &operands, phases),
        .points => try points.inputGradient(runner, &operands, geometry),
        .gathered => {
            if (runner.roundsFirst()) {
                try round(runner, &operands, geometry.resultCount(), geometry.weightCount());
            }
            try gathered.run(runner, &operands, phases);
        },
        .staged => {
            try round(runner, &operands, geometry.resultCount(), geometry.weightCount());
            for (phases) |*phase| try correlate.run(runner, &operands, phase);
        },
    }
}

/// The gradient of `forward` with respect to the weight,
/// `[groups][out_channels][in_channels][kernel]`.
pub fn weightGradient(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    switch (Method.of(runner, geometry, geometry.out)) {
        .winograd => return winograd_gradient.run(runner, geometry, x, gradient, out),
        .depthwise => return depthwise.weightGradient(runner, geometry, x, gradient, out),
        .points => return points.weightGradient(runner, geometry, x, gradient, out),
        else => {},
    }
    const is_gathered = gathered_gradient.suits(runner, geometry);
    var operands = [2][*]const f32{ x, gradient };
    if (!is_gathered or runner.roundsFirst()) {
        const counts = [2]usize{ geometry.inputCount(), geometry.resultCount() };
        operands = try rounded(runner, operands, counts);
    }
    if (is_gathered) {
        return gathered_gradient.run(runner, geometry, operands[0], operands[1], out);
    }
    return gradient_module.weightGradient(runner, geometry, operands[0], operands[1], out);
}

/// Source and weights as the runner's precision has them. The caller gives scratch back.
fn round(
    runner: *const Runner,
    operands: *Operands,
    source_count: usize,
    weight_count: usize,
) Arena.Error!void {
    const given = [2][*]const f32{ operands.source, operands.weights };
    const made = try rounded(runner, given, .{ source_count, weight_count });
    operands.source = made[0];
    operands.weights = made[1];
}

/// The operands as the runner's precision has them. The caller gives scratch back.
fn rounded(
    runner: *const Runner,
    given: [2][*]const f32,
    counts: [2]usize,
) Arena.Error![2][*]const f32 {
    return .{
        try rounding.inPrecision(runner, given[0], counts[0]),
        try rounding.inPrecision(runner, given[1], counts[1]),
    };
}
