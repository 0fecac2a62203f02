//! Operations element by element, f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const threaded = @import("../kernels/cpu/threaded/elementwise.zig");
const broadcast = @import("broadcast.zig");
const Kernels = @import("../kernels/cpu/interface.zig").Kernels;
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const tensors = @import("tensors.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const max_rank = tensor_module.max_rank;

/// `f(x)`; x of any strides.
pub fn unary(context: *Context, function: u32, x_handle: Handle, out_handle: Handle) Error!Handle {
    const code = std.enums.fromInt(interface.Unary, function) orelse
        return context.fail(error.InvalidArgument, "{d} is no function", .{function});
    const x = try contiguousCopy(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    var runner = context.runner();
    threaded.unary(&runner, code, out.tensor.pointer(f32), x.pointer(f32), @intCast(x.count()));
    return out.handle;
}

/// `a op b` with broadcasting.
pub fn binary(
    context: *Context,
    function: u32,
    a_handle: Handle,
    b_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const code = try binaryCode(context, function);
    const a = try rowsCopy(context, a_handle, "a");
    const b = try rowsCopy(context, b_handle, "b");
    var buffer: [max_rank]u32 = undefined;
    const sizes = try broadcast.sizesOf(context, a.shape(), b.shape(), &buffer);
    const out = try operands.output(context, out_handle, sizes);
    try operands.allowInPlace(context, out.tensor, a, "a");
    try operands.allowInPlace(context, out.tensor, b, "b");
    var runner = context.runner();
    const same = std.mem.eql(u32, a.shape(), b.shape()) and a.isContiguous() and b.isContiguous();
    if (same) {
        const count: usize = @intCast(out.tensor.count());
        threaded.binary(
            &runner,
            code,
            out.tensor.pointer(f32),
            a.pointer(f32),
            b.pointer(f32),
            count,
        );
        return out.handle;
    }
    try forbidRepeated(context, out.tensor, a);
    try forbidRepeated(context, out.tensor, b);
    broadcast.Rows(2, BinaryRow).run(
        .{ .code = code, .way = wayOfRows(out.tensor, a, b) },
        &runner,
        out.tensor,
        .{ a, b },
    );
    return out.handle;
}

/// `x op value`, or `value op x` when reversed.
pub fn binaryScalar(
    context: *Context,
    function: u32,
    x_handle: Handle,
    value: f32,
    reversed: u32,
    out_handle: Handle,
) Error!Handle {
    const code = try binaryCode(context, function);
    const x = try contiguousCopy(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    var runner = context.runner();
    const count: usize = @intCast(x.count());
    if (reversed == 0) {
        threaded.binaryScalar(&runner, code, out.tensor.pointer(f32), x.pointer(f32), value, count);
    } else {
        threaded.scalarBinary(&runner, code, out.tensor.pointer(f32), value, x.pointer(f32), count);
    }
    return out.handle;
}

/// `silu(gate) * up`.
pub fn siluMul(
    context: *Context,
    gate_handle: Handle,
    up_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const gate = try operands.contiguousFloats(context, gate_handle, "gate");
    const up = try operands.contiguousFloats(context, up_handle, "up");
    try operands.requireShape(context, up, "up", gate.shape());
    const out = try operands.output(context, out_handle, gate.shape());
    try operands.allowInPlace(context, out.tensor, gate, "gate");
    try operands.allowInPlace(context, out.tensor, up, "up");
    var runner = context.runner();
    const count: usize = @intCast(gate.count());
    threaded.siluMul(&runner, out.tensor.pointer(f32), gate.pointer(f32), up.pointer(f32), count);
    return out.handle;
}

fn binaryCode(context: *Context, function: u32) Error!interface.Binary {
    return std.enums.fromInt(interface.Binary, function) orelse
        context.fail(error.InvalidArgument, "{d} is no function", .{function});
}

/// The tensor, or a contiguous copy in scratch of a view.
pub fn contiguousCopy(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try operands.floats(context, handle, role);
    if (tensor.isContiguous()) return tensor;
    return context.tensor(try tensors.copy(context, handle, 0), role);
}

/// The tensor, or a copy in scratch of a view whose rows are neither contiguous nor one element.
fn rowsCopy(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
    const tensor = try operands.floats(context, handle, role);
    if (tensor.rank == 0) return tensor;
    const last = tensor.rank - 1;
    if (tensor.ne[last] <= 1 or tensor.nb[last] == 4 or tensor.nb[last] == 0) return tensor;
    return context.tensor(try tensors.copy(context, handle, 0), role);
}

/// An operand that is read several times must not be written in between.
fn forbidRepeated(context: *Context, out: *const Tensor, operand: *const Tensor) Error!void {
    // Tensors without elements may all begin at the same place.
    if (out.count() == 0 or operand.data != out.data) return;
    if (std.mem.eql(u32, operand.shape(), out.shape())) return;
    return context.fail(error.Aliasing, "out shares memory with an operand that is repeated", .{});
}

/// How rows of a result are written. Those that go past the caches begin at whole registers.
fn wayOfRows(out: *const Tensor, a: *const Tensor, b: *const Tensor) threaded.Way {
    if (out.rank == 0 or out.columns() % 16 != 0) return .cached;
    const count: usize = @intCast(out.count());
    return .of(out.pointer(f32), count, &.{ a.pointer(f32), b.pointer(f32) });
}

const BinaryRow = struct {
    code: interface.Binary,
    way: threaded.Way,

    pub fn row(
        job: BinaryRow,
        kernels: *const Kernels,
        out: [*]f32,
        rows: [2][*]const f32,
        repeated: u32,
        columns: usize,
    ) void {
        const way = job.way;
        switch (repeated) {
            0 => way.kernel(kernels, "binary")(job.code, out, rows[0], rows[1], columns),
            1 => way.kernel(kernels, "scalar_binary")(job.code, out, rows[0][0], rows[1], columns),
            2 => way.kernel(kernels, "binary_scalar")(job.code, out, rows[0], rows[1][0], columns),
            else => {
                kernels.elementwise.binary(job.code, out, rows[0], rows[1], 1);
                @memset(out[0..columns], out[0]);
            },
        }
    }
};

/// `f(x)` with parameters; x of any strides.
pub fn parametric(
    context: *Context,
    function: u32,
    x_handle: Handle,
    first: f32,
    second: f32,
    out_handle: Handle,
) Error!Handle {
    const code = std.enums.fromInt(interface.Parametric, function) orelse
        return context.fail(error.InvalidArgument, "{d} is no function", .{function});
    const x = try contiguousCopy(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    var runner = context.runner();
    const count: usize = @intCast(x.count());
    threaded.parametric(
        &runner,
        code,
        out.tensor.pointer(f32),
        x.pointer(f32),
        first,
        second,
        count,
    );
    return out.handle;
}

/// `f(a, b, c)` with broadcasting.
pub fn ternary(
    context: *Context,
    function: u32,
    a_handle: Handle,
    b_handle: Handle,
    c_handle: Handle,
    out_handle: Handle,
) Error!Handle {
    const code = std.enums.fromInt(interface.Ternary, function) orelse
        return context.fail(error.InvalidArgument, "{d} is no function", .{function});
    const a = try rowsCopy(context, a_handle, "a");
    const b = try rowsCopy(context, b_handle, "b");
    const c = try rowsCopy(context, c_handle, "c");
    var buffers: [2][max_rank]u32 = undefined;
    const two = try broadcast.sizesOf(context, a.shape(), b.shape(), &buffers[0]);
    const sizes = try broadcast.sizesOf(context, two, c.shape(), &buffers[1]);
    const out = try operands.output(context, out_handle, sizes);
    inline for (.{ a, b, c }, .{ "a", "b", "c" }) |operand, role| {
        try operands.allowInPlace(context, out.tensor, operand, role);
        try forbidRepeated(context, out.tensor, operand);
    }
    var runner = context.runner();
    broadcast.Rows(3, TernaryRow).run(.{ .code = code }, &runner, out.tensor, .{ a, b, c });
    return out.handle;
}

const TernaryRow = struct {
    code: interface.Ternary,

    pub fn row(
        job: TernaryRow,
        kernels: *const Kernels,
        out: [*]f32,
        rows: [3][*]const f32,
        repeated: u32,
        columns: usize,
    ) void {
        kernels.elementwise.ternary(job.code, out, &rows, repeated, columns);
    }
};
