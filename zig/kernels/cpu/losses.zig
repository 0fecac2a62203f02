//! Losses over contiguous f32, each with its derivative.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const logarithm = @import("logarithm.zig");
const loops = @import("row_loops.zig");
const rows = @import("rows.zig");
const interface = @import("losses_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Pointwise = interface.Pointwise;
const PointwiseSpan = interface.PointwiseSpan;
const ClassRow = interface.ClassRow;

pub const table: interface.Table = .{ .pointwise = pointwise, .cross_entropy = crossEntropy };

/// Elements summed in f32 before the sum goes on in f64.
const sum_block = 4096;

inline fn splat(value: f32) V {
    return @splat(value);
}

fn pointwise(function: Pointwise, span: *const PointwiseSpan) callconv(.c) f64 {
    switch (function) {
        inline else => |f| {
            var total: f64 = 0;
            var start: usize = 0;
            while (start < span.count) : (start += sum_block) {
                const end = @min(start + sum_block, span.count);
                var partial = splat(0);
                var i = start;
                while (i + lanes <= end) : (i += lanes) partial += element(f, span, i, lanes);
                if (i < end) {
                    const rest: [lanes]f32 = element(f, span, i, end - i);
                    for (rest[0 .. end - i]) |value| total += value;
                }
                total += @reduce(.Add, partial);
            }
            return total;
        },
    }
}

/// Losses of `count` elements from i on; writes them and their derivatives where they are wanted.
inline fn element(
    comptime function: Pointwise,
    span: *const PointwiseSpan,
    i: usize,
    count: usize,
) V {
    const x = read(span.x + i, count);
    const target = read(span.target + i, count);
    const positive = if (span.positive_weight) |w| read(w + i, count) else splat(1);
    const weight = if (span.weight) |w| read(w + i, count) else splat(1);
    const result = lossOf(function, x, target, positive, span.delta);
    const loss = weight * result.loss;
    if (span.loss) |out| write(out + i, loss, count);
    if (span.gradient) |out| write(out + i, weight * splat(span.scale) * result.derivative, count);
    return loss;
}

inline fn read(pointer: [*]const f32, count: usize) V {
    return if (count == lanes) simd.load(pointer) else simd.loadPart(pointer, count, 0);
}

inline fn write(pointer: [*]f32, value: V, count: usize) void {
    if (count == lanes) simd.store(pointer, value) else simd.storePart(pointer, value, count);
}

const Loss = struct { loss: V, derivative: V };

inline fn lossOf(comptime function: Pointwise, x: V, target: V, positive: V, delta: f32) Loss {
    const difference = x - target;
    return switch (function) {
        .squared => .{ .loss = difference * difference, .derivative = difference + difference },
        .absolute => .{ .loss = @abs(difference), .derivative = sign(difference) },
        .huber => huber(difference, splat(delta)),
        .binary_cross_entropy => binaryCrossEntropy(x, target, positive),
        .divergence => divergence(x, target),
        .log_divergence => .{
            .loss = math.exp(target) * -difference,
            .derivative = -math.exp(target),
        },
    };
}

/// -1, 0 or 1; 0 for NaN, as PyTorch has it.
inline fn sign(x: V) V {
    return @select(f32, x > splat(0), splat(1), @select(f32, x < splat(0), splat(-1), splat(0)));
}

inline fn huber(difference: V, delta: V) Loss {
    const size = @abs(difference);
    const is_far = size > delta;
    return .{
        .loss = @select(
            f32,
            is_far,
            delta * (size - splat(0.5) * delta),
            splat(0.5) * difference * difference,
        ),
        .derivative = @select(f32, is_far, delta * sign(difference), difference),
    };
}

inline fn divergence(x: V, target: V) Loss {
    const product = target * logarithm.log(target);
    const entropy = @select(f32, target == splat(0), splat(0), product);
    return .{ .loss = entropy - target * x, .derivative = -target };
}

/// `-(positive t log sigmoid(x) + (1 - t) log sigmoid(-x))` without overflow.
inline fn binaryCrossEntropy(x: V, target: V, positive: V) Loss {
    const zero = splat(0);
    const share = simd.mulAdd(positive - splat(1), target, splat(1));
    // The comparison is false for NaN, which comes back through the first term.
    const softplus = @select(f32, x < zero, -x, zero) + logarithm.log1p(math.exp(-@abs(x)));
    return .{
        .loss = (splat(1) - target) * x + share * softplus,
        .derivative = share * math.sigmoid(x) - positive * target,
    };
}

fn crossEntropy(row: *const ClassRow) callconv(.c) f64 {
    const highest = loops.largest(row.x, row.count, 1);
    const body: Exponentials = .{ .row = row, .highest = highest, .powers = powersOf(row) };
    const total = loops.sumsFlowing(1, row.count, row.flow, body)[0];
    const log_total = @as(f64, highest) + @log(total);
    if (row.probabilities != null or row.smoothing != 0) return spread(row, log_total, total);

    const weight: f64 = if (row.weight) |w| w[row.label] else 1;
    if (row.gradient) |gradient| {
        const powers = body.powers.?;
        powers[row.label] = @floatCast(powers[row.label] - total);
        const factor: f32 = @floatCast(row.scale * weight / total);
        rows.scaleRow(gradient, powers, row.count, factor, row.flow != null);
    }
    return weight * (log_total - row.x[row.label]);
}

/// Where the exponentials wait for their sum.
fn powersOf(row: *const ClassRow) ?[*]f32 {
    const gradient = row.gradient orelse return null;
    return if (row.flow) |flow| flow.row else gradient;
}

/// The terms `e^(x - highest)`.
const Exponentials = struct {
    row: *const ClassRow,
    highest: f32,
    powers: ?[*]f32,

    pub inline fn terms(body: @This(), place: anytype) [1]V {
        const term = math.expOfDifference(place.load(body.row.x) - splat(body.highest));
        if (body.powers) |powers| place.store(powers, term);
        return .{place.within(term)};
    }
};

/// The first lanes; the others 0.
inline fn keep(x: V, count: usize) V {
    var values: [lanes]f32 = @splat(0);
    const all: [lanes]f32 = x;
    for (values[0..count], all[0..count]) |*value, from| value.* = from;
    return values;
}

/// The loss where several classes have a share of the target: probabilities or smoothing.
fn spread(row: *const ClassRow, log_total: f64, total: f64) f64 {
    const shares: Shares = .init(row);
    const level = splat(@floatCast(log_total));
    var loss: f64 = 0;
    var share_total: f64 = 0;
    var start: usize = 0;
    while (start < row.count) : (start += sum_block) {
        const end = @min(start + sum_block, row.count);
        var losses = splat(0);
        var partial = splat(0);
        var i = start;
        while (i < end) : (i += lanes) {
            const count = @min(lanes, end - i);
            const share = shares.at(i, count);
            const term = share * (level - read(row.x + i, count));
            // What is read past the end is 0, but the level may be no finite number.
            losses += if (count == lanes) term else keep(term, count);
            partial += if (count == lanes) share else keep(share, count);
        }
        loss += @reduce(.Add, losses);
        share_total += @reduce(.Add, partial);
    }
    const gradient = row.gradient orelse return loss;
    const powers = powersOf(row).?;
    const factor = splat(@floatCast(row.scale * share_total / total));
    var i: usize = 0;
    while (i < row.count) : (i += lanes) {
        const count = @min(lanes, row.count - i);
        const probability = factor * read(powers + i, count);
        const share = splat(row.scale) * shares.at(i, count);
        write(gradient + i, probability - share, count);
    }
    return loss;
}

/// Weighted shares of the classes in the target.
const Shares = struct {
    row: *const ClassRow,
    /// What every class has, and what the rest is multiplied by.
    even: V,
    hard: V,

    fn init(row: *const ClassRow) Shares {
        const class_count: f32 = @floatFromInt(row.count);
        return .{
            .row = row,
            .even = splat(row.smoothing / class_count),
            .hard = splat(1 - row.smoothing),
        };
    }

    inline fn at(shares: Shares, i: usize, count: usize) V {
        const row = shares.row;
        const hard = if (row.probabilities) |p|
            read(p + i, count)
        else
            oneAt(row.label -% i);
        const share = simd.mulAdd(shares.hard, hard, shares.even);
        return if (row.weight) |w| share * read(w + i, count) else share;
    }
};

/// 1 in one lane, if there is such a lane; 0 in all others.
inline fn oneAt(lane: usize) V {
    if (lane >= lanes) return splat(0);
    const place: @Vector(lanes, u32) = @splat(@intCast(lane));
    return @select(f32, std.simd.iota(u32, lanes) == place, splat(1), splat(0));
}
