//! Conversion of weights between dtypes and layouts, and look-up of single rows.

const std = @import("std");
const dtypes = @import("../../../core/dtype.zig");
const Kernels = @import("../interface.zig").Kernels;
const passage = @import("passage.zig");
const Runner = @import("runner.zig").Runner;
const Weight = @import("linear.zig").Weight;

const DType = dtypes.DType;
const group_rows = dtypes.group_rows;

/// Elements that pass through f32 at a time; a multiple of every dtype's block.
const piece_elements = 2048;
/// Elements of one chunk of work.
const chunk_elements = 32 * piece_elements;

/// Converts `count` elements of any real dtype to f32, f16, bf16, q8_0 or q4_0, by way of f32, or
/// copies them. With a quantized dtype every row has whole blocks, so that a matrix is one run of
/// them.
/// Data is aligned as its dtype (quantized: 2 bytes); `out` and `x` may not overlap.
pub fn convert(
    runner: *const Runner,
    out: [*]u8,
    out_dtype: DType,
    x: [*]const u8,
    x_dtype: DType,
    count: usize,
) void {
    const job: Conversion = .{
        .kernels = runner.kernels,
        .out = out,
        .out_dtype = out_dtype,
        .x = x,
        .x_dtype = x_dtype,
        .count = count,
    };
    const chunks = std.math.divCeil(usize, count, chunk_elements) catch unreachable;
    runner.pool.run(@intCast(chunks), &job, Conversion.chunk);
}

/// Bytes of `count` elements.
fn bytesOf(dtype: DType, count: usize) usize {
    return count / dtype.blockElements() * dtype.blockBytes();
}

const Conversion = struct {
    kernels: *const Kernels,
    out: [*]u8,
    out_dtype: DType,
    x: [*]const u8,
    x_dtype: DType,
    count: usize,

    fn chunk(context: *const anyopaque, index: u32, _: u32) void {
        const job: *const Conversion = @ptrCast(@alignCast(context));
        const end = @min(job.count, (index + @as(usize, 1)) * chunk_elements);
        var start = @as(usize, index) * chunk_elements;
        var floats: [piece_elements]f32 align(64) = undefined;
        while (start < end) : (start += piece_elements) {
            const count = @min(piece_elements, end - start);
            const out = job.out + bytesOf(job.out_dtype, start);
            const x = job.x + bytesOf(job.x_dtype, start);
            if (job.out_dtype == job.x_dtype) {
                const size = bytesOf(job.out_dtype, count);
                @memcpy(out[0..size], x[0..size]);
            } else if (job.x_dtype == .f32) {
                fromFloats(job.kernels, out, @ptrCast(@alignCast(x)), job.out_dtype, count);
            } else if (job.out_dtype == .f32) {
                toFloats(job.kernels, @ptrCast(@alignCast(out)), x, job.x_dtype, count);
            } else {
                toFloats(job.kernels, &floats, x, job.x_dtype, count);
                fromFloats(job.kernels, out, &floats, job.out_dtype, count);
            }
        }
    }
};

fn toFloats(kernels: *const Kernels, out: [*]f32, x: [*]const u8, dtype: DType, count: usize) void {
    switch (dtype) {
        .f32, .f16, .bf16 => kernels.rows.widen(out, x, dtype, count),
        .q8_0, .q4_0, .q4_k, .q5_k, .q6_k => kernels.quantized.dequantize(out, x, dtype, count),
        .i32, .u8 => unreachable,
    }
}

/// Writes a row in a dtype that floats can be converted to; `count` is whole blocks.
pub fn fromFloats(
    kernels: *const Kernels,
    out: [*]u8,
    x: [*]const f32,
    dtype: DType,
    count: usize,
) void {
    switch (dtype) {
        .f32, .f16, .bf16 => kernels.rows.narrow(out, x, dtype, count),
        .q8_0, .q4_0 => kernels.quantized.quantize(out, x, dtype, count),
        .q4_k, .q5_k, .q6_k, .i32, .u8 => unreachable,
    }
}

/// Writes one row of a weight of any dtype and layout as f32.
pub fn dequantizeRow(kernels: *const Kernels, out: [*]f32, weight: Weight, row: usize) void {
    std.debug.assert(row < weight.rows);
    switch (weight.layout) {
        .rows => {
            const data = weight.data + row * weight.rowBytes();
            toFloats(kernels, out, data, weight.dtype, weight.columns);
        },
        .rows16 => {
            const group = weight.data + row / group_rows * group_rows * weight.rowBytes();
            const lane = row % group_rows;
            kernels.quantized.dequantize_group_row(out, group, weight.dtype, lane, weight.columns);
        },
    }
}

/// Rows `ids` of a matrix, all within it, as f32: `out[ids.len][columns]`.
pub fn dequantizeRows(runner: *Runner, out: [*]f32, weight: Weight, ids: []const i32) void {
    const Job = struct {
        out: [*]f32,
        weight: Weight,
        ids: []const i32,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            const target = job.out + index * job.weight.columns;
            dequantizeRow(kernels, target, job.weight, @intCast(job.ids[index]));
        }
    };
    passage.forRows(runner, ids.len, weight.columns, Job{
        .out = out,
        .weight = weight,
        .ids = ids,
    });
}

/// Bytes of a matrix in layout `rows16`, padding rows included.
pub fn rows16Bytes(dtype: DType, rows: usize, columns: usize) usize {
    return std.mem.alignForward(usize, rows, group_rows) * bytesOf(dtype, columns);
}

/// Rearranges a quantized matrix from GGML's arrangement to layout `rows16`; out has
/// `rows16Bytes`. Rows past the end are zeros.
pub fn repack(
    runner: *const Runner,
    out: [*]u8,
    x: [*]const u8,
    dtype: DType,
    rows: usize,
    columns: usize,
) void {
    const job: Rearrangement = .{
        .function = runner.kernels.quantized.repack,
        .out = out,
        .x = x,
        .dtype = dtype,
        .rows = rows,
        .columns = columns,
    };
    runner.pool.run(job.groupCount(), &job, Rearrangement.group);
}

/// The reverse of `repack`.
pub fn unpack(
    runner: *const Runner,
    out: [*]u8,
    x: [*]const u8,
    dtype: DType,
    rows: usize,
    columns: usize,
) void {
    const job: Rearrangement = .{
        .function = runner.kernels.quantized.unpack,
        .out = out,
        .x = x,
        .dtype = dtype,
        .rows = rows,
        .columns = columns,
    };
    runner.pool.run(job.groupCount(), &job, Rearrangement.group);
}

const Rearrangement = struct {
    function: *const fn ([*]u8, [*]const u8, DType, usize, usize) callconv(.c) void,
    out: [*]u8,
    x: [*]const u8,
    dtype: DType,
    rows: usize,
    columns: usize,

    fn groupCount(job: *const Rearrangement) u32 {
        return @intCast(std.math.divCeil(usize, job.rows, group_rows) catch unreachable);
    }

    fn group(context: *const anyopaque, index: u32, _: u32) void {
        const job: *const Rearrangement = @ptrCast(@alignCast(context));
        const row = @as(usize, index) * group_rows;
        const start = row * bytesOf(job.dtype, job.columns);
        const rows = @min(group_rows, job.rows - row);
        job.function(job.out + start, job.x + start, job.dtype, rows, job.columns);
    }
};
