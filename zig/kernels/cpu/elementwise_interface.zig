//! Kernels that work element by element. NaN and the infinities give what PyTorch gives.

/// Functions of one operand. The codes are part of the ABI.
pub const Unary = enum(u32) {
    relu = 0,
    silu = 1,
    /// `x * Phi(x)` with the error function.
    gelu = 2,
    /// The tanh approximation of gelu.
    gelu_tanh = 3,
    sigmoid = 4,
    tanh = 5,
    exp = 6,
    neg = 7,
    sqrt = 8,
    erf = 9,
};

/// Functions of two operands. The codes are part of the ABI.
pub const Binary = enum(u32) {
    add = 0,
    sub = 1,
    mul = 2,
    div = 3,
    /// The larger one; NaN when either is.
    maximum = 4,
    /// The smaller one; NaN when either is.
    minimum = 5,
    /// Comparisons give 1 or 0.
    equal = 6,
    not_equal = 7,
    less = 8,
    less_equal = 9,
    greater = 10,
    greater_equal = 11,
};

pub const Table = extern struct {
    /// `out[i] = f(x[i])`; `out` may be `x`.
    unary: *const fn (
        function: Unary,
        out: [*]f32,
        x: [*]const f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = a[i] op b[i]`; `out` may be `a` or `b`.
    binary: *const fn (
        function: Binary,
        out: [*]f32,
        a: [*]const f32,
        b: [*]const f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = a[i] op b`; `out` may be `a`.
    binary_scalar: *const fn (
        function: Binary,
        out: [*]f32,
        a: [*]const f32,
        b: f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = a op b[i]`; `out` may be `b`.
    scalar_binary: *const fn (
        function: Binary,
        out: [*]f32,
        a: f32,
        b: [*]const f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = silu(gate[i]) * up[i]` (SwiGLU); `out` may be either.
    silu_mul: *const fn (
        out: [*]f32,
        gate: [*]const f32,
        up: [*]const f32,
        count: usize,
    ) callconv(.c) void,
};
