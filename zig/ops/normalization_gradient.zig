//! Log-softmax, and the gradients of softmax, of norms over the last dimension and of looking up
//! rows.

const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/normalization.zig");

const NormKind = @import("../kernels/cpu/normalization_interface.zig").NormKind;

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;

/// `log(softmax(x))` over the last dimension.
pub fn logSoftmax(context: *Context, x_handle: Handle, out_handle: Handle) Error!Handle {
    const x = try operands.contiguousFloats(context, x_handle, "x");
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    var runner = context.runner();
    const rows: usize = @intCast(x.rows());
    threaded.logSoftmax(&runner, out.tensor.pointer(f32), x.pointer(f32), rows, x.columns());
    return out.handle;
}

/// The gradient of `y = softmax(scale * x)` with respect to x.
pub fn softmaxGradient(
    context: *Context,
    y_handle: Handle,
    gradient_handle: Handle,
    scale: f32,
) Error!Handle {
    const pair = try gradientPair(context, y_handle, gradient_handle, "y");
    const out = try operands.output(context, 0, pair.x.shape());
    var runner = context.runner();
    threaded.softmaxGradient(
        &runner,
        out.tensor.pointer(f32),
        pair.x.pointer(f32),
        pair.gradient.pointer(f32),
        @intCast(pair.x.rows()),
        pair.x.columns(),
        scale,
    );
    return out.handle;
}

/// The gradient of `y = log(softmax(x))` with respect to x.
pub fn logSoftmaxGradient(
    context: *Context,
    y_handle: Handle,
    gradient_handle: Handle,
) Error!Handle {
    const pair = try gradientPair(context, y_handle, gradient_handle, "y");
    const out = try operands.output(context, 0, pair.x.shape());
    var runner = context.runner();
    threaded.logSoftmaxGradient(
        &runner,
        out.tensor.pointer(f32),
        pair.x.pointer(f32),
        pair.gradient.pointer(f32),
        @intCast(pair.x.rows()),
        pair.x.columns(),
    );
    return out.handle;
}

const Pair = struct { x: *Tensor, gradient: *Tensor };

/// A contiguous operand and a gradient of its shape.
fn gradientPair(
    context: *Context,
    x_handle: Handle,
    gradient_handle: Handle,
    role: []const u8,
) Error!Pair {
    const x = try operands.contiguousFloats(context, x_handle, role);
    const gradient = try operands.contiguousFloats(context, gradient_handle, "gradient");
    try operands.requireShape(context, gradient, "gradient", x.shape());
    return .{ .x = x, .gradient = gradient };
}

/// The gradient of a norm with respect to x. `sums` takes the weight's `[columns]` or, for a layer
/// norm, the weight's and the bias's `[2, columns]`.
pub fn normGradient(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    gradient_handle: Handle,
    epsilon: f32,
    sums_handle: Handle,
) Error!Handle {
    const sums = try operands.contiguousFloats(context, sums_handle, "sums");
    const kind: NormKind = if (sums.rank == 2) .layer_norm else .rms_norm;
    return weighted(context, kind, x_handle, weight_handle, gradient_handle, epsilon, sums);
}

/// The gradient of `x * weight [columns]` with respect to x; `sums [columns]` takes the weight's.
pub fn rowProductGradient(
    context: *Context,
    x_handle: Handle,
    weight_handle: Handle,
    gradient_handle: Handle,
    sums_handle: Handle,
) Error!Handle {
    const sums = try operands.contiguousFloats(context, sums_handle, "sums");
    return weighted(context, .product, x_handle, weight_handle, gradient_handle, 0, sums);
}

fn weighted(
    context: *Context,
    kind: NormKind,
    x_handle: Handle,
    weight_handle: Handle,
    gradient_handle: Handle,
    epsilon: f32,
    sums: *Tensor,
) Error!Handle {
    const pair = try gradientPair(context, x_handle, gradient_handle, "x");
    const columns = pair.x.columns();
    const weight = try operands.vector(context, weight_handle, "weight", columns);
    if (kind == .layer_norm) {
        try operands.requireShape(context, sums, "sums", &.{ 2, columns });
    } else {
        try operands.requireShape(context, sums, "sums", &.{columns});
    }
    try operands.requireWritable(context, sums, "sums");
    try operands.forbidOverlap(context, sums, pair.x, "x");
    try operands.forbidOverlap(context, sums, pair.gradient, "gradient");
    try operands.forbidOverlap(context, sums, try context.tensor(weight_handle, "weight"), "weight");
    const out = try operands.output(context, 0, pair.x.shape());
    var runner = context.runner();
    threaded.normGradient(&runner, .{
        .kind = kind,
        .out = out.tensor.pointer(f32),
        .x = pair.x.pointer(f32),
        .weight = weight,
        .gradient = pair.gradient.pointer(f32),
        .weight_gradient = sums.pointer(f32),
        .bias_gradient = if (kind == .layer_norm) sums.pointer(f32) + columns else null,
        .rows = @intCast(pair.x.rows()),
        .columns = columns,
        .epsilon = epsilon,
    }) catch |failure| return operands.workspaceFailure(context, failure);
    return out.handle;
}

/// The gradient `[rows, columns]` of a table whose rows `ids [count]` were looked up, from the
/// gradient `[count, columns]` of what was found.
pub fn embeddingGradient(
    context: *Context,
    ids_handle: Handle,
    gradient_handle: Handle,
    rows: u32,
) Error!Handle {
    const ids = try operands.integers(context, ids_handle, "ids");
    try operands.requireRank(context, ids, "ids", 1);
    const gradient = try operands.contiguousFloats(context, gradient_handle, "gradient");
    try operands.requireRank(context, gradient, "gradient", 2);
    const columns = gradient.ne[1];
    try operands.requireShape(context, gradient, "gradient", &.{ ids.ne[0], columns });
    const values = ids.pointer(i32)[0..ids.ne[0]];
    for (values, 0..) |id, i| {
        if (id >= 0 and id < rows) continue;
        return context.fail(
            error.OutOfRange,
            "id {d} at place {d} is no row of a matrix with {d}",
            .{ id, i, rows },
        );
    }
    const out = try operands.output(context, 0, &.{ rows, columns });
    var runner = context.runner();
    threaded.embeddingGradient(
        &runner,
        out.tensor.pointer(f32),
        rows,
        columns,
        values,
        gradient.pointer(f32),
    );
    return out.handle;
}
