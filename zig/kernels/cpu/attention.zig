//! Attention with a running softmax: tiles of keys pass by, and a row keeps only its largest score,
//! the sum of its weights and the weighted sum of values, all relative to that score.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const dropout_kernel = @import("dropout.zig");
const tiles = @import("attention_tiles.zig");
const packing = @import("attention_packing.zig");
const interface = @import("attention_interface.zig");
const loops = @import("row_loops.zig");

const V = simd.V;
const lanes = simd.lanes;
const Job = interface.Job;
const key_tile = interface.key_tile;
const lowest = -std.math.inf(f32);

pub const table: interface.Table = .{ .attend = attend, .merge = merge };

/// The job's workspace, cut up.
const Workspace = struct {
    padded: usize,
    /// `[row][padded]`, scaled.
    query: [*]f32,
    /// `[row][padded]`, weighted sums of values.
    sums: [*]f32,
    /// `[row][key_tile]`, scores, then weights.
    scores: [*]f32,
    /// Per row: largest score so far, sum of weights, factor from the last change of the former.
    highest: [*]f32,
    totals: [*]f32,
    corrections: [*]f32,
    keys: [*]f32,
    values: [*]f32,

    fn init(job: *const Job) Workspace {
        const padded = interface.paddedSize(job.head_size);
        const rows = std.mem.alignForward(usize, job.row_count, 16);
        var next: [*]f32 = job.workspace;
        return .{
            .padded = padded,
            .query = cut(&next, rows * padded),
            .sums = cut(&next, rows * padded),
            .keys = cut(&next, key_tile * padded),
            .values = cut(&next, key_tile * padded),
            .scores = cut(&next, rows * key_tile),
            .highest = cut(&next, rows),
            .totals = cut(&next, rows),
            .corrections = cut(&next, rows),
        };
    }

    fn cut(next: *[*]f32, count: usize) [*]f32 {
        defer next.* += count;
        return next.*;
    }
};

fn attend(job: *const Job) callconv(.c) void {
    const work: Workspace = .init(job);
    const rows = job.row_count;
    const padded = work.padded;
    for (0..rows) |r| loadQuery(job, r, work.query + r * padded, padded);
    // Whole registers of rows: those past the last are computed along and never read.
    const padded_rows = std.mem.alignForward(usize, rows, lanes);
    @memset(work.highest[0..padded_rows], lowest);
    @memset(work.totals[0..padded_rows], 0);

    // Where what each row sees ends, and how many it sees of a tile.
    var ends: [interface.query_tile]usize = undefined;
    var visible: [interface.query_tile]usize = @splat(0);
    for (ends[0..rows], 0..) |*end, r| end.* = seen(job, r);
    const query: packing.Rows = .{ .first = work.query, .stride = padded };
    const end = ends[rows - 1];
    var begin = job.key_begin;
    while (true) {
        const count = @min(key_tile, end -| begin);
        for (visible[0..rows], ends[0..rows]) |*own, own_end| own.* = @min(own_end -| begin, count);
        const keys = cachedRows(job, job.key, job.key_stride_bytes, begin, count);
        const values = cachedRows(job, job.value, job.value_stride_bytes, begin, count);
        if (rows <= tiles.few_rows) {
            const key_rows = keys.rows(work.keys, padded);
            const streams = .{ keys, values };
            tiles.scoreFew(work.scores, query, rows, key_rows, padded, count, streams);
        } else {
            keys.transpose(work.keys, padded);
            tiles.scoreMany(work.scores, query, rows, work.keys, job.head_size, &visible);
        }
        weigh(job, &work, begin, &visible);
        tiles.addValues(.{
            .sums = work.sums,
            .corrections = if (begin == job.key_begin) null else work.corrections,
            .weights = work.scores,
            .row_count = rows,
            .values = values.rows(work.values, padded),
            .visible = &visible,
            .padded = padded,
        });
        begin += key_tile;
        if (begin >= end) break;
    }
    if (job.partial) |partial| {
        for (0..rows) |r| storePartial(job, &work, r, partial + r * (2 + job.head_size));
    } else {
        var r: usize = 0;
        while (r < rows) : (r += lanes) finish(job, &work, r, @min(lanes, rows - r));
    }
}

/// End of the cached positions that a row sees within the job's range.
fn seen(job: *const Job, row: usize) usize {
    if (!job.causal) return job.key_end;
    return @min(job.key_end, job.position + (job.row_begin + row) / job.group + 1);
}

fn cachedRows(
    job: *const Job,
    base: [*]const u8,
    stride_bytes: usize,
    begin: usize,
    count: usize,
) packing.Cached {
    return .{
        .first = base + begin * stride_bytes,
        .stride_bytes = stride_bytes,
        .dtype = job.cache_dtype,
        .count = count,
        .head_size = job.head_size,
    };
}

fn loadQuery(job: *const Job, row: usize, out: [*]f32, padded: usize) void {
    const query = job.query + job.query_strides.offset(job.row_begin + row, job.group);
    loops.forEach(job.head_size, Scaled{ .out = out, .x = query, .factor = @splat(job.scale) });
    if (job.head_size < padded) @memset(out[job.head_size..padded], 0);
}

/// `out = x * factor`.
const Scaled = struct {
    out: [*]f32,
    x: [*]const f32,
    factor: V,

    pub inline fn at(scaled: Scaled, place: anytype) void {
        place.store(scaled.out, place.load(scaled.x) * scaled.factor);
    }
};

/// Turns the scores of positions from `begin` on into weights relative to each row's largest score
/// so far; those of positions that a row does not see become 0.
fn weigh(
    job: *const Job,
    work: *const Workspace,
    begin: usize,
    visible: *const [interface.query_tile]usize,
) void {
    var first: usize = 0;
    while (first < job.row_count) : (first += lanes) {
        const rows = @min(lanes, job.row_count - first);
        weighRows(job, work, begin, first, visible[first..][0..rows]);
    }
}

/// `weigh` for a register of rows: what their lanes give is folded for all of them together.
fn weighRows(
    job: *const Job,
    work: *const Workspace,
    begin: usize,
    first: usize,
    visible: []const usize,
) void {
    // Those past the last row are folded along and never read.
    var parts: [lanes]V = undefined;
    for (visible, parts[0..visible.len], first..) |count, *best, row| {
        const scores = work.scores + row * key_tile;
        const tail = count % lanes;
        if (tail != 0) simd.fillTail(scores + (count - tail), tail, lowest);
        if (job.mask) |mask| {
            const offset = mask.strides.offset(job.row_begin + row, job.group);
            loops.forEach(count, Add{ .out = scores, .x = mask.data + offset + begin });
        }
        best.* = largestScores(scores, count);
    }
    const before = simd.load(work.highest + first);
    const highest = simd.larger(before, simd.fold(.largest, parts));
    // While no score is above -inf there is nothing to be relative to, and every weight is 0.
    const none = highest == @as(V, @splat(lowest));
    const origins: [lanes]f32 = @select(f32, none, @as(V, @splat(0)), highest);
    const correction = math.exp(before - origins);
    simd.store(work.highest + first, highest);
    simd.store(work.corrections + first, correction);
    for (
        visible,
        parts[0..visible.len],
        origins[0..visible.len],
        first..,
    ) |count, *total, origin, row| {
        const weights = work.scores + row * key_tile;
        total.* = exponentials(weights, count, @splat(origin));
        if (job.dropout) |dropout| {
            const place = dropout.placeOf(job.row_begin + row, job.group) + begin;
            inline for (0..key_tile / lanes) |k| {
                const weight = simd.load(weights + k * lanes);
                const kept = dropout_kernel.keep(&dropout.mask, place + k * lanes, weight);
                simd.store(weights + k * lanes, kept);
            }
        }
    }
    const totals = simd.load(work.totals + first) * correction;
    simd.store(work.totals + first, totals + simd.fold(.sum, parts));
}

const Add = struct {
    out: [*]f32,
    x: [*]const f32,

    pub inline fn at(add: Add, place: anytype) void {
        place.store(add.out, place.load(add.out) + place.load(add.x));
    }
};

/// Largest of a row's first `count` scores in each lane; NaN counts as smallest. The register that
/// holds the last one is filled up with what is lowest.
inline fn largestScores(scores: [*]const f32, count: usize) V {
    var best: V = @splat(lowest);
    var k: usize = 0;
    while (k < count) : (k += lanes) best = simd.larger(best, simd.load(scores + k));
    return best;
}

/// Replaces the first `count` scores by `e^(score - origin)` and the others by 0; returns the sums
/// in each lane.
inline fn exponentials(scores: [*]f32, count: usize, origin: V) V {
    var total: V = @splat(0);
    var k: usize = 0;
    while (k < count) : (k += lanes) {
        const weight = math.expOfDifference(simd.load(scores + k) - origin);
        simd.store(scores + k, weight);
        total += weight;
    }
    // Not a loop: the compiler would make a slow call of it.
    inline for (0..key_tile / lanes) |v| {
        if (v * lanes >= k) simd.store(scores + v * lanes, @splat(0));
    }
    return total;
}

fn expOne(x: f32) f32 {
    return math.exp(@splat(x))[0];
}

/// What a row has of its own range: its largest score, its sum of weights, its weighted values.
fn storePartial(job: *const Job, work: *const Workspace, row: usize, part: [*]f32) void {
    part[0] = work.highest[row];
    part[1] = work.totals[row];
    const sums = work.sums + row * work.padded;
    loops.forEach(job.head_size, Scaled{ .out = part + 2, .x = sums, .factor = @splat(1) });
}

/// Writes the results of `count` rows, up to a register of them.
fn finish(job: *const Job, work: *const Workspace, first: usize, count: usize) void {
    const totals = simd.load(work.totals + first);
    const is_blind = totals == @as(V, @splat(0));
    const zeros: V = @splat(0);
    const inverses: [lanes]f32 = @select(f32, is_blind, zeros, @as(V, @splat(1)) / totals);
    for (inverses[0..count], first..) |inverse, row| {
        const offset = job.out_strides.offset(job.row_begin + row, job.group);
        const sums = work.sums + row * work.padded;
        const scaled: Scaled = .{ .out = job.out + offset, .x = sums, .factor = @splat(inverse) };
        loops.forEach(job.head_size, scaled);
    }
    const log_sums = job.log_sums orelse return;
    const logarithms = simd.load(work.highest + first) + math.log(totals);
    const infinity: V = @splat(std.math.inf(f32));
    const values: [lanes]f32 = @select(f32, is_blind, infinity, logarithms);
    for (values[0..count], job.row_begin + first..) |value, index| {
        log_sums[index / job.group + index % job.group * job.log_sum_head_stride] = value;
    }
}

fn merge(call: *const interface.Merge) callconv(.c) void {
    const job = &call.query_out;
    const size = job.head_size;
    for (0..job.row_count) |row| {
        const parts = call.parts + row * (2 + size);
        var highest: f32 = lowest;
        for (0..call.part_count) |i| highest = @max(highest, parts[i * call.part_stride]);

        const out = (job.out + job.out_strides.offset(job.row_begin + row, job.group))[0..size];
        @memset(out, 0);
        var total: f32 = 0;
        for (0..call.part_count) |i| {
            const part = parts + i * call.part_stride;
            const factor = expOne(part[0] - highest);
            total += factor * part[1];
            for (out, part[2..][0..size]) |*y, x| y.* += factor * x;
        }
        const inverse = 1 / total;
        for (out) |*y| y.* *= inverse;
    }
}
