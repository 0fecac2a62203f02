//! Attention of whole sequences with its gradients: all samples and heads at once, no cache.
//!
//! Forward, a chunk is a tile of one key/value head's query rows. Backward, a chunk is a range of
//! one key/value head's keys: it alone sums the gradients of those keys and values, and its own share
//! of the queries' gradients; where there are several ranges their shares are added in order.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../attention_interface.zig");
const DropoutMask = @import("../elementwise_interface.zig").DropoutMask;
const gradient_interface = @import("../attention_gradient_interface.zig");

const Strides = interface.Strides;

/// Key/value heads of a batch from which on their keys are not cut into ranges.
const wanted_jobs = 32;
/// Shortest range of keys.
const shortest_range = 2 * gradient_interface.tile;

/// Rows of `[batch][heads][position]` anywhere in memory, by strides in elements.
pub fn Rows(comptime Pointer: type) type {
    return struct {
        data: Pointer,
        batch_stride: usize,
        head_stride: usize,
        position_stride: usize,

        const Self = @This();

        fn at(rows: Self, sample: usize, head: usize) Pointer {
            return rows.data + sample * rows.batch_stride + head * rows.head_stride;
        }

        fn strides(rows: Self) Strides {
            return .{ .position = rows.position_stride, .head = rows.head_stride };
        }
    };
}

pub const Attention = struct {
    batch: usize,
    heads: usize,
    /// Divides `heads`.
    kv_heads: usize,
    head_size: usize,
    query_count: usize,
    key_count: usize,
    query: Rows([*]const f32),
    key: Rows([*]const f32),
    value: Rows([*]const f32),
    /// Added to the scaled scores, a row for each query; keys are neighbours.
    mask: ?Rows([*]const f32),
    /// Query i sees keys 0 to i only.
    causal: bool,
    scale: f32,
    /// Of the weights.
    dropout: ?DropoutMask = null,

    fn group(attention: *const Attention) usize {
        return attention.heads / attention.kv_heads;
    }

    fn maskOf(attention: *const Attention, sample: usize, kv_head: usize) ?interface.Mask {
        const mask = attention.mask orelse return null;
        const data = mask.at(sample, kv_head * attention.group());
        return .{ .data = data, .strides = mask.strides() };
    }

    fn dropoutOf(attention: *const Attention, sample: usize, kv_head: usize) ?interface.Dropout {
        const row = sample * attention.heads + kv_head * attention.group();
        const head_stride = attention.query_count * attention.key_count;
        return .{
            .mask = attention.dropout orelse return null,
            .first = row * head_stride,
            .strides = .{ .position = attention.key_count, .head = head_stride },
        };
    }
};

const Forward = struct {
    attention: *const Attention,
    kernels: *const Kernels,
    out: Rows([*]f32),
    log_sums: [*]f32,
    row_tiles: usize,
    workspace: [*]align(64) f32,
    workspace_floats: usize,

    fn run(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Forward = @ptrCast(@alignCast(context));
        const attention = call.attention;
        const group = attention.group();
        const rows = attention.query_count * group;
        const kv_index = chunk / call.row_tiles;
        const sample, const kv_head = .{
            kv_index / attention.kv_heads,
            kv_index % attention.kv_heads,
        };
        const head = kv_head * group;
        // Causal rows see the more keys the later they stand: the longest come first.
        const tile = call.row_tiles - 1 - chunk % call.row_tiles;
        const row_begin = tile * interface.query_tile;
        const mask = attention.maskOf(sample, kv_head);
        const dropout = attention.dropoutOf(sample, kv_head);
        const workspace = call.workspace + worker * call.workspace_floats;
        call.kernels.attention.attend(&.{
            .query = attention.query.at(sample, head),
            .query_strides = attention.query.strides(),
            .out = call.out.at(sample, head),
            .out_strides = call.out.strides(),
            .group = group,
            .head_size = attention.head_size,
            .row_begin = row_begin,
            .row_count = @min(interface.query_tile, rows - row_begin),
            .key = @ptrCast(attention.key.at(sample, kv_head)),
            .key_stride_bytes = attention.key.position_stride * @sizeOf(f32),
            .value = @ptrCast(attention.value.at(sample, kv_head)),
            .value_stride_bytes = attention.value.position_stride * @sizeOf(f32),
            .cache_dtype = .f32,
            .causal = attention.causal,
            .key_begin = 0,
            .key_end = attention.key_count,
            .position = 0,
            .scale = attention.scale,
            .mask = if (mask) |*own| own else null,
            .dropout = if (dropout) |*own| own else null,
            .log_sums = call.log_sums +
                (sample * attention.heads + head) * attention.query_count,
            .log_sum_head_stride = attention.query_count,
            .partial = null,
            .workspace = @alignCast(workspace),
        });
    }
};

/// `out = softmax(scale * query . key + mask) . value`, and `log_sums[batch][heads][query_count]`,
/// which `backward` needs. There is at least one query, key and element of a head.
pub fn forward(
    runner: *Runner,
    attention: *const Attention,
    out: Rows([*]f32),
    log_sums: [*]f32,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const rows = attention.query_count * attention.group();
    const floats = std.mem.alignForward(
        usize,
        interface.workspaceFloats(@min(rows, interface.query_tile), attention.head_size),
        16,
    );
    const threads = runner.pool.thread_count.load(.monotonic);
    const row_tiles = divideUp(rows, interface.query_tile);
    const call: Forward = .{
        .attention = attention,
        .kernels = runner.kernels,
        .out = out,
        .log_sums = log_sums,
        .row_tiles = row_tiles,
        .workspace = (try runner.scratch.slice(f32, threads * floats)).ptr,
        .workspace_floats = floats,
    };
    const jobs = attention.batch * attention.kv_heads * row_tiles;
    runner.pool.run(@intCast(jobs), &call, Forward.run);
}

/// `products[batch][heads][position]`: each row of `a` times the same of `b`.
pub fn rowProducts(
    runner: *Runner,
    attention: *const Attention,
    products: [*]f32,
    a: Rows([*]const f32),
    b: Rows([*]const f32),
) void {
    const Call = struct {
        attention: *const Attention,
        kernels: *const Kernels,
        products: [*]f32,
        a: Rows([*]const f32),
        b: Rows([*]const f32),

        fn run(context: *const anyopaque, chunk: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const attention_ = call.attention;
            const sample, const head = .{ chunk / attention_.heads, chunk % attention_.heads };
            const out = call.products + chunk * attention_.query_count;
            const rows_a, const rows_b = .{ call.a.at(sample, head), call.b.at(sample, head) };
            for (0..attention_.query_count) |i| {
                out[i] = call.kernels.attention_gradient.dot(
                    rows_a + i * call.a.position_stride,
                    rows_b + i * call.b.position_stride,
                    attention_.head_size,
                );
            }
        }
    };
    const call: Call = .{
        .attention = attention,
        .kernels = runner.kernels,
        .products = products,
        .a = a,
        .b = b,
    };
    runner.pool.run(@intCast(attention.batch * attention.heads), &call, Call.run);
}

/// What `backward` works from and writes, beside the operands of the forward pass.
pub const Gradients = struct {
    /// Of the output.
    output: Rows([*]const f32),
    log_sums: [*]const f32,
    products: [*]const f32,
    /// Contiguous in any order of dimensions, `head_size` innermost; overwritten.
    query: Rows([*]f32),
    key: Rows([*]f32),
    value: Rows([*]f32),
    /// Strides are 0 where the mask repeats, keys are neighbours; is added to.
    mask: ?Rows([*]f32) = null,
};

/// Key/value heads whose jobs may run at the same time: no two of them add to the same element of
/// the mask's gradient.
const Wave = struct {
    first_sample: usize,
    first_kv_head: usize,
    kv_heads: usize,
};

const Backward = struct {
    attention: *const Attention,
    gradients: *const Gradients,
    kernels: *const Kernels,
    wave: Wave,
    ranges: usize,
    keys_per_range: usize,
    /// Elements of the queries' gradient, of which range r > 0 has its own share at
    /// `shares + (r - 1) * query_elements`.
    query_elements: usize,
    shares: [*]f32,
    workspace: [*]align(64) f32,
    workspace_floats: usize,

    fn run(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Backward = @ptrCast(@alignCast(context));
        const attention = call.attention;
        const gradients = call.gradients;
        const range = chunk % call.ranges;
        const wave = call.wave;
        const kv_index = chunk / call.ranges;
        const sample = wave.first_sample + kv_index / wave.kv_heads;
        const kv_head = wave.first_kv_head + kv_index % wave.kv_heads;
        const head = kv_head * attention.group();
        const row = (sample * attention.heads + head) * attention.query_count;
        const mask = attention.maskOf(sample, kv_head);
        const dropout = attention.dropoutOf(sample, kv_head);
        const mask_gradient: ?gradient_interface.MaskGradient = if (gradients.mask) |out|
            .{ .data = out.at(sample, head), .strides = out.strides() }
        else
            null;
        var query_gradient = gradients.query;
        if (range > 0) query_gradient.data = call.shares + (range - 1) * call.query_elements;
        const workspace = call.workspace + worker * call.workspace_floats;
        const job: gradient_interface.Job = .{
            .query = attention.query.at(sample, head),
            .query_strides = attention.query.strides(),
            .gradient = gradients.output.at(sample, head),
            .gradient_strides = gradients.output.strides(),
            .key = attention.key.at(sample, kv_head),
            .key_strides = attention.key.strides(),
            .value = attention.value.at(sample, kv_head),
            .value_strides = attention.value.strides(),
            .mask = if (mask) |*own| own else null,
            .dropout = if (dropout) |*own| own else null,
            .log_sums = gradients.log_sums + row,
            .products = gradients.products + row,
            .row_head_stride = attention.query_count,
            .query_gradient = query_gradient.at(sample, head),
            .query_gradient_strides = query_gradient.strides(),
            .key_gradient = gradients.key.at(sample, kv_head),
            .value_gradient = gradients.value.at(sample, kv_head),
            .key_gradient_stride = gradients.key.position_stride,
            .mask_gradient = if (mask_gradient) |*own| own else null,
            .group = attention.group(),
            .head_size = attention.head_size,
            .query_count = attention.query_count,
            .key_begin = range * call.keys_per_range,
            .key_end = @min((range + 1) * call.keys_per_range, attention.key_count),
            .causal = attention.causal,
            .scale = attention.scale,
            .workspace = @alignCast(workspace),
        };
        call.kernels.attention_gradient.backward(&job);
    }

    /// Adds the ranges' shares of one sample's gradient of queries.
    fn merge(context: *const anyopaque, chunk: u32, _: u32) void {
        const call: *const Backward = @ptrCast(@alignCast(context));
        const count = call.query_elements / call.attention.batch;
        const offset = chunk * count;
        for (0..call.ranges - 1) |range| {
            const share = call.shares + range * call.query_elements + offset;
            const out = call.gradients.query.data + offset;
            call.kernels.normalization.add_row(out, share, count);
        }
    }
};

/// The gradients of query, key and value, from the products of each row of the output with its
/// gradient. Key and value gradients have the same strides; there is at least one query, key and
/// element of a head.
pub fn backward(
    runner: *Runner,
    attention: *const Attention,
    gradients: *const Gradients,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const jobs = attention.batch * attention.kv_heads;
    const most_ranges = @max(1, attention.key_count / shortest_range);
    const wanted_ranges = @min(most_ranges, divideUp(wanted_jobs, jobs));
    const keys_per_range = std.mem.alignForward(
        usize,
        divideUp(attention.key_count, wanted_ranges),
        gradient_interface.tile,
    );
    const ranges = divideUp(attention.key_count, keys_per_range);
    const query_elements =
        attention.batch * attention.heads * attention.query_count * attention.head_size;
    const floats = gradient_interface.workspaceFloats(attention.head_size);
    const threads = runner.pool.thread_count.load(.monotonic);
    var call: Backward = .{
        .attention = attention,
        .gradients = gradients,
        .kernels = runner.kernels,
        .wave = undefined,
        .ranges = ranges,
        .keys_per_range = keys_per_range,
        .query_elements = query_elements,
        .shares = (try runner.scratch.slice(f32, (ranges - 1) * query_elements)).ptr,
        .workspace = (try runner.scratch.slice(f32, threads * floats)).ptr,
        .workspace_floats = floats,
    };
    const shared = gradients.mask;
    const samples = if (shared != null and shared.?.batch_stride == 0) 1 else attention.batch;
    const kv_heads = if (shared != null and shared.?.head_stride == 0) 1 else attention.kv_heads;
    var sample: usize = 0;
    while (sample < attention.batch) : (sample += samples) {
        var kv_head: usize = 0;
        while (kv_head < attention.kv_heads) : (kv_head += kv_heads) {
            call.wave = .{
                .first_sample = sample,
                .first_kv_head = kv_head,
                .kv_heads = kv_heads,
            };
            runner.pool.run(@intCast(samples * kv_heads * ranges), &call, Backward.run);
        }
    }
    if (ranges > 1) runner.pool.run(@intCast(attention.batch), &call, Backward.merge);
}

fn divideUp(a: usize, b: usize) usize {
    return std.math.divCeil(usize, a, b) catch unreachable;
}
