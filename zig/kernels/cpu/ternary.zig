//! Functions of three operands, each of which may be one repeated number.

const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("elementwise_interface.zig");

const V = simd.V;
const lanes = simd.lanes;

pub fn ternary(
    function: interface.Ternary,
    out: [*]f32,
    operands: *const [3][*]const f32,
    repeated: u32,
    count: usize,
) callconv(.c) void {
    @setEvalBranchQuota(20_000);
    switch (function) {
        inline else => |f| switch (repeated & 7) {
            inline 0...7 => |mask| run(f, mask, out, operands.*, count),
            else => unreachable,
        },
    }
}

fn run(
    comptime function: interface.Ternary,
    comptime repeated: u32,
    out: [*]f32,
    operands: [3][*]const f32,
    count: usize,
) void {
    var values: [3]V = undefined;
    inline for (&values, operands, 0..) |*value, operand, k| {
        if (repeated >> k & 1 == 1) value.* = @splat(operand[0]);
    }
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        inline for (&values, operands, 0..) |*value, operand, k| {
            if (repeated >> k & 1 == 0) value.* = simd.load(operand + i);
        }
        simd.store(out + i, apply(function, values[0], values[1], values[2]));
    }
    if (i == count) return;
    inline for (&values, operands, 0..) |*value, operand, k| {
        if (repeated >> k & 1 == 0) value.* = simd.loadPart(operand + i, count - i, 0);
    }
    simd.storePart(out + i, apply(function, values[0], values[1], values[2]), count - i);
}

inline fn apply(comptime function: interface.Ternary, a: V, b: V, c: V) V {
    const zero: V = @splat(0);
    const half: V = @splat(0.5);
    return switch (function) {
        .where => @select(f32, a != zero, b, c),
        .maximum_share => @select(f32, b < c, zero, @select(f32, b == c, half * a, a)),
        .minimum_share => @select(f32, b > c, zero, @select(f32, b == c, half * a, a)),
        .pow_base => @select(f32, c == zero, zero, a * (c * math.pow(b, c - @as(V, @splat(1))))),
        .pow_exponent => @select(
            f32,
            (b == zero) & (c >= zero),
            zero,
            a * (math.pow(b, c) * math.log(b)),
        ),
    };
}
