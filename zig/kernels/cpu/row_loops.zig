//! Loops over a row of f32 that treat its last, partial register like the others: a body is written
//! once against a place, which is a whole register or the first lanes of one.

const std = @import("std");
const simd = @import("simd.zig");
const Flow = @import("rows_interface.zig").Flow;

const V = simd.V;
const lanes = simd.lanes;

/// A whole register at element `index` of every row.
pub const Whole = Register(.cached);

fn Register(comptime stores: simd.Stores) type {
    return struct {
        index: usize,

        pub inline fn load(at: @This(), x: [*]const f32) V {
            return simd.load(x + at.index);
        }

        /// As `load`; the lanes behind the row's end would be `fill`.
        pub inline fn loadOr(at: @This(), x: [*]const f32, _: f32) V {
            return at.load(x);
        }

        pub inline fn store(at: @This(), out: [*]f32, value: V) void {
            simd.store(out + at.index, value);
        }

        /// Stores a part of a kernel's result.
        pub inline fn finish(at: @This(), out: [*]f32, value: V) void {
            simd.storeBy(stores, out + at.index, value);
        }

        /// `value`; 0 in the lanes behind the row's end.
        pub inline fn within(_: @This(), value: V) V {
            return value;
        }

        /// Asks for a part of a row to come, where rows flow, into the second cache: the first is
        /// full of this row.
        pub inline fn askFor(at: @This(), x: [*]const f32) void {
            if (stores == .aside) @prefetch(x + at.index, .{ .locality = 2 });
        }
    };
}

/// The last `count` elements of every row, fewer than a register has.
pub const Part = struct {
    index: usize,
    count: usize,

    /// Lanes behind the row's end are 0.
    pub inline fn load(at: Part, x: [*]const f32) V {
        return at.loadOr(x, 0);
    }

    pub inline fn loadOr(at: Part, x: [*]const f32, fill: f32) V {
        return simd.loadPart(x + at.index, at.count, fill);
    }

    pub inline fn store(at: Part, out: [*]f32, value: V) void {
        simd.storePart(out + at.index, value, at.count);
    }

    pub const finish = store;

    pub inline fn askFor(_: Part, _: [*]const f32) void {}

    pub inline fn within(at: Part, value: V) V {
        const end: @Vector(lanes, u32) = @splat(@intCast(at.count));
        return @select(f32, std.simd.iota(u32, lanes) < end, value, @as(V, @splat(0)));
    }
};

/// Calls `body.at(place)` for all of a row's registers.
pub inline fn forEach(count: usize, body: anytype) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) body.at(Whole{ .index = i });
    if (i < count) body.at(Part{ .index = i, .count = count - i });
}

/// As `forEach`; what `body` finishes goes past the caches where something flows, and the next row's
/// operands are asked for.
pub inline fn forEachFlowing(count: usize, flow: ?*const Flow, body: anytype) void {
    const it = flow orelse return forEach(count, body);
    var i: usize = 0;
    while (i < count) : (i += lanes) {
        body.at(Register(.aside){ .index = i });
        ask(it, i);
    }
}

/// As `forEachFlowing`, where the next row's operands are asked for in another loop.
pub inline fn forEachFinishing(count: usize, flows: bool, body: anytype) void {
    if (!flows) return forEach(count, body);
    var i: usize = 0;
    while (i < count) : (i += lanes) body.at(Register(.aside){ .index = i });
}

/// Asks for a register of the next row's operands, into the second cache: the first is full of this
/// row.
inline fn ask(flow: *const Flow, index: usize) void {
    for (flow.next) |next| if (next) |operand| @prefetch(operand + index, .{ .locality = 2 });
}

/// Largest element of `scale * x`; NaN counts as smallest. -inf for an empty row.
pub inline fn largest(x: [*]const f32, count: usize, scale: f32) f32 {
    const group = 4;
    var best: [group]V = @splat(@splat(-std.math.inf(f32)));
    const factor: V = @splat(scale);
    var i: usize = 0;
    while (i + group * lanes <= count) : (i += group * lanes) {
        inline for (&best, 0..) |*b, k| b.* = larger(factor * simd.load(x + i + k * lanes), b.*);
    }
    while (i + lanes <= count) : (i += lanes) best[0] = larger(factor * simd.load(x + i), best[0]);
    if (i < count) {
        // The fill is an element of the row: repeating it changes nothing.
        best[1] = larger(factor * simd.loadPart(x + i, count - i, x[i]), best[1]);
    }
    return simd.largestLane(larger(larger(best[0], best[1]), larger(best[2], best[3])));
}

/// `a > b ? a : b`: b, which is never NaN here, where a is NaN.
inline fn larger(a: V, b: V) V {
    return @select(f32, a > b, a, b);
}

/// Elements summed in f32 before the sum goes on in f64, so that long rows stay accurate.
const sum_block = 4096;

/// Sums of the terms that `body.terms(place)` gives for all of a row's registers. Lanes behind the
/// row's end must give 0.
pub inline fn sums(comptime n: usize, count: usize, body: anytype) [n]f64 {
    return sumsFlowing(n, count, null, body);
}

/// As `sums`; asks for the next row's operands meanwhile.
pub inline fn sumsFlowing(
    comptime n: usize,
    count: usize,
    flow: ?*const Flow,
    body: anytype,
) [n]f64 {
    // Every one of them has its own sums, which stay in registers.
    const group = if (n <= 2 or simd.has_32_registers) 4 else 2;
    var totals: [n]f64 = @splat(0);
    var start: usize = 0;
    while (start < count) : (start += sum_block) {
        const end = @min(start + sum_block, count);
        var partial: [group][n]V = @splat(@splat(@splat(0)));
        var i = start;
        while (i + group * lanes <= end) : (i += group * lanes) {
            inline for (&partial, 0..) |*sum, k| {
                add(n, sum, body.terms(Whole{ .index = i + k * lanes }));
            }
            if (flow) |it| inline for (0..group) |k| ask(it, i + k * lanes);
        }
        while (i + lanes <= end) : (i += lanes) add(n, &partial[0], body.terms(Whole{ .index = i }));
        if (i < end) add(n, &partial[1], body.terms(Part{ .index = i, .count = end - i }));
        inline for (&totals, 0..) |*total, k| {
            var sum = partial[0][k] + partial[1][k];
            if (group == 4) sum += partial[2][k] + partial[3][k];
            total.* += simd.sumLanes(sum);
        }
    }
    return totals;
}

inline fn add(comptime n: usize, sum: *[n]V, terms: [n]V) void {
    inline for (sum, terms) |*s, term| s.* += term;
}

/// Mean and variance of a row.
pub const Moments = struct {
    /// The mean in two parts, so that differences from it are accurate where it is large.
    center: f32,
    offset: f64,
    variance: f64,

    /// `x - mean`; 0 in the lanes behind the row's end.
    pub inline fn deviation(moments: *const Moments, x: [*]const f32, place: anytype) V {
        const center: V = @splat(moments.center);
        const offset: V = @splat(@floatCast(moments.offset));
        return place.within(place.load(x) - center - offset);
    }
};

/// The moments of `x[count]`, which is not empty, and in the same pass `n` sums of what
/// `body.terms(place, difference)` gives with the difference from the center.
pub inline fn momentsWith(
    comptime n: usize,
    x: [*]const f32,
    count: usize,
    body: anytype,
) struct { Moments, [n]f64 } {
    const Body = struct {
        x: [*]const f32,
        center: V,
        body: @TypeOf(body),

        pub inline fn terms(own: @This(), place: anytype) [2 + n]V {
            const difference = place.within(place.load(own.x) - own.center);
            return .{ difference, difference * difference } ++ own.body.terms(place, difference);
        }
    };
    const size: f64 = @floatFromInt(count);
    // Any number will do that is not much further from the mean than the elements are.
    var center = if (count < lanes) x[0] else simd.sumLanes(simd.load(x)) / lanes;
    while (true) {
        const own: Body = .{ .x = x, .center = @splat(center), .body = body };
        const found = sums(2 + n, count, own);
        const offset = found[0] / size;
        const variance = @max(0, found[1] / size - offset * offset);
        const corrected: f32 = @floatCast(center + offset);
        if (offset * offset > 3 * variance and corrected != center and corrected == corrected) {
            // The difference of the sums would have few digits.
            center = corrected;
            continue;
        }
        const own_moments: Moments = .{ .center = center, .offset = offset, .variance = variance };
        return .{ own_moments, found[2..].* };
    }
}

/// Where moments alone are wanted.
pub const Nothing = struct {
    pub inline fn terms(_: Nothing, _: anytype, _: V) [0]V {
        return .{};
    }
};
