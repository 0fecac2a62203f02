//! f32 convolutions and their gradients, `[images][groups][channels][rows][columns]`.
//!
//! All operands are contiguous. Work is cut by shapes only and every sum is made in one order, so
//! results are the same for any number of threads.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const geometry_module = @import("convolution_geometry.zig");
const correlate = @import("convolution_correlate.zig");
const winograd = @import("convolution_winograd.zig");
const winograd_gradient = @import("convolution_winograd_gradient.zig");
const gradient_module = @import("convolution_gradient.zig");
const rounding = @import("rounding.zig");

pub const Geometry = geometry_module.Geometry;

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
    const counts = [2]usize{ geometry.inputCount(), geometry.weightCount() };
    const given = try rounded(runner, .{ x, weight }, counts);
    const kernel = geometry.kernelSize();
    const operands: correlate.Operands = .{
        .images = geometry.images,
        .groups = geometry.groups,
        .source_channels = geometry.in_channels,
        .source_size = geometry.in,
        .source = given[0],
        .weights = given[1],
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
    if (suitsWinograd(geometry, geometry.out)) {
        return winograd.run(runner, &operands, geometry.padding, false);
    }
    const phase = try geometry_module.forwardPhase(runner.scratch, geometry);
    try correlate.run(runner, &operands, &phase);
}

/// Whether Winograd's filtering computes results of a size fastest.
fn suitsWinograd(geometry: Geometry, size: [2]usize) bool {
    const one = [2]usize{ 1, 1 };
    const is_plain = geometry.groups == 1 and
        std.mem.eql(usize, &geometry.kernel, &.{ 3, 3 }) and
        std.mem.eql(usize, &geometry.stride, &one) and
        std.mem.eql(usize, &geometry.dilation, &one);
    if (!is_plain) return false;
    for (0..2) |axis| {
        // A transposed convolution may have a smaller input than its result needs.
        if (geometry.padding[axis] > 2) return false;
        if (geometry.in[axis] + 2 * geometry.padding[axis] != geometry.out[axis] + 2) return false;
    }
    const channels = [2]usize{ geometry.in_channels, geometry.out_channels };
    return winograd.suits(geometry.images, channels, size);
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
    const outer_mark = runner.scratch.head;
    defer runner.scratch.reset(outer_mark);
    const given_counts = [2]usize{ geometry.resultCount(), geometry.weightCount() };
    const given = try rounded(runner, .{ gradient, weight }, given_counts);
    const kernel = geometry.kernelSize();
    const operands: correlate.Operands = .{
        .images = geometry.images,
        .groups = geometry.groups,
        .source_channels = geometry.out_channels,
        .source_size = geometry.out,
        .source = given[0],
        .weights = given[1],
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
    if (suitsWinograd(geometry, geometry.in)) {
        const padding = [2]usize{ 2 - geometry.padding[0], 2 - geometry.padding[1] };
        return winograd.run(runner, &operands, padding, true);
    }
    const counts = geometry_module.backwardPhaseCounts(geometry);
    for (0..counts[0]) |row| for (0..counts[1]) |column| {
        const mark = runner.scratch.head;
        defer runner.scratch.reset(mark);
        const start = [2]usize{ row, column };
        const phase = try geometry_module.backwardPhase(runner.scratch, geometry, start);
        try correlate.run(runner, &operands, &phase);
    };
}

/// The gradient of `forward` with respect to the weight, `[groups][out_channels][in_channels][kernel]`.
pub fn weightGradient(
    runner: *const Runner,
    geometry: Geometry,
    x: [*]const f32,
    gradient: [*]const f32,
    out: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const counts = [2]usize{ geometry.inputCount(), geometry.resultCount() };
    const operands = try rounded(runner, .{ x, gradient }, counts);
    if (suitsWinograd(geometry, geometry.out)) {
        return winograd_gradient.run(runner, geometry, operands[0], operands[1], out);
    }
    return gradient_module.weightGradient(runner, geometry, operands[0], operands[1], out);
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
