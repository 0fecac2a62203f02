//! Checks that operations share. Each names the operand in its message.

const std = @import("std");
const context_module = @import("../core/context.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// An f32 tensor of any strides.
pub fn floats(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try context.tensor(handle, role);
    if (tensor.dtype == .f32) return tensor;
    return context.fail(
        error.InvalidDtype,
        "{s} is {t}, expected f32: convert it with to()",
        .{ role, tensor.dtype },
    );
}

/// A contiguous f32 tensor.
pub fn contiguousFloats(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try floats(context, handle, role);
    try requireContiguous(context, tensor, role);
    return tensor;
}

/// A contiguous i32 tensor.
pub fn integers(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try context.tensor(handle, role);
    if (tensor.dtype != .i32) {
        return context.fail(
            error.InvalidDtype,
            "{s} is {t}, expected i32",
            .{ role, tensor.dtype },
        );
    }
    try requireContiguous(context, tensor, role);
    return tensor;
}

pub fn requireContiguous(context: *Context, tensor: *const Tensor, role: []const u8) Error!void {
    if (tensor.isContiguous()) return;
    return context.fail(
        error.InvalidLayout,
        "{s} {f} is a view that is not contiguous: copy it with contiguous() first",
        .{ role, Shape{ .sizes = tensor.shape() } },
    );
}

/// Checks a tensor's shape; `sizes` are the expected ones.
pub fn requireShape(
    context: *Context,
    tensor: *const Tensor,
    role: []const u8,
    sizes: []const u32,
) Error!void {
    if (std.mem.eql(u32, tensor.shape(), sizes)) return;
    return context.fail(
        error.InvalidShape,
        "{s} is {f}, expected {f}",
        .{ role, Shape{ .sizes = tensor.shape() }, Shape{ .sizes = sizes } },
    );
}

pub fn requireRank(
    context: *Context,
    tensor: *const Tensor,
    role: []const u8,
    rank: u32,
) Error!void {
    if (tensor.rank == rank) return;
    return context.fail(
        error.InvalidShape,
        "{s} is {f}, expected rank {d}",
        .{ role, Shape{ .sizes = tensor.shape() }, rank },
    );
}

/// A vector of `count` f32, contiguous, such as a norm's weight or a bias.
pub fn vector(context: *Context, handle: Handle, role: []const u8, count: u32) Error![*]const f32 {
    const tensor = try contiguousFloats(context, handle, role);
    try requireShape(context, tensor, role, &.{count});
    return tensor.pointer(f32);
}

/// Where a result goes: a new tensor in scratch, or the one that was given.
pub const Output = struct {
    handle: Handle,
    tensor: *Tensor,
};

/// The f32 output of an operation; `out` 0 makes it. A given one must have the shape, be contiguous
/// and writable.
pub fn output(context: *Context, out: Handle, sizes: []const u32) Error!Output {
    if (out == table.none) {
        const handle = try context.createTensor(0, .f32, .rows, sizes);
        return .{ .handle = handle, .tensor = context.tensor(handle, "out") catch unreachable };
    }
    const tensor = try contiguousFloats(context, out, "out");
    try requireShape(context, tensor, "out", sizes);
    try requireWritable(context, tensor, "out");
    return .{ .handle = out, .tensor = tensor };
}

pub fn requireWritable(context: *Context, tensor: *const Tensor, role: []const u8) Error!void {
    if (!tensor.flags.read_only) return;
    return context.fail(
        error.InvalidArgument,
        "{s} is read-only: it belongs to a file or repeats elements",
        .{role},
    );
}

/// For operations that read an operand after they began to write.
pub fn forbidOverlap(
    context: *Context,
    out: *const Tensor,
    operand: *const Tensor,
    role: []const u8,
) Error!void {
    if (!out.overlaps(operand)) return;
    return context.fail(error.Aliasing, "out shares memory with {s}", .{role});
}

/// For operations that may work in place: out is the operand itself or apart from it.
pub fn allowInPlace(
    context: *Context,
    out: *const Tensor,
    operand: *const Tensor,
    role: []const u8,
) Error!void {
    if (out.data == operand.data and operand.isContiguous()) return;
    return forbidOverlap(context, out, operand, role);
}

/// The failure of a kernel that found no workspace.
pub fn workspaceFailure(
    context: *Context,
    failure: @import("../core/arena.zig").Arena.Error,
) Error {
    return context.arenaFailure(failure, &context.scratch, 0);
}
