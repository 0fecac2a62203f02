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

/// Positions or keys of a block that are handled together: where the mask is causal, what lies
/// beyond the diagonal is left out by slabs.
const slab = 16;

/// A tile of query positions of one head against a tile of keys.
const Block = struct {
    head: usize,
    position: usize,
    positions: usize,
    key: usize,
    keys: usize,
    /// Nothing has been added to the gradients of the keys and their values yet.
    is_first_of_keys: bool,
};

fn backward(job: *const Job) callconv(.c) void {
    const work: Workspace = .init(job);
    const unseen = if (job.causal) @min(firstPosition(job, job.key_begin), job.query_count) else 0;
    for (0..job.group) |head| for (0..unseen) |position| {
        const strides = job.query_gradient_strides;
        clear(job.query_gradient + position * strides.position + head * strides.head, job.head_size);
    };
    var key = job.key_begin;
    while (key < job.key_end) : (key += tile) {
        const keys = @min(tile, job.key_end - key);
        transpose(job, job.key + key * job.key_strides.position, job.key_strides, keys, work.keys);
        const values = job.value + key * job.value_strides.position;
        transpose(job, values, job.value_strides, keys, work.values);
        const first = firstPosition(job, key);
        if (first >= job.query_count) clearKeys(job, key, keys);
        for (0..job.group) |head| {
            var position = first;
            while (position < job.query_count) : (position += tile) {
                addBlock(job, &work, .{
                    .head = head,
                    .position = position,
                    .positions = @min(tile, job.query_count - position),
                    .key = key,
                    .keys = keys,
                    .is_first_of_keys = head == 0 and position == first,
                });
            }
        }
    }
}

/// The first position whose tile sees the key.
fn firstPosition(job: *const Job, key: usize) usize {
    return if (job.causal) key / tile * tile else 0;
}

fn clearKeys(job: *const Job, first: usize, count: usize) void {
    for (first..first + count) |key| {
        clear(job.key_gradient + key * job.key_gradient_stride, job.head_size);
        clear(job.value_gradient + key * job.key_gradient_stride, job.head_size);
    }
}

fn clear(row: [*]f32, count: usize) void {
    @memset(row[0..count], 0);
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
    var start: usize = 0;
    while (start < block.positions) : (start += slab) {
        var rows = block;
        rows.position += start;
        rows.positions = @min(slab, block.positions - start);
        addToQueries(job, work, rows, start);
    }
    start = 0;
    while (start < block.keys) : (start += slab) {
        // Earlier positions do not see these keys.
        const hidden = if (job.causal) (block.key + start) -| block.position else 0;
        if (hidden < block.positions) {
            addToKeys(job, work, block, start, hidden);
        } else if (block.is_first_of_keys) {
            clearKeys(job, block.key + start, @min(slab, block.keys - start));
        }
    }
}

/// Weights, slopes and the gradients of queries of some of a block's positions; `start` is the
/// place of their rows in the workspace.
fn addToQueries(job: *const Job, work: *const Workspace, block: Block, start: usize) void {
    const last = block.position + block.positions;
    const keys = if (job.causal) @min(block.keys, last -| block.key) else block.keys;
    const query = rowsOf(job.query, job.query_strides, block.position, block.head);
    const gradient = rowsOf(job.gradient, job.gradient_strides, block.position, block.head);
    // Whole registers: the transposed tiles have columns of zeros behind their end.
    const columns = std.mem.alignForward(usize, keys, lanes);
    const weights = work.weights + start * tile;
    const slopes = work.slopes + start * tile;
    multiply(block.positions, columns, job.head_size, query, columnsOf(work.keys), .{
        .data = weights,
        .row_stride = tile,
        .accumulate = false,
    });
    multiply(block.positions, columns, job.head_size, gradient, columnsOf(work.values), .{
        .data = slopes,
        .row_stride = tile,
        .accumulate = false,
    });
    for (0..block.positions) |i| weigh(job, weights + i * tile, slopes + i * tile, block, i);

    const strides = job.query_gradient_strides;
    const offset = block.position * strides.position + block.head * strides.head;
    const key_rows = rowsOf(job.key, job.key_strides, block.key, 0);
    multiply(block.positions, job.head_size, keys, columnsOf(slopes), key_rows, .{
        .data = job.query_gradient + offset,
        .row_stride = strides.position,
        .accumulate = block.key > job.key_begin,
    });
}

/// The gradients of keys and values of a slab of the block's keys from `start` on, from positions
/// from number `hidden` on.
fn addToKeys(
    job: *const Job,
    work: *const Workspace,
    block: Block,
    start: usize,
    hidden: usize,
) void {
    const keys = @min(slab, block.keys - start);
    const positions = block.positions - hidden;
    const first = block.position + hidden;
    const offset = (block.key + start) * job.key_gradient_stride;
    const place = hidden * tile + start;
    const gradient = rowsOf(job.gradient, job.gradient_strides, first, block.head);
    const weights = columnsOf(work.weights + place).transposed();
    multiply(keys, job.head_size, positions, weights, gradient, .{
        .data = job.value_gradient + offset,
        .row_stride = job.key_gradient_stride,
        .accumulate = !block.is_first_of_keys,
    });
    const query = rowsOf(job.query, job.query_strides, first, block.head);
    const slopes = columnsOf(work.slopes + place).transposed();
    multiply(keys, job.head_size, positions, slopes, query, .{
        .data = job.key_gradient + offset,
        .row_stride = job.key_gradient_stride,
        .accumulate = !block.is_first_of_keys,
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
fn weigh(job: *const Job, weights: [*]f32, slopes: [*]f32, block: Block, i: usize) void {
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
            const weight = math.expOfDifference(score - body.log_sum);
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
        .weights = weights,
        .slopes = slopes,
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
    // Whole registers where nothing lies behind the row's end that must not be read or changed.
    const is_own = job.mask == null and job.mask_gradient == null;
    loops.forEach(if (is_own) std.mem.alignForward(usize, visible, lanes) else visible, body);
    if (visible == block.keys) return;
    clearBehind(weights, visible);
    clearBehind(slopes, visible);
}

/// Sets to zero what slabs read of a row behind its `count` visible keys.
fn clearBehind(row: [*]f32, count: usize) void {
    const start = count / lanes * lanes;
    if (start < tile) simd.fillTail(row + start, count % lanes, 0);
    // Not a loop: the compiler would make a slow call of it.
    inline for (0..tile / lanes) |v| {
        const is_behind = v * lanes > start and v * lanes < count + slab;
        if (is_behind) simd.store(row + v * lanes, @splat(0));
    }
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
