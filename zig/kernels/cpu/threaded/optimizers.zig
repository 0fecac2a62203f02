//! One step of an optimizer over all parameters at once, and the length of all gradients together:
//! chunks of every tensor in one parallel region.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../optimizers_interface.zig");
const Kernels = @import("../interface.zig").Kernels;

/// Elements per chunk: with four tensors 256 KB, some microseconds of work.
const chunk_elements = 16 << 10;

/// One parameter and the numbers of its group.
pub const Row = struct {
    span: interface.Span,
    options: *const interface.Options,
};

/// Updates every row's parameter and states. Rows share no memory.
pub fn update(runner: *Runner, algorithm: interface.Algorithm, rows: []const Row) Arena.Error!void {
    const Job = struct {
        algorithm: interface.Algorithm,
        rows: []const Row,

        pub fn elements(job: @This(), row: usize) usize {
            return job.rows[row].span.count;
        }

        pub fn range(job: @This(), kernels: *const Kernels, at: Place) void {
            const row = &job.rows[at.row];
            const span = row.span.part(at.start, at.count);
            kernels.optimizers.update(job.algorithm, row.options, &span);
        }
    };
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    try forParts(runner, rows.len, Job{ .algorithm = algorithm, .rows = rows });
}

/// The norm of all elements of all tensors, as if they were one vector.
pub fn norm(runner: *Runner, kind: interface.Norm, tensors: []const []f32) Arena.Error!f64 {
    const Job = struct {
        kind: interface.Norm,
        tensors: []const []f32,
        partial: []f64,

        pub fn elements(job: @This(), row: usize) usize {
            return job.tensors[row].len;
        }

        pub fn range(job: @This(), kernels: *const Kernels, at: Place) void {
            const x = job.tensors[at.row].ptr + at.start;
            job.partial[at.chunk] = kernels.optimizers.measure(job.kind, x, at.count);
        }
    };
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var chunk_count: usize = 0;
    for (tensors) |x| chunk_count += chunksOf(x.len);
    const partial = try runner.scratch.slice(f64, chunk_count);
    try forParts(runner, tensors.len, Job{ .kind = kind, .tensors = tensors, .partial = partial });
    var total: f64 = 0;
    for (partial) |value| {
        if (kind != .largest) total += value else if (!(value <= total)) total = value;
        if (std.math.isNan(total)) break;
    }
    return if (kind == .two) @sqrt(total) else total;
}

/// Multiplies all elements of all tensors.
pub fn scale(runner: *Runner, tensors: []const []f32, factor: f32) Arena.Error!void {
    const Job = struct {
        tensors: []const []f32,
        factor: f32,

        pub fn elements(job: @This(), row: usize) usize {
            return job.tensors[row].len;
        }

        pub fn range(job: @This(), kernels: *const Kernels, at: Place) void {
            const x = job.tensors[at.row].ptr + at.start;
            kernels.elementwise.binary_scalar(.mul, x, x, job.factor, at.count);
        }
    };
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    try forParts(runner, tensors.len, Job{ .tensors = tensors, .factor = factor });
}

/// Brings all elements of all tensors to between `-bound` and `bound`.
pub fn limit(runner: *Runner, tensors: []const []f32, bound: f32) Arena.Error!void {
    const Job = struct {
        tensors: []const []f32,
        bound: f32,

        pub fn elements(job: @This(), row: usize) usize {
            return job.tensors[row].len;
        }

        pub fn range(job: @This(), kernels: *const Kernels, at: Place) void {
            kernels.optimizers.limit(job.tensors[at.row].ptr + at.start, job.bound, at.count);
        }
    };
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    try forParts(runner, tensors.len, Job{ .tensors = tensors, .bound = bound });
}

/// A chunk's elements: `count` from `start` on of tensor `row`.
const Place = struct { chunk: usize, row: usize, start: usize, count: usize };

fn chunksOf(count: usize) usize {
    return std.math.divCeil(usize, count, chunk_elements) catch unreachable;
}

/// Calls `job.range(kernels, place)` for parts of `row_count` tensors of `job.elements(row)` each,
/// all in one parallel region. Takes scratch that the caller gives back.
fn forParts(runner: *Runner, row_count: usize, job: anytype) Arena.Error!void {
    // Chunks of row i are those from first[i] to before first[i + 1].
    const first = try runner.scratch.slice(u32, row_count + 1);
    first[0] = 0;
    for (0..row_count) |row| {
        const chunks: u32 = @intCast(chunksOf(job.elements(row)));
        first[row + 1] = first[row] + chunks;
    }
    const Call = struct {
        kernels: *const Kernels,
        first: []const u32,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const row = std.sort.upperBound(u32, call.first, index, order) - 1;
            const start = @as(usize, index - call.first[row]) * chunk_elements;
            const count = @min(chunk_elements, call.job.elements(row) - start);
            call.job.range(call.kernels, .{
                .chunk = index,
                .row = row,
                .start = start,
                .count = count,
            });
        }

        fn order(index: u32, start: u32) std.math.Order {
            return std.math.order(index, start);
        }
    };
    const call: Call = .{ .kernels = runner.kernels, .first = first, .job = job };
    runner.pool.run(first[row_count], &call, Call.chunk);
}
