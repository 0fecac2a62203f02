//! Products of many tokens with BF16 weights on processors that multiply bf16: activations are
//! rounded and packed once, in one round of all threads; in the next each chunk packs a block of
//! rows of the weights into memory of its thread and multiplies it with all tokens.

const Arena = @import("../../../core/arena.zig").Arena;
const Bf16Kernels = @import("../bf16_interface.zig").Kernels;
const interface = @import("../matmul_interface.zig");
const Runner = @import("runner.zig").Runner;
const Weight = @import("linear.zig").Weight;

/// Tokens of a block: a multiple of the tile's, packed they fill a quarter of a second-level cache.
const block_tokens = 128;
/// Most rows of a block of weights: a multiple of the tile's, packed half of such a cache.
const most_rows = 240;

const Job = struct {
    kernels: *const Bf16Kernels,
    out: [*]f32,
    x: interface.Matrix,
    count: usize,
    weight: Weight,
    bias: ?[*]const f32,
    rows_per_chunk: usize,
    token_blocks: usize,
    /// Blocks of tokens, for each block of depths one after the other.
    packed_x: [*]f32,
    /// `chunk_floats` for each thread.
    packed_weights: [*]f32,
    chunk_floats: usize,

    fn maxDepth(job: *const Job) usize {
        return job.kernels.matmul.maxDepth();
    }

    fn depthAt(job: *const Job, depth_block: usize) usize {
        return @min(job.maxDepth(), job.weight.columns - depth_block * job.maxDepth());
    }

    fn tokensAt(job: *const Job, token_block: usize) usize {
        return @min(block_tokens, job.count - token_block * block_tokens);
    }

    fn packedTokens(job: *const Job, depth_block: usize, token_block: usize) [*]f32 {
        return job.packed_x + (depth_block * job.token_blocks + token_block) * block_floats;
    }

    fn packTokens(pointer: *const anyopaque, chunk: u32, _: u32) void {
        const job: *const Job = @ptrCast(@alignCast(pointer));
        const depth_block = chunk / job.token_blocks;
        const token_block = chunk % job.token_blocks;
        job.kernels.matmul.pack_rows(
            job.packedTokens(depth_block, token_block),
            &job.x.at(token_block * block_tokens, depth_block * job.maxDepth()),
            job.tokensAt(token_block),
            job.depthAt(depth_block),
        );
    }

    fn multiplyRows(pointer: *const anyopaque, chunk: u32, worker: u32) void {
        const job: *const Job = @ptrCast(@alignCast(pointer));
        const row = chunk * job.rows_per_chunk;
        const rows = @min(job.rows_per_chunk, job.weight.rows - row);
        const columns = job.weight.columns;
        const weight: [*]const u16 = @ptrCast(@alignCast(job.weight.data));
        const packed_weights = job.packed_weights + worker * job.chunk_floats;
        var start: usize = 0;
        while (start < columns) : (start += job.maxDepth()) {
            const depth_block = start / job.maxDepth();
            const depth = job.depthAt(depth_block);
            job.kernels.pack_weights(packed_weights, &.{
                .data = weight + row * columns + start,
                .stride = columns,
                .rows = rows,
                .depth = depth,
            });
            for (0..job.token_blocks) |token_block| {
                const token = token_block * block_tokens;
                job.kernels.matmul.packed_product(&.{
                    .m = job.tokensAt(token_block),
                    .n = rows,
                    .k = depth,
                    .a = packedMatrix(job.packedTokens(depth_block, token_block)),
                    .b = packedMatrix(packed_weights),
                    .out = job.out + token * job.weight.rows + row,
                    .out_row_stride = job.weight.rows,
                    .accumulate = start > 0,
                    .bias = if (start > 0) null else if (job.bias) |bias| bias + row else null,
                });
            }
        }
    }
};

const block_floats = interface.packedRowsFloats(block_tokens, interface.max_depth);

fn packedMatrix(data: [*]const f32) interface.Matrix {
    return .{ .data = data, .row_stride = 1, .column_stride = 1 };
}

/// As `linear.linear`, x rounded to bf16; `weight` is BF16. The caller gives scratch back.
pub fn multiply(
    runner: *const Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    weight: Weight,
    bias: ?[*]const f32,
) Arena.Error!void {
    const kernels = runner.bf16.?;
    const chunks = divideUp(weight.rows, most_rows);
    const tile_columns = kernels.matmul.tile_columns;
    const rows_per_chunk = divideUp(divideUp(weight.rows, chunks), tile_columns) * tile_columns;
    const depth_blocks = divideUp(weight.columns, kernels.matmul.maxDepth());
    const token_blocks = divideUp(count, block_tokens);
    const chunk_floats = interface.packedColumnsFloats(rows_per_chunk, interface.max_depth);
    const threads = runner.pool.thread_count.load(.monotonic);
    const job: Job = .{
        .kernels = kernels,
        .out = out,
        .x = .{ .data = x, .row_stride = weight.columns, .column_stride = 1 },
        .count = count,
        .weight = weight,
        .bias = bias,
        .rows_per_chunk = rows_per_chunk,
        .token_blocks = token_blocks,
        .packed_x = (try runner.scratch.slice(f32, depth_blocks * token_blocks * block_floats)).ptr,
        .packed_weights = (try runner.scratch.slice(f32, chunk_floats * threads)).ptr,
        .chunk_floats = chunk_floats,
    };
    runner.pool.run(@intCast(depth_blocks * token_blocks), &job, Job.packTokens);
    runner.pool.run(@intCast(divideUp(weight.rows, rows_per_chunk)), &job, Job.multiplyRows);
}

fn divideUp(a: usize, b: usize) usize {
    return (a + b - 1) / b;
}
