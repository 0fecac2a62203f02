//! Batched f32 matrix products: chooses the kernel for the shape and cuts the work into chunks.
//!
//! Every choice depends on shapes and strides only, never on the number of threads, and each
//! element of the result is summed by one chunk at a time, in rising k: results are the same
//! for any number of threads.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../matmul_interface.zig");
const flipped = @import("matmul_flipped.zig");
const independent = @import("matmul_independent.zig");
const rounding = @import("rounding.zig");
const shared = @import("matmul_shared.zig");

const Matrix = interface.Matrix;

/// Batch dimensions that a product can have.
pub const max_batch_rank = 4;

/// `batch` has as many products as its dimensions multiplied; unused dimensions are 1.
pub const Shape = struct {
    m: usize,
    n: usize,
    k: usize,
    batch: [max_batch_rank]usize = @splat(1),

    pub fn batchCount(shape: Shape) usize {
        var count: usize = 1;
        for (shape.batch) |size| count *|= size;
        return count;
    }

    /// Multiply-adds of one product of the batch.
    pub fn work(shape: Shape) usize {
        return shape.m *| shape.n *| shape.k;
    }
};

/// A batch of matrices. Strides are in elements and may be anything, 0 included: a transpose swaps
/// the strides of rows and columns, and batch stride 0 uses one matrix for a whole dimension.
pub const Operand = struct {
    data: [*]const f32,
    row_stride: usize,
    column_stride: usize,
    batch_strides: [max_batch_rank]usize = @splat(0),

    /// The matrix of product `index` of the batch.
    pub fn matrix(operand: Operand, shape: Shape, index: usize) Matrix {
        return .{
            .data = operand.data + batchOffset(shape.batch, operand.batch_strides, index),
            .row_stride = operand.row_stride,
            .column_stride = operand.column_stride,
        };
    }

    pub fn transposed(operand: Operand) Operand {
        var result = operand;
        std.mem.swap(usize, &result.row_stride, &result.column_stride);
        return result;
    }
};

/// Where the products go. Columns are neighbours; rows and matrices must not overlap each other nor
/// the operands.
pub const Output = struct {
    data: [*]f32,
    row_stride: usize,
    batch_strides: [max_batch_rank]usize = @splat(0),
    /// Add to what is there instead of replacing it.
    accumulate: bool = false,
    /// [n], is added to every row; null: nothing. Not together with `accumulate`.
    bias: ?[*]const f32 = null,

    /// Start of product `index` of the batch.
    pub fn at(output: Output, shape: Shape, index: usize) [*]f32 {
        return output.data + batchOffset(shape.batch, output.batch_strides, index);
    }
};

/// Offset of matrix `index`, counted with the last dimension fastest.
fn batchOffset(
    batch: [max_batch_rank]usize,
    strides: [max_batch_rank]usize,
    index: usize,
) usize {
    var rest = index;
    var offset: usize = 0;
    var dimension: usize = max_batch_rank;
    while (dimension > 0 and rest > 0) {
        dimension -= 1;
        if (batch[dimension] == 1) continue;
        offset += rest % batch[dimension] * strides[dimension];
        rest /= batch[dimension];
    }
    return offset;
}

/// `out[batch][m][n] = a[batch][m][k] x b[batch][k][n]`, or `+=` when `out.accumulate`. Any size
/// may be 0; with k = 0 the products are zeros. Workspace (at most some 8 MB, and a part of 0.5 MB
/// for each thread; copies of the operands as well where they are rounded first) comes from `runner.scratch`;
/// when it is full nothing has been written.
pub fn matmul(
    runner: *const Runner,
    shape: Shape,
    a: Operand,
    b: Operand,
    out: Output,
) Arena.Error!void {
    if (shape.m == 0 or shape.n == 0 or shape.batchCount() == 0) return;
    if (shape.k == 0) return if (!out.accumulate) fill(shape, out);

    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var job = foldBatch(.{ .shape = shape, .a = a, .b = b, .out = out });
    if (runner.roundsFirst()) job = try rounded(runner, job);
    job = canonical(job);
    job = try contiguousThin(runner.scratch, job);
    switch (choose(job, runner.products())) {
        .shared => try shared.run(runner, job),
        .independent => |kernel| try independent.run(runner, job, kernel),
    }
}

/// One call of `matmul`.
pub const Job = struct { shape: Shape, a: Operand, b: Operand, out: Output };

/// How a job is computed: by blocks that need nothing of each other, or by all threads packing
/// operands that all of them read.
const Method = union(enum) {
    independent: independent.Kernel,
    shared,
};

/// Elements of B up to which it is read where it lies: it fits an L1 or a small L2 cache.
const direct_elements = 8 * 1024;

/// Rows and columns of a single product that is left to one thread whatever its depth is.
const max_block_rows = 120;
const max_block_columns = 240;

/// Products of a batch from which on each is computed by one thread, when it is not too large.
const many_products = 16;

/// Multiply-adds up to which even a single product is left to one thread: about 20 us, which waking
/// another one would not shorten.
const one_thread_work = 1 << 20;

fn choose(job: Job, kernels: *const interface.Table) Method {
    const shape = job.shape;
    const thin = @min(shape.m, shape.n) <= interface.max_thin;
    if (thin and job.a.column_stride == 1 and job.b.row_stride == 1) {
        return .{ .independent = .dots };
    }
    if (job.b.column_stride == 1) {
        const is_few = shape.m <= interface.max_thin and kernels.row_updates != null;
        if (is_few) return .{ .independent = .row_updates };
        const is_small = shape.n *| shape.k <= direct_elements and kernels.direct_product != null;
        if (is_small) return .{ .independent = .direct };
    }
    if (job.b.row_stride == 1 and shape.m <= flipped.max_rows and shape.n >= 4 * shape.m) {
        return .{ .independent = .flipped };
    }
    const is_block = shape.m <= max_block_rows and shape.n <= max_block_columns;
    const suits_one_thread = shape.batchCount() >= many_products or shape.work() <= one_thread_work;
    const fits_one_thread = shape.m <= shared.max_own_rows and shape.n <= shared.max_own_columns;
    if (is_block or (suits_one_thread and fits_one_thread)) {
        return .{ .independent = .packed_block };
    }
    return .shared;
}

/// Makes one product with more rows out of batch dimensions that share B, where the rows of A and
/// of the result continue with the same stride.
fn foldBatch(given: Job) Job {
    var job = given;
    var dimension: usize = max_batch_rank;
    while (dimension > 0) {
        dimension -= 1;
        const size = job.shape.batch[dimension];
        if (size == 1) continue;
        const rows_continue = job.b.batch_strides[dimension] == 0 and
            job.a.batch_strides[dimension] == job.shape.m * job.a.row_stride and
            job.out.batch_strides[dimension] == job.shape.m * job.out.row_stride;
        if (!rows_continue) break;
        job.shape.m *= size;
        job.shape.batch[dimension] = 1;
    }
    return job;
}

/// Sets strides of dimensions with one element, which mean nothing, to 1, and turns a product with
/// a column of a transposed matrix around: then fewer cases are left to choose from.
fn canonical(given: Job) Job {
    var job = given;
    if (job.shape.k == 1) {
        job.a.column_stride = 1;
        job.b.row_stride = 1;
    }
    if (job.shape.m == 1) job.a.row_stride = job.shape.k;
    if (job.shape.n == 1) job.b.column_stride = if (job.b.row_stride == 1) job.shape.k else 1;
    const is_column = job.shape.n == 1 and job.shape.m > 1 and job.out.row_stride == 1;
    if (is_column and job.out.bias == null and job.a.row_stride == 1 and job.a.column_stride != 1) {
        const b = job.b;
        job.b = job.a.transposed();
        job.a = b.transposed();
        job.shape.n = job.shape.m;
        job.shape.m = 1;
        job.out.row_stride = job.shape.n;
    }
    return job;
}

/// The job with rounded copies of its operands.
fn rounded(runner: *const Runner, given: Job) Arena.Error!Job {
    var job = given;
    const shape = job.shape;
    job.a = try rounding.operand(runner, job.a, shape.batch, shape.m, shape.k);
    job.b = try rounding.operand(runner, job.b, shape.batch, shape.k, shape.n);
    return job;
}

/// Copies a thin operand whose k has gaps, so that a matrix with contiguous k can be read as it
/// lies while the copy stays in the cache.
fn contiguousThin(scratch: *Arena, given: Job) Arena.Error!Job {
    var job = given;
    const shape = job.shape;
    if (shape.batchCount() != 1) return job;
    if (shape.m <= interface.max_thin and job.a.column_stride != 1 and job.b.row_stride == 1) {
        job.a = try copyRows(scratch, job.a, shape.m, shape.k);
        return job;
    }
    if (shape.n <= interface.max_thin and job.b.row_stride != 1 and job.a.column_stride == 1) {
        const copy = try copyRows(scratch, job.b.transposed(), shape.n, shape.k);
        job.b = copy.transposed();
    }
    return job;
}

fn copyRows(
    scratch: *Arena,
    source: Operand,
    rows: usize,
    columns: usize,
) Arena.Error!Operand {
    const copy = try scratch.slice(f32, rows * columns);
    for (0..columns) |j| {
        for (0..rows) |i| {
            copy[i * columns + j] = source.data[i * source.row_stride + j * source.column_stride];
        }
    }
    return .{ .data = copy.ptr, .row_stride = columns, .column_stride = 1 };
}

/// Fills the result with the bias or zeros.
fn fill(shape: Shape, out: Output) void {
    for (0..shape.batchCount()) |index| {
        for (0..shape.m) |i| {
            const row = (out.at(shape, index) + i * out.row_stride)[0..shape.n];
            if (out.bias) |bias| @memcpy(row, bias) else @memset(row, 0);
        }
    }
}
