//! Attention of single positions, each of a sequence with a cache of its own, or several of the same.
//! Every row is computed as `attention.zig` computes a query alone: its result does not depend on the
//! rows beside it.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const attention_module = @import("attention.zig");
const convert = @import("convert.zig");
const passage = @import("passage.zig");
const Arena = @import("../../../core/arena.zig").Arena;
const Kernels = @import("../interface.zig").Kernels;

const Attention = attention_module.Attention;
const Cache = attention_module.Cache;
const Plan = attention_module.Plan;

pub const Place = attention_module.Place;

/// One call: the rows' plans, and the grid that their chunks are numbered by.
const Call = struct {
    plans: []const Plan,
    jobs: usize,
    ranges: usize,

    /// Rows of one range follow each other: rows of one sequence find its keys in the cache of the
    /// processor.
    fn attend(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        const plan = &call.plans[chunk % call.plans.len];
        const index = chunk / call.plans.len;
        const range = index % call.ranges;
        if (range < plan.range_count) plan.attendRange(range, index / call.ranges, worker);
    }

    fn merge(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        const plan = &call.plans[chunk % call.plans.len];
        if (plan.range_count > 1) plan.mergeRanges(chunk / call.plans.len, worker);
    }
};

/// Row r of `attention.query` attends to positions 0 to `places[r].position` of the cache
/// `places[r].slot`. `attention.query_count` is the number of rows; its `position` and `key_count`
/// are not read. The number of chunks must fit 32 bits.
pub fn attendRows(
    runner: *Runner,
    attention: *const Attention,
    places: [*]const Place,
) Arena.Error!void {
    const count = attention.query_count;
    if (count == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const plans = try runner.scratch.slice(Plan, count);
    var ranges: usize = 1;
    for (plans, places[0..count], 0..) |*plan, place, row| {
        plan.* = .init(rowOf(attention, row, place), runner.kernels);
        ranges = @max(ranges, plan.range_count);
    }
    // Rows differ in their ranges only, so that one workspace for each thread serves all.
    const threads = runner.pool.thread_count.load(.monotonic);
    const workspace = try runner.scratch.slice(f32, threads * plans[0].workspace_floats);
    for (plans) |*plan| {
        plan.workspace = workspace.ptr;
        if (plan.range_count > 1) {
            plan.partials = (try runner.scratch.slice(f32, plan.partialFloats())).ptr;
        }
    }
    const call: Call = .{ .plans = plans, .jobs = plans[0].jobsPerRange(), .ranges = ranges };
    runner.pool.run(@intCast(call.jobs * ranges * count), &call, Call.attend);
    if (ranges > 1) runner.pool.run(@intCast(call.jobs * count), &call, Call.merge);
}

/// The attention of one row alone.
fn rowOf(attention: *const Attention, row: usize, place: Place) Attention {
    const offset = row * attention.heads * attention.head_size;
    const slot_bytes = @as(usize, @intCast(place.slot)) * attention.cache.slot_stride_bytes;
    var own = attention.*;
    own.query += offset;
    own.out += offset;
    own.query_count = 1;
    own.keys += slot_bytes;
    own.values += slot_bytes;
    own.position = @intCast(place.position);
    own.key_count = own.position + 1;
    return own;
}

/// Writes row r of `x[count][kv_heads][head_size]` into a cache at `places[r]`; no two places are
/// the same.
pub fn storeCacheRows(
    runner: *Runner,
    cached: [*]u8,
    cache: Cache,
    places: [*]const Place,
    x: [*]const f32,
    count: usize,
    kv_heads: usize,
    head_size: usize,
) void {
    const Job = struct {
        cached: [*]u8,
        cache: Cache,
        places: [*]const Place,
        x: [*]const f32,
        kv_heads: usize,
        head_size: usize,

        pub fn row(job: @This(), kernels: *const Kernels, index: usize) void {
            const first = job.cached + job.cache.offsetOf(job.places[index]);
            for (0..job.kv_heads) |head| {
                const out = first + head * job.cache.head_stride_bytes;
                const x_row = job.x + (index * job.kv_heads + head) * job.head_size;
                convert.fromFloats(kernels, out, x_row, job.cache.dtype, job.head_size);
            }
        }
    };
    passage.forRows(runner, count, kv_heads * head_size, Job{
        .cached = cached,
        .cache = cache,
        .places = places,
        .x = x,
        .kv_heads = kv_heads,
        .head_size = head_size,
    });
}
