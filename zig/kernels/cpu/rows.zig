//! Kernels over one contiguous row of f32: softmax, norms, rotary embedding, argmax, conversion.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const convert = @import("convert.zig");
const interface = @import("rows_interface.zig");
const loops = @import("row_loops.zig");
const DType = @import("../../core/dtype.zig").DType;

const Flow = interface.Flow;
const V = simd.V;
const lanes = simd.lanes;

pub const table: interface.Table = .{
    .softmax = softmax,
    .rmsnorm = rmsnorm,
    .add_rmsnorm = addRmsnorm,
    .layernorm = layernorm,
    .rope = rope,
    .argmax = argmax,
    .widen = widen,
    .narrow = narrow,
    .round_bf16 = convert.roundRowBf16,
};

/// Elements summed in f32 before the sum goes on in f64, so that long rows stay accurate.
const sum_block = 4096;

inline fn splat(value: f32) V {
    return @splat(value);
}

/// `sum(term(x[i]))`: four accumulators in f32, blocks in f64. `term` gives 0 for `fill`.
inline fn sum(
    x: [*]const f32,
    count: usize,
    context: anytype,
    comptime term: fn (@TypeOf(context), V) callconv(.@"inline") V,
    fill: f32,
) f64 {
    var total: f64 = 0;
    var start: usize = 0;
    while (start < count) : (start += sum_block) {
        const end = @min(start + sum_block, count);
        var sums: [4]V = @splat(splat(0));
        var i = start;
        while (i + 4 * lanes <= end) : (i += 4 * lanes) {
            inline for (&sums, 0..) |*s, k| s.* += term(context, simd.load(x + i + k * lanes));
        }
        while (i + lanes <= end) : (i += lanes) sums[0] += term(context, simd.load(x + i));
        if (i < end) sums[1] += term(context, simd.loadPart(x + i, end - i, fill));
        total += simd.sumLanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    return total;
}

inline fn identity(_: void, x: V) V {
    return x;
}

inline fn square(_: void, x: V) V {
    return x * x;
}

inline fn squareFrom(mean: f32, x: V) V {
    const difference = x - splat(mean);
    return difference * difference;
}

/// Largest element; NaN counts as smallest. -inf for an empty row.
fn largest(x: [*]const f32, count: usize, scale: f32) f32 {
    var best: [2]V = @splat(splat(-std.math.inf(f32)));
    const factor = splat(scale);
    var i: usize = 0;
    while (i + 2 * lanes <= count) : (i += 2 * lanes) {
        inline for (&best, 0..) |*b, k| b.* = larger(factor * simd.load(x + i + k * lanes), b.*);
    }
    while (i + lanes <= count) : (i += lanes) best[0] = larger(factor * simd.load(x + i), best[0]);
    if (i < count) {
        // The fill is an element of the row: repeating it changes nothing.
        best[1] = larger(factor * simd.loadPart(x + i, count - i, x[i]), best[1]);
    }
    return simd.largestLane(larger(best[0], best[1]));
}

/// `a > b ? a : b`: b, which is never NaN here, where a is NaN.
inline fn larger(a: V, b: V) V {
    return @select(f32, a > b, a, b);
}

fn softmax(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    scale: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    if (flow) |it| softmaxFlowing(out, x, count, scale, it) else {
        softmaxFlowing(out, x, count, scale, {});
    }
}

inline fn softmaxFlowing(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    scale: f32,
    flow: anytype,
) void {
    const highest = splat(largest(x, count, scale));
    const factor = splat(scale);
    var total: f64 = 0;
    var start: usize = 0;
    while (start < count) : (start += sum_block) {
        const end = @min(start + sum_block, count);
        var partial = splat(0);
        var i = start;
        while (i + lanes <= end) : (i += lanes) {
            const y = math.exp(factor * simd.load(x + i) - highest);
            simd.store(out + i, y);
            partial += y;
            loops.step(flow, i);
        }
        if (i < end) {
            const y: [lanes]f32 = math.exp(factor * simd.loadPart(x + i, end - i, 0) - highest);
            simd.storePart(out + i, y, end - i);
            for (y[0 .. end - i]) |value| total += value;
        }
        total += simd.sumLanes(partial);
    }
    scaleRow(out, count, @floatCast(1 / total));
}

fn scaleRow(out: [*]f32, count: usize, factor: f32) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        simd.store(out + i, simd.load(out + i) * splat(factor));
    }
    while (i < count) : (i += 1) out[i] *= factor;
}

fn inverseRoot(mean: f64, epsilon: f32) f32 {
    return @floatCast(1 / @sqrt(mean + epsilon));
}

fn rmsnorm(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    count: usize,
    epsilon: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    if (flow) |it| rmsnormFlowing(out, x, weight, count, epsilon, it) else {
        rmsnormFlowing(out, x, weight, count, epsilon, {});
    }
}

inline fn rmsnormFlowing(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    count: usize,
    epsilon: f32,
    flow: anytype,
) void {
    const mean = sum(x, count, {}, square, 0) / @as(f64, @floatFromInt(count));
    const factor = inverseRoot(mean, epsilon);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        simd.store(out + i, simd.load(x + i) * splat(factor) * simd.load(weight + i));
        loops.step(flow, i);
    }
    while (i < count) : (i += 1) out[i] = x[i] * factor * weight[i];
}

fn addRmsnorm(
    out: [*]f32,
    residual: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    count: usize,
    epsilon: f32,
) callconv(.c) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        simd.store(residual + i, simd.load(residual + i) + simd.load(x + i));
    }
    while (i < count) : (i += 1) residual[i] += x[i];
    rmsnorm(out, residual, weight, count, epsilon, null);
}

fn layernorm(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    bias: ?[*]const f32,
    count: usize,
    epsilon: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    if (flow) |it| layernormFlowing(out, x, weight, bias, count, epsilon, it) else {
        layernormFlowing(out, x, weight, bias, count, epsilon, {});
    }
}

inline fn layernormFlowing(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    bias: ?[*]const f32,
    count: usize,
    epsilon: f32,
    flow: anytype,
) void {
    const n: f64 = @floatFromInt(count);
    const mean: f32 = @floatCast(sum(x, count, {}, identity, 0) / n);
    // The fill is the mean, which adds nothing.
    const factor = inverseRoot(sum(x, count, mean, squareFrom, mean) / n, epsilon);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        const scaled = (simd.load(x + i) - splat(mean)) * splat(factor) * simd.load(weight + i);
        simd.store(out + i, if (bias) |b| scaled + simd.load(b + i) else scaled);
        loops.step(flow, i);
    }
    while (i < count) : (i += 1) {
        const scaled = (x[i] - mean) * factor * weight[i];
        out[i] = if (bias) |b| scaled + b[i] else scaled;
    }
}

fn rope(
    out: [*]f32,
    x: [*]const f32,
    cosines: [*]const f32,
    sines: [*]const f32,
    head_size: usize,
    style: interface.RopeStyle,
    inverse: bool,
) callconv(.c) void {
    const sign: f32 = if (inverse) -1 else 1;
    switch (style) {
        .neighbouring => ropeNeighbouring(out, x, cosines, sines, sign, head_size / 2),
        .half => ropeHalf(out, x, cosines, sines, sign, head_size / 2),
    }
}

fn ropeHalf(
    out: [*]f32,
    x: [*]const f32,
    cosines: [*]const f32,
    sines: [*]const f32,
    sign: f32,
    half: usize,
) void {
    var i: usize = 0;
    while (i + lanes <= half) : (i += lanes) {
        const turned = turn(
            simd.load(x + i),
            simd.load(x + half + i),
            simd.load(cosines + i),
            simd.load(sines + i) * splat(sign),
        );
        simd.store(out + i, turned[0]);
        simd.store(out + half + i, turned[1]);
    }
    while (i < half) : (i += 1) {
        const turned = turn(x[i], x[half + i], cosines[i], sines[i] * sign);
        out[i] = turned[0];
        out[half + i] = turned[1];
    }
}

fn ropeNeighbouring(
    out: [*]f32,
    x: [*]const f32,
    cosines: [*]const f32,
    sines: [*]const f32,
    sign: f32,
    pairs: usize,
) void {
    const even = comptime std.simd.iota(i32, lanes) * @as(@Vector(lanes, i32), @splat(2));
    var i: usize = 0;
    while (i + lanes <= pairs) : (i += lanes) {
        const wide = std.simd.join(simd.load(x + 2 * i), simd.load(x + 2 * i + lanes));
        const first = @shuffle(f32, wide, undefined, even);
        const second = @shuffle(f32, wide, undefined, even + @as(@Vector(lanes, i32), @splat(1)));
        const sine = simd.load(sines + i) * splat(sign);
        const turned = turn(first, second, simd.load(cosines + i), sine);
        const woven: [2 * lanes]f32 = std.simd.interlace(.{ turned[0], turned[1] });
        out[2 * i ..][0 .. 2 * lanes].* = woven;
    }
    while (i < pairs) : (i += 1) {
        const turned = turn(x[2 * i], x[2 * i + 1], cosines[i], sines[i] * sign);
        out[2 * i] = turned[0];
        out[2 * i + 1] = turned[1];
    }
}

/// (a, b) turned by the angle with this cosine and sine.
inline fn turn(a: anytype, b: @TypeOf(a), cosine: @TypeOf(a), sine: @TypeOf(a)) [2]@TypeOf(a) {
    return .{
        simd.mulAdd(a, cosine, -(b * sine)),
        simd.mulAdd(b, cosine, a * sine),
    };
}

fn argmax(x: [*]const f32, count: usize) callconv(.c) u32 {
    const highest = largest(x, count, 1);
    const wanted = splat(highest);
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        if (@reduce(.Or, simd.load(x + i) == wanted)) break;
    }
    while (i < count) : (i += 1) {
        if (x[i] == highest) return @intCast(i);
    }
    return 0;
}

fn widen(out: [*]f32, x: [*]const u8, dtype: DType, count: usize) callconv(.c) void {
    switch (dtype) {
        .f32 => copyBytes(@ptrCast(out), x, count * @sizeOf(f32)),
        .f16 => convert.widenRow(convert.widenF16, out, x, count),
        .bf16 => convert.widenRow(convert.widenBf16, out, x, count),
        else => unreachable,
    }
}

fn narrow(out: [*]u8, x: [*]const f32, dtype: DType, count: usize) callconv(.c) void {
    switch (dtype) {
        .f32 => copyBytes(out, @ptrCast(x), count * @sizeOf(f32)),
        .f16 => convert.narrowRow(convert.narrowF16, out, x, count),
        .bf16 => convert.narrowRow(convert.narrowBf16, out, x, count),
        else => unreachable,
    }
}

fn copyBytes(out: [*]u8, x: [*]const u8, count: usize) void {
    if (out != x) @memcpy(out[0..count], x[0..count]);
}
