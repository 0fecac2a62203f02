//! Products that share their activations or go on at once; for inference.

const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const products = @import("products.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/linear_fused.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// A matrix of weights for x, and its bias unless 0.
fn weightOf(
    context: *Context,
    x: *const Tensor,
    handle: Handle,
    bias_handle: Handle,
) Error!threaded.Weight {
    const matrix = try products.weightOf(context, handle);
    if (x.rank == 0 or x.columns() != matrix.columns) return context.fail(
        error.InvalidShape,
        "inner sizes differ, x {f} and weight [{d}, {d}]",
        .{ Shape{ .sizes = x.shape() }, matrix.rows, matrix.columns },
    );
    const bias = if (bias_handle == table.none)
        null
    else
        try operands.vector(context, bias_handle, "bias", @intCast(matrix.rows));
    return .{ .matrix = matrix, .bias = bias };
}

/// The shape of x with as many columns as a weight has rows.
fn outputSizes(x: *const Tensor, weight: threaded.Weight) [tensor_module.max_rank]u32 {
    var sizes = x.ne;
    sizes[x.rank - 1] = @intCast(weight.matrix.rows);
    return sizes;
}

/// Products of x with two or three weights (the third may be 0); `parameters[0..3]` get the
/// results' handles, the first of which is returned.
pub fn linears(
    context: *Context,
    x_handle: Handle,
    weights: [threaded.most_weights]Handle,
    biases: [threaded.most_weights]Handle,
) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const count: usize = if (weights[2] == table.none) 2 else 3;
    var targets: [threaded.most_weights]threaded.Target = undefined;
    for (targets[0..count], weights[0..count], biases[0..count]) |*target, weight, bias| {
        target.* = .{ .weight = try weightOf(context, x, weight, bias), .out = undefined };
    }
    for (targets[0..count], 0..) |*target, i| {
        const sizes = outputSizes(x, target.weight);
        const out = try operands.output(context, 0, sizes[0..x.rank]);
        target.out = out.tensor.pointer(f32);
        context.shared.parameters[i] = out.handle;
    }
    if (x.rows() > 0) {
        var runner = context.runner();
        threaded.linears(&runner, x.pointer(f32), @intCast(x.rows()), targets[0..count]) catch |e|
            return operands.workspaceFailure(context, e);
    }
    return context.shared.parameters[0];
}

/// `silu(x @ gate^T) * (x @ up^T)`.
pub fn gatedLinear(
    context: *Context,
    x_handle: Handle,
    gate_handle: Handle,
    up_handle: Handle,
    gate_bias: Handle,
    up_bias: Handle,
) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const gate = try weightOf(context, x, gate_handle, gate_bias);
    const up = try weightOf(context, x, up_handle, up_bias);
    if (gate.matrix.rows != up.matrix.rows) return context.fail(
        error.InvalidShape,
        "the gate has {d} rows, the other matrix {d}",
        .{ gate.matrix.rows, up.matrix.rows },
    );
    const sizes = outputSizes(x, gate);
    const out = try operands.output(context, 0, sizes[0..x.rank]);
    if (out.tensor.count() == 0) return out.handle;
    var runner = context.runner();
    const data = out.tensor.pointer(f32);
    const count: usize = @intCast(x.rows());
    threaded.gated(&runner, data, x.pointer(f32), count, gate, up) catch |failure|
        return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// `residual += x @ weight^T + bias`.
pub fn addLinear(
    context: *Context,
    residual_handle: Handle,
    x_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
) Error!void {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const weight = try weightOf(context, x, weight_handle, bias_handle);
    const residual = try operands.contiguousFloats(context, residual_handle, "residual");
    const sizes = outputSizes(x, weight);
    try operands.requireShape(context, residual, "residual", sizes[0..x.rank]);
    try operands.requireWritable(context, residual, "residual");
    try operands.forbidOverlap(context, residual, x, "x");
    const handles = [_]Handle{ weight_handle, bias_handle };
    for (handles, [_][]const u8{ "weight", "bias" }) |handle, role| {
        if (handle == table.none) continue;
        try operands.forbidOverlap(context, residual, try context.tensor(handle, role), role);
    }
    if (residual.count() == 0) return;
    var runner = context.runner();
    const count: usize = @intCast(x.rows());
    threaded.addTo(&runner, residual.pointer(f32), x.pointer(f32), count, weight) catch |failure|
        return operands.workspaceFailure(context, failure);
}
