//! Functions of single elements over contiguous f32.

const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("elementwise_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Unary = interface.Unary;
const Binary = interface.Binary;

const cached = Functions(.cached).table;

pub const table: interface.Table = .{
    .unary = cached.unary,
    .binary = cached.binary,
    .binary_scalar = cached.binary_scalar,
    .scalar_binary = cached.scalar_binary,
    .silu_mul = cached.silu_mul,
    .derivative = cached.derivative,
    .aside = Functions(.aside).table,
    .parametric = @import("parametric.zig").parametric,
    .ternary = @import("ternary.zig").ternary,
    .silu_mul_gradients = @import("derivative.zig").siluMulGradients,
    .dropout = @import("dropout.zig").dropout,
};

/// The kernels with one way of writing their results.
fn Functions(comptime stores: simd.Stores) type {
    return struct {
        const table: interface.Functions = .{
            .unary = unary,
            .binary = binary,
            .binary_scalar = binaryScalar,
            .scalar_binary = scalarBinary,
            .silu_mul = siluMul,
            .derivative = @import("derivative.zig").Derivative(stores).derivative,
        };

        pub fn unary(
            function: Unary,
            out: [*]f32,
            x: [*]const f32,
            count: usize,
        ) callconv(.c) void {
            @setEvalBranchQuota(20_000);
            switch (function) {
                inline else => |f| {
                    var i: usize = 0;
                    while (i + lanes <= count) : (i += lanes) {
                        simd.storeBy(stores, out + i, applyUnary(f, simd.loadFor(stores, x + i)));
                    }
                    simd.release(stores);
                    if (i == count) return;
                    const part = simd.loadPart(x + i, count - i, 0);
                    simd.storePart(out + i, applyUnary(f, part), count - i);
                },
            }
        }

        pub fn binary(
            function: Binary,
            out: [*]f32,
            a: [*]const f32,
            b: [*]const f32,
            count: usize,
        ) callconv(.c) void {
            @setEvalBranchQuota(20_000);
            switch (function) {
                inline else => |f| {
                    var i: usize = 0;
                    while (i + lanes <= count) : (i += lanes) {
                        const left = simd.loadFor(stores, a + i);
                        const right = simd.loadFor(stores, b + i);
                        simd.storeBy(stores, out + i, applyBinary(f, left, right));
                    }
                    simd.release(stores);
                    if (i == count) return;
                    const rest = count - i;
                    const part = applyBinary(
                        f,
                        simd.loadPart(a + i, rest, 0),
                        simd.loadPart(b + i, rest, 0),
                    );
                    simd.storePart(out + i, part, rest);
                },
            }
        }

        pub fn binaryScalar(
            function: Binary,
            out: [*]f32,
            a: [*]const f32,
            b: f32,
            count: usize,
        ) callconv(.c) void {
            @setEvalBranchQuota(20_000);
            switch (function) {
                inline else => |f| {
                    var i: usize = 0;
                    while (i + lanes <= count) : (i += lanes) {
                        const value = applyBinary(f, simd.loadFor(stores, a + i), @splat(b));
                        simd.storeBy(stores, out + i, value);
                    }
                    simd.release(stores);
                    if (i == count) return;
                    const rest = count - i;
                    const part = applyBinary(f, simd.loadPart(a + i, rest, 0), @as(V, @splat(b)));
                    simd.storePart(out + i, part, rest);
                },
            }
        }

        pub fn scalarBinary(
            function: Binary,
            out: [*]f32,
            a: f32,
            b: [*]const f32,
            count: usize,
        ) callconv(.c) void {
            @setEvalBranchQuota(20_000);
            switch (function) {
                inline else => |f| {
                    var i: usize = 0;
                    while (i + lanes <= count) : (i += lanes) {
                        const value = applyBinary(f, @splat(a), simd.loadFor(stores, b + i));
                        simd.storeBy(stores, out + i, value);
                    }
                    simd.release(stores);
                    if (i == count) return;
                    const rest = count - i;
                    const part = applyBinary(f, @as(V, @splat(a)), simd.loadPart(b + i, rest, 0));
                    simd.storePart(out + i, part, rest);
                },
            }
        }

        pub fn siluMul(
            out: [*]f32,
            gate: [*]const f32,
            up: [*]const f32,
            count: usize,
        ) callconv(.c) void {
            var i: usize = 0;
            while (i + lanes <= count) : (i += lanes) {
                const value = silu(simd.loadFor(stores, gate + i)) * simd.loadFor(stores, up + i);
                simd.storeBy(stores, out + i, value);
            }
            simd.release(stores);
            if (i == count) return;
            const rest = count - i;
            const part = silu(simd.loadPart(gate + i, rest, 0)) * simd.loadPart(up + i, rest, 0);
            simd.storePart(out + i, part, rest);
        }
    };
}

inline fn applyUnary(comptime function: Unary, x: V) V {
    const zero: V = @splat(0);
    return switch (function) {
        // The comparison is false for NaN, which stays.
        .relu => @select(f32, x < zero, zero, x),
        .silu => silu(x),
        .gelu => x * math.normalDistribution(x),
        .gelu_tanh => geluTanh(x),
        .sigmoid => math.sigmoid(x),
        .tanh => math.tanh(x),
        .exp => math.exp(x),
        .neg => -x,
        .sqrt => @sqrt(x),
        .erf => math.erf(x),
        .log => math.log(x),
        .abs => @abs(x),
    };
}

inline fn silu(x: V) V {
    return x / (@as(V, @splat(1)) + math.exp(-x));
}

/// `x (1 + tanh(u)) / 2` is `x sigmoid(2u)`, which does not cancel where tanh(u) is close to -1.
inline fn geluTanh(x: V) V {
    const cubic: V = @splat(0.044715);
    const twice_root: V = @splat(2 * 0.79788456080286536);
    return x * math.sigmoid(twice_root * simd.mulAdd(cubic * x * x, x, x));
}

inline fn applyBinary(comptime function: Binary, a: V, b: V) V {
    return switch (function) {
        .add => a + b,
        .sub => a - b,
        .mul => a * b,
        .div => a / b,
        // `a != a` keeps a NaN of a; one of b makes the comparison false.
        .maximum => @select(f32, (a > b) | (a != a), a, b),
        .minimum => @select(f32, (a < b) | (a != a), a, b),
        .equal => oneWhere(a == b),
        .not_equal => oneWhere(a != b),
        .less => oneWhere(a < b),
        .less_equal => oneWhere(a <= b),
        .greater => oneWhere(a > b),
        .greater_equal => oneWhere(a >= b),
        .pow => math.pow(a, b),
    };
}

inline fn oneWhere(condition: @Vector(lanes, bool)) V {
    return @select(f32, condition, @as(V, @splat(1)), @as(V, @splat(0)));
}
