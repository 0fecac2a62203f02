//! Log-softmax and the gradients of row kernels over contiguous `[rows][columns]` f32, cut into
//! chunks of whole rows. Gradients of weights are summed chunk by chunk, then chunk after chunk, so
//! that they do not depend on the number of threads.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Flow = @import("../rows_interface.zig").Flow;
const NormKind = @import("../normalization_interface.zig").NormKind;
const passage = @import("passage.zig");

/// `log(softmax(x))` of each row; `out` may be `x`.
pub fn logSoftmax(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    rows: usize,
    columns: usize,
) void {
    const Job = struct {
        x: [*]const f32,
        columns: usize,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const x_row = job.x + index * job.columns;
            kernels.normalization.log_softmax(result, x_row, job.columns, flow);
        }
    };
    const job: Job = .{ .x = x, .columns = columns };
    passage.forResultRows(runner, out, rows, columns, .{ x, null }, job);
}

/// The gradient of `y = softmax(scale * x)`.
pub fn softmaxGradient(
    runner: *Runner,
    out: [*]f32,
    y: [*]const f32,
    gradient: [*]const f32,
    rows: usize,
    columns: usize,
    scale: f32,
) void {
    const Job = struct {
        y: [*]const f32,
        gradient: [*]const f32,
        columns: usize,
        scale: f32,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const at = index * job.columns;
            const kernel = kernels.normalization.softmax_gradient;
            kernel(result, job.y + at, job.gradient + at, job.columns, job.scale, flow);
        }
    };
    passage.forResultRows(runner, out, rows, columns, .{ y, gradient }, Job{
        .y = y,
        .gradient = gradient,
        .columns = columns,
        .scale = scale,
    });
}

/// The gradient of `y = log(softmax(x))`.
pub fn logSoftmaxGradient(
    runner: *Runner,
    out: [*]f32,
    y: [*]const f32,
    gradient: [*]const f32,
    rows: usize,
    columns: usize,
) void {
    const Job = struct {
        y: [*]const f32,
        gradient: [*]const f32,
        columns: usize,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const at = index * job.columns;
            const kernel = kernels.normalization.log_softmax_gradient;
            kernel(result, job.y + at, job.gradient + at, job.columns, flow);
        }
    };
    passage.forResultRows(runner, out, rows, columns, .{ y, gradient }, Job{
        .y = y,
        .gradient = gradient,
        .columns = columns,
    });
}

/// Operands and results of a norm's gradient.
pub const NormGradient = struct {
    kind: NormKind,
    /// `[rows][columns]`; may be `x` or `gradient`.
    out: [*]f32,
    x: [*]const f32,
    /// `[columns]`.
    weight: [*]const f32,
    gradient: [*]const f32,
    /// `[columns]`, overwritten.
    weight_gradient: [*]f32,
    /// `[columns]`, overwritten, for layer norms; null for what has no bias.
    bias_gradient: ?[*]f32 = null,
    rows: usize,
    columns: usize,
    /// Unused for products.
    epsilon: f32,
};

/// Most chunks that sum gradients of weights: each has a row of its own.
const most_chunks = 64;
/// Elements and rows that a chunk has at least, unless there are no more rows: its sums are read and
/// written for each.
const chunk_elements = 8 << 10;
const fewest_rows = 8;

/// The gradient of a norm, or of products of rows with a weight.
pub fn normGradient(runner: *Runner, norm: NormGradient) Arena.Error!void {
    const columns = norm.columns;
    const least_rows = @max(fewest_rows, chunk_elements / @max(1, columns));
    const rows_per_chunk = @max(least_rows, divideUp(norm.rows, most_chunks));
    const chunk_count = divideUp(norm.rows, rows_per_chunk);
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const partial = try runner.scratch.slice(f32, 2 * chunk_count * columns);
    const call: NormCall = .{
        .norm = &norm,
        .kernels = runner.kernels,
        .rows_per_chunk = rows_per_chunk,
        .chunk_count = chunk_count,
        .partial = partial.ptr,
    };
    runner.pool.run(@intCast(chunk_count), &call, NormCall.gradients);
    call.sum(norm.weight_gradient, 0);
    if (norm.bias_gradient) |bias_gradient| call.sum(bias_gradient, 1);
}

const NormCall = struct {
    norm: *const NormGradient,
    kernels: *const Kernels,
    rows_per_chunk: usize,
    chunk_count: usize,
    /// `[chunk][2][columns]`: sums for the weight and for the bias.
    partial: [*]f32,

    fn gradients(context: *const anyopaque, chunk: u32, _: u32) void {
        const call: *const NormCall = @ptrCast(@alignCast(context));
        const norm = call.norm;
        const columns = norm.columns;
        const sums = call.partial + 2 * chunk * columns;
        @memset(sums[0 .. 2 * columns], 0);
        const begin = chunk * call.rows_per_chunk;
        const end = @min(begin + call.rows_per_chunk, norm.rows);
        const at = begin * columns;
        const operands: passage.Operands = .{ norm.x, norm.gradient };
        call.kernels.normalization.norm_gradient(&.{
            .kind = norm.kind,
            .out = norm.out + at,
            .x = norm.x + at,
            .weight = norm.weight,
            .gradient = norm.gradient + at,
            .weight_gradient = sums,
            .bias_gradient = if (norm.bias_gradient != null) sums + columns else null,
            .rows = end - begin,
            .columns = columns,
            .epsilon = norm.epsilon,
            .flows = passage.isTaken(norm.out, norm.rows, columns, operands),
        });
    }

    /// Adds up the chunks' sums, 0 for the weight or 1 for the bias.
    fn sum(call: *const NormCall, out: [*]f32, which: usize) void {
        const columns = call.norm.columns;
        @memset(out[0..columns], 0);
        for (0..call.chunk_count) |chunk| {
            const sums = call.partial + (2 * chunk + which) * columns;
            call.kernels.normalization.add_row(out, sums, columns);
        }
    }
};

/// Columns of the table's gradient that one chunk sums.
const embedding_columns = 64;

/// The gradient of looking up rows `ids[count]` of a table: `out[rows][columns]` becomes the sum of
/// each row's gradients, in the order of the ids.
pub fn embeddingGradient(
    runner: *Runner,
    out: [*]f32,
    rows: usize,
    columns: usize,
    ids: []const i32,
    gradient: [*]const f32,
) void {
    const Call = struct {
        kernels: *const Kernels,
        out: [*]f32,
        rows: usize,
        columns: usize,
        ids: []const i32,
        gradient: [*]const f32,

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const begin = @as(usize, index) * embedding_columns;
            const width = @min(embedding_columns, call.columns - begin);
            for (0..call.rows) |row| @memset((call.out + row * call.columns + begin)[0..width], 0);
            for (call.ids, 0..) |id, i| {
                const row: usize = @intCast(id);
                const sum = call.out + row * call.columns + begin;
                const term = call.gradient + i * call.columns + begin;
                call.kernels.normalization.add_row(sum, term, width);
            }
        }
    };
    const call: Call = .{
        .kernels = runner.kernels,
        .out = out,
        .rows = rows,
        .columns = columns,
        .ids = ids,
        .gradient = gradient,
    };
    runner.pool.run(@intCast(divideUp(columns, embedding_columns)), &call, Call.chunk);
}

fn divideUp(a: usize, b: usize) usize {
    return std.math.divCeil(usize, a, b) catch unreachable;
}
