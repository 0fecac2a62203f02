//! Row kernels over contiguous `[rows][columns]` f32, cut into chunks of whole rows.

const Runner = @import("runner.zig").Runner;
const elementwise = @import("elementwise.zig");
const passage = @import("passage.zig");
const interface = @import("../rows_interface.zig");
const Flow = interface.Flow;
const Kernels = @import("../interface.zig").Kernels;
const DType = @import("../../../core/dtype.zig").DType;
const Place = @import("attention_rows.zig").Place;

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
    passage.forResultRows(runner, out, rows, columns, .{ x, null }, job);
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
    passage.forResultRows(runner, out, rows, columns, .{ x, null }, Job{
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
    passage.forRows(runner, rows, columns, Job{
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
    passage.forResultRows(runner, out, rows, columns, .{ x, null }, Job{
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
    passage.forRows(runner, rows, columns, Job{ .out = out, .x = x, .columns = columns });
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
    passage.forRows(runner, row_count, heads * head_size, Job{
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
    passage.forRows(runner, count, 32 * frequency_count, Job{
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
