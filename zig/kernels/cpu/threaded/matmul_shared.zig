//! Large products: all threads pack the operands, then all multiply blocks of them.
//!
//! The result is cut into blocks of about `block_rows` x `block_columns`, k into blocks of at most
//! `max_depth`. For each block of k, one round packs what several blocks of the result read, and
//! a second round computes the blocks. An operand that only one block reads is packed by
//! that block, into memory of its thread, where it is still in the cache when it is used.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../matmul_interface.zig");
const Job = @import("matmul.zig").Job;

const Matrix = interface.Matrix;
const Product = interface.Product;
const Table = interface.Table;

/// Largest block of the result that one chunk computes: multiples of every tile.
pub const block_rows = 120;
pub const block_columns = 240;

/// Rows and columns of the result whose packed operands are held at a time: 6 MB each at most.
const super_rows = 26 * block_rows;
const super_columns = 13 * block_columns;

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

/// A product with k at most `max_depth`, and how it is cut.
const Step = struct {
    kernels: *const Table,
    product: Product,
    rows: Parts,
    columns: Parts,
    /// Packed operands that several blocks read, or null where blocks pack their own.
    packed_a: ?[*]f32,
    packed_b: ?[*]f32,
    own: [*]f32,
    own_floats: usize,

    fn packedRows(step: *const Step, block: usize) [*]f32 {
        return step.packed_a.? + block * interface.packedRowsFloats(step.rows.size, step.product.k);
    }

    fn packedColumns(step: *const Step, block: usize) [*]f32 {
        return step.packed_b.? + block * step.columns.size * step.product.k;
    }
};

/// Memory that one call needs, for its largest step.
const Workspace = struct {
    packed_a: [*]f32,
    packed_b: [*]f32,
    own: [*]f32,
    own_floats: usize,

    fn take(runner: *const Runner, m: Parts, n: Parts, depth: usize) Arena.Error!Workspace {
        const kernels = &runner.kernels.matmul;
        const rows = rowParts(m.size, kernels);
        const columns = columnParts(n.size, kernels);
        const a_block_floats = interface.packedRowsFloats(rows.size, depth);
        const b_block_floats = interface.packedColumnsFloats(columns.size, depth);
        const a_floats = if (columns.count > 1) rows.count * a_block_floats else 0;
        const b_floats = if (rows.count > 1) columns.count * b_block_floats else 0;
        // Smaller last super-blocks may have a single block, which packs its own operands.
        const own_floats = workspaceFloats(kernels, block_rows);
        const worker_count = runner.pool.thread_count.load(.monotonic);
        return .{
            .packed_a = (try runner.scratch.slice(f32, a_floats)).ptr,
            .packed_b = (try runner.scratch.slice(f32, b_floats)).ptr,
            .own = (try runner.scratch.slice(f32, own_floats * worker_count)).ptr,
            .own_floats = own_floats,
        };
    }
};

fn rowParts(m: usize, kernels: *const Table) Parts {
    return .of(m, block_rows, kernels.tile_rows);
}

fn columnParts(n: usize, kernels: *const Table) Parts {
    return .of(n, block_columns, kernels.tile_columns);
}

fn depthParts(k: usize) Parts {
    return .of(k, interface.max_depth, 8);
}

pub fn run(runner: *const Runner, job: Job) Arena.Error!void {
    const shape = job.shape;
    const m: Parts = .of(shape.m, super_rows, block_rows);
    const n: Parts = .of(shape.n, super_columns, block_columns);
    const k = depthParts(shape.k);
    const workspace = try Workspace.take(runner, m, n, k.size);
    for (0..shape.batchCount()) |index| {
        const a = job.a.matrix(shape, index);
        const b = job.b.matrix(shape, index);
        const out = job.out.at(shape, index);
        for (0..n.count) |j| for (0..m.count) |i| for (0..k.count) |p| {
            runStep(runner, &workspace, .{
                .m = m.sizeAt(i, shape.m),
                .n = n.sizeAt(j, shape.n),
                .k = k.sizeAt(p, shape.k),
                .a = a.at(i * m.size, p * k.size),
                .b = b.at(p * k.size, j * n.size),
                .out = out + i * m.size * job.out.row_stride + j * n.size,
                .out_row_stride = job.out.row_stride,
                .accumulate = job.out.accumulate or p > 0,
            });
        };
    }
}

fn runStep(runner: *const Runner, workspace: *const Workspace, product: Product) void {
    const kernels = &runner.kernels.matmul;
    const rows = rowParts(product.m, kernels);
    const columns = columnParts(product.n, kernels);
    const step: Step = .{
        .kernels = kernels,
        .product = product,
        .rows = rows,
        .columns = columns,
        .packed_a = if (columns.count > 1) workspace.packed_a else null,
        .packed_b = if (rows.count > 1) workspace.packed_b else null,
        .own = workspace.own,
        .own_floats = workspace.own_floats,
    };
    var pack_chunks: usize = 0;
    if (step.packed_a != null) pack_chunks += rows.count;
    if (step.packed_b != null) pack_chunks += columns.count;
    runner.pool.run(@intCast(pack_chunks), &step, packChunk);
    runner.pool.run(@intCast(rows.count * columns.count), &step, multiplyChunk);
}

fn packChunk(pointer: *const anyopaque, chunk: u32, _: u32) void {
    const step: *const Step = @ptrCast(@alignCast(pointer));
    const product = step.product;
    const a_chunks = if (step.packed_a == null) 0 else step.rows.count;
    if (chunk < a_chunks) {
        const a = product.a.at(chunk * step.rows.size, 0);
        const count = step.rows.sizeAt(chunk, product.m);
        step.kernels.pack_rows(step.packedRows(chunk), &a, count, product.k);
    } else {
        const block = chunk - a_chunks;
        const b = product.b.at(0, block * step.columns.size);
        const count = step.columns.sizeAt(block, product.n);
        step.kernels.pack_columns(step.packedColumns(block), &b, product.k, count);
    }
}

fn multiplyChunk(pointer: *const anyopaque, chunk: u32, worker: u32) void {
    const step: *const Step = @ptrCast(@alignCast(pointer));
    // Neighbouring chunks share their columns of B.
    const i = chunk % step.rows.count;
    const j = chunk / step.rows.count;
    const row = i * step.rows.size;
    const column = j * step.columns.size;
    var block = step.product;
    block.m = step.rows.sizeAt(i, step.product.m);
    block.n = step.columns.sizeAt(j, step.product.n);
    block.out += row * block.out_row_stride + column;
    block.a = step.product.a.at(row, 0);
    block.b = step.product.b.at(0, column);

    const own = step.own + worker * step.own_floats;
    if (step.packed_a != null) block.a.data = step.packedRows(i);
    if (step.packed_b != null) block.b.data = step.packedColumns(j);
    multiplyPacking(step.kernels, block, step.packed_a == null, step.packed_b == null, own);
}

/// Multiplies after packing what is not packed yet. A is packed when there are enough columns to
/// make up for it; B a few strips at a time.
fn multiplyPacking(
    kernels: *const Table,
    product: Product,
    pack_a: bool,
    pack_b: bool,
    workspace: [*]f32,
) void {
    var block = product;
    const strip_columns = own_strips * kernels.tile_columns;
    const reads_a_in_place = pack_a and product.n <= strip_columns;
    var own_columns = workspace;
    if (pack_a and !reads_a_in_place) {
        kernels.pack_rows(workspace, &product.a, product.m, product.k);
        block.a.data = workspace;
        own_columns += interface.packedRowsFloats(product.m, product.k);
    }
    const multiply = if (reads_a_in_place) kernels.half_packed_product else kernels.packed_product;
    if (!pack_b) return multiply(&block);
    var column: usize = 0;
    while (column < product.n) : (column += strip_columns) {
        block.n = @min(strip_columns, product.n - column);
        block.out = product.out + column;
        const b = product.b.at(0, column);
        kernels.pack_columns(own_columns, &b, product.k, block.n);
        block.b.data = own_columns;
        multiply(&block);
    }
}

/// A whole product of at most `max_own_rows` x `max_own_columns`, by one thread.
/// `workspace` has `workspaceFloats(kernels, product.m)` floats.
pub fn multiplyBlock(kernels: *const Table, product: Product, workspace: [*]f32) void {
    const depths = depthParts(product.k);
    for (0..depths.count) |p| {
        var block = product;
        block.k = depths.sizeAt(p, product.k);
        block.a = product.a.at(0, p * depths.size);
        block.b = product.b.at(p * depths.size, 0);
        block.accumulate = product.accumulate or p > 0;
        multiplyPacking(kernels, block, true, true, workspace);
    }
}
