//! Gradients of operations element by element, and dropout, whose gradient is itself; f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const elementwise = @import("elementwise.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const operands = @import("operands.zig");
const threaded = @import("../kernels/cpu/threaded/elementwise.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// `gradient * f'(saved)`; both of any strides.
pub fn derivative(
    context: *Context,
    function: u32,
    gradient_handle: Handle,
    saved_handle: Handle,
    first: f32,
    second: f32,
    out_handle: Handle,
) Error!Handle {
    const code = std.enums.fromInt(interface.Derivative, function) orelse
        return context.fail(error.InvalidArgument, "{d} is no derivative", .{function});
    const gradient = try elementwise.contiguousCopy(context, gradient_handle, "gradient");
    const saved = try elementwise.contiguousCopy(context, saved_handle, "saved");
    try operands.requireShape(context, gradient, "gradient", saved.shape());
    const out = try operands.output(context, out_handle, saved.shape());
    try operands.allowInPlace(context, out.tensor, gradient, "gradient");
    try operands.allowInPlace(context, out.tensor, saved, "saved");
    var runner = context.runner();
    threaded.derivative(
        &runner,
        code,
        out.tensor.pointer(f32),
        gradient.pointer(f32),
        saved.pointer(f32),
        .{ first, second },
        @intCast(saved.count()),
    );
    return out.handle;
}

/// Writes the gradients of `silu(gate) * up`.
pub fn siluMulGradients(
    context: *Context,
    gradient_handle: Handle,
    gate_handle: Handle,
    up_handle: Handle,
    gate_out_handle: Handle,
    up_out_handle: Handle,
) Error!void {
    const gradient = try elementwise.contiguousCopy(context, gradient_handle, "gradient");
    const gate = try operands.contiguousFloats(context, gate_handle, "gate");
    const up = try operands.contiguousFloats(context, up_handle, "up");
    try operands.requireShape(context, gradient, "gradient", gate.shape());
    try operands.requireShape(context, up, "up", gate.shape());
    const gate_out = try operands.contiguousFloats(context, gate_out_handle, "gate gradient");
    const up_out = try operands.contiguousFloats(context, up_out_handle, "up gradient");
    inline for (.{ gate_out, up_out }, .{ "gate gradient", "up gradient" }) |out, role| {
        try operands.requireShape(context, out, role, gate.shape());
        try operands.requireWritable(context, out, role);
        inline for (.{ gradient, gate, up }, .{ "gradient", "gate", "up" }) |operand, name| {
            try operands.allowInPlace(context, out, operand, name);
        }
    }
    try operands.forbidOverlap(context, gate_out, up_out, "the other result");
    var runner = context.runner();
    threaded.siluMulGradients(
        &runner,
        gate_out.pointer(f32),
        up_out.pointer(f32),
        gradient.pointer(f32),
        gate.pointer(f32),
        up.pointer(f32),
        @intCast(gate.count()),
    );
}

/// Elements become 0 with the given probability, by a mask that depends on the seed and their
/// places only; the others are divided by the probability to stay.
pub fn dropout(
    context: *Context,
    x_handle: Handle,
    probability: f32,
    low: u32,
    high: u32,
    out_handle: Handle,
) Error!Handle {
    const mask = try dropoutMask(context, probability, low, high);
    const x = try elementwise.contiguousCopy(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    const count: usize = @intCast(x.count());
    var runner = context.runner();
    threaded.dropout(&runner, out.tensor.pointer(f32), x.pointer(f32), count, mask);
    return out.handle;
}

/// The mask of a probability and a seed.
pub fn dropoutMask(
    context: *Context,
    probability: f32,
    low: u32,
    high: u32,
) Error!interface.DropoutMask {
    if (!(probability >= 0 and probability <= 1)) return context.fail(
        error.InvalidArgument,
        "the probability is {d}, expected 0 to 1",
        .{probability},
    );
    const seed = @as(u64, high) << 32 | low;
    // One element in 2^32 is kept, as 0.
    if (probability == 1) return .{ .seed = seed, .threshold = std.math.maxInt(u32), .scale = 0 };
    return .{
        .seed = seed,
        .threshold = @intFromFloat(@as(f64, probability) * (1 << 32)),
        .scale = @floatCast(1 / (1 - @as(f64, probability))),
    };
}
