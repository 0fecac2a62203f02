//! f32 convolutions over staged sources.
//!
//! A driver copies ("stages") the rows of the source that a tile of the result reads into a buffer
//! with padding in place, its columns sorted by their remainder modulo the stride. Then whatever
//! the stride, padding and dilation: tap k of the result's pixel (y, x) is
//! `staged[offsets[k] + y * staged_row_step + x]`, neighbours in x are neighbours in memory, and
//! reading a register past the last of them is allowed.

const depthwise = @import("convolution_depthwise_interface.zig");
const winograd = @import("convolution_winograd_interface.zig");

/// Rows of the weights up to which `direct` and `gradient_dots` are meant to be used: for so few,
/// rearranging operands for the matrix products costs more than it saves.
pub const max_direct_rows = 4;

/// Floats behind a staged source, and behind what `pack_taps` writes, that may be touched.
pub const slack_floats = 16;

/// Pixels that are neighbours: `count` of them, from `from` in the source, from column `to` on.
pub const Segment = extern struct { from: usize, to: usize, count: usize };

/// Columns of `pack_taps`: at most one tile of the matrix products, in whole registers.
pub const Taps = extern struct {
    staged: [*]const f32,
    offsets: [*]const usize,
    depth: usize,
    /// The columns in rising order, none left out.
    segments: [*]const Segment,
    segment_count: usize,
    /// Floats from one row of the result to the next.
    width: usize,
};

/// A tile of a result with few channels.
pub const Direct = extern struct {
    staged: [*]const f32,
    staged_row_step: usize,
    offsets: [*]const usize,
    depth: usize,
    /// `[channels][depth]`.
    weights: [*]const f32,
    channels: usize,
    /// `[channels]`: what sums start with, such as a bias.
    start: [*]const f32,
    out: [*]f32,
    out_channel_step: usize,
    out_row_step: usize,
    rows: usize,
    columns: usize,
    /// Add to what is there.
    accumulate: bool,
};

/// A tile's part of the gradient of the weights: `out[k][channel] += ` the sum over pixels of tap k
/// times the gradient there.
pub const Gradient = extern struct {
    staged: [*]const f32,
    staged_row_step: usize,
    offsets: [*]const usize,
    depth: usize,
    rows: usize,
    columns: usize,
    channels: usize,
    /// For `gradient_tile`: `[rows * columns][channels]` as matmul's `pack_columns` packs them.
    /// For `gradient_dots`: `[channels][rows]`, rows of whole registers filled up with anything
    /// finite.
    gradient: [*]const f32,
    /// `[depth][out_row_step]`; the step is a multiple of 16 of at least `channels`.
    out: [*]f32,
    out_row_step: usize,
};

pub const Table = extern struct {
    /// f32 in a register.
    lanes: usize,
    /// `out[k][column]`, the taps of a strip of pixels as the matrix products take them.
    pack_taps: *const fn (out: [*]f32, taps: *const Taps) callconv(.c) void,
    direct: *const fn (direct: *const Direct) callconv(.c) void,
    gradient_tile: *const fn (gradient: *const Gradient) callconv(.c) void,
    gradient_dots: *const fn (gradient: *const Gradient) callconv(.c) void,
    depthwise: depthwise.Table,
    winograd: winograd.Table,
};
