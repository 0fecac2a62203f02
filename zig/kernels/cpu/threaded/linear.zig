//! Products of activations with a matrix of weights of any dtype and layout.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const dtypes = @import("../../../core/dtype.zig");
const interface = @import("../quantized_interface.zig");
const linear_bf16 = @import("linear_bf16.zig");
const matmul = @import("matmul.zig");
const rounding = @import("rounding.zig");
const Cuts = @import("cuts.zig").Cuts;
const Runner = @import("runner.zig").Runner;

pub const DType = dtypes.DType;
pub const Layout = dtypes.Layout;

/// A matrix `[rows][columns]`. Quantized weights are 2-byte aligned, plain ones as their elements;
/// in layout `rows16` the rows are padded to a multiple of 16.
pub const Weight = struct {
    data: [*]const u8,
    dtype: DType,
    layout: Layout,
    rows: usize,
    columns: usize,

    /// Bytes of one row (of `rows16`: of its share of a group).
    pub fn rowBytes(weight: Weight) usize {
        return weight.columns / weight.dtype.blockElements() * weight.dtype.blockBytes();
    }
};

/// From so many tokens on, plain weights are converted once for all of them. Up to there, what a
/// token gets does not depend on the tokens beside it, to the bit.
const many_tokens = 17;
/// From so many tokens on, quantized weights in GGML's arrangement are interleaved first.
const repack_tokens = 4;
/// Bytes of weights that one chunk has at most with many tokens: half of a second-level cache.
const cached_bytes = 256 << 10;
/// Multiplications that are worth handing to another thread.
const chunk_work = 1 << 16;
/// Bytes of weights that are worth handing to another thread: less is read faster than handed over.
const chunk_bytes = 32 << 10;
/// Chunks wanted with many tokens: enough to balance 16 threads.
const wanted_chunks = 64;

/// `out[token][row] = sum(x[token][column] * weight[row][column]) + bias[row]`.
///
/// x is `[count][columns]`, out `[count][rows]`, bias `[rows]` or null; none may overlap. For
/// quantized weights, whose columns are whole blocks, x is rounded to 8 bits per block of 32; for
/// BF16 weights to bf16, where the processor multiplies bf16.
/// Precision bf16 rounds x, and weights that are f32.
pub fn linear(
    runner: *const Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    weight: Weight,
    bias: ?[*]const f32,
) Arena.Error!void {
    if (count == 0 or weight.rows == 0) return;
    if (weight.dtype == .f32 and count >= many_tokens) {
        return multiplyFloats(runner, out, x, count, weight, bias);
    }
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    if (count >= many_tokens and multipliesBf16(runner, weight)) {
        return linear_bf16.multiply(runner, out, x, count, weight, bias);
    }
    if (hasParts(runner, count, weight)) return multiply(runner, out, x, count, weight, bias);
    const rounded_x = try rounding.vector(runner, x, count * weight.columns);
    var rounded_weight = weight;
    if (weight.dtype == .f32) {
        const data: [*]const f32 = @ptrCast(@alignCast(weight.data));
        const size = weight.rows * weight.columns;
        rounded_weight.data = @ptrCast(try rounding.vector(runner, data, size));
    }
    return multiply(runner, out, rounded_x, count, rounded_weight, bias);
}

/// Whether `linear` computes the product as a `Product`, which can be taken apart.
pub fn hasParts(runner: *const Runner, count: usize, weight: Weight) bool {
    if (weight.dtype == .f32 and count >= many_tokens) return false;
    if (multipliesBf16(runner, weight)) return count < many_tokens;
    return runner.precision != .bf16 or weight.dtype.isQuantized();
}

/// Whether the processor multiplies the weights as they are, with x rounded.
fn multipliesBf16(runner: *const Runner, weight: Weight) bool {
    return weight.dtype == .bf16 and runner.bf16 != null;
}

/// The product of operands as they are.
fn multiply(
    runner: *const Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    weight: Weight,
    bias: ?[*]const f32,
) Arena.Error!void {
    var product: Product = .init(runner, x, count, weight, bias);
    product.out = out;
    product.prepared = try runner.scratch.take(product.preparedBytes());
    const threads = runner.pool.thread_count.load(.monotonic);
    product.workspace = try runner.scratch.take(product.workspaceBytes() * threads);
    const tiles = product.tileCount();
    if (tiles > 0) runner.pool.run(@intCast(tiles), &product, Product.prepareChunk);
    runner.pool.run(@intCast(product.cuts.count()), &product, Product.multiplyChunk);
}

/// Many tokens with weights that need no conversion: an ordinary product.
fn multiplyFloats(
    runner: *const Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    weight: Weight,
    bias: ?[*]const f32,
) Arena.Error!void {
    const columns = weight.columns;
    return matmul.matmul(
        runner,
        .{ .m = count, .n = weight.rows, .k = columns },
        .{ .data = x, .row_stride = columns, .column_stride = 1 },
        .{ .data = @ptrCast(@alignCast(weight.data)), .row_stride = 1, .column_stride = columns },
        .{ .data = out, .row_stride = weight.rows, .bias = bias },
    );
}

pub fn divideUp(a: usize, b: usize) usize {
    return (a + b - 1) / b;
}

const Kind = enum {
    /// Plain weights, few tokens: x as it is.
    few,
    /// BF16 weights, few tokens: x rounded to bf16.
    few_bf16,
    /// Plain weights, many tokens: x interleaved.
    many,
    /// Quantized weights in layout `rows16`.
    groups,
    /// Quantized weights in GGML's arrangement, few tokens.
    blocks,
    /// Quantized weights in GGML's arrangement, interleaved chunk by chunk.
    repacked,
};

/// How a product is computed and how x is prepared for it.
const Plan = struct {
    kind: Kind,
    /// Tokens in one tile of prepared activations.
    tile_tokens: usize,
    /// Bytes between tiles; 0 when x is read as it is.
    tile_bytes: usize,
    /// Chunks have a multiple of so many rows.
    row_step: usize,
};

fn choosePlan(runner: *const Runner, count: usize, weight: Weight) Plan {
    const table = &runner.kernels.quantized;
    const quantized_bytes = interface.tileBytes(weight.columns);
    const group_rows = dtypes.group_rows;
    const plain = !weight.dtype.isQuantized();
    if (count < many_tokens and multipliesBf16(runner, weight)) return .{
        .kind = .few_bf16,
        .tile_tokens = 1,
        .tile_bytes = interface.bf16TokenBytes(weight.columns),
        .row_step = group_rows,
    };
    if (plain and count < many_tokens) return .{
        .kind = .few,
        .tile_tokens = count,
        .tile_bytes = 0,
        .row_step = group_rows,
    };
    if (plain) return .{
        .kind = .many,
        .tile_tokens = table.dense_tile_tokens,
        .tile_bytes = table.dense_tile_tokens * weight.columns * @sizeOf(f32),
        .row_step = @max(table.dense_panel_rows, group_rows),
    };
    const has_block_kernel = !weight.dtype.isKQuant();
    if (weight.layout == .rows and has_block_kernel and count < repack_tokens) return .{
        .kind = .blocks,
        .tile_tokens = 1,
        .tile_bytes = quantized_bytes,
        .row_step = group_rows,
    };
    return .{
        .kind = if (weight.layout == .rows) .repacked else .groups,
        .tile_tokens = interface.tile_tokens,
        .tile_bytes = quantized_bytes,
        .row_step = group_rows,
    };
}

/// Whether weights are read once and in order, so that memory is what counts; with more tokens a
/// chunk of weights must stay in a cache.
fn readsOnce(plan: Plan, count: usize) bool {
    return switch (plan.kind) {
        .few, .few_bf16 => true,
        .groups => count <= plan.tile_tokens,
        .blocks => count == 1,
        .many, .repacked => false,
    };
}

fn cutsFor(runner: *const Runner, plan: Plan, count: usize, weight: Weight) Cuts {
    if (!readsOnce(plan, count)) return .even(weight.rows, rowsPerChunk(plan, count, weight));
    const threads = runner.pool.thread_count.load(.monotonic);
    return .tapered(weight.rows, leastRows(plan, count, weight), plan.row_step, threads);
}

/// Rows of the smallest chunk that is worth handing over.
fn leastRows(plan: Plan, count: usize, weight: Weight) usize {
    const by_work = divideUp(chunk_work, @max(1, weight.columns * count));
    const by_bytes = divideUp(chunk_bytes, @max(1, weight.rowBytes()));
    return divideUp(@max(by_work, by_bytes), plan.row_step) * plan.row_step;
}

fn rowsPerChunk(plan: Plan, count: usize, weight: Weight) usize {
    const work_per_row = @max(1, weight.columns * count);
    const least = divideUp(chunk_work, work_per_row);
    const balanced = weight.rows / wanted_chunks;
    const bytes_per_row = switch (plan.kind) {
        .many => interface.panelBytes(1),
        else => @max(1, weight.rowBytes()),
    };
    const most = @min(weight.rows, cached_bytes / bytes_per_row);
    const rows = @max(1, @min(@max(least, balanced), most));
    return divideUp(rows, plan.row_step) * plan.row_step;
}

/// A product in parts: tiles of activations to prepare, then rows of the weight in any ranges whose
/// first row is a multiple of the plan's step.
pub const Product = struct {
    runner: *const Runner,
    plan: Plan,
    weight: Weight,
    cuts: Cuts,
    /// `[count][weight.rows]`.
    out: [*]f32 = undefined,
    x: [*]const f32,
    count: usize,
    bias: ?[*]const f32,
    /// `preparedBytes`, tiles of activations.
    prepared: [*]align(64) u8 = undefined,
    /// `workspaceBytes` for each thread.
    workspace: [*]align(64) u8 = undefined,

    pub fn init(
        runner: *const Runner,
        x: [*]const f32,
        count: usize,
        weight: Weight,
        bias: ?[*]const f32,
    ) Product {
        const plan = choosePlan(runner, count, weight);
        return .{
            .runner = runner,
            .plan = plan,
            .weight = weight,
            .cuts = cutsFor(runner, plan, count, weight),
            .x = x,
            .count = count,
            .bias = bias,
        };
    }

    /// Tiles to prepare; none when x is read as it is.
    pub fn tileCount(product: *const Product) usize {
        const plan = product.plan;
        return if (plan.tile_bytes == 0) 0 else divideUp(product.count, plan.tile_tokens);
    }

    pub fn preparedBytes(product: *const Product) usize {
        return product.tileCount() * product.plan.tile_bytes;
    }

    /// Whether both, products of one x, read the same prepared tiles.
    pub fn sharesTiles(product: *const Product, other: *const Product) bool {
        const same_dtype = product.weight.dtype == other.weight.dtype;
        if (product.weight.dtype.isQuantized() and !same_dtype) return false;
        return std.meta.eql(product.plan, other.plan);
    }

    pub fn workspaceBytes(product: *const Product) usize {
        return switch (product.plan.kind) {
            .many => interface.panelBytes(product.cuts.step),
            .repacked => product.cuts.step * product.weight.rowBytes(),
            else => 0,
        };
    }

    fn prepareChunk(context: *const anyopaque, tile: u32, _: u32) void {
        const product: *const Product = @ptrCast(@alignCast(context));
        product.prepareTile(tile);
    }

    pub fn prepareTile(product: *const Product, tile: usize) void {
        const table = &product.runner.kernels.quantized;
        const columns = product.weight.columns;
        const token = tile * product.plan.tile_tokens;
        const tokens = @min(product.count - token, product.plan.tile_tokens);
        const x = product.x + token * columns;
        const out = product.prepared + tile * product.plan.tile_bytes;
        const dtype = product.weight.dtype;
        switch (product.plan.kind) {
            .few => unreachable,
            .few_bf16 => product.runner.kernels.rows.narrow(out, x, .bf16, columns),
            .many => table.interleave_tile(@ptrCast(@alignCast(out)), x, tokens, columns),
            .groups, .repacked => table.quantize_tile(@alignCast(out), x, tokens, columns, dtype),
            .blocks => table.quantize_token(@alignCast(out), x, columns, dtype),
        }
    }

    fn multiplyChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const product: *const Product = @ptrCast(@alignCast(context));
        product.multiplyOwnChunk(chunk, worker);
    }

    /// Writes a chunk's rows to `out`.
    pub fn multiplyOwnChunk(product: *const Product, chunk: usize, worker: u32) void {
        const row = product.cuts.start(chunk);
        const rows = product.cuts.start(chunk + 1) - row;
        product.multiplyRows(row, rows, product.out + row, product.weight.rows, worker);
    }

    /// Writes products with `rows` rows of the weight, at most `cuts.most()`, to
    /// `out[count][..]`, tokens `out_stride` elements apart.
    pub fn multiplyRows(
        product: *const Product,
        row: usize,
        rows: usize,
        out: [*]f32,
        out_stride: usize,
        worker: u32,
    ) void {
        const table = &product.runner.kernels.quantized;
        const weight = product.weight;
        const workspace = product.workspace + worker * product.workspaceBytes();
        var job: interface.Job = .{
            .out = out,
            .out_stride = out_stride,
            .x = if (product.plan.kind == .few) @ptrCast(product.x) else product.prepared,
            .token_count = product.count,
            .weight = weight.data + row * weight.rowBytes(),
            .row_count = rows,
            .columns = weight.columns,
            .bias = if (product.bias) |bias| bias + row else null,
            .dtype = weight.dtype,
        };
        switch (product.plan.kind) {
            .few => table.multiply_few(&job),
            .few_bf16 => product.runner.bf16.?.multiply_few(&job),
            .many => {
                job.workspace = @ptrCast(@alignCast(workspace));
                table.multiply_many(&job);
            },
            .groups => table.multiply_groups(&job),
            .blocks => table.multiply_blocks(&job),
            .repacked => {
                repackRows(table, workspace, job);
                job.weight = workspace;
                table.multiply_groups(&job);
            },
        }
    }
};

/// Interleaves the rows of a job in groups of 16.
fn repackRows(table: *const interface.Table, out: [*]u8, job: interface.Job) void {
    const row_bytes = job.columns / job.dtype.blockElements() * job.dtype.blockBytes();
    var row: usize = 0;
    while (row < job.row_count) : (row += dtypes.group_rows) {
        const rows = @min(dtypes.group_rows, job.row_count - row);
        const start = row * row_bytes;
        table.repack(out + start, job.weight + start, job.dtype, rows, job.columns);
    }
}
