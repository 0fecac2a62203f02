//! Pooling and its gradients, f32 `[images, channels, rows, columns]`.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/pooling.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const Window = threaded.Window;
const Range = threaded.Range;
const Ranges = threaded.Ranges;

/// Most of a kernel, stride, padding or dilation: no sum of such numbers and sizes overflows.
const max_step = 1 << 30;

fn image(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try operands.contiguousFloats(context, handle, role);
    try operands.requireRank(context, tensor, role, 4);
    return tensor;
}

/// `steps`: kernel, stride, padding and dilation, each of rows and columns. With `is_ceil` a last
/// window may reach beyond the padding if it starts before it.
fn windowOf(
    context: *Context,
    size: []const u32,
    steps: *const [8]u32,
    is_ceil: bool,
) Error!Window {
    var window: Window = undefined;
    for (0..2) |axis| {
        const kernel = steps[axis];
        const stride = steps[2 + axis];
        const padding = steps[4 + axis];
        const dilation = steps[6 + axis];
        const least = @min(kernel, stride, dilation);
        if (least == 0 or @max(kernel, stride, dilation) > max_step) return context.fail(
            error.InvalidArgument,
            "kernel {d}, stride {d} and dilation {d} must be between 1 and {d}",
            .{ kernel, stride, dilation, @as(u32, max_step) },
        );
        if (padding > kernel / 2) return context.fail(
            error.InvalidArgument,
            "padding {d} is more than half of the kernel, {d}",
            .{ padding, kernel },
        );
        const reach = @as(u64, dilation) * (kernel - 1) + 1;
        const padded = @as(u64, size[axis]) + 2 * @as(u64, padding);
        if (size[axis] == 0 or padded < reach) return context.fail(
            error.InvalidShape,
            "the kernel spans {d} of {d} {s} with their padding",
            .{ reach, padded, ([_][]const u8{ "rows", "columns" })[axis] },
        );
        const added = if (is_ceil) stride - 1 else 0;
        var count = (padded - reach + added) / stride + 1;
        if ((count - 1) * stride >= @as(u64, size[axis]) + padding) count -= 1;
        window.in[axis] = size[axis];
        window.out[axis] = std.math.cast(u32, count) orelse return context.fail(
            error.InvalidShape,
            "a result with {d} rows or columns is too large",
            .{count},
        );
        window.kernel[axis] = kernel;
        window.stride[axis] = stride;
        window.padding[axis] = padding;
        window.dilation[axis] = dilation;
    }
    return window;
}

fn sizesOf(x: *const Tensor, size: [2]usize) [4]u32 {
    return .{ x.ne[0], x.ne[1], @intCast(size[0]), @intCast(size[1]) };
}

fn planesOf(x: *const Tensor) usize {
    return @as(usize, x.ne[0]) * x.ne[1];
}

/// The largest element of each window. `parameters[0..9]`: kernel, stride, padding, dilation, each
/// of rows and columns, and whether to round the result's size up. The handle of their places in
/// each plane, i32, comes back in `parameters[0]`.
pub fn maxPool(context: *Context, x_handle: Handle) Error!Handle {
    const x = try image(context, x_handle, "x");
    const parameters = &context.shared.parameters;
    const steps = parameters[0..8].*;
    const window = try windowOf(context, x.ne[2..4], &steps, parameters[8] != 0);
    if (window.in[0] * window.in[1] > std.math.maxInt(i32)) return context.fail(
        error.InvalidShape,
        "x {f}: places in so large an image do not fit i32",
        .{Shape{ .sizes = x.shape() }},
    );
    const sizes = sizesOf(x, window.out);
    const indices = try context.createTensor(0, .i32, .rows, &sizes);
    const out = try operands.output(context, 0, &sizes);
    const places = try context.tensor(indices, "indices");
    const runner = context.runner();
    threaded.max(
        &runner,
        &window,
        out.tensor.pointer(f32),
        places.pointer(i32),
        x.pointer(f32),
        planesOf(x),
    );
    parameters[0] = indices;
    return out.handle;
}

/// The gradient of `maxPool`'s x, given that of its result and the places.
/// `parameters[0..2]`: rows and columns of x.
pub fn maxPoolGradient(
    context: *Context,
    gradient_handle: Handle,
    indices_handle: Handle,
) Error!Handle {
    const gradient = try image(context, gradient_handle, "gradient");
    const indices = try operands.integers(context, indices_handle, "indices");
    try operands.requireShape(context, indices, "indices", gradient.shape());
    const size = context.shared.parameters[0..2];
    const sizes = sizesOf(gradient, .{ size[0], size[1] });
    const out = try operands.output(context, 0, &sizes);
    const runner = context.runner();
    const fits = threaded.maxGradient(
        &runner,
        out.tensor.pointer(f32),
        @as(usize, size[0]) * size[1],
        gradient.pointer(f32),
        indices.pointer(i32),
        @as(usize, gradient.ne[2]) * gradient.ne[3],
        planesOf(gradient),
    );
    if (fits) return out.handle;
    return context.fail(
        error.OutOfRange,
        "an index lies outside of [{d}, {d}]",
        .{ size[0], size[1] },
    );
}

/// What is averaged: windows, or equal shares of the image.
const Plan = struct { is_adaptive: bool, window: Window, counts_padding: bool };

/// See `averagePool` for the parameters.
fn planOf(context: *Context, size: []const u32, is_adaptive: bool) Error!Plan {
    const parameters = &context.shared.parameters;
    if (!is_adaptive) {
        var steps: [8]u32 = @splat(1);
        @memcpy(steps[0..6], parameters[0..6]);
        return .{
            .is_adaptive = false,
            .window = try windowOf(context, size, &steps, parameters[6] != 0),
            .counts_padding = parameters[7] != 0,
        };
    }
    const out = parameters[0..2];
    if (size[0] == 0 or size[1] == 0 or out[0] == 0 or out[1] == 0) return context.fail(
        error.InvalidShape,
        "[{d}, {d}] to [{d}, {d}]: no size may be 0",
        .{ size[0], size[1], out[0], out[1] },
    );
    var window = std.mem.zeroes(Window);
    window.in = .{ size[0], size[1] };
    window.out = .{ out[0], out[1] };
    return .{ .is_adaptive = true, .window = window, .counts_padding = false };
}

/// The ranges of rows and of columns, in scratch.
fn rangesOf(context: *Context, plan: *const Plan) Error!Ranges {
    const window = &plan.window;
    var ranges: [2][]Range = undefined;
    for (0..2) |axis| {
        ranges[axis] = context.scratch.slice(Range, window.out[axis]) catch |failure|
            return operands.workspaceFailure(context, failure);
        for (ranges[axis], 0..) |*range, i| {
            range.* = if (plan.is_adaptive)
                adaptiveRange(window.in[axis], window.out[axis], i)
            else
                windowRange(window, axis, i, plan.counts_padding);
        }
    }
    return .{
        .in = window.in,
        .out = window.out,
        .rows = ranges[0].ptr,
        .columns = ranges[1].ptr,
    };
}

fn adaptiveRange(size: u64, count: u64, index: u64) Range {
    const start = index * size / count;
    const end = ((index + 1) * size + count - 1) / count;
    return .{
        .start = @intCast(start),
        .end = @intCast(end),
        .divisor = @intCast(end - start),
    };
}

fn windowRange(window: *const Window, axis: usize, index: usize, counts_padding: bool) Range {
    const padding = window.padding[axis];
    const size = window.in[axis];
    // Counted from the first element of the padding.
    const first = index * window.stride[axis];
    const last = @min(first + window.kernel[axis], size + 2 * padding);
    const start = first -| padding;
    const end = @min(last - padding, size);
    return .{
        .start = @intCast(start),
        .end = @intCast(end),
        .divisor = @intCast(if (counts_padding) last - first else end - start),
    };
}

/// The mean of each window. `parameters[0..8]`: kernel, stride, padding, each of rows and columns,
/// whether to round the result's size up, and whether padding counts as elements. If adaptive,
/// `parameters[0..2]` are rows and columns of the result.
pub fn averagePool(context: *Context, x_handle: Handle, adaptive: u32) Error!Handle {
    const x = try image(context, x_handle, "x");
    const plan = try planOf(context, x.ne[2..4], adaptive != 0);
    const out = try operands.output(context, 0, &sizesOf(x, plan.window.out));
    if (planesOf(x) == 0) return out.handle;
    const mark = context.scratch.head;
    defer context.scratch.reset(mark);
    const ranges = try rangesOf(context, &plan);
    const runner = context.runner();
    threaded.average(&runner, &ranges, out.tensor.pointer(f32), x.pointer(f32), planesOf(x));
    return out.handle;
}

/// The gradient of `averagePool`'s x, given that of its result. `parameters`: as there;
/// `parameters[8..10]` rows and columns of x.
pub fn averagePoolGradient(
    context: *Context,
    gradient_handle: Handle,
    adaptive: u32,
) Error!Handle {
    const gradient = try image(context, gradient_handle, "gradient");
    const size = context.shared.parameters[8..10];
    const plan = try planOf(context, size, adaptive != 0);
    const expected = sizesOf(gradient, plan.window.out);
    try operands.requireShape(context, gradient, "gradient", &expected);
    const out = try operands.output(context, 0, &sizesOf(gradient, plan.window.in));
    if (planesOf(gradient) == 0) return out.handle;
    const mark = context.scratch.head;
    defer context.scratch.reset(mark);
    const ranges = try rangesOf(context, &plan);
    const runner = context.runner();
    threaded.averageGradient(
        &runner,
        &ranges,
        out.tensor.pointer(f32),
        gradient.pointer(f32),
        planesOf(gradient),
    );
    return out.handle;
}
