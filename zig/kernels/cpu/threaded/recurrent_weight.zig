//! The products of a recurrence: the same small matrix of states or gradients with the same weights
//! at every step, so the weights are packed once for all steps.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../matmul_interface.zig");

const Matrix = interface.Matrix;

/// Fewest columns of a chunk: two registers of the widest instruction set.
const min_columns = 32;
/// Multiply-adds of a step that make a chunk worth handing to another thread: about 4 us.
const chunk_work = 256 * 1024;
/// Rows of all steps together from which on packing pays off.
const packed_rows = 64;

/// `groups` matrices [depth][columns], cut into chunks of columns that are computed on their own.
pub const Weight = struct {
    kernels: *const interface.Table,
    /// The first matrix; the others follow `group_stride` elements apart.
    matrix: Matrix,
    group_stride: usize,
    groups: usize,
    depth: usize,
    columns: usize,
    columns_per_chunk: usize,
    /// Every chunk's packed matrices, null where they are read as they lie.
    data: ?[*]f32 = null,

    /// Decides how to cut the columns for products with `rows` rows in each of `steps` steps; packs
    /// the matrices when that is worth it, into memory that the caller gives back.
    pub fn prepare(
        weight: *Weight,
        runner: *const Runner,
        rows: usize,
        steps: usize,
    ) Arena.Error!void {
        const work_per_column = @max(1, rows *| weight.depth *| weight.groups);
        const wanted = @max(min_columns, divideUp(chunk_work, work_per_column));
        weight.columns_per_chunk = @max(1, @min(roundUp(wanted, min_columns), weight.columns));
        weight.kernels = runner.products();
        const is_thin = rows <= interface.max_thin and rows *| steps < packed_rows;
        const reads_in_place = is_thin and weight.kernels.row_updates != null;
        if (reads_in_place or weight.depth == 0) return;
        const memory = try runner.scratch.slice(f32, weight.chunkFloats() * weight.chunkCount());
        weight.data = memory.ptr;
        runner.pool.run(weight.chunkCount(), weight, packChunk);
    }

    pub fn chunkCount(weight: *const Weight) u32 {
        return @intCast(divideUp(weight.columns, weight.columns_per_chunk));
    }

    /// The columns of a chunk.
    pub fn columnsOf(weight: *const Weight, chunk: usize) struct { start: usize, count: usize } {
        const start = chunk * weight.columns_per_chunk;
        return .{ .start = start, .count = @min(weight.columns_per_chunk, weight.columns - start) };
    }

    fn groupFloats(weight: *const Weight) usize {
        const steps = weight.kernels.steps(weight.depth);
        return interface.packedColumnsFloats(weight.columns_per_chunk, steps);
    }

    fn chunkFloats(weight: *const Weight) usize {
        return weight.groups * weight.groupFloats();
    }

    fn packChunk(pointer: *const anyopaque, chunk: u32, _: u32) void {
        const weight: *const Weight = @ptrCast(@alignCast(pointer));
        const columns = weight.columnsOf(chunk);
        for (0..weight.groups) |group| {
            var block = weight.blocksOf(chunk, group, columns.count);
            while (block.next()) |part| {
                const b = weight.sourceAt(group, part.start, columns.start);
                weight.kernels.pack_columns(part.data.?, &b, part.depth, columns.count);
            }
        }
    }

    fn sourceAt(weight: *const Weight, group: usize, depth: usize, column: usize) Matrix {
        var matrix = weight.matrix;
        matrix.data += group * weight.group_stride;
        return matrix.at(depth, column);
    }

    /// Cuts the depth into what a packed block can hold.
    const Blocks = struct {
        kernels: *const interface.Table,
        data: ?[*]f32,
        columns: usize,
        depth: usize,
        start: usize = 0,

        const Part = struct { data: ?[*]f32, start: usize, depth: usize };

        fn next(blocks: *Blocks) ?Part {
            if (blocks.start == blocks.depth) return null;
            const depth = @min(blocks.kernels.maxDepth(), blocks.depth - blocks.start);
            const part: Part = .{ .data = blocks.data, .start = blocks.start, .depth = depth };
            blocks.start += depth;
            const floats = interface.packedColumnsFloats(blocks.columns, blocks.kernels.steps(depth));
            if (blocks.data) |*data| data.* += floats;
            return part;
        }
    };

    fn blocksOf(weight: *const Weight, chunk: usize, group: usize, columns: usize) Blocks {
        const data = if (weight.data) |data|
            data + chunk * weight.chunkFloats() + group * weight.groupFloats()
        else
            null;
        return .{
            .kernels = weight.kernels,
            .data = data,
            .columns = columns,
            .depth = weight.depth,
        };
    }

    /// Where a product goes: at the chunk's first column.
    pub const Target = struct { data: [*]f32, row_stride: usize, accumulate: bool };

    /// `target = a [rows][depth] x group [depth][columns of the chunk]`, or `+=`. Meanwhile what is
    /// `ahead` is fetched, one of it with each block of depths.
    pub fn multiply(
        weight: *const Weight,
        chunk: usize,
        group: usize,
        a: [*]const f32,
        rows: usize,
        target: Target,
        ahead: []const interface.Ahead,
    ) void {
        if (rows == 0 or weight.depth == 0) return;
        const columns = weight.columnsOf(chunk);
        var product: interface.Product = .{
            .m = rows,
            .n = columns.count,
            .k = weight.depth,
            .a = .{ .data = a, .row_stride = weight.depth, .column_stride = 1 },
            .b = weight.sourceAt(group, 0, columns.start),
            .out = target.data,
            .out_row_stride = target.row_stride,
            .accumulate = target.accumulate,
        };
        if (weight.data == null) {
            const by_rows = weight.matrix.column_stride == 1;
            if (by_rows) weight.kernels.row_updates.?(&product) else weight.kernels.dots(&product);
            return;
        }
        var block = weight.blocksOf(chunk, group, columns.count);
        var left = ahead;
        while (block.next()) |part| {
            product.ahead = if (left.len > 0) &left[0] else null;
            if (left.len > 0) left = left[1..];
            product.k = part.depth;
            product.a.data = a + part.start;
            product.b.data = part.data.?;
            weight.kernels.half_packed_product(&product);
            product.accumulate = true;
        }
    }
};

fn divideUp(value: usize, divisor: usize) usize {
    return (value + divisor - 1) / divisor;
}

fn roundUp(value: usize, multiple: usize) usize {
    return divideUp(value, multiple) * multiple;
}
