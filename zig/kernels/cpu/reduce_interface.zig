//! Kernels that reduce contiguous f32 to fewer numbers. NaN and the infinities give what PyTorch
//! gives: a NaN among the numbers makes the result NaN.

/// What numbers become. The identities, which reductions of nothing give: 0, -inf, inf, 0.
pub const Reduction = enum(u32) {
    sum,
    max,
    min,
    /// Sum of `(x - center)^2`.
    squares,

    /// What puts results of parts together.
    pub fn ofParts(reduction: Reduction) Reduction {
        return if (reduction == .squares) .sum else reduction;
    }
};

/// Which element's index is wanted. The codes are part of the ABI.
pub const Extreme = enum(u32) { max = 0, min = 1 };

pub const Table = extern struct {
    /// `out[r]` from `x[r][0..count]`, rows behind one another; `centers[r]` only for squares.
    rows: *const fn (
        reduction: Reduction,
        out: [*]f32,
        x: [*]const f32,
        row_count: usize,
        count: usize,
        centers: ?[*]const f32,
    ) callconv(.c) void,
    /// `out[c]` from `x[r * row_stride + c]` of all rows; `centers[c]` only for squares.
    columns: *const fn (
        reduction: Reduction,
        out: [*]f32,
        x: [*]const f32,
        row_count: usize,
        column_count: usize,
        row_stride: usize,
        centers: ?[*]const f32,
    ) callconv(.c) void,
    /// `out[r]`: index of the extreme of `x[r][0..count]`, the first of equals; the first NaN where
    /// there is one. count is at least 1.
    extreme_of_rows: *const fn (
        extreme: Extreme,
        out: [*]i32,
        x: [*]const f32,
        row_count: usize,
        count: usize,
    ) callconv(.c) void,
    /// `out[c]`: row of the extreme of column c in `x[row_count][column_count]`, as above;
    /// `best[c]` takes its value. row_count is at least 1.
    extreme_of_columns: *const fn (
        extreme: Extreme,
        out: [*]i32,
        best: [*]f32,
        x: [*]const f32,
        row_count: usize,
        column_count: usize,
    ) callconv(.c) void,
};
