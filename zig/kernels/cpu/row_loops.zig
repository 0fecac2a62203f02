//! Loops over a row of f32 that treat its last, partial register like the others: a body is written
//! once against a place, which is a whole register or the first lanes of one.

const simd = @import("simd.zig");

const V = simd.V;
const lanes = simd.lanes;

/// A whole register at element `index` of every row.
pub const Whole = struct {
    index: usize,

    pub inline fn load(at: Whole, x: [*]const f32) V {
        return simd.load(x + at.index);
    }

    /// As `load`; the lanes behind the row's end would be `fill`.
    pub inline fn loadOr(at: Whole, x: [*]const f32, _: f32) V {
        return at.load(x);
    }

    pub inline fn store(at: Whole, out: [*]f32, value: V) void {
        simd.store(out + at.index, value);
    }
};

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
};

/// Calls `body.at(place)` for all of a row's registers.
pub inline fn forEach(count: usize, body: anytype) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) body.at(Whole{ .index = i });
    if (i < count) body.at(Part{ .index = i, .count = count - i });
}

/// As `forEach`, with what a kernel does on the way: a `*const Flow`, or `{}` for nothing.
pub inline fn forEachFlowing(count: usize, flow: anytype, body: anytype) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        body.at(Whole{ .index = i });
        step(flow, i);
    }
    if (i < count) body.at(Part{ .index = i, .count = count - i });
}

/// What is to be done at register `index` of a row.
pub inline fn step(flow: anytype, index: usize) void {
    if (@TypeOf(flow) == void) return;
    simd.storeBy(.aside, flow.to + index, simd.load(flow.from + index));
    for (flow.next) |next| @prefetch(next + index, .{ .locality = 2 });
}

/// Elements summed in f32 before the sum goes on in f64, so that long rows stay accurate.
const sum_block = 4096;

/// Sums of the terms that `body.terms(place)` gives for all of a row's registers. Lanes behind the
/// row's end must give 0.
pub inline fn sums(comptime n: usize, count: usize, body: anytype) [n]f64 {
    var totals: [n]f64 = @splat(0);
    var start: usize = 0;
    while (start < count) : (start += sum_block) {
        const end = @min(start + sum_block, count);
        var partial: [4][n]V = @splat(@splat(@splat(0)));
        var i = start;
        while (i + 4 * lanes <= end) : (i += 4 * lanes) {
            inline for (&partial, 0..) |*sum, k| {
                add(n, sum, body.terms(Whole{ .index = i + k * lanes }));
            }
        }
        while (i + lanes <= end) : (i += lanes) add(n, &partial[0], body.terms(Whole{ .index = i }));
        if (i < end) add(n, &partial[1], body.terms(Part{ .index = i, .count = end - i }));
        inline for (&totals, 0..) |*total, k| {
            total.* += simd.sumLanes(
                (partial[0][k] + partial[1][k]) + (partial[2][k] + partial[3][k]),
            );
        }
    }
    return totals;
}

inline fn add(comptime n: usize, sum: *[n]V, terms: [n]V) void {
    inline for (sum, terms) |*s, term| s.* += term;
}
