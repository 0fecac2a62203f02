//! Row kernels over contiguous `[rows][columns]` f32, cut into chunks of whole rows.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const elementwise = @import("elementwise.zig");
const passage_module = @import("passage.zig");
const interface = @import("../rows_interface.zig");
const Flow = interface.Flow;
const Passage = passage_module.Passage;
const Kernels = @import("../interface.zig").Kernels;
const DType = @import("../../../core/dtype.zig").DType;
const Place = @import("attention_rows.zig").Place;

/// Elements that a chunk of rows has at least, unless there are no more rows.
const chunk_elements = 8 << 10;

/// Softmax of `scale * x` in each row; `out` may be `x`.
pub fn softmax(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    rows: usize,
    columns: usize,
    scale: f32,
) void {
    const Job = struct {
        x: [*]const f32,
        columns: usize,
        scale: f32,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const x_row = job.x + index * job.columns;
            kernels.rows.softmax(result, x_row, job.columns, job.scale, flow);
        }
    };
    const job: Job = .{ .x = x, .columns = columns, .scale = scale };
    forResultRows(runner, out, rows, columns, .{ x, x }, job);
}

/// Root mean square norm of each row, times `weight[columns]`; `out` may be `x`.
pub fn rmsnorm(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) void {
    const Job = struct {
        x: [*]const f32,
        weight: [*]const f32,
        columns: usize,
        epsilon: f32,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const x_row = job.x + index * job.columns;
            kernels.rows.rmsnorm(result, x_row, job.weight, job.columns, job.epsilon, flow);
        }
    };
    forResultRows(runner, out, rows, columns, .{ x, x }, Job{
        .x = x,
        .weight = weight,
        .columns = columns,
        .epsilon = epsilon,
    });
}

/// `residual += x`, then `out = rmsnorm(residual)`, row by row.
pub fn addRmsnorm(
    runner: *Runner,
    out: [*]f32,
    residual: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) void {
    const Job = struct {
        out: [*]f32,
        residual: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        columns: usize,
        epsilon: f32,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            const at = index * job.columns;
            const add_rmsnorm = kernels.rows.add_rmsnorm;
            add_rmsnorm(
                job.out + at,
                job.residual + at,
                job.x + at,
                job.weight,
                job.columns,
                job.epsilon,
            );
        }
    };
    forRows(runner, rows, columns, Job{
        .out = out,
        .residual = residual,
        .x = x,
        .weight = weight,
        .columns = columns,
        .epsilon = epsilon,
    });
}

/// Layer norm of each row with `weight[columns]` and, unless null, `bias[columns]`; `out` may
/// be `x`.
pub fn layernorm(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    bias: ?[*]const f32,
    rows: usize,
    columns: usize,
    epsilon: f32,
) void {
    const Job = struct {
        x: [*]const f32,
        weight: [*]const f32,
        bias: ?[*]const f32,
        columns: usize,
        epsilon: f32,

        pub fn row(
            job: @This(),
            kernels: *const Kernels,
            result: [*]f32,
            index: usize,
            flow: ?*const Flow,
        ) void {
            const x_row = job.x + index * job.columns;
            const kernel = kernels.rows.layernorm;
            kernel(result, x_row, job.weight, job.bias, job.columns, job.epsilon, flow);
        }
    };
    forResultRows(runner, out, rows, columns, .{ x, x }, Job{
        .x = x,
        .weight = weight,
        .bias = bias,
        .columns = columns,
        .epsilon = epsilon,
    });
}

/// Index of the largest element of each row: `out[rows]`.
pub fn argmax(runner: *Runner, out: [*]u32, x: [*]const f32, rows: usize, columns: usize) void {
    const Job = struct {
        out: [*]u32,
        x: [*]const f32,
        columns: usize,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            job.out[index] = kernels.rows.argmax(job.x + index * job.columns, job.columns);
        }
    };
    forRows(runner, rows, columns, Job{ .out = out, .x = x, .columns = columns });
}

/// Turns `[rows][heads][head_size]` by tables `[positions][head_size / 2]`, or back; row r stands at
/// position `r % positions`. `out` may be `x`.
pub fn rope(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    cosines: [*]const f32,
    sines: [*]const f32,
    row_count: usize,
    positions: usize,
    heads: usize,
    head_size: usize,
    style: interface.RopeStyle,
    inverse: bool,
) void {
    const Job = struct {
        out: [*]f32,
        x: [*]const f32,
        cosines: [*]const f32,
        sines: [*]const f32,
        positions: usize,
        heads: usize,
        head_size: usize,
        style: interface.RopeStyle,
        inverse: bool,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            const size = job.head_size;
            const table_offset = index % job.positions * (size / 2);
            const cosine = job.cosines + table_offset;
            const sine = job.sines + table_offset;
            const turn = kernels.rows.rope;
            for (index * job.heads..(index + 1) * job.heads) |head| {
                const at = head * size;
                turn(job.out + at, job.x + at, cosine, sine, size, job.style, job.inverse);
            }
        }
    };
    forRows(runner, row_count, heads * head_size, Job{
        .out = out,
        .x = x,
        .cosines = cosines,
        .sines = sines,
        .positions = positions,
        .heads = heads,
        .head_size = head_size,
        .style = style,
        .inverse = inverse,
    });
}

/// Positions of rows: neighbours from `first` on, or the second of each pair in `places`.
pub const Positions = union(enum) {
    first: usize,
    places: [*]const Place,

    fn at(positions: Positions, index: usize) usize {
        return switch (positions) {
            .first => |first| first + index,
            .places => |places| @intCast(places[index].position),
        };
    }
};

/// Fills `[count][frequency_count]` tables with the cosines and sines of position times frequency
/// (radians), for `count` positions. The angle and its functions are computed in f64, so that they
/// are good to the last bits of f32 at positions in the millions too.
pub fn ropeTable(
    runner: *Runner,
    cosines: [*]f32,
    sines: [*]f32,
    positions: Positions,
    count: usize,
    frequencies: [*]const f32,
    frequency_count: usize,
) void {
    const Job = struct {
        cosines: [*]f32,
        sines: [*]f32,
        positions: Positions,
        frequencies: []const f32,

        pub fn row(job: @This(), _: *const Kernels, index: usize) void {
            const at = index * job.frequencies.len;
            const place: f64 = @floatFromInt(job.positions.at(index));
            for (job.frequencies, at..) |frequency, i| {
                job.cosines[i] = @floatCast(@cos(place * frequency));
                job.sines[i] = @floatCast(@sin(place * frequency));
            }
        }
    };
    // An element costs as much as some tens of the other kernels'.
    forRows(runner, count, 32 * frequency_count, Job{
        .cosines = cosines,
        .sines = sines,
        .positions = positions,
        .frequencies = frequencies[0..frequency_count],
    });
}

/// `out[i] = f32(x[i])` for f32, f16 or bf16 in `x`.
pub fn widen(runner: *Runner, out: [*]f32, x: [*]const u8, dtype: DType, count: usize) void {
    const Job = struct {
        out: [*]f32,
        x: [*]const u8,
        dtype: DType,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const x_bytes = start * job.dtype.blockBytes();
            kernels.rows.widen(job.out + start, job.x + x_bytes, job.dtype, length);
        }
    };
    elementwise.forRanges(runner, count, Job{ .out = out, .x = x, .dtype = dtype });
}

/// `out[i] = dtype(x[i])` to f32, f16 or bf16, rounded to nearest even.
pub fn narrow(runner: *Runner, out: [*]u8, x: [*]const f32, dtype: DType, count: usize) void {
    const Job = struct {
        out: [*]u8,
        x: [*]const f32,
        dtype: DType,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const out_bytes = start * job.dtype.blockBytes();
            kernels.rows.narrow(job.out + out_bytes, job.x + start, job.dtype, length);
        }
    };
    elementwise.forRanges(runner, count, Job{ .out = out, .x = x, .dtype = dtype });
}

/// Computes `out[rows][columns]`: `job.row(kernels, result, index, flow)` writes a row to `result`.
/// `operands` are shaped like `out`.
pub fn forResultRows(
    runner: *Runner,
    out: [*]f32,
    rows: usize,
    columns: usize,
    operands: passage_module.Operands,
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
    if (passage_module.isTaken(out, rows, columns, operands)) {
        return passRows(runner, out, rows, columns, operands, job);
    }
    forRows(runner, rows, columns, Plain{ .out = out, .columns = columns, .job = job });
}

fn passRows(
    runner: *Runner,
    out: [*]f32,
    rows: usize,
    columns: usize,
    operands: passage_module.Operands,
    job: anytype,
) void {
    const Call = struct {
        kernels: *const Kernels,
        out: [*]f32,
        rows: usize,
        columns: usize,
        rows_per_chunk: usize,
        operands: passage_module.Operands,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = @as(usize, index) * call.rows_per_chunk;
            const end = @min(start + call.rows_per_chunk, call.rows);
            var passage: Passage = .{
                .out = call.out,
                .columns = call.columns,
                .operands = call.operands,
                .end = end,
            };
            for (start..end) |row| {
                const step = passage.enter(row);
                call.job.row(call.kernels, step.result, row, step.flow);
            }
            passage.leave(call.kernels);
        }
    };
    const per_chunk = @max(1, passage_module.chunk_elements / columns);
    const call: Call = .{
        .kernels = runner.kernels,
        .out = out,
        .rows = rows,
        .columns = columns,
        .rows_per_chunk = per_chunk,
        .operands = operands,
        .job = job,
    };
    const chunks = std.math.divCeil(usize, rows, per_chunk) catch unreachable;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}

/// Calls `job.row(kernels, index)` for every row; rows of one chunk follow each other.
pub fn forRows(runner: *Runner, rows: usize, columns: usize, job: anytype) void {
    const Call = struct {
        kernels: *const Kernels,
        rows: usize,
        rows_per_chunk: usize,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = @as(usize, index) * call.rows_per_chunk;
            for (start..@min(start + call.rows_per_chunk, call.rows)) |i| {
                call.job.row(call.kernels, i);
            }
        }
    };
    const per_chunk = @max(1, chunk_elements / @max(1, columns));
    const call: Call = .{
        .kernels = runner.kernels,
        .rows = rows,
        .rows_per_chunk = per_chunk,
        .job = job,
    };
    const chunks = std.math.divCeil(usize, rows, per_chunk) catch unreachable;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}
