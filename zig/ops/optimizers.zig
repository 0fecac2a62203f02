//! Steps of optimizers over all parameters at once, and limits on gradients.
//!
//! Handles come in an i32 tensor, so that one call has as many as there are parameters; each is
//! checked like an argument.

const std = @import("std");
const context_module = @import("../core/context.zig");
const interface = @import("../kernels/cpu/optimizers_interface.zig");
const operands = @import("operands.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/optimizers.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;

/// Columns of the table: parameter, gradient, three states (0: none), number of the options.
const column_count = 2 + interface.max_states + 1;

/// Groups whose options fit the shared parameters.
const max_groups = 512 / interface.option_slots;

/// One step for every row of `table`, i32 `[rows, 6]`. `parameters`: options of 16 floats for each
/// group, in the order of kernels/cpu/optimizers_interface.zig. Rows whose parameter is 0 are left
/// out.
pub fn step(context: *Context, algorithm_code: u32, table_handle: Handle) Error!void {
    const algorithm = std.enums.fromInt(interface.Algorithm, algorithm_code) orelse
        return context.fail(error.InvalidArgument, "{d} is no optimizer", .{algorithm_code});
    const table = try operands.integers(context, table_handle, "table");
    if (table.rank != 2 or table.ne[1] != column_count) return context.fail(
        error.InvalidShape,
        "table is {f}, expected [rows, {d}]",
        .{ Shape{ .sizes = table.shape() }, column_count },
    );
    const mark = context.scratch.head;
    defer context.scratch.reset(mark);
    const rows = try workspace(context, threaded.Row, table.ne[0]);
    const written = try workspace(context, Written, rows.len * (1 + interface.max_states));
    var row_count: usize = 0;
    var written_count: usize = 0;
    for (0..rows.len) |i| {
        const cells = table.pointer(u32)[i * column_count ..][0..column_count];
        if (cells[0] == 0) continue;
        const row = try rowOf(context, algorithm, cells);
        rows[row_count] = row;
        row_count += 1;
        written[written_count] = .of(row.span.parameter, row.span.count);
        written_count += 1;
        for (row.span.states) |state| {
            written[written_count] = .of(state orelse break, row.span.count);
            written_count += 1;
        }
    }
    try forbidShared(context, written[0..written_count]);
    var runner = context.runner();
    threaded.update(&runner, algorithm, rows[0..row_count]) catch |failure|
        return operands.workspaceFailure(context, failure);
}

/// Memory that a step changes.
const Written = struct {
    start: usize,
    end: usize,

    fn of(pointer: [*]const f32, count: usize) Written {
        return .{ .start = @intFromPtr(pointer), .end = @intFromPtr(pointer + count) };
    }

    fn isBefore(_: void, a: Written, b: Written) bool {
        return a.start < b.start;
    }
};

/// Rows are updated at the same time: none may write what another writes.
fn forbidShared(context: *Context, written: []Written) Error!void {
    if (written.len < 2) return;
    std.sort.pdq(Written, written, {}, Written.isBefore);
    for (written[1..], written[0 .. written.len - 1]) |next, previous| {
        if (next.start < previous.end and next.end > next.start) return context.fail(
            error.Aliasing,
            "two parameters share memory: give each of them once",
            .{},
        );
    }
}

fn rowOf(
    context: *Context,
    algorithm: interface.Algorithm,
    cells: *const [column_count]u32,
) Error!threaded.Row {
    const group = cells[column_count - 1];
    if (group >= max_groups) {
        const message = "group {d}, expected below {d}";
        return context.fail(error.OutOfRange, message, .{ group, max_groups });
    }
    const slots = context.shared.parameters[group * interface.option_slots ..];
    const options: *const interface.Options = @ptrCast(slots);
    const parameter = try operands.contiguousFloats(context, cells[0], "parameter");
    try operands.requireWritable(context, parameter, "parameter");
    const gradient = try like(context, cells[1], "gradient", parameter);
    var span: interface.Span = .{
        .parameter = parameter.pointer(f32),
        .gradient = gradient.pointer(f32),
        .count = @intCast(parameter.count()),
    };
    try operands.forbidOverlap(context, parameter, gradient, "gradient");
    for (0..interface.stateCount(algorithm, options)) |i| {
        const state = try like(context, cells[2 + i], "state", parameter);
        try operands.requireWritable(context, state, "state");
        try operands.forbidOverlap(context, state, gradient, "gradient");
        span.states[i] = state.pointer(f32);
    }
    return .{ .span = span, .options = options };
}

fn like(
    context: *Context,
    handle: Handle,
    role: []const u8,
    parameter: *const Tensor,
) Error!*Tensor {
    const tensor = try operands.contiguousFloats(context, handle, role);
    try operands.requireShape(context, tensor, role, parameter.shape());
    return tensor;
}

/// Measures all gradients together and scales them so that their norm is at most `bound`. Puts the
/// norm before that, f32, into `parameters[0]`. With `strict` 1, a norm that is no number fails.
pub fn clipNorm(
    context: *Context,
    handles: Handle,
    kind_code: u32,
    bound: f32,
    strict: u32,
) Error!void {
    const kind = std.enums.fromInt(interface.Norm, kind_code) orelse
        return context.fail(error.InvalidArgument, "{d} is no norm", .{kind_code});
    if (!(bound >= 0)) return context.fail(
        error.InvalidArgument,
        "a norm of at most {d}, expected 0 or more",
        .{bound},
    );
    const mark = context.scratch.head;
    defer context.scratch.reset(mark);
    const gradients = try gradientsOf(context, handles);
    var runner = context.runner();
    const norm = threaded.norm(&runner, kind, gradients) catch |failure|
        return operands.workspaceFailure(context, failure);
    context.shared.parameters[0] = @bitCast(@as(f32, @floatCast(norm)));
    if (strict != 0 and !std.math.isFinite(norm)) return context.fail(
        error.InvalidArgument,
        "the norm of the gradients is {d}: they are left as they are",
        .{norm},
    );
    // PyTorch's guard against a norm of 0.
    const factor = bound / (norm + 1e-6);
    if (factor >= 1) return;
    threaded.scale(&runner, gradients, @floatCast(factor)) catch |failure|
        return operands.workspaceFailure(context, failure);
}

/// Brings every element of every gradient to between `-bound` and `bound`.
pub fn clipValue(context: *Context, handles: Handle, bound: f32) Error!void {
    if (!(bound >= 0)) return context.fail(
        error.InvalidArgument,
        "values up to {d}, expected 0 or more",
        .{bound},
    );
    const mark = context.scratch.head;
    defer context.scratch.reset(mark);
    const gradients = try gradientsOf(context, handles);
    var runner = context.runner();
    threaded.limit(&runner, gradients, bound) catch |failure|
        return operands.workspaceFailure(context, failure);
}

/// The gradients whose handles a tensor, i32 `[count]`, holds; in workspace.
fn gradientsOf(context: *Context, handles: Handle) Error![]const []f32 {
    const list = try operands.integers(context, handles, "gradients");
    const count: usize = @intCast(list.count());
    const gradients = try workspace(context, []f32, count);
    const written = try workspace(context, Written, count);
    for (gradients, written, list.pointer(u32)) |*gradient, *span, handle| {
        const tensor = try operands.contiguousFloats(context, handle, "gradient");
        try operands.requireWritable(context, tensor, "gradient");
        gradient.* = tensor.pointer(f32)[0..@intCast(tensor.count())];
        span.* = .of(gradient.ptr, gradient.len);
    }
    try forbidShared(context, written);
    return gradients;
}

fn workspace(context: *Context, comptime T: type, count: usize) Error![]T {
    return context.scratch.slice(T, count) catch |failure|
        operands.workspaceFailure(context, failure);
}
