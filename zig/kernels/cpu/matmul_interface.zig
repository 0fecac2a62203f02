//! f32 matrix products over strided operands.

/// Packs and multiplies one tile: see matmul.zig for the blocking.
pub const Table = extern struct {};
