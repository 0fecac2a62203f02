//! Attention over all heads: cut by key/value heads, tiles of query rows and, where these are few
//! and the cache is long, ranges of keys whose results are merged.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const convert = @import("convert.zig");
const passage = @import("passage.zig");
const interface = @import("../attention_interface.zig");
const Arena = @import("../../../core/arena.zig").Arena;
const DType = @import("../../../core/dtype.zig").DType;
const Kernels = @import("../interface.zig").Kernels;

/// Fewer jobs than this are cut further, by keys.
const wanted_jobs = 32;
/// Shortest range of keys: some microseconds of work.
const shortest_range = 256;

/// Keys or values of all heads: `[kv_heads][capacity][head_size]`, or any other arrangement that
/// the two strides describe. Elements of a head at one position are contiguous.
pub const Cache = struct {
    dtype: DType,
    head_stride_bytes: usize,
    position_stride_bytes: usize,
    /// Bytes between the caches of neighbouring sequences, where there are several.
    slot_stride_bytes: usize = 0,

    /// Bytes from the start to a place's first head.
    pub fn offsetOf(cache: Cache, place: Place) usize {
        const slot: usize = @intCast(place.slot);
        const position: usize = @intCast(place.position);
        return slot * cache.slot_stride_bytes + position * cache.position_stride_bytes;
    }
};

/// Where a row stands: which cache, and at which of its positions. Neither is negative.
pub const Place = extern struct {
    slot: i32,
    position: i32,
};

pub const Attention = struct {
    /// `[query_count][heads][head_size]`.
    query: [*]const f32,
    /// As `query`; may be `query`, whose rows are read before they are written.
    out: [*]f32,
    query_count: usize,
    heads: usize,
    /// Divides `heads`.
    kv_heads: usize,
    head_size: usize,
    keys: [*]const u8,
    values: [*]const u8,
    /// f32, f16 or q8_0; f32 strides are multiples of 4, those of q8_0 of 2.
    cache: Cache,
    /// Place of the first query in the cache.
    position: usize,
    /// Positions that the cache holds, at least `position + query_count` when causal, at least 1.
    key_count: usize,
    /// Query i sees positions 0 to `position + i`; otherwise all of `key_count`.
    causal: bool = true,
    /// Usually `1 / sqrt(head_size)`.
    scale: f32,
};

/// How one call is cut, and the memory it works in.
pub const Plan = struct {
    attention: Attention,
    kernels: *const Kernels,
    row_count: usize,
    row_tiles: usize,
    range_count: usize,
    keys_per_range: usize,
    /// `partialFloats()`: `[range][kv_head][row][2 + head_size]`; null when there is one range.
    partials: ?[*]f32 = null,
    /// `[worker][workspace_floats]`.
    workspace: [*]align(64) f32,
    workspace_floats: usize,

    /// Depends on the shape only.
    pub fn init(attention: Attention, kernels: *const Kernels) Plan {
        const row_count = attention.query_count * (attention.heads / attention.kv_heads);
        const row_tiles = divideUp(row_count, interface.query_tile);
        const jobs = attention.kv_heads * row_tiles;
        const most_ranges = @max(1, attention.key_count / shortest_range);
        const ranges = @min(most_ranges, divideUp(wanted_jobs, jobs));
        const keys_per_range = std.mem.alignForward(
            usize,
            divideUp(attention.key_count, ranges),
            interface.key_tile,
        );
        const tile_rows = @min(row_count, interface.query_tile);
        return .{
            .attention = attention,
            .kernels = kernels,
            .row_count = row_count,
            .row_tiles = row_tiles,
            .range_count = divideUp(attention.key_count, keys_per_range),
            .keys_per_range = keys_per_range,
            .workspace = undefined,
            .workspace_floats = std.mem.alignForward(
                usize,
                interface.workspaceFloats(tile_rows, attention.head_size),
                16,
            ),
        };
    }

    /// Floats that the partial results take.
    pub fn partialFloats(plan: *const Plan) usize {
        return if (plan.range_count == 1) 0 else plan.range_count * plan.rangeStride();
    }

    /// Floats between the partial results of neighbouring ranges.
    fn rangeStride(plan: *const Plan) usize {
        return plan.attention.kv_heads * plan.row_count * (2 + plan.attention.head_size);
    }

    /// Number of jobs for each range of keys.
    pub fn jobsPerRange(plan: *const Plan) usize {
        return plan.attention.kv_heads * plan.row_tiles;
    }

    /// Job `index` of a range. Causal rows see the more keys the later they stand: the last tiles
    /// come first, so that no thread is left with the longest at the end.
    fn job(plan: *const Plan, range: usize, index: usize, worker: usize) interface.Job {
        const attention = &plan.attention;
        const size = attention.head_size;
        const group = attention.heads / attention.kv_heads;
        const kv_head = index % attention.kv_heads;
        const row_begin = (plan.row_tiles - 1 - index / attention.kv_heads) * interface.query_tile;
        const query_offset = kv_head * group * size;
        const cache_offset = kv_head * attention.cache.head_stride_bytes;
        const partial_row = kv_head * plan.row_count + row_begin;
        const workspace = plan.workspace + worker * plan.workspace_floats;
        const strides: interface.Strides = .{ .position = attention.heads * size, .head = size };
        return .{
            .query = attention.query + query_offset,
            .query_strides = strides,
            .out = attention.out + query_offset,
            .out_strides = strides,
            .group = group,
            .head_size = size,
            .row_begin = row_begin,
            .row_count = @min(interface.query_tile, plan.row_count - row_begin),
            .key = attention.keys + cache_offset,
            .key_stride_bytes = attention.cache.position_stride_bytes,
            .value = attention.values + cache_offset,
            .value_stride_bytes = attention.cache.position_stride_bytes,
            .cache_dtype = attention.cache.dtype,
            .causal = attention.causal,
            .key_begin = range * plan.keys_per_range,
            .key_end = @min((range + 1) * plan.keys_per_range, attention.key_count),
            .position = attention.position,
            .scale = attention.scale,
            .partial = if (plan.partials) |partials|
                partials + range * plan.rangeStride() + partial_row * (2 + size)
            else
                null,
            .workspace = @alignCast(workspace),
        };
    }

    pub fn attendRange(plan: *const Plan, range: usize, index: usize, worker: usize) void {
        const own = plan.job(range, index, worker);
        plan.kernels.attention.attend(&own);
    }

    /// Puts the ranges of job `index` together.
    pub fn mergeRanges(plan: *const Plan, index: usize, worker: usize) void {
        const first = plan.job(0, index, worker);
        plan.kernels.attention.merge(&.{
            .query_out = first,
            .parts = first.partial.?,
            .part_count = plan.range_count,
            .part_stride = plan.rangeStride(),
        });
    }

    fn attendChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const plan: *const Plan = @ptrCast(@alignCast(context));
        const jobs = plan.jobsPerRange();
        plan.attendRange(chunk / jobs, chunk % jobs, worker);
    }

    fn mergeChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const plan: *const Plan = @ptrCast(@alignCast(context));
        plan.mergeRanges(chunk, worker);
    }
};

/// `out = softmax(scale * query . keys) . values` for every query position and head, without the
/// matrix of scores. The order of summation depends on the shapes only.
pub fn attend(runner: *Runner, attention: *const Attention) Arena.Error!void {
    std.debug.assert(attention.heads % attention.kv_heads == 0);
    std.debug.assert(!attention.causal or
        attention.key_count >= attention.position + attention.query_count);
    if (attention.query_count == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var plan: Plan = .init(attention.*, runner.kernels);
    const threads = runner.pool.thread_count.load(.monotonic);
    plan.workspace = (try runner.scratch.slice(f32, threads * plan.workspace_floats)).ptr;
    if (plan.range_count > 1) {
        plan.partials = (try runner.scratch.slice(f32, plan.partialFloats())).ptr;
    }
    const jobs = plan.jobsPerRange();
    runner.pool.run(@intCast(jobs * plan.range_count), &plan, Plan.attendChunk);
    if (plan.range_count > 1) runner.pool.run(@intCast(jobs), &plan, Plan.mergeChunk);
}

/// Writes `x[count][kv_heads][head_size]` into a cache at `position` and the positions after it.
pub fn storeCache(
    runner: *Runner,
    cached: [*]u8,
    cache: Cache,
    position: usize,
    x: [*]const f32,
    count: usize,
    kv_heads: usize,
    head_size: usize,
) void {
    const Job = struct {
        cached: [*]u8,
        cache: Cache,
        position: usize,
        x: [*]const f32,
        kv_heads: usize,
        head_size: usize,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            const place = (job.position + index) * job.cache.position_stride_bytes;
            for (0..job.kv_heads) |head| {
                const out = job.cached + place + head * job.cache.head_stride_bytes;
                const x_row = job.x + (index * job.kv_heads + head) * job.head_size;
                convert.fromFloats(kernels, out, x_row, job.cache.dtype, job.head_size);
            }
        }
    };
    passage.forRows(runner, count, kv_heads * head_size, Job{
        .cached = cached,
        .cache = cache,
        .position = position,
        .x = x,
        .kv_heads = kv_heads,
        .head_size = head_size,
    });
}

fn divideUp(a: usize, b: usize) usize {
    return std.math.divCeil(usize, a, b) catch unreachable;
}
