//! Products cut into blocks of rows and columns of the result that need nothing of each other.

const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const interface = @import("../matmul_interface.zig");
const Job = @import("matmul.zig").Job;
const Shape = @import("matmul.zig").Shape;
const flipped = @import("matmul_flipped.zig");
const shared = @import("matmul_shared.zig");

const Product = interface.Product;

/// What computes a block.
pub const Kernel = enum {
    dots,
    row_updates,
    direct,
    /// Computes the transposed result, in memory of its thread.
    flipped,
    /// Packs into memory of its thread. The product is one block.
    packed_block,

    /// Floats of workspace that each thread needs.
    fn workspaceFloats(kernel: Kernel, shape: Shape, kernels: *const interface.Table) usize {
        return switch (kernel) {
            .dots, .row_updates, .direct => 0,
            .flipped => flipped.workspaceFloats(shape.m),
            .packed_block => shared.workspaceFloats(kernels, shape.m),
        };
    }
};

/// Multiply-adds that make a chunk worth handing to another thread: about 10 us.
const chunk_work = 512 * 1024;
/// Elements of a matrix that is read once that make such a chunk: about 10 us of memory traffic.
const chunk_elements = 64 * 1024;
/// Fewest columns of a chunk that reads B row by row: shorter pieces are read slowly.
const min_row_piece = 512;

/// How the products of a batch are cut. Either a chunk is a block of one product, or it is
/// several whole products.
const Cut = struct {
    products_per_chunk: usize,
    rows_per_chunk: usize,
    columns_per_chunk: usize,
};

const Context = struct {
    job: *const Job,
    kernels: *const interface.Table,
    kernel: Kernel,
    cut: Cut,
    row_chunks: usize,
    column_chunks: usize,
    workspace: [*]f32,
    workspace_floats: usize,
};

pub fn run(runner: *const Runner, job: Job, kernel: Kernel) Arena.Error!void {
    const shape = job.shape;
    const cut = cutOf(job, kernel);
    const row_chunks = ceilDivide(shape.m, cut.rows_per_chunk);
    const column_chunks = ceilDivide(shape.n, cut.columns_per_chunk);
    const groups = ceilDivide(shape.batchCount(), cut.products_per_chunk);
    const chunk_count = groups * row_chunks * column_chunks;

    const kernels = runner.products();
    const workspace_floats = kernel.workspaceFloats(shape, kernels);
    const worker_count = if (chunk_count == 1) 1 else runner.pool.thread_count.load(.monotonic);
    const workspace = try runner.scratch.slice(f32, workspace_floats * worker_count);
    const context: Context = .{
        .job = &job,
        .kernels = kernels,
        .kernel = kernel,
        .cut = cut,
        .row_chunks = row_chunks,
        .column_chunks = column_chunks,
        .workspace = workspace.ptr,
        .workspace_floats = workspace_floats,
    };
    runner.pool.run(@intCast(chunk_count), &context, runChunk);
}

fn cutOf(job: Job, kernel: Kernel) Cut {
    const shape = job.shape;
    var cut: Cut = .{
        .products_per_chunk = 1,
        .rows_per_chunk = shape.m,
        .columns_per_chunk = shape.n,
    };
    switch (kernel) {
        .dots => {
            const vectors = ceilDivide(chunk_elements, shape.k);
            const wanted = roundUp(vectors, 16);
            if (shape.m < shape.n) cut.columns_per_chunk = wanted else cut.rows_per_chunk = wanted;
        },
        .row_updates => {
            const wanted = @max(ceilDivide(chunk_elements, shape.k), min_row_piece);
            cut.columns_per_chunk = roundUp(wanted, 16);
        },
        .direct => {
            const wanted = ceilDivide(chunk_work, shape.n * shape.k);
            cut.rows_per_chunk = roundUp(wanted, shared.block_rows);
        },
        .flipped => cut.columns_per_chunk = flipped.max_columns,
        .packed_block => {},
    }
    cut.rows_per_chunk = @min(cut.rows_per_chunk, shape.m);
    cut.columns_per_chunk = @min(cut.columns_per_chunk, shape.n);
    if (cut.rows_per_chunk == shape.m and cut.columns_per_chunk == shape.n) {
        cut.products_per_chunk = @max(1, chunk_work / shape.work());
    }
    return cut;
}

fn roundUp(value: usize, multiple: usize) usize {
    return ceilDivide(value, multiple) * multiple;
}

fn ceilDivide(value: usize, divisor: usize) usize {
    return (value + divisor - 1) / divisor;
}

fn runChunk(pointer: *const anyopaque, chunk: u32, worker: u32) void {
    const context: *const Context = @ptrCast(@alignCast(pointer));
    const shape = context.job.shape;
    const cut = context.cut;
    const column = chunk % context.column_chunks * cut.columns_per_chunk;
    const row = chunk / context.column_chunks % context.row_chunks * cut.rows_per_chunk;
    const group = chunk / context.column_chunks / context.row_chunks;
    const first = group * cut.products_per_chunk;
    const end = @min(first + cut.products_per_chunk, shape.batchCount());
    for (first..end) |index| {
        var product: Product = .{
            .m = @min(cut.rows_per_chunk, shape.m - row),
            .n = @min(cut.columns_per_chunk, shape.n - column),
            .k = shape.k,
            .a = context.job.a.matrix(shape, index).at(row, 0),
            .b = context.job.b.matrix(shape, index).at(0, column),
            .out = context.job.out.at(shape, index) + row * context.job.out.row_stride + column,
            .out_row_stride = context.job.out.row_stride,
            .accumulate = context.job.out.accumulate,
        };
        if (context.job.out.bias) |bias| {
            for (0..product.m) |i| {
                @memcpy((product.out + i * product.out_row_stride)[0..product.n], bias + column);
            }
            product.accumulate = true;
        }
        const workspace = context.workspace + worker * context.workspace_floats;
        switch (context.kernel) {
            .dots => context.kernels.dots(&product),
            .row_updates => context.kernels.row_updates.?(&product),
            .direct => context.kernels.direct_product.?(&product),
            .flipped => flipped.multiply(context.kernels, product, workspace),
            .packed_block => shared.multiplyBlock(context.kernels, product, workspace),
        }
    }
}
