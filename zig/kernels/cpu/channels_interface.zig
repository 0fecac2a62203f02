//! Norms over channels: batch norm and, with the channels of every sample apart, group norm.

/// Some channels of f32 `[batch][channels][spatial]`.
pub const Channels = extern struct {
    batch: usize,
    /// All of them: the distance from one sample to the next is `channels * spatial`.
    channels: usize,
    spatial: usize,
    /// The ones to do.
    begin: usize,
    end: usize,
};

/// Vectors with one number for each of all channels.
pub const Table = extern struct {
    /// Mean and biased variance of every channel.
    moments: *const fn (
        part: *const Channels,
        x: [*]const f32,
        mean: [*]f32,
        variance: [*]f32,
    ) callconv(.c) void,
    /// `out = (x - mean) * factor + bias`; `out` may be `x`.
    normalize: *const fn (
        part: *const Channels,
        out: [*]f32,
        x: [*]const f32,
        mean: [*]const f32,
        factor: [*]const f32,
        bias: [*]const f32,
    ) callconv(.c) void,
    /// `sums = sum(gradient)` and `products = sum(gradient * (x - mean))`.
    gradient_sums: *const fn (
        part: *const Channels,
        gradient: [*]const f32,
        x: [*]const f32,
        mean: [*]const f32,
        sums: [*]f32,
        products: [*]f32,
    ) callconv(.c) void,
    /// `out = factor * gradient + slope * (x - mean) + offset`; `out` may be either operand.
    gradient: *const fn (
        part: *const Channels,
        out: [*]f32,
        gradient: [*]const f32,
        x: [*]const f32,
        line: *const Line,
    ) callconv(.c) void,
};

/// The straight line of `gradient`, channel by channel.
pub const Line = extern struct {
    mean: [*]const f32,
    factor: [*]const f32,
    slope: [*]const f32,
    offset: [*]const f32,
};
