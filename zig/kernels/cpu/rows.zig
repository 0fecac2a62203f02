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
    .release = release,
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

inline fn splat(value: f32) V {
    return @splat(value);
}

/// `e^(scale * x - highest)`.
const Softmax = struct {
    out: [*]f32,
    x: [*]const f32,
    scale: f32,
    highest: f32,

    /// The exponentials, which stay in the result.
    pub inline fn terms(body: @This(), place: anytype) [1]V {
        // Two steps: fused, huge elements would differ from the largest, which was rounded.
        const scaled = place.load(body.x) * splat(body.scale);
        const y = math.expOfDifference(scaled - splat(body.highest));
        place.store(body.out, y);
        return .{place.within(y)};
    }
};

fn softmax(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    scale: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    const powers = if (flow) |it| it.row else out;
    const highest = loops.largest(x, count, scale);
    const body: Softmax = .{ .out = powers, .x = x, .scale = scale, .highest = highest };
    const total = loops.sumsFlowing(1, count, flow, body)[0];
    scaleRow(out, powers, count, @floatCast(1 / total), flow != null);
}

/// `out = x * factor`, past the caches where it flows.
pub fn scaleRow(out: [*]f32, x: [*]const f32, count: usize, factor: f32, flows: bool) void {
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        factor: f32,

        pub inline fn at(body: @This(), place: anytype) void {
            place.finish(body.out, place.load(body.x) * splat(body.factor));
        }
    };
    loops.forEachFinishing(count, flows, Body{ .out = out, .x = x, .factor = factor });
}

fn release() callconv(.c) void {
    simd.release(.aside);
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
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        factor: f32 = 0,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            const value = place.load(body.x);
            return .{value * value};
        }

        pub inline fn at(body: @This(), place: anytype) void {
            const scaled = place.load(body.x) * splat(body.factor) * place.load(body.weight);
            place.finish(body.out, scaled);
        }
    };
    var body: Body = .{ .out = out, .x = x, .weight = weight };
    const squares = loops.sums(1, count, body)[0];
    body.factor = inverseRoot(squares / @as(f64, @floatFromInt(count)), epsilon);
    loops.forEachFlowing(count, flow, body);
}

fn addRmsnorm(
    out: [*]f32,
    residual: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    count: usize,
    epsilon: f32,
) callconv(.c) void {
    const Add = struct {
        residual: [*]f32,
        x: [*]const f32,

        pub inline fn at(body: @This(), place: anytype) void {
            place.store(body.residual, place.load(body.residual) + place.load(body.x));
        }
    };
    loops.forEach(count, Add{ .residual = residual, .x = x });
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
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        bias: ?[*]const f32,
        moments: loops.Moments,
        factor: f32,

        pub inline fn at(body: @This(), place: anytype) void {
            const deviation = body.moments.deviation(body.x, place);
            const scaled = deviation * splat(body.factor) * place.load(body.weight);
            place.finish(body.out, if (body.bias) |b| scaled + place.load(b) else scaled);
        }
    };
    if (count == 0) return;
    const moments, _ = loops.momentsWith(0, x, count, loops.Nothing{});
    // Nothing is asked for ahead: three rows and what comes next would not fit the first cache.
    loops.forEachFinishing(count, flow != null, Body{
        .out = out,
        .x = x,
        .weight = weight,
        .bias = bias,
        .moments = moments,
        .factor = inverseRoot(moments.variance, epsilon),
    });
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
    const highest = loops.largest(x, count, 1);
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
