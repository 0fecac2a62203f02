//! Rows of operands and results that are larger than the caches: a kernel writes its row past them,
//! and asks for the operands of the next row while it computes. Memory would be idle otherwise
//! wherever a kernel goes over its row again.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const Flow = @import("../rows_interface.zig").Flow;

/// Results from here on go past the caches: smaller ones may be found there by what reads them.
const least_bytes = 32 << 20;
/// A thread's stack has room for a row, its second cache for it and two rows of operands.
const most_columns = 8 << 10;
/// What the columns of rows that flow are a multiple of.
const column_step = 64;
/// Rows of a chunk have at least so many elements together: at its end a thread waits until all is
/// written.
const chunk_elements = 128 << 10;

/// Operands with the shape of the result: one or two.
pub const Operands = [2]?[*]const f32;

/// Whether rows of this shape are larger than the caches, and whole groups of registers.
pub fn suits(rows: usize, columns: usize) bool {
    if (rows * columns * @sizeOf(f32) < least_bytes) return false;
    return columns % column_step == 0 and columns <= most_columns;
}

/// Whether a result takes this way: its rows suit, and it replaces no operand, whose lines would
/// have been read anyway.
pub fn isTaken(out: [*]const f32, rows: usize, columns: usize, operands: Operands) bool {
    if (!suits(rows, columns) or @intFromPtr(out) % 64 != 0) return false;
    for (operands) |operand| if (operand == out) return false;
    return true;
}

/// Rows of a chunk.
pub fn rowsPerChunk(columns: usize) usize {
    return @max(1, chunk_elements / columns);
}

/// One thread's way through neighbouring rows `[columns]`.
pub const Passage = struct {
    /// Of all chunks together.
    rows: usize,
    columns: usize,
    operands: Operands,
    flow: Flow = undefined,
    buffer: [most_columns]f32 align(64) = undefined,

    /// How a kernel goes over this row.
    pub fn enter(passage: *Passage, row: usize) *const Flow {
        passage.flow.row = &passage.buffer;
        const following = @min(row + 1, passage.rows - 1) * passage.columns;
        for (&passage.flow.next, passage.operands) |*next, operand| {
            next.* = if (operand) |it| it + following else null;
        }
        return &passage.flow;
    }
};

/// Computes `out[rows][columns]`: `job.row(kernels, out_row, index, flow)` writes a row.
/// `operands` are shaped like `out`.
pub fn forResultRows(
    runner: *Runner,
    out: [*]f32,
    rows: usize,
    columns: usize,
    operands: Operands,
    job: anytype,
) void {
    const Plain = struct {
        out: [*]f32,
        columns: usize,
        job: @TypeOf(job),

        pub fn row(plain: @This(), kernels: *const Kernels, index: usize) void {
            plain.job.row(kernels, plain.out + index * plain.columns, index, null);
        }
    };
    if (isTaken(out, rows, columns, operands)) {
        return passRows(runner, out, rows, columns, operands, job);
    }
    forRows(runner, rows, columns, Plain{ .out = out, .columns = columns, .job = job });
}

fn passRows(
    runner: *Runner,
    out: [*]f32,
    rows: usize,
    columns: usize,
    operands: Operands,
    job: anytype,
) void {
    const Call = struct {
        kernels: *const Kernels,
        out: [*]f32,
        rows: usize,
        columns: usize,
        operands: Operands,
        job: @TypeOf(job),

        pub fn chunk(call: @This(), start: usize, end: usize) void {
            var passage: Passage = .{
                .rows = call.rows,
                .columns = call.columns,
                .operands = call.operands,
            };
            for (start..end) |row| {
                const result = call.out + row * call.columns;
                call.job.row(call.kernels, result, row, passage.enter(row));
            }
            call.kernels.rows.release();
        }
    };
    forRowChunks(runner, rows, rowsPerChunk(columns), Call{
        .kernels = runner.kernels,
        .out = out,
        .rows = rows,
        .columns = columns,
        .operands = operands,
        .job = job,
    });
}

/// Elements that a chunk of rows has at least where nothing flows, unless there are no more rows.
const plain_chunk_elements = 8 << 10;

/// Calls `job.row(kernels, index)` for every row; rows of one chunk follow each other.
pub fn forRows(runner: *Runner, rows: usize, columns: usize, job: anytype) void {
    const Call = struct {
        kernels: *const Kernels,
        job: @TypeOf(job),

        pub fn chunk(call: @This(), start: usize, end: usize) void {
            for (start..end) |row| call.job.row(call.kernels, row);
        }
    };
    const per_chunk = @max(1, plain_chunk_elements / @max(1, columns));
    forRowChunks(runner, rows, per_chunk, Call{ .kernels = runner.kernels, .job = job });
}

/// Calls `job.chunk(start, end)` for neighbouring ranges of `per_chunk` rows.
fn forRowChunks(runner: *Runner, rows: usize, per_chunk: usize, job: anytype) void {
    const Call = struct {
        rows: usize,
        per_chunk: usize,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = @as(usize, index) * call.per_chunk;
            call.job.chunk(start, @min(start + call.per_chunk, call.rows));
        }
    };
    const call: Call = .{ .rows = rows, .per_chunk = per_chunk, .job = job };
    const chunks = std.math.divCeil(usize, rows, per_chunk) catch unreachable;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}
