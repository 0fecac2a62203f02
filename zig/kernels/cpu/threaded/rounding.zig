//! Operands of products in bf16, for kernels that multiply f32: copies whose elements are rounded to
//! bf16, in scratch. The products of two of them are exact in f32, so that sums are what a product
//! of bf16 with f32 sums gives, up to the order of adding.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Kernels = @import("../interface.zig").Kernels;
const Runner = @import("runner.zig").Runner;
const matmul = @import("matmul.zig");

/// Elements that are worth handing to another thread.
const chunk_elements = 32 * 1024;

/// A rounded copy of `count` neighbouring elements. The caller gives scratch back.
pub fn vector(runner: *const Runner, x: [*]const f32, count: usize) Arena.Error![*]const f32 {
    const out = try runner.scratch.slice(f32, count);
    roundInto(runner, out.ptr, x, count);
    return out.ptr;
}

/// `x` itself, or in precision bf16 a rounded copy. The caller gives scratch back.
pub fn inPrecision(runner: *const Runner, x: [*]const f32, count: usize) Arena.Error![*]const f32 {
    return if (runner.precision == .bf16) vector(runner, x, count) else x;
}

/// `x` itself, or a rounded copy where the runner's products want one. The caller gives scratch back.
pub fn forProducts(runner: *const Runner, x: [*]const f32, count: usize) Arena.Error![*]const f32 {
    return if (runner.roundsFirst()) vector(runner, x, count) else x;
}

/// One operand of a product that is computed again and again, as the runner's products want it.
pub const Factors = struct {
    /// Set before each product.
    data: [*]const f32 = undefined,
    /// Memory for rounded ones, null where they are read as they lie.
    rounded: ?[]f32,

    pub fn init(runner: *const Runner, count: usize) Arena.Error!Factors {
        const rounds = runner.roundsFirst();
        return .{ .rounded = if (rounds) try runner.scratch.slice(f32, count) else null };
    }

    pub fn set(factors: *Factors, runner: *const Runner, given: [*]const f32) void {
        factors.data = given;
        const rounded = factors.rounded orelse return;
        roundInto(runner, rounded.ptr, given, rounded.len);
        factors.data = rounded.ptr;
    }
};

/// `out[i]` = the bf16 nearest to x[i], as f32.
pub fn roundInto(runner: *const Runner, out: [*]f32, x: [*]const f32, count: usize) void {
    const copy: Copy = .{
        .kernels = runner.kernels,
        .out = out,
        .source = .{ .data = x, .row_stride = 1, .column_stride = 1 },
        .batch = @splat(1),
        .rows = count,
        .columns = 1,
        .rows_per_chunk = chunk_elements,
        .chunks_per_matrix = divideUp(count, chunk_elements),
    };
    runner.pool.run(@intCast(copy.chunks_per_matrix), &copy, Copy.chunk);
}

/// A rounded copy of a batch of matrices `[rows][columns]`, without gaps and with repeated ones once.
/// Neighbours stay neighbours, so that a transposed matrix stays one. The caller gives scratch back.
pub fn operand(
    runner: *const Runner,
    given: matmul.Operand,
    batch: [matmul.max_batch_rank]usize,
    rows: usize,
    columns: usize,
) Arena.Error!matmul.Operand {
    const is_transposed = given.row_stride == 1 and given.column_stride != 1;
    var copy: Copy = .{
        .kernels = runner.kernels,
        .out = undefined,
        .source = if (is_transposed) given.transposed() else given,
        .batch = batch,
        .rows = if (is_transposed) columns else rows,
        .columns = if (is_transposed) rows else columns,
        .rows_per_chunk = undefined,
        .chunks_per_matrix = undefined,
    };
    copy.rows_per_chunk = @max(1, chunk_elements / copy.columns);
    copy.chunks_per_matrix = divideUp(copy.rows, copy.rows_per_chunk);
    var made: matmul.Operand = .{ .data = undefined, .row_stride = copy.columns, .column_stride = 1 };
    var matrices: usize = 1;
    var dimension: usize = matmul.max_batch_rank;
    while (dimension > 0) {
        dimension -= 1;
        const repeats = given.batch_strides[dimension] == 0;
        if (repeats) copy.batch[dimension] = 1;
        made.batch_strides[dimension] = if (repeats) 0 else matrices * rows * columns;
        matrices *= copy.batch[dimension];
    }
    copy.out = (try runner.scratch.slice(f32, matrices *| rows *| columns)).ptr;
    made.data = copy.out;
    runner.pool.run(@intCast(matrices * copy.chunks_per_matrix), &copy, Copy.chunk);
    return if (is_transposed) made.transposed() else made;
}

const Copy = struct {
    kernels: *const Kernels,
    /// [batch][rows][columns], contiguous.
    out: [*]f32,
    source: matmul.Operand,
    batch: [matmul.max_batch_rank]usize,
    rows: usize,
    columns: usize,
    rows_per_chunk: usize,
    chunks_per_matrix: usize,

    fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
        const copy: *const Copy = @ptrCast(@alignCast(pointer));
        const index = number / copy.chunks_per_matrix;
        const first = number % copy.chunks_per_matrix * copy.rows_per_chunk;
        const rows = @min(copy.rows_per_chunk, copy.rows - first);
        const shape: matmul.Shape = .{ .m = 0, .n = 0, .k = 0, .batch = copy.batch };
        const source = copy.source.matrix(shape, index).at(first, 0);
        const out = copy.out + (index * copy.rows + first) * copy.columns;
        const round = copy.kernels.rows.round_bf16;
        const is_dense = copy.columns == 1 or source.column_stride == 1;
        if (is_dense and source.row_stride == copy.columns) {
            return round(out, source.data, rows * copy.columns);
        }
        for (0..rows) |i| {
            const row = source.at(i, 0);
            const target = out + i * copy.columns;
            if (source.column_stride == 1) {
                round(target, row.data, copy.columns);
                continue;
            }
            for (0..copy.columns) |j| target[j] = row.at(0, j).data[0];
            round(target, target, copy.columns);
        }
    }
};

fn divideUp(a: usize, b: usize) usize {
    return (a + b - 1) / b;
}
