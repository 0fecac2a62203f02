//! Where rows are cut into chunks. For products whose rows do not depend on each other: where the
//! cuts are does not change a bit of the results.

const std = @import("std");

/// Neighbouring chunks of rows, numbered from the first on.
pub const Cuts = struct {
    rows: usize,
    /// Every cut is at a multiple of it; of even cuts, the rows of a chunk.
    step: usize,
    /// Chunks of one round, one for each thread.
    threads: usize,
    /// Rounds in which all together take half of what is left. In the last, the rest is divided.
    rounds: usize,
    /// Rows that a chunk should have at least.
    least: usize,

    /// Chunks of `step` rows.
    pub fn even(rows: usize, step: usize) Cuts {
        return .{ .rows = rows, .step = step, .threads = 0, .rounds = 0, .least = step };
    }

    /// Large chunks first, small ones last: each thread reads long stretches of memory, which is
    /// what memory is fast at, and still all are done at about the same time. Chunks have at least
    /// about `least` rows, which is a multiple of `step`.
    pub fn tapered(rows: usize, least: usize, step: usize, threads: usize) Cuts {
        var rounds: usize = 0;
        if (threads > 1) {
            while (rows >> @intCast(rounds + 1) >= threads * least) rounds += 1;
        }
        // What is too little for all is divided among some.
        const useful = @max(1, @min(threads, rows / @max(1, least)));
        return .{
            .rows = rows,
            .step = step,
            .threads = useful,
            .rounds = rounds,
            .least = least,
        };
    }

    /// Cuts that suit what either suits, where both have as many rows: even ones before tapered
    /// ones, then those with larger chunks.
    pub fn coarser(cuts: Cuts, other: Cuts) Cuts {
        const is_even = cuts.threads == 0;
        if (is_even != (other.threads == 0)) return if (is_even) cuts else other;
        return if (cuts.least >= other.least) cuts else other;
    }

    /// Rows of the largest chunk at most.
    pub fn most(cuts: Cuts) usize {
        if (cuts.threads == 0) return @min(cuts.rows, cuts.step);
        const shared = if (cuts.rounds == 0) cuts.rows else cuts.rows / 2;
        return @min(cuts.rows, shared / cuts.threads + 1 + cuts.step);
    }

    pub fn count(cuts: Cuts) usize {
        if (cuts.threads == 0) return (cuts.rows + cuts.step - 1) / cuts.step;
        return cuts.threads * (cuts.rounds + 1);
    }

    /// The first row of a chunk; of the one behind the last, the number of rows.
    pub fn start(cuts: Cuts, chunk: usize) usize {
        if (cuts.threads == 0) return @min(cuts.rows, chunk * cuts.step);
        if (chunk >= cuts.count()) return cuts.rows;
        const round = chunk / cuts.threads;
        const left = cuts.rows >> @intCast(round);
        const share = if (round == cuts.rounds) left else left / 2;
        const row = cuts.rows - left + share * (chunk % cuts.threads) / cuts.threads;
        return row / cuts.step * cuts.step;
    }
};

test "cuts are ascending, at multiples of the step, and leave nothing out" {
    for ([_]usize{ 1, 15, 16, 17, 256, 2048, 5632, 32000, 128256 }) |rows| {
        for ([_]usize{ 1, 2, 3, 16, 256 }) |threads| {
            for ([_]usize{ 16, 64, 512 }) |least| {
                const cuts: Cuts = .tapered(rows, least, 16, threads);
                try std.testing.expectEqual(0, cuts.start(0));
                try std.testing.expectEqual(rows, cuts.start(cuts.count()));
                for (0..cuts.count()) |chunk| {
                    try std.testing.expect(cuts.start(chunk) <= cuts.start(chunk + 1));
                    const size = cuts.start(chunk + 1) - cuts.start(chunk);
                    try std.testing.expect(size <= cuts.most());
                    try std.testing.expectEqual(0, cuts.start(chunk) % 16);
                }
            }
        }
    }
    const even: Cuts = .even(100, 48);
    try std.testing.expectEqual(3, even.count());
    try std.testing.expectEqual(96, even.start(2));
    try std.testing.expectEqual(100, even.start(3));
}
