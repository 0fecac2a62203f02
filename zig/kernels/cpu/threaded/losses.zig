//! Losses over all elements or rows: chunks of each, whose sums are added in their order.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../losses_interface.zig");
const passage_module = @import("passage.zig");
const Flow = @import("../rows_interface.zig").Flow;
const Kernels = @import("../interface.zig").Kernels;
const Passage = passage_module.Passage;

/// Elements per chunk: some microseconds of work.
const chunk_elements = 8 << 10;

/// Computes `span`, whole; returns the sum of the losses.
pub fn pointwise(
    runner: *Runner,
    function: interface.Pointwise,
    span: interface.PointwiseSpan,
) Arena.Error!f64 {
    const Job = struct {
        function: interface.Pointwise,
        span: interface.PointwiseSpan,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, count: usize) f64 {
            var part = job.span;
            part.count = count;
            part.x += start;
            part.target += start;
            if (part.weight) |*pointer| pointer.* += start;
            if (part.positive_weight) |*pointer| pointer.* += start;
            if (part.loss) |*pointer| pointer.* += start;
            if (part.gradient) |*pointer| pointer.* += start;
            return kernels.losses.pointwise(job.function, &part);
        }
    };
    return forRanges(runner, span.count, chunk_elements, Job{ .function = function, .span = span });
}

/// Rows `[rows][columns]` of logits or of log probabilities, and what belongs to them.
pub const ClassRows = struct {
    x: [*]const f32,
    rows: usize,
    columns: usize,
    /// Classes below `columns`, or `ignored`; null when there are probabilities.
    labels: ?[*]const i32 = null,
    ignored: i32 = 0,
    /// `[rows][columns]`.
    probabilities: ?[*]const f32 = null,
    /// `[columns]`.
    weight: ?[*]const f32 = null,
    /// `[rows]`: takes the rows' losses.
    loss: ?[*]f32 = null,
    /// `[rows][columns]`: takes the derivatives times `scale`.
    gradient: ?[*]f32 = null,
    smoothing: f32 = 0,
    scale: f32 = 1,

    fn isIgnored(all: *const ClassRows, index: usize) bool {
        return if (all.labels) |labels| labels[index] == all.ignored else false;
    }

    fn gradientRow(all: *const ClassRows, index: usize) ?[*]f32 {
        return if (all.gradient) |gradient| gradient + index * all.columns else null;
    }

    /// The loss and the gradient of an ignored row are 0.
    fn ignore(all: *const ClassRows, index: usize) f64 {
        if (all.gradientRow(index)) |gradient| @memset(gradient[0..all.columns], 0);
        if (all.loss) |loss| loss[index] = 0;
        return 0;
    }

    fn rowsPerChunk(all: *const ClassRows) usize {
        return @max(1, chunk_elements / @max(1, all.columns));
    }
};

/// Cross entropy of `softmax(x)` with the targets; returns the sum of the losses.
pub fn crossEntropy(runner: *Runner, all: *const ClassRows) Arena.Error!f64 {
    const per_chunk = if (passage_module.suits(all.rows, all.columns))
        passage_module.rowsPerChunk(all.columns)
    else
        all.rowsPerChunk();
    return forRanges(runner, all.rows, per_chunk, CrossEntropy{ .all = all });
}

const CrossEntropy = struct {
    all: *const ClassRows,

    pub fn range(job: @This(), kernels: *const Kernels, start: usize, count: usize) f64 {
        const all = job.all;
        const operands: passage_module.Operands = .{ all.x, all.probabilities };
        const rows, const columns = .{ all.rows, all.columns };
        const flows = if (all.gradient) |gradient|
            passage_module.isTaken(gradient, rows, columns, operands)
        else
            passage_module.suits(rows, columns);
        var passage: Passage = .{ .rows = rows, .columns = columns, .operands = operands };
        var total: f64 = 0;
        for (start..start + count) |index| {
            if (all.isIgnored(index)) {
                total += all.ignore(index);
            } else total += job.row(kernels, index, if (flows) passage.enter(index) else null);
        }
        if (flows) kernels.rows.release();
        return total;
    }

    fn row(
        job: @This(),
        kernels: *const Kernels,
        index: usize,
        flow: ?*const Flow,
    ) f64 {
        const all = job.all;
        const at = index * all.columns;
        const value = kernels.losses.cross_entropy(&.{
            .x = all.x + at,
            .probabilities = if (all.probabilities) |pointer| pointer + at else null,
            .label = if (all.labels) |labels| @intCast(labels[index]) else 0,
            .weight = all.weight,
            .gradient = all.gradientRow(index),
            .smoothing = all.smoothing,
            .scale = all.scale,
            .count = all.columns,
            .flow = flow,
        });
        if (all.loss) |loss| loss[index] = @floatCast(value);
        return value;
    }
};

/// `-weight[label] * x[label]` of every row; returns the sum.
pub fn negativeLogLikelihood(runner: *Runner, all: *const ClassRows) Arena.Error!f64 {
    const Job = struct {
        all: *const ClassRows,

        pub fn range(job: @This(), _: *const Kernels, start: usize, count: usize) f64 {
            var total: f64 = 0;
            for (start..start + count) |index| total += row(job.all, index);
            return total;
        }

        fn row(rows: *const ClassRows, index: usize) f64 {
            if (rows.isIgnored(index)) return rows.ignore(index);
            const label: usize = @intCast(rows.labels.?[index]);
            const weight = if (rows.weight) |w| w[label] else 1;
            if (rows.gradientRow(index)) |pointer| {
                @memset(pointer[0..rows.columns], 0);
                pointer[label] = -weight * rows.scale;
            }
            const value = -weight * rows.x[index * rows.columns + label];
            if (rows.loss) |loss| loss[index] = value;
            return value;
        }
    };
    return forRanges(runner, all.rows, all.rowsPerChunk(), Job{ .all = all });
}

/// Adds `job.range(kernels, start, count)` over ranges of `per_chunk` items, in their order.
fn forRanges(runner: *Runner, count: usize, per_chunk: usize, job: anytype) Arena.Error!f64 {
    if (count <= per_chunk) return job.range(runner.kernels, 0, count);
    const Call = struct {
        kernels: *const Kernels,
        count: usize,
        per_chunk: usize,
        sums: []f64,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = index * call.per_chunk;
            const length = @min(call.per_chunk, call.count - start);
            call.sums[index] = call.job.range(call.kernels, start, length);
        }
    };
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const chunks = std.math.divCeil(usize, count, per_chunk) catch unreachable;
    const call: Call = .{
        .kernels = runner.kernels,
        .count = count,
        .per_chunk = per_chunk,
        .sums = try runner.scratch.slice(f64, chunks),
        .job = job,
    };
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
    var total: f64 = 0;
    for (call.sums) |sum| total += sum;
    return total;
}
