//! Norms over the channels of `[batch][channels][spatial]`. A channel of one sample is a contiguous
//! run of `spatial` elements; where that is a single element, the channels of a sample are
//! neighbours and registers hold channels instead.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("channels_interface.zig");
const loops = @import("row_loops.zig");

const V = simd.V;
const lanes = simd.lanes;
const Channels = interface.Channels;

pub const table: interface.Table = .{
    .moments = moments,
    .normalize = normalize,
    .gradient_sums = gradientSums,
    .gradient = gradient,
};

inline fn splat(value: f32) V {
    return @splat(value);
}

/// Sums of `body.terms(place)` over all runs of a channel.
inline fn planeSums(comptime n: usize, part: *const Channels, channel: usize, body: anytype) [n]f64 {
    var totals: [n]f64 = @splat(0);
    for (0..part.batch) |sample| {
        var own = body;
        own.move((sample * part.channels + channel) * part.spatial);
        const sums = loops.sums(n, part.spatial, own);
        for (&totals, sums) |*total, sum| total.* += sum;
    }
    return totals;
}

/// Samples summed in f32 before the sum goes on in f64.
const sample_block = 256;

/// Sums of `body.terms(place)` over the samples for one register of channels.
inline fn columnSums(
    comptime n: usize,
    part: *const Channels,
    body: anytype,
    place: anytype,
) [n]@Vector(lanes, f64) {
    var totals: [n]@Vector(lanes, f64) = @splat(@splat(0));
    var start: usize = 0;
    while (start < part.batch) : (start += sample_block) {
        var partial: [n]V = @splat(@splat(0));
        for (start..@min(start + sample_block, part.batch)) |sample| {
            var own = body;
            own.move(sample * part.channels);
            inline for (&partial, own.terms(place)) |*sum, term| sum.* += term;
        }
        inline for (&totals, partial) |*total, sum| {
            total.* += @as(@Vector(lanes, f64), @floatCast(sum));
        }
    }
    return totals;
}

/// The terms of a mean.
const Values = struct {
    x: [*]const f32,

    inline fn move(body: *@This(), offset: usize) void {
        body.x += offset;
    }

    pub inline fn terms(body: @This(), place: anytype) [1]V {
        return .{place.load(body.x)};
    }
};

/// The terms of a variance; lanes behind a row's end give 0.
const Squares = struct {
    x: [*]const f32,
    mean: V,

    inline fn move(body: *@This(), offset: usize) void {
        body.x += offset;
    }

    pub inline fn terms(body: @This(), place: anytype) [1]V {
        const deviation = place.loadOr(body.x, body.mean[0]) - body.mean;
        return .{deviation * deviation};
    }
};

/// The terms of both sums of gradients.
const Products = struct {
    gradient: [*]const f32,
    x: [*]const f32,
    mean: V,

    inline fn move(body: *@This(), offset: usize) void {
        body.gradient += offset;
        body.x += offset;
    }

    pub inline fn terms(body: @This(), place: anytype) [2]V {
        const given = place.load(body.gradient);
        return .{ given, given * (place.load(body.x) - body.mean) };
    }
};

fn moments(
    part: *const Channels,
    x: [*]const f32,
    mean: [*]f32,
    variance: [*]f32,
) callconv(.c) void {
    const n: f64 = @floatFromInt(part.batch * part.spatial);
    if (part.spatial != 1) {
        for (part.begin..part.end) |channel| {
            mean[channel] = @floatCast(planeSums(1, part, channel, Values{ .x = x })[0] / n);
            const squares: Squares = .{ .x = x, .mean = splat(mean[channel]) };
            variance[channel] = @floatCast(planeSums(1, part, channel, squares)[0] / n);
        }
        return;
    }
    const Body = struct {
        part: *const Channels,
        x: [*]const f32,
        mean: [*]f32,
        variance: [*]f32,
        n: @Vector(lanes, f64),

        pub inline fn at(body: @This(), place: anytype) void {
            const total = columnSums(1, body.part, Values{ .x = body.x }, place)[0];
            const own: V = @floatCast(total / body.n);
            place.store(body.mean, own);
            const squares: Squares = .{ .x = body.x, .mean = own };
            const square_total = columnSums(1, body.part, squares, place)[0];
            place.store(body.variance, @floatCast(square_total / body.n));
        }
    };
    loops.forEach(part.end - part.begin, Body{
        .part = part,
        .x = x + part.begin,
        .mean = mean + part.begin,
        .variance = variance + part.begin,
        .n = @splat(n),
    });
}

fn gradientSums(
    part: *const Channels,
    given: [*]const f32,
    x: [*]const f32,
    mean: [*]const f32,
    sums: [*]f32,
    products: [*]f32,
) callconv(.c) void {
    if (part.spatial != 1) {
        for (part.begin..part.end) |channel| {
            const body: Products = .{ .gradient = given, .x = x, .mean = splat(mean[channel]) };
            const totals = planeSums(2, part, channel, body);
            sums[channel] = @floatCast(totals[0]);
            products[channel] = @floatCast(totals[1]);
        }
        return;
    }
    const Body = struct {
        part: *const Channels,
        gradient: [*]const f32,
        x: [*]const f32,
        mean: [*]const f32,
        sums: [*]f32,
        products: [*]f32,

        pub inline fn at(body: @This(), place: anytype) void {
            const terms: Products = .{
                .gradient = body.gradient,
                .x = body.x,
                .mean = place.load(body.mean),
            };
            const totals = columnSums(2, body.part, terms, place);
            place.store(body.sums, @floatCast(totals[0]));
            place.store(body.products, @floatCast(totals[1]));
        }
    };
    loops.forEach(part.end - part.begin, Body{
        .part = part,
        .gradient = given + part.begin,
        .x = x + part.begin,
        .mean = mean + part.begin,
        .sums = sums + part.begin,
        .products = products + part.begin,
    });
}

fn normalize(
    part: *const Channels,
    out: [*]f32,
    x: [*]const f32,
    mean: [*]const f32,
    factor: [*]const f32,
    bias: [*]const f32,
) callconv(.c) void {
    if (part.spatial != 1) {
        const Body = struct {
            out: [*]f32,
            x: [*]const f32,
            mean: V,
            factor: V,
            bias: V,

            pub inline fn at(body: @This(), place: anytype) void {
                const deviation = place.load(body.x) - body.mean;
                place.store(body.out, simd.mulAdd(deviation, body.factor, body.bias));
            }
        };
        for (0..part.batch) |sample| for (part.begin..part.end) |channel| {
            const offset = (sample * part.channels + channel) * part.spatial;
            loops.forEach(part.spatial, Body{
                .out = out + offset,
                .x = x + offset,
                .mean = splat(mean[channel]),
                .factor = splat(factor[channel]),
                .bias = splat(bias[channel]),
            });
        };
        return;
    }
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        mean: [*]const f32,
        factor: [*]const f32,
        bias: [*]const f32,

        pub inline fn at(body: @This(), place: anytype) void {
            const deviation = place.load(body.x) - place.load(body.mean);
            const scaled = simd.mulAdd(deviation, place.load(body.factor), place.load(body.bias));
            place.store(body.out, scaled);
        }
    };
    for (0..part.batch) |sample| {
        const offset = sample * part.channels + part.begin;
        loops.forEach(part.end - part.begin, Body{
            .out = out + offset,
            .x = x + offset,
            .mean = mean + part.begin,
            .factor = factor + part.begin,
            .bias = bias + part.begin,
        });
    }
}

fn gradient(
    part: *const Channels,
    out: [*]f32,
    given: [*]const f32,
    x: [*]const f32,
    line: *const interface.Line,
) callconv(.c) void {
    if (part.spatial != 1) {
        const Body = struct {
            out: [*]f32,
            gradient: [*]const f32,
            x: [*]const f32,
            mean: V,
            factor: V,
            slope: V,
            offset: V,

            pub inline fn at(body: @This(), place: anytype) void {
                const deviation = place.load(body.x) - body.mean;
                const rest = simd.mulAdd(deviation, body.slope, body.offset);
                place.store(body.out, simd.mulAdd(place.load(body.gradient), body.factor, rest));
            }
        };
        for (0..part.batch) |sample| for (part.begin..part.end) |channel| {
            const offset = (sample * part.channels + channel) * part.spatial;
            loops.forEach(part.spatial, Body{
                .out = out + offset,
                .gradient = given + offset,
                .x = x + offset,
                .mean = splat(line.mean[channel]),
                .factor = splat(line.factor[channel]),
                .slope = splat(line.slope[channel]),
                .offset = splat(line.offset[channel]),
            });
        };
        return;
    }
    const Body = struct {
        out: [*]f32,
        gradient: [*]const f32,
        x: [*]const f32,
        line: interface.Line,

        pub inline fn at(body: @This(), place: anytype) void {
            const deviation = place.load(body.x) - place.load(body.line.mean);
            const offset = place.load(body.line.offset);
            const rest = simd.mulAdd(deviation, place.load(body.line.slope), offset);
            const own = place.load(body.line.factor);
            place.store(body.out, simd.mulAdd(place.load(body.gradient), own, rest));
        }
    };
    for (0..part.batch) |sample| {
        const offset = sample * part.channels + part.begin;
        loops.forEach(part.end - part.begin, Body{
            .out = out + offset,
            .gradient = given + offset,
            .x = x + offset,
            .line = .{
                .mean = line.mean + part.begin,
                .factor = line.factor + part.begin,
                .slope = line.slope + part.begin,
                .offset = line.offset + part.begin,
            },
        });
    }
}
