//! Choosing an index from logits.

const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const threaded = @import("../kernels/cpu/threaded/sampling.zig");
const Shape = @import("../core/tensor.zig").Shape;

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// Index of the largest element of all, the first of equals.
pub fn argmax(context: *Context, handle: Handle) Error!u32 {
    const x = try operands.contiguousFloats(context, handle, "x");
    if (x.count() == 0 or x.count() > 1 << 31) {
        return context.fail(
            error.InvalidShape,
            "x has {d} elements, expected 1 to 2^31",
            .{x.count()},
        );
    }
    return context.kernels.rows.argmax(x.pointer(f32), @intCast(x.count()));
}

/// Starts a generator's sequence; its state is an i32 tensor `[8]`.
pub fn seed(context: *Context, state_handle: Handle, low: u32, high: u32) Error!void {
    const generator = try generatorOf(context, state_handle);
    generator.* = .init(@as(u64, high) << 32 | low);
}

/// Draws an index from `logits`, a tensor of one vector. `parameters`: temperature (f32), top-k,
/// top-p (f32), min-p (f32), repetition penalty (f32).
pub fn sample(
    context: *Context,
    logits_handle: Handle,
    recent_handle: Handle,
    state_handle: Handle,
) Error!u32 {
    const logits = try operands.contiguousFloats(context, logits_handle, "logits");
    const count = logits.count();
    if (count == 0 or count != logits.columns() or count >= 1 << 31) return context.fail(
        error.InvalidShape,
        "logits are {f}, expected one vector of at least one element",
        .{Shape{ .sizes = logits.shape() }},
    );
    const generator = try generatorOf(context, state_handle);
    var recent: []const u32 = &.{};
    if (recent_handle != table.none) {
        const tensor = try operands.integers(context, recent_handle, "recent");
        recent = tensor.pointer(u32)[0..@intCast(tensor.count())];
    }
    const options: *const threaded.Options = @ptrCast(&context.shared.parameters);
    const valid = options.temperature >= 0 and options.top_p > 0 and options.min_p >= 0 and
        options.repetition_penalty > 0;
    if (!valid) return context.fail(
        error.InvalidArgument,
        "temperature {d}, top-p {d}, min-p {d}, penalty {d}: " ++
            "expected 0 or more, and more than 0 for top-p and penalty",
        .{ options.temperature, options.top_p, options.min_p, options.repetition_penalty },
    );
    var runner = context.runner();
    return threaded.sample(
        &runner,
        logits.pointer(f32),
        @intCast(count),
        options.*,
        recent,
        generator,
    ) catch |failure|
        return operands.workspaceFailure(context, failure);
}

fn generatorOf(context: *Context, handle: Handle) Error!*threaded.Generator {
    const state = try operands.integers(context, handle, "generator");
    try operands.requireShape(context, state, "generator", &.{@sizeOf(threaded.Generator) / 4});
    try operands.requireWritable(context, state, "generator");
    if (state.data % @alignOf(threaded.Generator) != 0) return context.fail(
        error.InvalidLayout,
        "generator is a view at an address that is no multiple of {d}",
        .{@alignOf(threaded.Generator)},
    );
    return @ptrCast(@alignCast(state.bytes()));
}
