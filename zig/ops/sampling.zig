//! Choosing an index from logits.

const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// Index of the largest element of all, the first of equals.
pub fn argmax(context: *Context, handle: Handle) Error!u32 {
    const x = try operands.contiguousFloats(context, handle, "x");
    if (x.count() == 0 or x.count() > 1 << 31) {
        return context.fail(error.InvalidShape, "x has {d} elements, expected 1 to 2^31", .{x.count()});
    }
    return context.kernels.rows.argmax(x.pointer(f32), @intCast(x.count()));
}
