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
    log = 10,
    abs = 11,
};

/// Functions of one operand and up to two numbers. The codes are part of the ABI.
pub const Parametric = enum(u32) {
    /// `x > 0 ? x : first * x`
    leaky_relu = 0,
    /// `x > 0 ? x : first * (e^x - 1)`
    elu = 1,
    /// `log(1 + e^(first * x)) / first`, and x where `first * x > second`.
    softplus = 2,
    /// At least `first`, at most `second`.
    clamp = 3,
    /// `x^first`
    pow = 4,
};

/// Gradients of functions of one operand: `gradient * f'`, from what the forward pass saved: x
/// unless a comment says y, the result. The codes are part of the ABI.
pub const Derivative = enum(u32) {
    /// From y or x.
    relu = 0,
    silu = 1,
    gelu = 2,
    gelu_tanh = 3,
    /// From y.
    sigmoid = 4,
    /// From y.
    tanh = 5,
    /// From y.
    sqrt = 6,
    abs = 7,
    leaky_relu = 8,
    elu = 9,
    softplus = 10,
    clamp = 11,
    pow = 12,
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
    /// `a^b`
    pow = 12,
};

/// Functions of three operands. The codes are part of the ABI.
pub const Ternary = enum(u32) {
    /// `a != 0 ? b : c`
    where = 0,
    /// Gradient a of `maximum(b, c)` that goes to b; equal ones share it.
    maximum_share = 1,
    /// Gradient a of `minimum(b, c)` that goes to b; equal ones share it.
    minimum_share = 2,
    /// Gradient a of `b^c` that goes to b.
    pow_base = 3,
    /// Gradient a of `b^c` that goes to c.
    pow_exponent = 4,
};

/// Functions that can write their results past the caches, for results that no cache holds.
pub const Functions = extern struct {
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
    /// `out[i] = gradient[i] * f'(saved[i], first, second)`; `out` may be either.
    derivative: *const fn (
        function: Derivative,
        out: [*]f32,
        gradient: [*]const f32,
        saved: [*]const f32,
        first: f32,
        second: f32,
        count: usize,
    ) callconv(.c) void,
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
    /// `out[i] = f(x[i], first, second)`; `out` may be `x`.
    parametric: *const fn (
        function: Parametric,
        out: [*]f32,
        x: [*]const f32,
        first: f32,
        second: f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = f(operands[0][i], operands[1][i], operands[2][i])`. Of operands whose bit in
    /// `repeated` is set there is one element; `out` may be one of the others.
    ternary: *const fn (
        function: Ternary,
        out: [*]f32,
        operands: *const [3][*]const f32,
        repeated: u32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = gradient[i] * f'(saved[i], first, second)`; `out` may be either.
    derivative: *const fn (
        function: Derivative,
        out: [*]f32,
        gradient: [*]const f32,
        saved: [*]const f32,
        first: f32,
        second: f32,
        count: usize,
    ) callconv(.c) void,
    /// Gradients of `silu(gate[i]) * up[i]`; outputs may be inputs.
    silu_mul_gradients: *const fn (
        gate_out: [*]f32,
        up_out: [*]f32,
        gradient: [*]const f32,
        gate: [*]const f32,
        up: [*]const f32,
        count: usize,
    ) callconv(.c) void,
    /// `out[i] = x[i] * scale` or 0, by a mask that depends on the seed and on `first + i` only;
    /// `out` may be `x`.
    dropout: *const fn (
        out: [*]f32,
        x: [*]const f32,
        count: usize,
        first: u64,
        mask: *const DropoutMask,
    ) callconv(.c) void,
    /// Some of them past the caches: `out` is aligned to 64 bytes and none of the operands.
    aside: Functions,
};

/// A mask of elements to keep, and what they are multiplied by.
pub const DropoutMask = extern struct {
    seed: u64,
    /// Elements whose 32 random bits are less than this become 0.
    threshold: u32,
    scale: f32,
};
