//! Softmax, causal mask and norms over the last dimension, f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const threaded = @import("../kernels/cpu/threaded/rows.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// `softmax(scale * x)`.
pub fn softmax(context: *Context, x_handle: Handle, scale: f32, out_handle: Handle) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    var runner = context.runner();
    threaded.softmax(
        &runner,
        out.tensor.pointer(f32),
        x.pointer(f32),
        @intCast(x.rows()),
        x.columns(),
        scale,
    );
    return out.handle;
}

/// Sets columns above `position + row` of the last two dimensions to -inf, in place.
pub fn causalMask(context: *Context, handle: Handle, position: u32) Error!void {
    const scores = try operands.contiguousFloats(context, handle, "scores");
    try operands.requireWritable(context, scores, "scores");
    if (scores.rank < 2) return operands.requireRank(context, scores, "scores", 2);
    const queries = scores.ne[scores.rank - 2];
    const keys: usize = scores.columns();
    for (0..@intCast(scores.rows())) |row| {
        const visible = @min(keys, position + row % queries + 1);
        @memset(scores.pointer(f32)[row * keys ..][visible..keys], -std.math.inf(f32));
    }
}

/// `x / sqrt(mean(x^2) + epsilon) * weight`.
pub fn rmsnorm(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    epsilon: f32,
    out_handle: Handle,
) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const weight = try operands.vector(context, weight_handle, "weight", x.columns());
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    try operands.forbidOverlap(
        context,
        out.tensor,
        try context.tensor(weight_handle, "weight"),
        "weight",
    );
    var runner = context.runner();
    const rows: usize = @intCast(x.rows());
    threaded.rmsnorm(
        &runner,
        out.tensor.pointer(f32),
        x.pointer(f32),
        weight,
        rows,
        x.columns(),
        epsilon,
    );
    return out.handle;
}

/// `residual += x`, then `rmsnorm(residual)`; out may be x.
pub fn addRmsnorm(
    context: *Context,
    residual_handle: Handle,
    x_handle: Handle,
    weight_handle: Handle,
    epsilon: f32,
    out_handle: Handle,
) Error!Handle {
    const residual = try operands.contiguousFloats(context, residual_handle, "residual");
    const x = try operands.contiguousFloats(context, x_handle, "x");
    try operands.requireWritable(context, residual, "residual");
    try operands.requireShape(context, x, "x", residual.shape());
    try operands.forbidOverlap(context, residual, x, "x");
    const weight = try operands.vector(context, weight_handle, "weight", x.columns());
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    try operands.forbidOverlap(context, out.tensor, residual, "residual");
    const weight_tensor = try context.tensor(weight_handle, "weight");
    try operands.forbidOverlap(context, out.tensor, weight_tensor, "weight");
    try operands.forbidOverlap(context, residual, weight_tensor, "weight");
    var runner = context.runner();
    threaded.addRmsnorm(
        &runner,
        out.tensor.pointer(f32),
        residual.pointer(f32),
        x.pointer(f32),
        weight,
        @intCast(x.rows()),
        x.columns(),
        epsilon,
    );
    return out.handle;
}

/// `(x - mean) / sqrt(variance + epsilon) * weight + bias`; bias may be absent.
pub fn layernorm(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    bias_handle: Handle,
    epsilon: f32,
    out_handle: Handle,
) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const weight = try operands.vector(context, weight_handle, "weight", x.columns());
    const bias = if (bias_handle == table.none)
        null
    else
        try operands.vector(context, bias_handle, "bias", x.columns());
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    try operands.forbidOverlap(
        context,
        out.tensor,
        try context.tensor(weight_handle, "weight"),
        "weight",
    );
    if (bias_handle != table.none) {
        try operands.forbidOverlap(
            context,
            out.tensor,
            try context.tensor(bias_handle, "bias"),
            "bias",
        );
    }
    var runner = context.runner();
    const rows: usize = @intCast(x.rows());
    threaded.layernorm(
        &runner,
        out.tensor.pointer(f32),
        x.pointer(f32),
        weight,
        bias,
        rows,
        x.columns(),
        epsilon,
    );
    return out.handle;
}
