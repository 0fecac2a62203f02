//! Attention of query rows against a key/value cache, without the matrix of scores.

const DType = @import("../../core/dtype.zig").DType;

/// Queries of one key/value head against that head's cache.
pub const Job = extern struct {
    /// `[query_count][head_size]`, rows `query_stride` elements apart.
    query: [*]const f32,
    query_stride: usize,
    /// Same arrangement as `query`.
    out: [*]f32,
    out_stride: usize,
    /// Cached keys `[position][head_size]` in `cache_dtype`, rows `cache_stride_bytes` apart.
    key: [*]const u8,
    /// Cached values, arranged as the keys.
    value: [*]const u8,
    cache_stride_bytes: usize,
    /// f32 or f16.
    cache_dtype: DType,
    query_count: usize,
    head_size: usize,
    /// Row i of the queries sees positions `0 ..= position + i / queries_per_position`; at most
    /// `key_count` are there.
    position: usize,
    /// Neighbouring query rows that stand at the same position (heads that share this cache head).
    queries_per_position: usize,
    key_count: usize,
    /// Multiplies the scores, usually `1 / sqrt(head_size)`.
    scale: f32,
    /// `workspaceFloats(query_count, head_size)` floats, 64-byte aligned.
    workspace: [*]align(64) f32,
};

/// Query rows handled at a time; `ops/` makes jobs of up to this many.
pub const query_tile = 16;
/// Cached positions handled at a time.
pub const key_tile = 64;

/// Floats of workspace that one job needs.
pub fn workspaceFloats(query_count: usize, head_size: usize) usize {
    return query_count * (key_tile + head_size + 16) + 2 * key_tile * (head_size + 16);
}

pub const Table = extern struct {
    /// Softmax over running tiles of keys (Milakov and Gimelshein 2018; Dao et al. 2022).
    attend: *const fn (job: *const Job) callconv(.c) void,
};
