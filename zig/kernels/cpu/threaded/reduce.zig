//! Reductions of large tensors: parts on the pool, then their results. How a tensor is cut depends
//! on its shape only.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Cuts = @import("cuts.zig").Cuts;
const interface = @import("../reduce_interface.zig");
const Kernels = @import("../interface.zig").Kernels;

const Reduction = interface.Reduction;

/// Elements of one task: 64 KB of f32.
const task_elements = 16 << 10;
/// Columns that one task takes at a time: its results stay in the first cache.
const most_columns = 4 << 10;
/// Rows that one part of a column adds up; the upper bound keeps rounding errors small.
const fewest_rows = 16;
const most_rows = 256;

/// A contiguous tensor `[outer][reduced][inner]`, of which the middle goes.
pub const Shape = struct {
    outer: usize,
    reduced: usize,
    inner: usize,
};

/// `out [outer][inner]` from `x`. `centers`, shaped like out, only for squares.
pub fn reduce(
    runner: *Runner,
    reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    shape: Shape,
    centers: ?[*]const f32,
) Arena.Error!void {
    if (shape.outer * shape.inner == 0) return;
    var job: Job = .init(runner.kernels, reduction, out, x, shape, centers);
    if (job.parts == 1) return job.run(runner);
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const partial = try runner.scratch.slice(f32, shape.outer * job.parts * shape.inner);
    var partly = job;
    partly.out = partial.ptr;
    partly.run(runner);
    const rest: Shape = .{ .outer = shape.outer, .reduced = job.parts, .inner = shape.inner };
    return reduce(runner, reduction.ofParts(), out, partial.ptr, rest, null);
}

/// The work of one pass: items (outer, part, tile of columns) with neighbouring ones in one task.
const Job = struct {
    kernels: *const Kernels,
    reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    shape: Shape,
    centers: ?[*]const f32,
    /// Rows of one part; along rows (`inner` 1): elements.
    part_rows: usize,
    parts: usize,
    tiles: usize,
    /// That a task has at least.
    items_per_task: usize,
    /// Of items into tasks. What is added up is an item's, so that it does not depend on them.
    cuts: Cuts = undefined,

    fn init(
        kernels: *const Kernels,
        reduction: Reduction,
        out: [*]f32,
        x: [*]const f32,
        shape: Shape,
        centers: ?[*]const f32,
    ) Job {
        const part_rows = if (shape.inner == 1)
            task_elements
        else
            std.math.clamp(task_elements / shape.inner, fewest_rows, most_rows);
        // A part of its own pays only for what is longer than two.
        const parts = if (shape.reduced <= 2 * part_rows) 1 else divideUp(shape.reduced, part_rows);
        const tiles = divideUp(shape.inner, most_columns);
        const rows = if (parts == 1) shape.reduced else part_rows;
        const item_elements = @max(1, rows * @min(shape.inner, most_columns));
        return .{
            .kernels = kernels,
            .reduction = reduction,
            .out = out,
            .x = x,
            .shape = shape,
            .centers = centers,
            .part_rows = if (parts == 1) shape.reduced else part_rows,
            .parts = parts,
            .tiles = tiles,
            .items_per_task = @max(1, task_elements / item_elements),
        };
    }

    fn itemCount(job: *const Job) usize {
        return job.shape.outer * job.parts * job.tiles;
    }

    fn run(job: *Job, runner: *Runner) void {
        const threads = runner.pool.thread_count.load(.monotonic);
        job.cuts = .tapered(job.itemCount(), job.items_per_task, 1, threads);
        runner.pool.run(@intCast(job.cuts.count()), job, task);
    }

    fn task(context: *const anyopaque, number: u32, _: u32) void {
        const job: *const Job = @ptrCast(@alignCast(context));
        const first = job.cuts.start(number);
        const end = job.cuts.start(number + 1);
        if (job.shape.inner == 1 and job.parts == 1) {
            const x = job.x + first * job.shape.reduced;
            const centers = if (job.centers) |all| all + first else null;
            const rows = job.kernels.reduce.rows;
            return rows(job.reduction, job.out + first, x, end - first, job.shape.reduced, centers);
        }
        for (first..end) |item| job.one(item);
    }

    fn one(job: *const Job, item: usize) void {
        const shape = job.shape;
        const tile = item % job.tiles;
        const part = item / job.tiles % job.parts;
        const outer = item / job.tiles / job.parts;
        const first = part * job.part_rows;
        const rows = @min(job.part_rows, shape.reduced - first);
        const column = tile * most_columns;
        const x = job.x + (outer * shape.reduced + first) * shape.inner + column;
        const out = job.out + (outer * job.parts + part) * shape.inner + column;
        const centers = if (job.centers) |all| all + outer * shape.inner + column else null;
        const kernels = &job.kernels.reduce;
        if (shape.inner == 1) return kernels.rows(job.reduction, out, x, 1, rows, centers);
        const columns = @min(most_columns, shape.inner - column);
        kernels.columns(job.reduction, out, x, rows, columns, shape.inner, centers);
    }
};

/// `out [outer][inner]`: index along the middle of the extreme; the middle is not empty.
pub fn indexOfExtreme(
    runner: *Runner,
    extreme: interface.Extreme,
    out: [*]i32,
    x: [*]const f32,
    shape: Shape,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const IndexJob = struct {
        kernels: *const Kernels,
        extreme: interface.Extreme,
        out: [*]i32,
        best: [*]f32,
        x: [*]const f32,
        shape: Shape,
        outer_per_task: usize,

        fn task(context: *const anyopaque, number: u32, _: u32) void {
            const job: *const @This() = @ptrCast(@alignCast(context));
            const size = job.shape.reduced * job.shape.inner;
            const first = number * job.outer_per_task;
            const end = @min(first + job.outer_per_task, job.shape.outer);
            const kernels = &job.kernels.reduce;
            if (job.shape.inner == 1) {
                const rows = job.x + first * size;
                return kernels.extreme_of_rows(
                    job.extreme,
                    job.out + first,
                    rows,
                    end - first,
                    size,
                );
            }
            for (first..end) |outer| {
                const at = outer * job.shape.inner;
                const matrix = job.x + outer * size;
                const sizes = .{ job.shape.reduced, job.shape.inner };
                const results = .{ job.out + at, job.best + at };
                kernels.extreme_of_columns(
                    job.extreme,
                    results[0],
                    results[1],
                    matrix,
                    sizes[0],
                    sizes[1],
                );
            }
        }
    };
    const count = shape.outer * shape.inner;
    if (count == 0) return;
    const best = try runner.scratch.slice(f32, if (shape.inner == 1) 0 else count);
    const job: IndexJob = .{
        .kernels = runner.kernels,
        .extreme = extreme,
        .out = out,
        .best = best.ptr,
        .x = x,
        .shape = shape,
        .outer_per_task = @max(1, task_elements / (shape.reduced * shape.inner)),
    };
    runner.pool.run(@intCast(divideUp(shape.outer, job.outer_per_task)), &job, IndexJob.task);
}

fn divideUp(count: usize, divisor: usize) usize {
    return (count + divisor - 1) / divisor;
}
