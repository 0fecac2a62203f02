//! Attention of query rows against a key/value cache, without the matrix of scores.

const std = @import("std");
const DType = @import("../../core/dtype.zig").DType;
const DropoutMask = @import("elementwise_interface.zig").DropoutMask;

/// Elements from one position, and from one query head, to the next; the elements of a head at one
/// position are neighbours.
pub const Strides = extern struct {
    position: usize,
    head: usize,

    /// Elements from the start to a row.
    pub fn offset(strides: Strides, row: usize, group: usize) usize {
        return row / group * strides.position + row % group * strides.head;
    }
};

/// Numbers that are added to the scores of one key/value head's rows. Strides may be 0, to repeat.
pub const Mask = extern struct {
    data: [*]const f32,
    strides: Strides,
};

/// Dropout of one key/value head's weights. The places of weights are those in
/// `[batch][heads][queries][keys]`, so that a mask does not depend on how the work is cut.
pub const Dropout = extern struct {
    mask: DropoutMask,
    /// The place of the first query head's weight of query position 0 and key 0.
    first: u64,
    strides: Strides,

    /// The place of a query row's weight of key 0.
    pub fn placeOf(dropout: *const Dropout, row: usize, group: usize) u64 {
        return dropout.first + dropout.strides.offset(row, group);
    }
};

/// Some query rows of one key/value head against a range of that head's cache.
///
/// Row r stands for query position `r / group` and, of the query heads that share the key/value
/// head, head `r % group`.
pub const Job = extern struct {
    query: [*]const f32,
    query_strides: Strides,
    out: [*]f32,
    out_strides: Strides,
    /// Query heads that share this key/value head.
    group: usize,
    head_size: usize,
    /// The rows to do, at most `query_tile`.
    row_begin: usize,
    row_count: usize,

    /// Cached keys and values, `[position][head_size]` in `cache_dtype`; blocks of Q8_0 as GGML
    /// arranges them.
    key: [*]const u8,
    key_stride_bytes: usize,
    value: [*]const u8,
    value_stride_bytes: usize,
    /// f32, f16 or q8_0; with the last, `head_size` is whole blocks.
    cache_dtype: DType,
    /// Row r sees cached positions up to `position + r / group` only; otherwise all.
    causal: bool,
    /// Cached positions to attend to, of those that the row sees.
    key_begin: usize,
    key_end: usize,
    /// Place of query position 0 in the cache.
    position: usize,
    /// Multiplies the scores, usually `1 / sqrt(head_size)`.
    scale: f32,
    /// Added to the scaled scores; its keys are neighbours, starting with that of position 0.
    mask: ?*const Mask = null,
    /// Applied to the weights, after their sums are taken.
    dropout: ?*const Dropout = null,
    /// Takes the logarithm of each row's sum of exponentials, positions being neighbours; +inf for
    /// rows that see nothing.
    log_sums: ?[*]f32 = null,
    log_sum_head_stride: usize = 0,

    /// When not null, `out` is left alone and each row's largest score, its sum of weights and its
    /// weighted sum of values, relative to that score, go here: `[row_count][2 + head_size]`.
    partial: ?[*]f32,
    /// `workspaceFloats(row_count, head_size)` floats.
    workspace: [*]align(64) f32,
};

/// Results of several jobs that differ only in their range of keys, to be put together.
pub const Merge = extern struct {
    query_out: Job,
    /// `[part_count][part_stride]`; every part starts with `[row_count][2 + head_size]`.
    parts: [*]const f32,
    part_count: usize,
    /// Floats from one part to the next.
    part_stride: usize,
};

/// Most query rows of one job.
pub const query_tile = 96;
/// Cached positions handled at a time.
pub const key_tile = 64;
/// Rows in the workspace have a whole number of the longest registers.
const row_multiple = 16;

/// Floats that a row of `head_size` elements takes in the workspace.
pub fn paddedSize(head_size: usize) usize {
    return std.mem.alignForward(usize, head_size, row_multiple);
}

/// Floats of workspace that one job needs.
pub fn workspaceFloats(row_count: usize, head_size: usize) usize {
    const rows = std.mem.alignForward(usize, row_count, row_multiple);
    const padded = paddedSize(head_size);
    return rows * (2 * padded + key_tile + 3) + 2 * key_tile * padded;
}

pub const Table = extern struct {
    /// Softmax over running tiles of keys (Milakov and Gimelshein 2018; Dao et al. 2022). Rows that
    /// see nothing become zeros.
    attend: *const fn (job: *const Job) callconv(.c) void,
    /// Writes the rows of `query_out.out` from the parts.
    merge: *const fn (merge: *const Merge) callconv(.c) void,
};
