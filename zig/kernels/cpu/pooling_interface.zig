//! Pooling of planes `[rows][columns]`, f32, contiguous.

/// A window that moves over a plane. Pairs are rows, columns. Every window has an element inside.
pub const Window = extern struct {
    in: [2]usize,
    out: [2]usize,
    kernel: [2]usize,
    stride: [2]usize,
    padding: [2]usize,
    dilation: [2]usize,
};

/// A range of rows or columns, `start` to before `end`, and its part of what a sum is divided by.
pub const Range = extern struct { start: u32, end: u32, divisor: u32 };

/// The rectangles that are averaged: every range of rows with every range of columns.
pub const Ranges = extern struct {
    in: [2]usize,
    out: [2]usize,
    rows: [*]const Range,
    columns: [*]const Range,
};

pub const Table = extern struct {
    /// Largest elements, and where they lie in the plane; NaN is larger than every number.
    max: *const fn (
        out: [*]f32,
        indices: [*]i32,
        x: [*]const f32,
        window: *const Window,
    ) callconv(.c) void,
    /// Adds each gradient to its index; false when an index is not below `size`.
    max_gradient: *const fn (
        out: [*]f32,
        size: usize,
        gradient: [*]const f32,
        indices: [*]const i32,
        count: usize,
    ) callconv(.c) bool,
    average: *const fn (out: [*]f32, x: [*]const f32, ranges: *const Ranges) callconv(.c) void,
    /// Replaces `out`, a plane like `x` of `average`.
    average_gradient: *const fn (
        out: [*]f32,
        gradient: [*]const f32,
        ranges: *const Ranges,
    ) callconv(.c) void,
};
