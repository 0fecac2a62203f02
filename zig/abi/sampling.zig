//! The choice of the next token.

const call = @import("call.zig").call;
const sampling = @import("../ops/sampling.zig");

/// Index of the largest element.
export fn q_argmax(x: u32) i32 {
    return call(sampling.argmax, .{x});
}

/// Starts the sequence of a generator, i32 [8], from a seed of 64 bits.
export fn q_seed(generator: u32, low: u32, high: u32) i32 {
    return call(sampling.seed, .{ generator, low, high });
}

/// Draws an index from a vector of logits; recent may be 0. Parameters: temperature, top-k, top-p,
/// min-p, repetition penalty, all f32 but top-k.
export fn q_sample(logits: u32, recent: u32, generator: u32) i32 {
    return call(sampling.sample, .{ logits, recent, generator });
}
