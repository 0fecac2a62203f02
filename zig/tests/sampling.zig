//! Sampling from logits.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const Arena = @import("../core/arena.zig").Arena;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const sampling = @import("../kernels/cpu/threaded/sampling.zig");
const reference = @import("../kernels/cpu/reference/sampling.zig");

const Options = sampling.Options;
const nan = std.math.nan(f32);
const inf = std.math.inf(f32);

const option_rows = [_]Options{
    .{},
    .{ .top_k = 1 },
    .{ .top_k = 2 },
    .{ .top_k = 40 },
    .{ .top_k = 1000 },
    .{ .top_k = 40, .top_p = 0.9 },
    .{ .top_k = 40, .top_p = 0.9, .min_p = 0.1 },
    .{ .top_p = 0.5 },
    .{ .top_p = 0.95 },
    .{ .top_p = 0.999 },
    .{ .top_p = 0 },
    .{ .min_p = 0.05 },
    .{ .min_p = 1 },
    .{ .top_p = 0.9, .min_p = 0.02 },
    .{ .top_k = 1 << 31, .top_p = 0.3 },
};

/// Logits of several kinds: spread, narrow, all equal, with ties, rising, masked.
fn fillLogits(random: std.Random, kind: usize, logits: []f32) void {
    support.fillNormal(random, logits);
    for (logits, 0..) |*x, i| switch (kind) {
        0 => x.* = x.* * 4 - 3,
        1 => x.* *= 0.01,
        2 => x.* = 7,
        3 => x.* = @round(x.* * 2),
        4 => x.* = @as(f32, @floatFromInt(i)) * 1e-3,
        5 => if (i % 3 != 1) {
            x.* = -inf;
        },
        else => unreachable,
    };
}

test "sampling: the filters keep what a full sort keeps" {
    var scratch = try Arena.init(64 << 20);
    defer scratch.deinit();
    var random = std.Random.DefaultPrng.init(1);
    for ([_]usize{ 2, 3, 17, 100, 1000, 32_003 }) |count| for (0..6) |kind| {
        const logits = try Guarded(f32).init(count);
        defer logits.deinit();
        fillLogits(random.random(), kind, logits.items);
        const highest = std.mem.max(f32, logits.items);
        const entries = try Guarded(reference.Entry).init(count);
        defer entries.deinit();
        for (option_rows) |options| {
            errdefer std.debug.print("{d} logits of kind {d}, {any}\n", .{ count, kind, options });
            scratch.reset(0);
            const kept = try sampling.shortlist(&scratch, logits.items, highest, options);
            const expected = reference.shortlist(entries.items, logits.items, options);
            try checkShortlist(expected, kept, options);
        }
    };
}

/// The same tokens, but for one at the edge of top-p or min-p that rounding moves: equal sums of
/// probabilities differ in f32 by some 1e-6.
fn checkShortlist(
    expected: []reference.Entry,
    kept: []const sampling.Candidate,
    options: Options,
) !void {
    for (kept[0..kept.len -| 1], kept[@min(1, kept.len)..]) |a, b| try std.testing.expect(
        a.token < b.token,
    );
    var drawable: usize = 0;
    for (expected) |entry| drawable += @intFromBool(entry.logit != -inf);
    const exact = options.top_p >= 1 and options.min_p <= 0;
    const difference = @max(kept.len, drawable) - @min(kept.len, drawable);
    const allowed = if (exact) 0 else drawable / 1000 + @intFromBool(kept.len > 2);
    try std.testing.expect(difference <= allowed);
    std.mem.sort(reference.Entry, expected, {}, entryLess);
    if (difference > 0) return;
    for (expected[0..drawable], kept) |entry, candidate| {
        // Tokens that stand outside only in one list would have to be ties; there are none here.
        try std.testing.expectEqual(entry.token, candidate.token);
    }
}

fn entryLess(_: void, a: reference.Entry, b: reference.Entry) bool {
    const a_masked = a.logit == -inf;
    const b_masked = b.logit == -inf;
    return if (a_masked != b_masked) b_masked else a.token < b.token;
}

const Harness = struct {
    scratch: Arena,
    runner: Runner,

    fn init(harness: *Harness, isa: cpu.Isa) !void {
        harness.scratch = try Arena.init(64 << 20);
        harness.runner = .{
            .kernels = cpu.kernels(isa).?,
            .pool = undefined,
            .scratch = &harness.scratch,
        };
    }

    fn sample(
        harness: *Harness,
        logits: []const f32,
        options: Options,
        recent: []const u32,
        generator: *sampling.Generator,
    ) !u32 {
        const token = try sampling.sample(
            &harness.runner,
            logits.ptr,
            logits.len,
            options,
            recent,
            generator,
        );
        try std.testing.expectEqual(@as(usize, 0), harness.scratch.head);
        try std.testing.expect(token < logits.len);
        return token;
    }
};

test "sampling: frequencies follow softmax at the temperature" {
    const logits = [_]f32{ 1.5, -0.5, nan, 0.25, 2, -inf, 0 };
    const draws = 200_000;
    var harness: Harness = undefined;
    try harness.init(.baseline);
    defer harness.scratch.deinit();
    for ([_]f32{ 0.5, 1, 1.7 }) |temperature| {
        var generator: sampling.Generator = .init(42);
        var counts: [logits.len]f64 = @splat(0);
        for (0..draws) |_| {
            const options: Options = .{ .temperature = temperature };
            counts[try harness.sample(&logits, options, &.{}, &generator)] += 1;
        }
        var total: f64 = 0;
        for (logits) |logit| if (logit == logit) {
            total += @exp(logit / temperature);
        };
        for (logits, counts) |logit, seen| {
            const p = if (logit == logit) @exp(logit / temperature) / total else 0;
            // Five standard deviations.
            const slack = 5 * @sqrt(draws * p * (1 - p));
            try std.testing.expect(@abs(seen - draws * p) <= slack);
        }
    }
}

test "sampling: the same seed gives the same tokens for every instruction set" {
    const logits = try Guarded(f32).init(5000);
    defer logits.deinit();
    var random = std.Random.DefaultPrng.init(9);
    fillLogits(random.random(), 0, logits.items);
    var first: [option_rows.len][20]u32 = undefined;
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas), 0..) |isa, i| {
        var harness: Harness = undefined;
        try harness.init(isa);
        defer harness.scratch.deinit();
        for (option_rows, &first) |options, *tokens| {
            var generator: sampling.Generator = .init(7);
            for (tokens) |*token| {
                const drawn = try harness.sample(logits.items, options, &.{ 3, 4 }, &generator);
                if (i == 0) token.* = drawn;
                try std.testing.expectEqual(token.*, drawn);
            }
        }
    }
}

test "sampling: known draws, so that a seed means the same text in every release" {
    // From the reference implementation of xoshiro256++, state 1, 2, 3, 4.
    var generator: sampling.Generator = .{ .state = .{ 1, 2, 3, 4 } };
    for ([_]u64{ 41943041, 58720359, 3588806011781223, 3591011842654386 }) |expected| {
        try std.testing.expectEqual(expected, generator.next());
    }
    // And of splitmix64 for seed 0.
    const seeded: sampling.Generator = .init(0);
    try std.testing.expectEqual(@as(u64, 0xe220a8397b1dcdaf), seeded.state[0]);
    try std.testing.expectEqual(@as(u64, 0x6e789e6aa1b965f4), seeded.state[1]);
}

test "sampling: temperature 0 takes the largest and leaves the generator alone" {
    var harness: Harness = undefined;
    try harness.init(.baseline);
    defer harness.scratch.deinit();
    var generator: sampling.Generator = .init(1);
    const before = generator;
    const options: Options = .{ .temperature = 0, .top_k = 40, .top_p = 0.5 };
    try std.testing.expectEqual(
        2,
        try harness.sample(&.{ 1, -2, 5, 5, nan }, options, &.{}, &generator),
    );
    try std.testing.expectEqual(0, try harness.sample(&.{3}, options, &.{}, &generator));
    try std.testing.expectEqual(before, generator);
}

test "sampling: NaN and infinities never lead out of range" {
    var harness: Harness = undefined;
    try harness.init(.baseline);
    defer harness.scratch.deinit();
    var generator: sampling.Generator = .init(1);
    for (option_rows) |options| {
        try std.testing.expectEqual(
            0,
            try harness.sample(&.{ nan, nan, nan }, options, &.{1}, &generator),
        );
        try std.testing.expectEqual(
            1,
            try harness.sample(&.{ nan, -4, nan }, options, &.{}, &generator),
        );
        try std.testing.expectEqual(
            1,
            try harness.sample(&.{ -inf, -4, nan }, options, &.{}, &generator),
        );
        try std.testing.expectEqual(
            2,
            try harness.sample(&.{ 1, nan, inf, 8 }, options, &.{}, &generator),
        );
        _ = try harness.sample(&.{ -inf, -inf }, options, &.{}, &generator);
        _ = try harness.sample(&.{ 3e38, -3e38, 3e38 }, options, &.{}, &generator);
    }
    const cold: Options = .{ .temperature = 1e-45 };
    try std.testing.expectEqual(1, try harness.sample(&.{ 1, 2, 1.99 }, cold, &.{}, &generator));
}

test "sampling: the repetition penalty lowers recent tokens once, whatever their sign" {
    var harness: Harness = undefined;
    try harness.init(.baseline);
    defer harness.scratch.deinit();
    var generator: sampling.Generator = .init(1);
    const greedy: Options = .{ .temperature = 0, .repetition_penalty = 2 };
    const recent = [_]u32{ 0, 0, 9, std.math.maxInt(u32) };
    try std.testing.expectEqual(1, try harness.sample(&.{ 4, 3 }, greedy, &recent, &generator));
    try std.testing.expectEqual(0, try harness.sample(&.{ 4, 1.5 }, greedy, &recent, &generator));
    try std.testing.expectEqual(1, try harness.sample(&.{ -1, -1.5 }, greedy, &recent, &generator));
    try std.testing.expectEqual(0, try harness.sample(&.{ 4, 3 }, greedy, &.{}, &generator));
}
