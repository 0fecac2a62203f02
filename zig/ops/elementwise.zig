//! Operations element by element, f32.

const std = @import("std");
const context_module = @import("../core/context.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const threaded = @import("../kernels/cpu/threaded/elementwise.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const tensors = @import("tensors.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
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
    var sizes: [max_rank]u32 = undefined;
    const rank = try broadcastSizes(context, a, b, &sizes);
    const out = try operands.output(context, out_handle, sizes[0..rank]);
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
    if (isRepeatedInto(a, out.tensor) or isRepeatedInto(b, out.tensor)) return context.fail(
        error.Aliasing,
        "out shares memory with an operand that is repeated",
        .{},
    );
    var rows: BroadcastRows = .{
        .context = context,
        .code = code,
        .out = out.tensor,
        .a = .init(a, out.tensor),
        .b = .init(b, out.tensor),
    };
    rows.run(&runner);
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

/// Whether an operand that is smaller than the output lies in the output's memory.
fn isRepeatedInto(operand: *const Tensor, out: *const Tensor) bool {
    // Tensors without elements may all begin at the same place.
    if (out.count() == 0) return false;
    return operand.data == out.data and !std.mem.eql(u32, operand.shape(), out.shape());
}

fn binaryCode(context: *Context, function: u32) Error!interface.Binary {
    return std.enums.fromInt(interface.Binary, function) orelse
        context.fail(error.InvalidArgument, "{d} is no function", .{function});
}

/// The tensor, or a contiguous copy in scratch of a view.
fn contiguousCopy(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
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

/// NumPy's rule: sizes are aligned at the end and must be equal or 1.
pub fn broadcastSizes(
    context: *Context,
    a: *const Tensor,
    b: *const Tensor,
    sizes: *[max_rank]u32,
) Error!u32 {
    const rank = @max(a.rank, b.rank);
    for (0..rank) |i| {
        const size_a = if (i + a.rank < rank) 1 else a.ne[i + a.rank - rank];
        const size_b = if (i + b.rank < rank) 1 else b.ne[i + b.rank - rank];
        if (size_a != size_b and size_a != 1 and size_b != 1) return context.fail(
            error.InvalidShape,
            "{f} and {f} cannot be broadcast: sizes {d} and {d} differ and neither is 1",
            .{ Shape{ .sizes = a.shape() }, Shape{ .sizes = b.shape() }, size_a, size_b },
        );
        sizes[i] = if (size_a == 1) size_b else size_a;
    }
    return rank;
}

/// An operand seen in the output's shape.
const BroadcastOperand = struct {
    data: [*]const u8,
    strides: [max_rank]u64,
    /// The row is one element, repeated.
    is_scalar: bool,

    fn init(operand: *const Tensor, out: *const Tensor) BroadcastOperand {
        var strides: [max_rank]u64 = @splat(0);
        const added = out.rank - operand.rank;
        for (0..operand.rank) |i| {
            if (operand.ne[i] != 1) strides[i + added] = operand.nb[i];
        }
        return .{
            .data = operand.bytes(),
            .strides = strides,
            .is_scalar = out.rank == 0 or strides[out.rank - 1] == 0,
        };
    }

    fn row(operand: BroadcastOperand, index: [max_rank]u64) [*]const f32 {
        var offset: u64 = 0;
        for (index, operand.strides) |i, stride| offset += i * stride;
        return @ptrCast(@alignCast(operand.data + @as(usize, @intCast(offset))));
    }
};

/// `out[row] = a[row] op b[row]`, row by row, chunks of rows on the pool.
const BroadcastRows = struct {
    context: *Context,
    code: interface.Binary,
    out: *const Tensor,
    a: BroadcastOperand,
    b: BroadcastOperand,

    fn rowsPerChunk(job: *const BroadcastRows) u64 {
        return @max(1, threaded.chunk_elements / @max(1, job.out.columns()));
    }

    fn run(job: *const BroadcastRows, runner: anytype) void {
        if (job.out.count() == 0) return;
        const chunks = std.math.divCeil(u64, job.out.rows(), job.rowsPerChunk()) catch unreachable;
        runner.pool.run(@intCast(chunks), job, chunk);
    }

    fn chunk(opaque_job: *const anyopaque, number: u32, _: u32) void {
        const job: *const BroadcastRows = @ptrCast(@alignCast(opaque_job));
        const first = number * job.rowsPerChunk();
        const end = @min(first + job.rowsPerChunk(), job.out.rows());
        var row = first;
        while (row < end) : (row += 1) job.one(row);
    }

    fn one(job: *const BroadcastRows, row: u64) void {
        const kernels = &job.context.kernels.elementwise;
        const columns: usize = job.out.columns();
        const out = job.out.pointer(f32) + @as(usize, @intCast(row)) * columns;
        var index: [max_rank]u64 = @splat(0);
        var rest = row;
        var dimension: usize = job.out.rank -| 1;
        while (dimension > 0) {
            dimension -= 1;
            index[dimension] = rest % job.out.ne[dimension];
            rest /= job.out.ne[dimension];
        }
        const a = job.a.row(index);
        const b = job.b.row(index);
        if (job.b.is_scalar) {
            if (job.a.is_scalar) {
                kernels.binary(job.code, out, a, b, 1);
                @memset(out[0..columns], out[0]);
            } else kernels.binary_scalar(job.code, out, a, b[0], columns);
        } else if (job.a.is_scalar) {
            kernels.scalar_binary(job.code, out, a[0], b, columns);
        } else kernels.binary(job.code, out, a, b, columns);
    }
};
