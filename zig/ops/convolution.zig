//! Convolutions and their gradients, f32 `[images, channels, rows, columns]`.
//!
//! `parameters[0..7]`: stride, padding and dilation, each for rows and columns, then groups.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/convolution.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const Geometry = threaded.Geometry;

/// Most of a stride, padding or dilation: no sum of such numbers and sizes overflows.
const max_step = 1 << 30;

/// The geometry that the parameters and a kernel's size describe, all other sizes still open.
fn geometryOf(context: *Context, kernel: [2]u32) Error!Geometry {
    const given = &context.shared.parameters;
    for (given[0..6], 0..) |value, i| {
        const least: u32 = if (i == 2 or i == 3) 0 else 1;
        if (value >= least and value <= max_step) continue;
        const name = ([_][]const u8{ "stride", "padding", "dilation" })[i / 2];
        return context.fail(
            error.InvalidArgument,
            "{s} {d} is not between {d} and {d}",
            .{ name, value, least, @as(u32, max_step) },
        );
    }
    if (given[6] == 0) return context.fail(error.InvalidArgument, "groups is 0", .{});
    if (kernel[0] == 0 or kernel[1] == 0) return context.fail(
        error.InvalidShape,
        "the kernel [{d}, {d}] is empty",
        .{ kernel[0], kernel[1] },
    );
    return .{
        .images = 0,
        .groups = given[6],
        .in_channels = 0,
        .out_channels = 0,
        .in = .{ 0, 0 },
        .out = .{ 0, 0 },
        .kernel = .{ kernel[0], kernel[1] },
        .stride = .{ given[0], given[1] },
        .padding = .{ given[2], given[3] },
        .dilation = .{ given[4], given[5] },
    };
}

/// Takes over the weight `[out, in / groups, rows, columns]` of a convolution from `in` channels.
fn addWeight(context: *Context, geometry: *Geometry, weight: []const u32) Error!void {
    const groups = geometry.groups;
    if (weight[0] == 0 or weight[1] == 0 or weight[0] % groups != 0) return context.fail(
        error.InvalidShape,
        "weight {f} does not fall into {d} groups",
        .{ Shape{ .sizes = weight }, groups },
    );
    geometry.out_channels = weight[0] / groups;
    geometry.in_channels = weight[1];
}

/// Takes over the input's size and computes that of the result.
fn addInput(context: *Context, geometry: *Geometry, sizes: []const u32) Error!void {
    geometry.images = sizes[0];
    for (0..2) |axis| {
        const padded = sizes[2 + axis] + 2 * geometry.padding[axis];
        const reach = geometry.dilation[axis] * (geometry.kernel[axis] - 1) + 1;
        if (sizes[2 + axis] == 0 or padded < reach) return context.fail(
            error.InvalidShape,
            "the kernel spans {d} of {d} {s} with their padding, input {f}",
            .{ reach, padded, ([_][]const u8{ "rows", "columns" })[axis], Shape{ .sizes = sizes } },
        );
        geometry.in[axis] = sizes[2 + axis];
        geometry.out[axis] = (padded - reach) / geometry.stride[axis] + 1;
    }
}

/// Takes over the size of a result. It may be smaller than the input's size allows: the output
/// padding of a transposed convolution adds rows that no pixel of the result has read.
fn addResult(
    context: *Context,
    geometry: *Geometry,
    result: *const Tensor,
    role: []const u8,
) Error!void {
    const given = result.ne[2..4];
    const fits = given[0] >= 1 and given[1] >= 1 and
        given[0] <= geometry.out[0] and given[1] <= geometry.out[1];
    if (!fits) return context.fail(
        error.InvalidShape,
        "{s} {f} does not fit an input of [{d}, {d}], whose result is [{d}, {d}]",
        .{
            role,
            Shape{ .sizes = result.shape() },
            geometry.in[0],
            geometry.in[1],
            geometry.out[0],
            geometry.out[1],
        },
    );
    geometry.out = .{ given[0], given[1] };
}

fn requireChannels(
    context: *Context,
    tensor: *const Tensor,
    role: []const u8,
    groups: usize,
    channels: usize,
) Error!void {
    if (tensor.ne[1] == groups * channels) return;
    return context.fail(
        error.InvalidShape,
        "{s} {f} has {d} channels, the weight is for {d} in {d} groups",
        .{ role, Shape{ .sizes = tensor.shape() }, tensor.ne[1], groups * channels, groups },
    );
}

fn image(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try operands.contiguousFloats(context, handle, role);
    try operands.requireRank(context, tensor, role, 4);
    return tensor;
}

fn biasOf(context: *Context, handle: Handle, channels: usize) Error!?[*]const f32 {
    if (handle == table.none) return null;
    return try operands.vector(context, handle, "bias", @intCast(channels));
}

/// Sizes of a result; each must fit 32 bits.
fn outputSizes(context: *Context, sizes: [4]usize) Error![4]u32 {
    var result: [4]u32 = undefined;
    for (sizes, &result) |size, *out| {
        out.* = std.math.cast(u32, size) orelse return context.fail(
            error.InvalidShape,
            "a result with {d} rows or columns is too large",
            .{size},
        );
    }
    return result;
}

/// x convolved with weight `[out, in / groups, rows, columns]`, plus bias.
pub fn convolution(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
) Error!Handle {
    const x = try image(context, x_handle, "x");
    const weight = try image(context, weight_handle, "weight");
    var geometry = try geometryOf(context, weight.ne[2..4].*);
    try addWeight(context, &geometry, weight.shape());
    try requireChannels(context, x, "x", geometry.groups, geometry.in_channels);
    try addInput(context, &geometry, x.shape());
    const bias = try biasOf(context, bias_handle, weight.ne[0]);
    const sizes = try outputSizes(
        context,
        .{ x.ne[0], weight.ne[0], geometry.out[0], geometry.out[1] },
    );
    const out = try operands.output(context, 0, &sizes);
    const runner = context.runner();
    threaded.forward(
        &runner,
        geometry,
        x.pointer(f32),
        weight.pointer(f32),
        bias,
        out.tensor.pointer(f32),
    ) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// The input of the given size whose convolution with weight has x as the gradient of its result:
/// a transposed convolution, plus bias. `parameters[7..9]`: rows and columns of the result.
pub fn convolutionTranspose(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
) Error!Handle {
    const x = try image(context, x_handle, "x");
    const weight = try image(context, weight_handle, "weight");
    var geometry = try geometryOf(context, weight.ne[2..4].*);
    try addWeight(context, &geometry, weight.shape());
    try requireChannels(context, x, "x", geometry.groups, geometry.out_channels);
    const size = context.shared.parameters[7..9].*;
    const channels = geometry.groups * geometry.in_channels;
    const sizes = try outputSizes(context, .{ x.ne[0], channels, size[0], size[1] });
    try addInput(context, &geometry, &sizes);
    try addResult(context, &geometry, x, "x");
    const bias = try biasOf(context, bias_handle, channels);
    const out = try operands.output(context, 0, &sizes);
    const runner = context.runner();
    threaded.inputGradient(
        &runner,
        geometry,
        x.pointer(f32),
        weight.pointer(f32),
        bias,
        out.tensor.pointer(f32),
    ) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// The gradient of a convolution's weight, given its input and the gradient of its result.
/// `parameters[7..9]`: rows and columns of the kernel.
pub fn convolutionWeightGradient(
    context: *Context,
    x_handle: Handle,
    gradient_handle: Handle,
) Error!Handle {
    const x = try image(context, x_handle, "x");
    const gradient = try image(context, gradient_handle, "gradient");
    const kernel = context.shared.parameters[7..9].*;
    var geometry = try geometryOf(context, kernel);
    const groups: u32 = @intCast(geometry.groups);
    if (x.ne[1] % groups != 0) return context.fail(
        error.InvalidShape,
        "x {f} does not fall into {d} groups",
        .{ Shape{ .sizes = x.shape() }, groups },
    );
    const sizes = [4]u32{ gradient.ne[1], x.ne[1] / groups, kernel[0], kernel[1] };
    try addWeight(context, &geometry, &sizes);
    try addInput(context, &geometry, x.shape());
    if (gradient.ne[0] != x.ne[0]) return context.fail(
        error.InvalidShape,
        "{d} images and gradients of {d}",
        .{ x.ne[0], gradient.ne[0] },
    );
    try addResult(context, &geometry, gradient, "gradient");
    const out = try operands.output(context, 0, &sizes);
    const runner = context.runner();
    threaded.weightGradient(
        &runner,
        geometry,
        x.pointer(f32),
        gradient.pointer(f32),
        out.tensor.pointer(f32),
    ) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}
