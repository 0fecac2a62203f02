//! Changing dtype and layout.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const group_rows = @import("../core/dtype.zig").group_rows;
const threaded = @import("../kernels/cpu/threaded/convert.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;

/// Converts x into `out`, which has x's shape. Quantized dtypes change layout or dtype, not both.
pub fn convert(context: *Context, x_handle: Handle, out_handle: Handle) Error!void {
    const x = try context.tensor(x_handle, "x");
    const out = try context.tensor(out_handle, "out");
    try operands.requireShape(context, out, "out", x.shape());
    try operands.requireWritable(context, out, "out");
    try operands.forbidOverlap(context, out, x, "x");
    for ([_]*const Tensor{ x, out }, [_][]const u8{ "x", "out" }) |tensor, role| {
        if (tensor.flags.layout == .rows) try operands.requireContiguous(context, tensor, role);
        if (!tensor.dtype.isReal()) return context.fail(
            error.InvalidDtype,
            "{s} is {t}, expected f32, f16, bf16 or a quantized type",
            .{ role, tensor.dtype },
        );
    }
    if (out.dtype.isKQuant() and x.dtype != out.dtype) return context.fail(
        error.InvalidDtype,
        "nothing is quantized to {t}, only read from it: expected f32, f16, bf16, q8_0 or q4_0",
        .{out.dtype},
    );
    var runner = context.runner();
    const rows: usize = @intCast(x.rows());
    const columns: usize = x.columns();
    if (x.flags.layout == out.flags.layout and x.flags.layout == .rows) {
        threaded.convert(&runner, out.bytes(), out.dtype, x.bytes(), x.dtype, rows * columns);
        return;
    }
    if (x.dtype != out.dtype) return context.fail(
        error.InvalidLayout,
        "dtype and layout cannot change at once ({t} to {t}): convert in row layout first",
        .{ x.dtype, out.dtype },
    );
    if (out.flags.layout == .rows16 and x.flags.layout == .rows) {
        threaded.repack(&runner, out.bytes(), x.bytes(), x.dtype, rows, columns);
    } else if (x.flags.layout == .rows16 and out.flags.layout == .rows) {
        threaded.unpack(&runner, out.bytes(), x.bytes(), x.dtype, rows, columns);
    } else {
        // Groups of rows, the last one padded, are runs of blocks like any other.
        const count = std.mem.alignForward(usize, rows, group_rows) * columns;
        threaded.convert(&runner, out.bytes(), out.dtype, x.bytes(), x.dtype, count);
    }
}
