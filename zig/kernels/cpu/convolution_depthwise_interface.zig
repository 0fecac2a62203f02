//! f32 convolutions of planes that have a kernel each, and gradients of these kernels.
//!
//! Registers hold channels, as in Winograd's filtering: pixels lie as `[row][column][lanes]`, with
//! zeros around them where a kernel reaches beyond a plane. Tap k of the result's pixel (y, x) is
//! `source[y * row_step + x * pixel_step + offsets[k]]`.

/// What pixels of a result read.
pub const Source = extern struct {
    registers: [*]const f32,
    row_step: usize,
    pixel_step: usize,
    offsets: [*]const usize,
    taps: usize,
};

/// Pixels of a result.
pub const Sums = extern struct {
    source: Source,
    /// Registers `[taps]`.
    weights: [*]const f32,
    /// One register: what sums start with.
    bias: [*]const f32,
    out: [*]f32,
    out_row_step: usize,
    out_pixel_step: usize,
    rows: usize,
    columns: usize,
};

/// Adds to the gradients of kernels what some pixels give.
pub const Gradient = extern struct {
    source: Source,
    /// Of the result, `[rows][columns][lanes]`.
    gradient: [*]const f32,
    rows: usize,
    columns: usize,
    /// Registers `[taps]`.
    out: [*]f32,
};

pub const Table = extern struct {
    sums: *const fn (sums: *const Sums) callconv(.c) void,
    gradient: *const fn (gradient: *const Gradient) callconv(.c) void,
};
