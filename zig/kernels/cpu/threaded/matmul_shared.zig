//! Large products: all threads pack B, then all compute blocks of the result.
//!
//! B is packed for all rows of the result, `packed_floats` at a time. A chunk is a block of rows,
//! at all of its columns where there are rows enough for all threads: it goes through the packed
//! depths one block of at most `max_depth` after the other, and keeps its rows of A and of the
//! result in the second-level cache meanwhile. A is read where it lies or packed by the
//! chunk; then what it packs next is fetched while it multiplies.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../matmul_interface.zig");
const Job = @import("matmul.zig").Job;

const Matrix = interface.Matrix;
const Product = interface.Product;
const Table = interface.Table;

/// Most rows of a block of the result, and columns of a packed block of B: multiples of most tiles.
pub const block_rows = 128;
pub const block_columns = 240;

/// Chunks wanted, and fewest rows of a block that is made for the sake of more chunks.
const wanted_chunks = 16;
const fewest_rows = 64;

/// Columns of B and floats that are packed at a time: 8 MB.
const most_columns = 13 * block_columns;
const packed_floats = 2 << 20;

/// Rows of A that lie a multiple of so many floats apart push each other out of a first-level
/// cache.
const cache_stride = 1024;

/// Strips of B that a block packs at a time when it packs its own.
const own_strips = 2;

/// Largest product that `multiplyBlock` is meant for.
pub const max_own_rows = 2 * block_rows;
pub const max_own_columns = 2 * block_columns;

/// Floats that a thread needs to pack `rows` rows of A and, behind them, strips of B.
pub fn workspaceFloats(kernels: *const Table, rows: usize) usize {
    const columns = own_strips * kernels.tile_columns;
    return interface.packedRowsFloats(rows, interface.max_depth) +
        interface.packedColumnsFloats(columns, interface.max_depth);
}

/// How `length` is cut into parts of one size (the last may be smaller).
const Parts = struct {
    size: usize,
    count: usize,

    /// Parts of nearly equal size, at most `largest` (itself a multiple of `multiple`).
    fn of(length: usize, largest: usize, multiple: usize) Parts {
        const wanted = (length + largest - 1) / largest;
        const even = (length + wanted - 1) / wanted;
        const size = (even + multiple - 1) / multiple * multiple;
        return .{ .size = size, .count = (length + size - 1) / size };
    }

    fn sizeAt(parts: Parts, index: usize, length: usize) usize {
        return @min(parts.size, length - index * parts.size);
    }
};

/// The part of a product that `packed_b` has room for, and how it is cut.
const Step = struct {
    kernels: *const Table,
    product: Product,
    rows: Parts,
    columns: Parts,
    depths: Parts,
    /// Blocks of columns that one chunk computes, one after the other.
    columns_per_chunk: usize,
    reads_a_in_place: bool,
    packed_b: [*]f32,
    /// `own_floats` for each thread.
    own: [*]f32,
    own_floats: usize,

    /// B's block of columns `column_block` at the depths of block `depth_block`.
    fn packedColumns(step: *const Step, depth_block: usize, column_block: usize) [*]f32 {
        const depth = step.depths.sizeAt(depth_block, step.product.k);
        const width = interface.packedColumnsFloats(step.product.n, 1);
        const block = depth_block * step.kernels.steps(step.depths.size) * width;
        const column = column_block * step.columns.size;
        return step.packed_b + block + column * step.kernels.steps(depth);
    }

    fn columnChunks(step: *const Step) usize {
        return divideUp(step.columns.count, step.columns_per_chunk);
    }

    /// The part of the product at a block of depths.
    fn atDepth(step: *const Step, depth_block: usize) Product {
        var product = step.product;
        product.k = step.depths.sizeAt(depth_block, step.product.k);
        product.a = product.a.at(0, depth_block * step.depths.size);
        product.b = product.b.at(depth_block * step.depths.size, 0);
        product.accumulate = product.accumulate or depth_block > 0;
        if (depth_block > 0) product.bias = null;
        return product;
    }

    /// A block of rows of that part, A not packed yet.
    fn rowsAt(step: *const Step, depth_block: usize, row_block: usize) Product {
        var product = step.atDepth(depth_block);
        const row = row_block * step.rows.size;
        product.m = step.rows.sizeAt(row_block, product.m);
        product.a = product.a.at(row, 0);
        product.out += row * product.out_row_stride;
        return product;
    }
};

/// Blocks of rows: more and smaller ones where there would be fewer than wanted. From 3 on their
/// number is a multiple of 4, so that 2 or 4 threads have the same to do.
fn rowParts(m: usize, kernels: *const Table) Parts {
    const largest = block_rows / kernels.tile_rows * kernels.tile_rows;
    const wanted = @min(wanted_chunks, divideUp(m, fewest_rows));
    const least = @max(wanted, divideUp(m, largest));
    const count = if (least > 2) roundUp(least, 4) else least;
    const size = roundUp(divideUp(m, count), kernels.tile_rows);
    return .{ .size = size, .count = divideUp(m, size) };
}

fn depthParts(k: usize, kernels: *const Table) Parts {
    return .of(k, kernels.maxDepth(), 8);
}

/// Whether a tile's rows of A are read where they lie. Pairs have to be packed anyway.
fn readsInPlace(a: Matrix, kernels: *const Table) bool {
    return kernels.depth_step == 1 and a.column_stride == 1 and a.row_stride % cache_stride != 0;
}

pub fn run(runner: *const Runner, job: Job) Arena.Error!void {
    const shape = job.shape;
    const kernels = runner.products();
    const rows = rowParts(shape.m, kernels);
    const columns: Parts = .of(shape.n, most_columns, kernels.tile_columns);
    const depth = depthParts(shape.k, kernels).size;
    const depths: Parts = .{
        .size = @max(1, packed_floats / (kernels.steps(depth) * columns.size)) * depth,
        .count = undefined,
    };
    const width = interface.packedColumnsFloats(columns.size, 1);
    const packed_steps = kernels.steps(@min(depths.size, shape.k));
    const threads = runner.pool.thread_count.load(.monotonic);
    var step: Step = .{
        .kernels = kernels,
        .product = undefined,
        .rows = rows,
        .columns = undefined,
        .depths = undefined,
        .columns_per_chunk = undefined,
        .reads_a_in_place = readsInPlace(job.a.matrix(shape, 0), kernels),
        .packed_b = (try runner.scratch.slice(f32, width * packed_steps)).ptr,
        .own = undefined,
        .own_floats = interface.packedRowsFloats(rows.size, kernels.steps(depth)),
    };
    if (step.reads_a_in_place) step.own_floats = 0;
    step.own = (try runner.scratch.slice(f32, step.own_floats * threads)).ptr;
    for (0..shape.batchCount()) |index| {
        for (0..columns.count) |j| {
            var start: usize = 0;
            while (start < shape.k) : (start += depths.size) {
                step.product = part(job, index, start, j * columns.size);
                step.product.k = depths.sizeAt(start / depths.size, shape.k);
                step.product.n = columns.sizeAt(j, shape.n);
                runStep(runner, &step, depth);
            }
        }
    }
}

/// A product of the batch from a depth and a column on.
fn part(job: Job, index: usize, depth: usize, column: usize) Product {
    const shape = job.shape;
    return .{
        .m = shape.m,
        .n = shape.n - column,
        .k = shape.k - depth,
        .a = job.a.matrix(shape, index).at(0, depth),
        .b = job.b.matrix(shape, index).at(depth, column),
        .out = job.out.at(shape, index) + column,
        .out_row_stride = job.out.row_stride,
        .accumulate = job.out.accumulate or depth > 0,
        .bias = if (depth > 0) null else if (job.out.bias) |bias| bias + column else null,
    };
}

fn runStep(runner: *const Runner, step: *Step, depth: usize) void {
    const product = &step.product;
    step.columns = .of(product.n, block_columns, step.kernels.tile_columns);
    step.depths = .{ .size = depth, .count = divideUp(product.k, depth) };
    const column_chunks = divideUp(wanted_chunks, step.rows.count);
    step.columns_per_chunk = divideUp(step.columns.count, column_chunks);
    runner.pool.run(@intCast(step.depths.count * step.columns.count), step, packChunk);
    runner.pool.run(@intCast(step.rows.count * step.columnChunks()), step, multiplyChunk);
}

fn divideUp(value: usize, divisor: usize) usize {
    return (value + divisor - 1) / divisor;
}

fn roundUp(value: usize, multiple: usize) usize {
    return divideUp(value, multiple) * multiple;
}

fn packChunk(pointer: *const anyopaque, chunk: u32, _: u32) void {
    const step: *const Step = @ptrCast(@alignCast(pointer));
    const column_block = chunk % step.columns.count;
    const depth_block = chunk / step.columns.count;
    const product = step.atDepth(depth_block);
    const b = product.b.at(0, column_block * step.columns.size);
    const count = step.columns.sizeAt(column_block, product.n);
    const out = step.packedColumns(depth_block, column_block);
    step.kernels.pack_columns(out, &b, product.k, count);
}

fn multiplyChunk(pointer: *const anyopaque, chunk: u32, worker: u32) void {
    const step: *const Step = @ptrCast(@alignCast(pointer));
    const row_block = chunk % step.rows.count;
    const first = chunk / step.rows.count * step.columns_per_chunk;
    const end = @min(first + step.columns_per_chunk, step.columns.count);
    const own = step.own + worker * step.own_floats;
    for (0..step.depths.count) |depth_block| {
        var rows = step.rowsAt(depth_block, row_block);
        var next: ?Product = null;
        if (!step.reads_a_in_place) {
            step.kernels.pack_rows(own, &rows.a, rows.m, rows.k);
            rows.a.data = own;
            if (depth_block + 1 < step.depths.count) next = step.rowsAt(depth_block + 1, row_block);
        }
        for (first..end) |column_block| {
            const column = column_block * step.columns.size;
            var block = rows;
            block.n = step.columns.sizeAt(column_block, rows.n);
            block.b.data = step.packedColumns(depth_block, column_block);
            block.out += column;
            if (block.bias) |bias| block.bias = bias + column;
            var ahead: interface.Ahead = undefined;
            if (next) |later| {
                ahead = aheadOf(later, column_block - first, end - first);
                block.ahead = &ahead;
            }
            if (step.reads_a_in_place) {
                step.kernels.half_packed_product(&block);
            } else {
                step.kernels.packed_product(&block);
            }
        }
    }
}

/// Share `index` of `count` of the rows of A that are packed for `product`.
fn aheadOf(product: Product, index: usize, count: usize) interface.Ahead {
    const a = product.a;
    const by_depth = a.row_stride == 1;
    const length = if (by_depth) product.k else product.m;
    const stride = if (by_depth) a.column_stride else a.row_stride;
    const first = length * index / count;
    return .{
        .data = a.data + first * stride,
        .stride = stride,
        .rows = length * (index + 1) / count - first,
        .columns = if (by_depth) product.m else product.k,
    };
}

/// A whole product of at most `max_own_rows` x `max_own_columns`, by one thread.
/// `workspace` has `workspaceFloats(kernels, product.m)` floats.
pub fn multiplyBlock(kernels: *const Table, product: Product, workspace: [*]f32) void {
    const depths = depthParts(product.k, kernels);
    const strip_columns = own_strips * kernels.tile_columns;
    // A is packed when there are enough columns to make up for it.
    const packs_a = product.n > strip_columns and !readsInPlace(product.a, kernels);
    for (0..depths.count) |p| {
        var block = product;
        block.k = depths.sizeAt(p, product.k);
        block.a = product.a.at(0, p * depths.size);
        block.accumulate = product.accumulate or p > 0;
        var own_columns = workspace;
        if (packs_a) {
            kernels.pack_rows(workspace, &block.a, block.m, block.k);
            block.a.data = workspace;
            own_columns += interface.packedRowsFloats(block.m, kernels.steps(block.k));
        }
        var column: usize = 0;
        while (column < product.n) : (column += strip_columns) {
            block.n = @min(strip_columns, product.n - column);
            block.out = product.out + column;
            const b = product.b.at(p * depths.size, column);
            kernels.pack_columns(own_columns, &b, block.k, block.n);
            block.b.data = own_columns;
            if (packs_a) kernels.packed_product(&block) else kernels.half_packed_product(&block);
        }
    }
}
