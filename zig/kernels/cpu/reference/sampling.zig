//! Reference of the sampling filters: the whole vocabulary sorted, in f64. Tests only.

const std = @import("std");
const Options = @import("../threaded/sampling.zig").Options;

pub const Entry = struct {
    token: u32,
    logit: f64,
    probability: f64,

    fn ranksAbove(_: void, a: Entry, b: Entry) bool {
        return a.logit > b.logit or (a.logit == b.logit and a.token < b.token);
    }
};

/// The entries that the filters keep, best first, in `buffer`; no NaN in `logits`.
pub fn shortlist(buffer: []Entry, logits: []const f32, options: Options) []Entry {
    for (buffer[0..logits.len], logits, 0..) |*entry, logit, token| {
        entry.* = .{ .token = @intCast(token), .logit = logit, .probability = 0 };
    }
    std.sort.pdq(Entry, buffer[0..logits.len], {}, Entry.ranksAbove);
    const by_count = options.top_k > 0 and options.top_k < logits.len;
    var kept = buffer[0..if (by_count) options.top_k else logits.len];

    var total: f64 = 0;
    for (kept) |entry| total += @exp(entry.logit - kept[0].logit);
    for (kept) |*entry| entry.probability = @exp(entry.logit - kept[0].logit) / total;
    if (options.top_p < 1) {
        var reached: f64 = 0;
        for (kept, 1..) |entry, count| {
            reached += entry.probability;
            if (reached < options.top_p) continue;
            kept = kept[0..count];
            break;
        }
    }
    if (options.min_p > 0) {
        for (kept, 0..) |entry, count| {
            if (count == 0 or entry.probability >= options.min_p * kept[0].probability) continue;
            kept = kept[0..count];
            break;
        }
    }
    return kept;
}
