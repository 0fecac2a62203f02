//! Accuracy of the vector functions in units of the last place, over all magnitudes.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const support = @import("support.zig");
const interface = @import("../kernels/cpu/elementwise_interface.zig");
const reference = @import("../kernels/cpu/reference/elementwise.zig");

/// Distance between neighbouring floats around `value`; that of the denormals near zero.
fn unitInLastPlace(value: f64) f64 {
    const size = @max(@abs(value), std.math.floatMin(f32));
    if (size > std.math.floatMax(f32)) return std.math.ldexp(@as(f64, 1), 127 - 23);
    return std.math.ldexp(@as(f64, 1), std.math.ilogb(size) - 23);
}

const Bound = struct { function: interface.Unary, units: f64, absolute: f64 = 0 };

const bounds = [_]Bound{
    .{ .function = .exp, .units = 2 },
    .{ .function = .tanh, .units = 4 },
    .{ .function = .erf, .units = 4 },
    // 1 + e^-x overflows where the result would be denormal: 0 instead, as in PyTorch.
    .{ .function = .sigmoid, .units = 4, .absolute = 1.2e-38 },
    // x times such a result.
    .{ .function = .silu, .units = 4, .absolute = 1.2e-36 },
    // The rounding error of x / sqrt(2) grows by the exponential of its square.
    .{ .function = .gelu, .units = 200, .absolute = 1e-35 },
    // As above, by the exponential of the cubic.
    .{ .function = .gelu_tanh, .units = 200, .absolute = 1e-35 },
};

test "math: functions stay within their ulp bounds over every 1009th float" {
    const step = 1009;
    const batch = 1000;
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = cpu.kernels(isa).?.elementwise;
        for (bounds) |bound| {
            var worst: f64 = 0;
            var bits: u64 = 0;
            while (bits <= std.math.maxInt(u32)) {
                var x: [batch]f32 = undefined;
                var y: [batch]f32 = undefined;
                var count: usize = 0;
                while (count < batch and bits <= std.math.maxInt(u32)) : (bits += step) {
                    const value: f32 = @bitCast(@as(u32, @intCast(bits)));
                    if (!std.math.isFinite(value)) continue;
                    x[count] = value;
                    count += 1;
                }
                kernels.unary(bound.function, &y, &x, count);
                for (x[0..count], y[0..count]) |value, got| {
                    worst = @max(worst, try errorInUnits(bound, value, got));
                }
            }
            if (worst > bound.units) {
                std.debug.print("{t} {t}: {d} ulp\n", .{ isa, bound.function, worst });
                return error.Inaccurate;
            }
        }
    }
}

fn errorInUnits(bound: Bound, x: f32, got: f32) !f64 {
    const want = reference.exact(bound.function, x);
    if (@as(f32, @floatCast(want)) == got) return 0;
    if (!std.math.isFinite(got)) {
        // Overflow may come one rounding early.
        if (std.math.isInf(got) and want > 3.4028e38) return 0;
        std.debug.print("{t}({e}) = {e}, expected {e}\n", .{ bound.function, x, got, want });
        return error.NotFinite;
    }
    const difference = @abs(want - got);
    if (difference <= bound.absolute) return 0;
    return difference / unitInLastPlace(want);
}

test "math: special values" {
    const inf = std.math.inf(f32);
    const nan = std.math.nan(f32);
    const Case = struct { function: interface.Unary, x: f32, y: f32 };
    const cases = [_]Case{
        .{ .function = .exp, .x = inf, .y = inf },
        .{ .function = .exp, .x = -inf, .y = 0 },
        .{ .function = .exp, .x = 88.73, .y = inf },
        .{ .function = .exp, .x = 0, .y = 1 },
        .{ .function = .exp, .x = -104, .y = 0 },
        .{ .function = .tanh, .x = inf, .y = 1 },
        .{ .function = .exp, .x = -103.0, .y = 1e-45 },
        .{ .function = .tanh, .x = -inf, .y = -1 },
        .{ .function = .tanh, .x = 1e-40, .y = 1e-40 },
        .{ .function = .erf, .x = inf, .y = 1 },
        .{ .function = .erf, .x = -inf, .y = -1 },
        .{ .function = .sigmoid, .x = inf, .y = 1 },
        .{ .function = .sigmoid, .x = -inf, .y = 0 },
        .{ .function = .silu, .x = inf, .y = inf },
        .{ .function = .silu, .x = -inf, .y = nan },
        .{ .function = .gelu, .x = inf, .y = inf },
        .{ .function = .gelu, .x = -inf, .y = nan },
        .{ .function = .gelu_tanh, .x = inf, .y = inf },
        .{ .function = .gelu_tanh, .x = -inf, .y = nan },
        .{ .function = .relu, .x = -inf, .y = 0 },
        .{ .function = .relu, .x = inf, .y = inf },
        .{ .function = .sqrt, .x = -1, .y = nan },
        .{ .function = .sqrt, .x = inf, .y = inf },
        .{ .function = .neg, .x = inf, .y = -inf },
    };
    var isas: [8]cpu.Isa = undefined;
    for (support.supportedIsas(&isas)) |isa| {
        const kernels = cpu.kernels(isa).?.elementwise;
        for (cases) |case| {
            var y: [1]f32 = undefined;
            kernels.unary(case.function, &y, &[_]f32{case.x}, 1);
            errdefer std.debug.print("{t}({d}) = {d}\n", .{ case.function, case.x, y[0] });
            try support.expectClose(&.{case.y}, &y, 0, 0);
        }
        for (std.enums.values(interface.Unary)) |function| {
            var y: [1]f32 = undefined;
            kernels.unary(function, &y, &[_]f32{nan}, 1);
            try std.testing.expect(std.math.isNan(y[0]));
        }
    }
}
