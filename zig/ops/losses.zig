//! Losses: value and, where it is wanted, the gradient in the same pass.

const std = @import("std");
const context_module = @import("../core/context.zig");
const interface = @import("../kernels/cpu/losses_interface.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/losses.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// What becomes of the losses of elements or rows. The codes are part of the ABI.
pub const Reduction = enum(u32) { none = 0, mean = 1, sum = 2 };

/// A loss of single elements; x and target have one shape, the weights too or are 0. Writes the
/// derivative of the result to `gradient`, or that of each loss without a reduction. `parameters`:
/// delta (f32), reduction.
pub fn pointwise(
    context: *Context,
    function: u32,
    x_handle: Handle,
    target_handle: Handle,
    weight_handle: Handle,
    positive_weight_handle: Handle,
    gradient_handle: Handle,
) Error!Handle {
    const delta: f32 = @bitCast(context.shared.parameters[0]);
    const reduction_code = context.shared.parameters[1];
    const code = std.enums.fromInt(interface.Pointwise, function) orelse
        return context.fail(error.InvalidArgument, "{d} is no loss", .{function});
    const reduction = try reductionOf(context, reduction_code);
    const x = try operands.contiguousFloats(context, x_handle, "input");
    const count: usize = @intCast(x.count());
    var span: interface.PointwiseSpan = .{
        .x = x.pointer(f32),
        .target = undefined,
        .delta = delta,
        .scale = if (reduction == .mean) 1 / @as(f32, @floatFromInt(count)) else 1,
        .count = count,
    };
    const gradient = try gradientOf(context, gradient_handle, x);
    if (gradient) |tensor| span.gradient = tensor.pointer(f32);
    span.target = try beside(context, target_handle, "target", x, gradient);
    if (weight_handle != table.none) {
        span.weight = try beside(context, weight_handle, "weight", x, gradient);
    }
    if (positive_weight_handle != table.none) {
        const role = "positive weight";
        span.positive_weight = try beside(context, positive_weight_handle, role, x, gradient);
    }
    const sizes = if (reduction == .none) x.shape() else x.shape()[0..0];
    const out = try operands.output(context, table.none, sizes);
    if (reduction == .none) span.loss = out.tensor.pointer(f32);
    var runner = context.runner();
    const sum = threaded.pointwise(&runner, code, span) catch |failure|
        return operands.workspaceFailure(context, failure);
    reduce(out.tensor, reduction, sum, @floatFromInt(count));
    return out.handle;
}

/// Cross entropy of `softmax(x)`, x `[..., classes]`, with classes i32 `[...]` or probabilities f32
/// `[..., classes]`. Writes the derivative as `pointwise` does.
pub fn crossEntropy(
    context: *Context,
    x_handle: Handle,
    target_handle: Handle,
    weight_handle: Handle,
    gradient_handle: Handle,
    smoothing: f32,
    ignored: i32,
    reduction_code: u32,
) Error!Handle {
    if (!(smoothing >= 0 and smoothing <= 1)) {
        const message = "label smoothing {d}, expected 0 to 1";
        return context.fail(error.InvalidArgument, message, .{smoothing});
    }
    const target = try context.tensor(target_handle, "target");
    var all = try classRows(context, x_handle, target, weight_handle, gradient_handle);
    all.smoothing = smoothing;
    all.ignored = ignored;
    if (target.dtype == .i32) {
        all.labels = target.pointer(i32);
    } else {
        all.probabilities = target.pointer(f32);
    }
    const x = try context.tensor(x_handle, "input");
    return finish(context, x, &all, reduction_code, threaded.crossEntropy);
}

/// `-x[label]`, x `[..., classes]` of log probabilities, classes i32 `[...]`.
pub fn negativeLogLikelihood(
    context: *Context,
    x_handle: Handle,
    target_handle: Handle,
    weight_handle: Handle,
    gradient_handle: Handle,
    ignored: i32,
    reduction_code: u32,
) Error!Handle {
    const target = try operands.integers(context, target_handle, "target");
    var all = try classRows(context, x_handle, target, weight_handle, gradient_handle);
    all.labels = target.pointer(i32);
    all.ignored = ignored;
    const x = try context.tensor(x_handle, "input");
    return finish(context, x, &all, reduction_code, threaded.negativeLogLikelihood);
}

/// Checks what both losses of classes have.
fn classRows(
    context: *Context,
    x_handle: Handle,
    target: *const Tensor,
    weight_handle: Handle,
    gradient_handle: Handle,
) Error!threaded.ClassRows {
    const x = try operands.contiguousFloats(context, x_handle, "input");
    if (x.rank == 0) {
        return context.fail(error.InvalidShape, "input is [], expected [..., classes]", .{});
    }
    switch (target.dtype) {
        .i32 => try operands.requireShape(context, target, "target", x.shape()[0 .. x.rank - 1]),
        .f32 => try operands.requireShape(context, target, "target", x.shape()),
        else => return context.fail(
            error.InvalidDtype,
            "target is {t}, expected classes in i32 or probabilities in f32",
            .{target.dtype},
        ),
    }
    try operands.requireContiguous(context, target, "target");
    const gradient = try gradientOf(context, gradient_handle, x);
    if (gradient) |tensor| try operands.forbidOverlap(context, tensor, target, "target");
    var all: threaded.ClassRows = .{
        .x = x.pointer(f32),
        .rows = @intCast(x.rows()),
        .columns = x.columns(),
        .gradient = if (gradient) |tensor| tensor.pointer(f32) else null,
    };
    if (all.columns == 0 and all.rows > 0) {
        const shape: Shape = .{ .sizes = x.shape() };
        return context.fail(error.InvalidShape, "input is {f}: there are no classes", .{shape});
    }
    if (weight_handle == table.none) return all;
    all.weight = try operands.vector(context, weight_handle, "weight", x.columns());
    const weight = try context.tensor(weight_handle, "weight");
    if (gradient) |tensor| try operands.forbidOverlap(context, tensor, weight, "weight");
    return all;
}

fn finish(
    context: *Context,
    x: *const Tensor,
    all: *threaded.ClassRows,
    reduction_code: u32,
    compute: anytype,
) Error!Handle {
    const reduction = try reductionOf(context, reduction_code);
    const divisor = try totalWeight(context, all);
    if (reduction == .mean) all.scale = @floatCast(1 / divisor);
    const sizes = if (reduction == .none) x.shape()[0 .. x.rank - 1] else x.shape()[0..0];
    const out = try operands.output(context, table.none, sizes);
    if (reduction == .none) all.loss = out.tensor.pointer(f32);
    var runner = context.runner();
    const sum = compute(&runner, all) catch |failure|
        return operands.workspaceFailure(context, failure);
    reduce(out.tensor, reduction, sum, divisor);
    return out.handle;
}

/// What a mean divides by: the weights of the rows' classes, or the number of rows that have
/// probabilities. Every class is checked here, before it is used as an index.
fn totalWeight(context: *Context, all: *const threaded.ClassRows) Error!f64 {
    const labels = all.labels orelse return @floatFromInt(all.rows);
    var total: f64 = 0;
    for (labels[0..all.rows], 0..) |label, row| {
        if (label == all.ignored) continue;
        if (label < 0 or label >= all.columns) return context.fail(
            error.OutOfRange,
            "target {d} is class {d}, expected 0 to {d}, or {d} to ignore the row",
            .{ row, label, all.columns - 1, all.ignored },
        );
        total += if (all.weight) |weight| weight[@intCast(label)] else 1;
    }
    return total;
}

fn reductionOf(context: *Context, code: u32) Error!Reduction {
    return std.enums.fromInt(Reduction, code) orelse
        context.fail(error.InvalidArgument, "{d} is no reduction", .{code});
}

fn reduce(out: *const Tensor, reduction: Reduction, sum: f64, divisor: f64) void {
    switch (reduction) {
        .none => {},
        .sum => out.pointer(f32)[0] = @floatCast(sum),
        .mean => out.pointer(f32)[0] = @floatCast(sum / divisor),
    }
}

/// The tensor that takes the gradient: shaped like x, apart from it; none for handle 0.
fn gradientOf(context: *Context, handle: Handle, x: *const Tensor) Error!?*Tensor {
    if (handle == table.none) return null;
    const gradient = try operands.contiguousFloats(context, handle, "gradient");
    try operands.requireShape(context, gradient, "gradient", x.shape());
    try operands.requireWritable(context, gradient, "gradient");
    try operands.forbidOverlap(context, gradient, x, "input");
    return gradient;
}

/// The elements of an operand shaped like x.
fn beside(
    context: *Context,
    handle: Handle,
    role: []const u8,
    x: *const Tensor,
    gradient: ?*const Tensor,
) Error![*]const f32 {
    const tensor = try operands.contiguousFloats(context, handle, role);
    try operands.requireShape(context, tensor, role, x.shape());
    if (gradient) |written| try operands.forbidOverlap(context, written, tensor, role);
    return tensor.pointer(f32);
}
