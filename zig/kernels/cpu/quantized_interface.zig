//! Products of f32 rows with F32, F16, BF16, Q8_0 and Q4_0 weights; quantization.
pub const Table = extern struct {};
