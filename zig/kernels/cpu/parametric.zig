//! Functions of single elements with parameters, over contiguous f32.

const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("elementwise_interface.zig");

const V = simd.V;
const lanes = simd.lanes;

pub fn parametric(
    function: interface.Parametric,
    out: [*]f32,
    x: [*]const f32,
    first: f32,
    second: f32,
    count: usize,
) callconv(.c) void {
    @setEvalBranchQuota(20_000);
    switch (function) {
        inline else => |f| {
            var i: usize = 0;
            while (i + lanes <= count) : (i += lanes) {
                simd.store(out + i, apply(f, simd.load(x + i), first, second));
            }
            if (i == count) return;
            const part = simd.loadPart(x + i, count - i, 0);
            simd.storePart(out + i, apply(f, part, first, second), count - i);
        },
    }
}

inline fn splat(value: f32) V {
    return @splat(value);
}

inline fn apply(comptime function: interface.Parametric, x: V, first: f32, second: f32) V {
    const a = splat(first);
    const b = splat(second);
    const zero = splat(0);
    switch (function) {
        .leaky_relu => return @select(f32, x > zero, x, a * x),
        .elu => {
            const negative = a * math.expm1(@select(f32, x > zero, zero, x));
            return @select(f32, x > zero, x, negative);
        },
        .softplus => {
            const scaled = a * x;
            const above = @select(f32, scaled < zero, zero, scaled);
            const soft = (above + math.log1p(math.exp(-@abs(scaled)))) / a;
            return @select(f32, scaled > b, x, soft);
        },
        .clamp => {
            // The comparisons are false for NaN, which stays.
            const raised = @select(f32, x < a, a, x);
            return @select(f32, raised > b, b, raised);
        },
        .pow => return power(x, first),
    }
}

/// `x^exponent`; common exponents without a logarithm.
pub inline fn power(x: V, exponent: f32) V {
    if (exponent == 2) return x * x;
    if (exponent == 1) return x;
    if (exponent == 0) return splat(1);
    if (exponent == 3) return x * x * x;
    if (exponent == 0.5) return @sqrt(x);
    if (exponent == -0.5) return splat(1) / @sqrt(x);
    if (exponent == -1) return splat(1) / x;
    if (exponent == -2) return splat(1) / (x * x);
    return math.pow(x, splat(exponent));
}
