//! Gradients of attention. With weights `p = e^(s - logsum)` and scores `s = scale * q.k + mask`:
//! the gradient of a value is `sum(p * g)`; that of a score is `p * (g.v - out.g)`, which flows on
//! to query and key times `scale`, and as it is to the mask. Dropout multiplies p where it meets
//! values, and g.v; the product out.g has it already.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const dropout_kernel = @import("dropout.zig");
const matmul = @import("matmul.zig");
const matmul_interface = @import("matmul_interface.zig");
const attention = @import("attention_interface.zig");
const interface = @import("attention_gradient_interface.zig");
const loops = @import("row_loops.zig");
const packing = @import("attention_packing.zig");
const tiles = @import("attention_tiles.zig");

const V = simd.V;
const lanes = simd.lanes;
const Job = interface.Job;
const Matrix = matmul_interface.Matrix;
const tile = interface.tile;

pub const table: interface.Table = .{ .backward = backward, .dot = dot };

/// The job's workspace, cut up.
const Workspace = struct {
    /// Transposed rows of keys and values: `[padded][tile]`.
    keys: [*]f32,
    values: [*]f32,
    /// `[position][tile]`: scores, then weights.
    weights: [*]f32,
    /// `[position][tile]`: gradients of weights, then of scores.
    slopes: [*]f32,

    fn init(job: *const Job) Workspace {
        const columns = tile * attention.paddedSize(job.head_size);
        return .{
            .keys = job.workspace,
            .values = job.workspace + columns,
            .weights = job.workspace + 2 * columns,
            .slopes = job.workspace + 2 * columns + tile * tile,
        };
    }
};

/// A tile of query positions of one head against a tile of keys.
const Block = struct {
    head: usize,
    position: usize,
    positions: usize,
    key: usize,
    keys: usize,
};

fn backward(job: *const Job) callconv(.c) void {
    const work: Workspace = .init(job);
    var key = job.key_begin;
    while (key < job.key_end) : (key += tile) {
        const keys = @min(tile, job.key_end - key);
        transpose(job, job.key + key * job.key_strides.position, job.key_strides, keys, work.keys);
        const values = job.value + key * job.value_strides.position;
        transpose(job, values, job.value_strides, keys, work.values);
        // Earlier positions see none of these keys.
        const first = if (job.causal) key / tile * tile else 0;
        for (0..job.group) |head| {
            var position = first;
            while (position < job.query_count) : (position += tile) {
                addBlock(job, &work, .{
                    .head = head,
                    .position = position,
                    .positions = @min(tile, job.query_count - position),
                    .key = key,
                    .keys = keys,
                });
            }
        }
    }
}

fn transpose(
    job: *const Job,
    rows: [*]const f32,
    strides: interface.Strides,
    count: usize,
    out: [*]f32,
) void {
    const cached: packing.Cached = .{
        .first = @ptrCast(rows),
        .stride_bytes = strides.position * @sizeOf(f32),
        .dtype = .f32,
        .count = count,
        .head_size = job.head_size,
    };
    cached.transpose(out, attention.paddedSize(job.head_size));
}

fn addBlock(job: *const Job, work: *const Workspace, block: Block) void {
    const query = rowsOf(job.query, job.query_strides, block.position, block.head);
    const gradient = rowsOf(job.gradient, job.gradient_strides, block.position, block.head);
    // Whole registers: the transposed tiles have columns of zeros behind their end.
    const columns = std.mem.alignForward(usize, block.keys, lanes);
    multiply(block.positions, columns, job.head_size, query, columnsOf(work.keys), .{
        .data = work.weights,
        .row_stride = tile,
        .accumulate = false,
    });
    multiply(block.positions, columns, job.head_size, gradient, columnsOf(work.values), .{
        .data = work.slopes,
        .row_stride = tile,
        .accumulate = false,
    });
    for (0..block.positions) |i| weigh(job, work, block, i);

    const weights = columnsOf(work.weights).transposed();
    const slopes = columnsOf(work.slopes);
    const key_offset = block.key * job.key_gradient_stride;
    multiply(block.keys, job.head_size, block.positions, weights, gradient, .{
        .data = job.value_gradient + key_offset,
        .row_stride = job.key_gradient_stride,
        .accumulate = true,
    });
    multiply(block.keys, job.head_size, block.positions, slopes.transposed(), query, .{
        .data = job.key_gradient + key_offset,
        .row_stride = job.key_gradient_stride,
        .accumulate = true,
    });
    const strides = job.query_gradient_strides;
    const offset = block.position * strides.position + block.head * strides.head;
    const keys = rowsOf(job.key, job.key_strides, block.key, 0);
    multiply(block.positions, job.head_size, block.keys, slopes, keys, .{
        .data = job.query_gradient + offset,
        .row_stride = strides.position,
        .accumulate = true,
    });
}

fn rowsOf(base: [*]const f32, strides: interface.Strides, position: usize, head: usize) Matrix {
    return .{
        .data = base + position * strides.position + head * strides.head,
        .row_stride = strides.position,
        .column_stride = 1,
    };
}

fn columnsOf(base: [*]const f32) Matrix {
    return .{ .data = base, .row_stride = tile, .column_stride = 1 };
}

const Output = struct { data: [*]f32, row_stride: usize, accumulate: bool };

fn multiply(m: usize, n: usize, k: usize, a: Matrix, b: Matrix, out: Output) void {
    matmul.table.direct_product.?(&.{
        .m = m,
        .n = n,
        .k = k,
        .a = a,
        .b = b,
        .out = out.data,
        .out_row_stride = out.row_stride,
        .accumulate = out.accumulate,
    });
}

/// Turns row i's products into weights, and its gradients of weights into those of scores times
/// `scale`.
fn weigh(job: *const Job, work: *const Workspace, block: Block, i: usize) void {
    const position = block.position + i;
    const visible = if (job.causal) @min(block.keys, (position + 1) -| block.key) else block.keys;
    const row = block.head * job.row_head_stride + position;
    const Body = struct {
        weights: [*]f32,
        slopes: [*]f32,
        mask: ?[*]const f32,
        mask_gradient: ?[*]f32,
        dropout: ?*const interface.Dropout,
        place: u64,
        log_sum: V,
        product: V,
        scale: V,

        pub inline fn at(body: @This(), place: anytype) void {
            var score = place.load(body.weights) * body.scale;
            if (body.mask) |mask| score += place.load(mask);
            const weight = math.exp(score - body.log_sum);
            var kept = weight;
            var slope = place.load(body.slopes);
            if (body.dropout) |dropout| {
                const first = body.place + place.index;
                kept = dropout_kernel.keep(&dropout.mask, first, weight);
                slope = dropout_kernel.keep(&dropout.mask, first, slope);
            }
            place.store(body.weights, kept);
            const gradient = weight * (slope - body.product);
            if (body.mask_gradient) |out| place.store(out, place.load(out) + gradient);
            place.store(body.slopes, gradient * body.scale);
        }
    };
    const body: Body = .{
        .weights = work.weights + i * tile,
        .slopes = work.slopes + i * tile,
        .mask = if (job.mask) |mask|
            mask.data + position * mask.strides.position + block.head * mask.strides.head + block.key
        else
            null,
        .mask_gradient = if (job.mask_gradient) |out|
            out.data + position * out.strides.position + block.head * out.strides.head + block.key
        else
            null,
        .dropout = job.dropout,
        .place = if (job.dropout) |dropout|
            dropout.placeOf(position * job.group + block.head, job.group) + block.key
        else
            0,
        .log_sum = @splat(job.log_sums[row]),
        .product = @splat(job.products[row]),
        .scale = @splat(job.scale),
    };
    loops.forEach(visible, body);
    if (visible == block.keys) return;
    @memset(body.weights[visible..block.keys], 0);
    @memset(body.slopes[visible..block.keys], 0);
}

fn dot(a: [*]const f32, b: [*]const f32, count: usize) callconv(.c) f32 {
    const Body = struct {
        a: [*]const f32,
        b: [*]const f32,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            return .{place.load(body.a) * place.load(body.b)};
        }
    };
    return @floatCast(loops.sums(1, count, Body{ .a = a, .b = b })[0]);
}
