//! Drawing the next token from logits.
//!
//! The steps are llama.cpp's, in its order: repetition penalty, top-k, top-p, min-p, temperature,
//! draw. So top-p and min-p look at probabilities before the temperature.
//!
//! Tokens rank by logit, the lower token first among equals, and every filter keeps a prefix of
//! that order; finding its end takes a selection, never a sort of the vocabulary. What remains is
//! drawn from in token order, so that logits which differ by a rounding give the same text. All
//! arithmetic here is the same on every processor.
//!
//! NaN and -inf are never drawn as long as there is another logit; a logit of +inf is always drawn.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const Arena = @import("../../../core/arena.zig").Arena;
const exponential = @import("../exponential.zig");

pub const Options = extern struct {
    /// Divides the logits before the draw; 0 takes the largest logit and draws nothing.
    temperature: f32 = 1,
    /// Keeps this many tokens; 0 keeps all.
    top_k: u32 = 0,
    /// Keeps the fewest tokens whose probabilities reach this sum; 1 keeps all.
    top_p: f32 = 1,
    /// Keeps tokens of at least this fraction of the largest probability; 0 keeps all.
    min_p: f32 = 0,
    /// Divides positive and multiplies negative logits of recent tokens (Keskar et al. 2019); above
    /// 0, where 1 changes nothing.
    repetition_penalty: f32 = 1,
};

/// xoshiro256++ (Blackman and Vigna 2019). The caller keeps the state.
pub const Generator = extern struct {
    state: [4]u64,

    /// State from a seed by splitmix64, as its authors advise.
    pub fn init(seed: u64) Generator {
        var generator: Generator = undefined;
        var counter = seed;
        for (&generator.state) |*word| {
            counter +%= 0x9e37_79b9_7f4a_7c15;
            var mixed = (counter ^ (counter >> 30)) *% 0xbf58_476d_1ce4_e5b9;
            mixed = (mixed ^ (mixed >> 27)) *% 0x94d0_49bb_1331_11eb;
            word.* = mixed ^ (mixed >> 31);
        }
        return generator;
    }

    pub fn next(generator: *Generator) u64 {
        const s = &generator.state;
        const result = std.math.rotl(u64, s[0] +% s[3], 23) +% s[0];
        const shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = std.math.rotl(u64, s[3], 45);
        return result;
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(generator: *Generator) f64 {
        return @as(f64, @floatFromInt(generator.next() >> 11)) * 0x1p-53;
    }
};

pub const Candidate = struct {
    logit: f32,
    token: u32,
    /// `e^(logit - largest)`, before the temperature.
    mass: f32,

    fn ranksAbove(a: Candidate, b: Candidate) bool {
        return a.logit > b.logit or (a.logit == b.logit and a.token < b.token);
    }

    fn tokenLess(_: void, a: Candidate, b: Candidate) bool {
        return a.token < b.token;
    }

    fn one(_: Candidate) f64 {
        return 1;
    }

    fn ownMass(candidate: Candidate) f64 {
        return candidate.mass;
    }
};

/// Draws a token from `logits[count]`, which stay as they are. Takes one number from the generator,
/// or none when there is nothing to draw. `recent` are the tokens that the repetition penalty is
/// for; repeated ones count once, those outside the vocabulary not at all. `count` is at least 1.
pub fn sample(
    runner: *Runner,
    logits: [*]const f32,
    count: usize,
    options: Options,
    recent: []const u32,
    generator: *Generator,
) Arena.Error!u32 {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const values = try penalized(runner.scratch, logits[0..count], options, recent);
    const best = runner.kernels.rows.argmax(values.ptr, count);
    const highest = values[best];
    if (!(options.temperature > 0) or !std.math.isFinite(highest)) return best;
    const candidates = try shortlist(runner.scratch, values, highest, options);
    return draw(candidates, highest, options.temperature, generator);
}

/// The logits after the repetition penalty: themselves where it changes nothing.
fn penalized(
    scratch: *Arena,
    logits: []const f32,
    options: Options,
    recent: []const u32,
) Arena.Error![]const f32 {
    const penalty = options.repetition_penalty;
    if (penalty == 1 or recent.len == 0) return logits;
    const values = try scratch.slice(f32, logits.len);
    @memcpy(values, logits);
    for (recent) |token| {
        if (token >= logits.len) continue;
        const logit = logits[token];
        values[token] = if (logit > 0) logit / penalty else logit * penalty;
    }
    return values;
}

/// The tokens that top-k, top-p and min-p leave, in token order, in scratch memory. `highest` is
/// the largest logit and finite.
pub fn shortlist(
    scratch: *Arena,
    logits: []const f32,
    highest: f32,
    options: Options,
) Arena.Error![]Candidate {
    const by_count = options.top_k > 0 and options.top_k < logits.len;
    const by_mass = options.top_p < 1;
    var kept: []Candidate = undefined;
    var total: f64 = undefined;
    if (by_count) {
        kept = try largestLogits(scratch, logits, options.top_k);
        setMasses(kept, highest);
        total = 0;
        for (kept) |candidate| total += candidate.mass;
    } else {
        total = if (by_mass) totalMass(logits, highest) else 0;
        kept = try above(scratch, logits, lowestUseful(options, logits.len, highest, total));
        setMasses(kept, highest);
    }
    if (by_mass) kept = try keepMass(scratch, kept, total * @max(0, options.top_p));
    // The largest has mass 1 and stays.
    return if (options.min_p > 0) keepAtLeast(kept, @min(options.min_p, 1)) else kept;
}

const block = 16;
const Block = @Vector(block, f32);

/// A logit below which no token can pass top-p or min-p. All tokens with less mass than
/// `(1 - p) total / count` have together less than `(1 - p) total`, so the rest reaches p.
fn lowestUseful(options: Options, count: usize, highest: f32, total: f64) f32 {
    var bound: f64 = if (options.min_p > 0) @min(options.min_p, 1) else 0;
    if (options.top_p < 1) {
        const share = (1 - @as(f64, @max(0, options.top_p))) / @as(f64, @floatFromInt(count));
        bound = @max(bound, share * total);
    }
    if (bound == 0) return -std.math.inf(f32);
    // Wider by more than all roundings on the way.
    return @floatCast(highest + @log(bound) - 1e-3 - 1e-6 * @abs(@as(f64, highest)));
}

/// All tokens with a logit above `bound`, in token order, masses unset.
fn above(scratch: *Arena, logits: []const f32, bound: f32) Arena.Error![]Candidate {
    const buffer = try scratch.slice(Candidate, logits.len);
    var count: usize = 0;
    var i: usize = 0;
    while (nextAbove(logits, &i, bound)) |candidate| {
        buffer[count] = candidate;
        count += 1;
    }
    return buffer[0..count];
}

/// The next token from `i.*` on with a logit above `bound`, which no NaN is.
inline fn nextAbove(logits: []const f32, i: *usize, bound: f32) ?Candidate {
    while (i.* < logits.len) {
        if (i.* % block == 0) while (i.* + block <= logits.len) : (i.* += block) {
            const values: Block = logits[i.*..][0..block].*;
            if (@reduce(.Or, values > @as(Block, @splat(bound)))) break;
        };
        if (i.* == logits.len) return null;
        const token = i.*;
        i.* += 1;
        if (logits[token] > bound) {
            return .{ .logit = logits[token], .token = @intCast(token), .mass = 0 };
        }
    }
    return null;
}

/// The `wanted` tokens that rank highest, in token order, masses unset.
fn largestLogits(scratch: *Arena, logits: []const f32, wanted: usize) Arena.Error![]Candidate {
    // Whenever the buffer is full, it is reduced to the best and the bar rises.
    const capacity = @min(logits.len, 2 * wanted + 256);
    const buffer = try scratch.slice(Candidate, capacity);
    var bar = -std.math.inf(f32);
    var count: usize = 0;
    var i: usize = 0;
    while (nextAbove(logits, &i, bar)) |candidate| {
        buffer[count] = candidate;
        count += 1;
        if (count == capacity and i < logits.len) {
            count = selectPrefix(buffer[0..count], @floatFromInt(wanted), Candidate.one);
            // Later tokens with the same logit rank lower.
            bar = std.math.inf(f32);
            for (buffer[0..count]) |kept| bar = @min(bar, kept.logit);
        }
    }
    if (count > wanted) {
        count = selectPrefix(buffer[0..count], @floatFromInt(wanted), Candidate.one);
    }
    std.sort.pdq(Candidate, buffer[0..count], {}, Candidate.tokenLess);
    return buffer[0..count];
}

/// Brings the shortest prefix of the ranking whose amounts reach `target` to the front, in any
/// order, and returns its length, which is at least 1. Quickselect.
fn selectPrefix(
    items: []Candidate,
    target: f64,
    comptime amount: fn (Candidate) f64,
) usize {
    var low: usize = 0;
    var high = items.len;
    var left = target;
    var random: u32 = 1;
    while (high - low > 1) {
        random = random *% 1664525 +% 1013904223;
        const chosen = low + (@as(u64, random) * (high - low) >> 32);
        const pivot = items[chosen];
        items[chosen] = items[high - 1];
        items[high - 1] = pivot;
        var border = low;
        var reached: f64 = 0;
        for (low..high - 1) |i| {
            const item = items[i];
            if (!item.ranksAbove(pivot)) continue;
            items[i] = items[border];
            items[border] = item;
            border += 1;
            reached += amount(item);
        }
        items[high - 1] = items[border];
        items[border] = pivot;
        if (reached >= left) {
            high = border;
            continue;
        }
        reached += amount(pivot);
        if (reached >= left) return border + 1;
        left -= reached;
        low = border + 1;
    }
    return @max(1, high);
}

/// Keeps the candidates that rank highest and together reach `target`, in their order.
fn keepMass(scratch: *Arena, candidates: []Candidate, target: f64) Arena.Error![]Candidate {
    const copy = try scratch.slice(Candidate, candidates.len);
    @memcpy(copy, candidates);
    const prefix = copy[0..selectPrefix(copy, target, Candidate.ownMass)];
    var last = prefix[0];
    for (prefix[1..]) |candidate| {
        if (last.ranksAbove(candidate)) last = candidate;
    }
    var count: usize = 0;
    for (candidates) |candidate| {
        if (last.ranksAbove(candidate)) continue;
        candidates[count] = candidate;
        count += 1;
    }
    return candidates[0..count];
}

/// Keeps the candidates of at least this mass, in their order.
fn keepAtLeast(candidates: []Candidate, mass: f32) []Candidate {
    var count: usize = 0;
    for (candidates) |candidate| {
        if (candidate.mass < mass) continue;
        candidates[count] = candidate;
        count += 1;
    }
    return candidates[0..count];
}

fn setMasses(candidates: []Candidate, highest: f32) void {
    var i: usize = 0;
    while (i < candidates.len) : (i += block) {
        const part = candidates[i..@min(i + block, candidates.len)];
        const masses = exponentials(part, highest, 1);
        for (part, masses[0..part.len]) |*candidate, mass| candidate.mass = mass;
    }
}

/// `e^((logit - highest) / temperature)` of up to `block` candidates.
inline fn exponentials(part: []const Candidate, highest: f32, temperature: f32) [block]f32 {
    var logits: [block]f32 = @splat(highest);
    for (part, logits[0..part.len]) |candidate, *logit| logit.* = candidate.logit;
    const difference = @as(Block, logits) - @as(Block, @splat(highest));
    return exponential.exp(false, difference / @as(Block, @splat(temperature)));
}

/// Sum of `e^(logit - highest)`, NaN left out.
fn totalMass(logits: []const f32, highest: f32) f64 {
    var total: f64 = 0;
    var sums: Block = @splat(0);
    var i: usize = 0;
    while (i < logits.len) : (i += block) {
        var values: Block = @splat(-std.math.inf(f32));
        if (i + block <= logits.len) {
            values = logits[i..][0..block].*;
        } else {
            var part: [block]f32 = values;
            @memcpy(part[0 .. logits.len - i], logits[i..]);
            values = part;
        }
        const mass = exponential.exp(false, values - @as(Block, @splat(highest)));
        sums += @select(f32, mass == mass, mass, @as(Block, @splat(0)));
        // The sums of many blocks would lose the small masses.
        if (i / block % 256 == 255) {
            total += sumInOrder(sums);
            sums = @splat(0);
        }
    }
    return total + sumInOrder(sums);
}

fn sumInOrder(values: Block) f64 {
    var total: f64 = 0;
    for (@as([block]f32, values)) |value| total += value;
    return total;
}

fn draw(
    candidates: []Candidate,
    highest: f32,
    temperature: f32,
    generator: *Generator,
) u32 {
    var total: f64 = 0;
    var i: usize = 0;
    while (i < candidates.len) : (i += block) {
        const part = candidates[i..@min(i + block, candidates.len)];
        const weights = exponentials(part, highest, temperature);
        for (part, weights[0..part.len]) |*candidate, weight| {
            candidate.mass = weight;
            total += weight;
        }
    }
    const point = generator.uniform() * total;
    var reached: f64 = 0;
    var last: u32 = candidates[0].token;
    for (candidates) |candidate| {
        if (candidate.mass == 0) continue;
        last = candidate.token;
        reached += candidate.mass;
        if (reached > point) break;
    }
    return last;
}
