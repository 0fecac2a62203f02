//! Log-softmax, and the gradients of softmax and of norms over one contiguous row of f32. What the
//! forward pass knew of a row is computed again: the row is in the cache by then.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("normalization_interface.zig");
const loops = @import("row_loops.zig");

const Flow = @import("rows_interface.zig").Flow;
const V = simd.V;

/// Calls `body.at(place)` for all of a row's registers, with what flows on the way.
inline fn forEach(count: usize, flow: ?*const Flow, body: anytype) void {
    if (flow) |it| loops.forEachFlowing(count, it, body) else loops.forEach(count, body);
}

pub const table: interface.Table = .{
    .log_softmax = logSoftmax,
    .softmax_gradient = softmaxGradient,
    .log_softmax_gradient = logSoftmaxGradient,
    .rmsnorm_gradient = rmsnormGradient,
    .layernorm_gradient = layernormGradient,
    .add_row = addRow,
};

inline fn splat(value: f64) V {
    return @splat(@floatCast(value));
}

/// Largest element; NaN counts as smallest. -inf for an empty row.
fn largest(x: [*]const f32, count: usize) f32 {
    const lowest = -std.math.inf(f32);
    const Body = struct {
        x: [*]const f32,
        best: V = @splat(lowest),

        pub inline fn at(body: *@This(), place: anytype) void {
            const value = place.loadOr(body.x, lowest);
            body.best = @select(f32, value > body.best, value, body.best);
        }
    };
    var body: Body = .{ .x = x };
    loops.forEach(count, &body);
    return simd.largestLane(body.best);
}

fn logSoftmax(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    flow: ?*const Flow,
) callconv(.c) void {
    const highest = largest(x, count);
    // Behind the end, -inf - highest is -inf for every finite highest; a row without a finite
    // element gives NaN whatever is added.
    const total = if (flow) |it|
        loops.sums(1, count, exponentials(x, highest, it))[0]
    else
        loops.sums(1, count, exponentials(x, highest, {}))[0];
    const Subtract = struct {
        out: [*]f32,
        x: [*]const f32,
        highest: f32,
        rest: f64,

        pub inline fn at(body: @This(), place: anytype) void {
            // Two steps: their sum may have no digits left for the second.
            const shifted = place.load(body.x) - splat(body.highest);
            place.store(body.out, shifted - splat(body.rest));
        }
    };
    const rest = @log(total);
    loops.forEach(count, Subtract{ .out = out, .x = x, .highest = highest, .rest = rest });
}

/// The terms `e^(x - highest)`.
inline fn exponentials(x: [*]const f32, highest: f32, flow: anytype) Exponentials(@TypeOf(flow)) {
    return .{ .x = x, .highest = highest, .flow = flow };
}

fn Exponentials(comptime F: type) type {
    return struct {
        x: [*]const f32,
        highest: f32,
        flow: F,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            const lowest = -std.math.inf(f32);
            if (@TypeOf(place) == loops.Whole) loops.step(body.flow, place.index);
            return .{math.exp(place.loadOr(body.x, lowest) - splat(body.highest))};
        }
    };
}

fn softmaxGradient(
    out: [*]f32,
    y: [*]const f32,
    gradient: [*]const f32,
    count: usize,
    scale: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        y: [*]const f32,
        gradient: [*]const f32,
        scale: f32,
        total: f64 = 0,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            return .{place.load(body.y) * place.load(body.gradient)};
        }

        pub inline fn at(body: @This(), place: anytype) void {
            const centered = place.load(body.gradient) - splat(body.total);
            place.store(body.out, splat(body.scale) * place.load(body.y) * centered);
        }
    };
    var body: Body = .{ .out = out, .y = y, .gradient = gradient, .scale = scale };
    body.total = loops.sums(1, count, body)[0];
    forEach(count, flow, body);
}

fn logSoftmaxGradient(
    out: [*]f32,
    y: [*]const f32,
    gradient: [*]const f32,
    count: usize,
    flow: ?*const Flow,
) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        y: [*]const f32,
        gradient: [*]const f32,
        total: f64 = 0,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            return .{place.load(body.gradient)};
        }

        pub inline fn at(body: @This(), place: anytype) void {
            const share = math.exp(place.load(body.y)) * splat(body.total);
            place.store(body.out, place.load(body.gradient) - share);
        }
    };
    var body: Body = .{ .out = out, .y = y, .gradient = gradient };
    body.total = loops.sums(1, count, body)[0];
    forEach(count, flow, body);
}

fn rmsnormGradient(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    gradient: [*]const f32,
    weight_gradient: [*]f32,
    count: usize,
    epsilon: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        weight: [*]const f32,
        gradient: [*]const f32,
        weight_gradient: [*]f32,
        inverse: f64 = 0,
        slope: f64 = 0,

        pub inline fn terms(body: @This(), place: anytype) [2]V {
            const value = place.load(body.x);
            const weighted = place.load(body.gradient) * place.load(body.weight);
            return .{ value * value, weighted * value };
        }

        pub inline fn at(body: @This(), place: anytype) void {
            const value = place.load(body.x);
            const given = place.load(body.gradient);
            const normed = value * splat(body.inverse);
            const sum = simd.mulAdd(given, normed, place.load(body.weight_gradient));
            place.store(body.weight_gradient, sum);
            const own = given * place.load(body.weight) - value * splat(body.slope);
            place.store(body.out, own * splat(body.inverse));
        }
    };
    var body: Body = .{
        .out = out,
        .x = x,
        .weight = weight,
        .gradient = gradient,
        .weight_gradient = weight_gradient,
    };
    const n: f64 = @floatFromInt(count);
    const squares, const products = loops.sums(2, count, body);
    body.inverse = 1 / @sqrt(squares / n + epsilon);
    body.slope = body.inverse * body.inverse * products / n;
    forEach(count, flow, body);
}

const LayerNorm = struct {
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    gradient: [*]const f32,
    weight_gradient: [*]f32,
    bias_gradient: [*]f32,
    mean: f32 = 0,
    inverse: f64 = 0,
    slope: f64 = 0,
    offset: f64 = 0,

    /// Sums of squared deviations, of the weighted gradient and of its product with deviations.
    pub inline fn terms(body: @This(), place: anytype) [3]V {
        const deviation = place.loadOr(body.x, body.mean) - splat(body.mean);
        const weighted = place.load(body.gradient) * place.load(body.weight);
        return .{ deviation * deviation, weighted, weighted * deviation };
    }

    pub inline fn at(body: @This(), place: anytype) void {
        const deviation = place.load(body.x) - splat(body.mean);
        const given = place.load(body.gradient);
        const bias_sum = place.load(body.bias_gradient) + given;
        const weight_sum = place.load(body.weight_gradient);
        const normed = deviation * splat(body.inverse);
        place.store(body.bias_gradient, bias_sum);
        place.store(body.weight_gradient, simd.mulAdd(given, normed, weight_sum));
        const own = given * place.load(body.weight) - splat(body.offset);
        const slope = splat(body.slope);
        place.store(body.out, (own - deviation * slope) * splat(body.inverse));
    }
};

fn layernormGradient(
    out: [*]f32,
    x: [*]const f32,
    weight: [*]const f32,
    gradient: [*]const f32,
    weight_gradient: [*]f32,
    bias_gradient: [*]f32,
    count: usize,
    epsilon: f32,
    flow: ?*const Flow,
) callconv(.c) void {
    const Values = struct {
        x: [*]const f32,

        pub inline fn terms(body: @This(), place: anytype) [1]V {
            return .{place.load(body.x)};
        }
    };
    const n: f64 = @floatFromInt(count);
    var body: LayerNorm = .{
        .out = out,
        .x = x,
        .weight = weight,
        .gradient = gradient,
        .weight_gradient = weight_gradient,
        .bias_gradient = bias_gradient,
        .mean = @floatCast(loops.sums(1, count, Values{ .x = x })[0] / n),
    };
    const squares, const total, const products = loops.sums(3, count, body);
    body.inverse = 1 / @sqrt(squares / n + epsilon);
    body.slope = body.inverse * body.inverse * products / n;
    body.offset = total / n;
    forEach(count, flow, body);
}

fn addRow(out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,

        pub inline fn at(body: @This(), place: anytype) void {
            place.store(body.out, place.load(body.out) + place.load(body.x));
        }
    };
    loops.forEach(count, Body{ .out = out, .x = x });
}
