//! Log-softmax, and the gradients of softmax and of norms over one contiguous row of f32. What the
//! forward pass knew of a row is computed again: the row is in the cache by then.

const std = @import("std");
const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("normalization_interface.zig");
const loops = @import("row_loops.zig");

const Flow = @import("rows_interface.zig").Flow;
const NormKind = interface.NormKind;
const NormRows = interface.NormRows;
const V = simd.V;

pub const table: interface.Table = .{
    .log_softmax = logSoftmax,
    .softmax_gradient = softmaxGradient,
    .log_softmax_gradient = logSoftmaxGradient,
    .norm_gradient = normGradient,
    .add_row = addRow,
};

inline fn splat(value: f64) V {
    return @splat(@floatCast(value));
}

/// `x - highest - rest`, and the exponentials whose sum gives the rest.
const LogSoftmax = struct {
    out: [*]f32,
    x: [*]const f32,
    highest: f32,
    rest: f64 = 0,

    pub inline fn terms(body: @This(), place: anytype) [1]V {
        return .{place.within(math.expOfDifference(place.load(body.x) - splat(body.highest)))};
    }

    pub inline fn at(body: @This(), place: anytype) void {
        // Two steps: their sum may have no digits left for the second.
        const shifted = place.load(body.x) - splat(body.highest);
        place.finish(body.out, shifted - splat(body.rest));
    }
};

fn logSoftmax(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    flow: ?*const Flow,
) callconv(.c) void {
    const highest = loops.largest(x, count, 1);
    var body: LogSoftmax = .{ .out = out, .x = x, .highest = highest };
    body.rest = @log(loops.sumsFlowing(1, count, flow, body)[0]);
    loops.forEachFinishing(count, flow != null, body);
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
            place.finish(body.out, splat(body.scale) * place.load(body.y) * centered);
        }
    };
    var body: Body = .{ .out = out, .y = y, .gradient = gradient, .scale = scale };
    body.total = loops.sums(1, count, body)[0];
    loops.forEachFlowing(count, flow, body);
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
            place.finish(body.out, place.load(body.gradient) - share);
        }
    };
    var body: Body = .{ .out = out, .y = y, .gradient = gradient };
    body.total = loops.sums(1, count, body)[0];
    loops.forEachFlowing(count, flow, body);
}

fn normGradient(norm: *const NormRows) callconv(.c) void {
    if (norm.columns == 0) return;
    switch (norm.kind) {
        inline else => |kind| {
            const rows = NormGradient(kind, rows_together);
            var row: usize = 0;
            while (row + rows_together <= norm.rows) : (row += rows_together) rows.at(norm, row);
            while (row < norm.rows) : (row += 1) NormGradient(kind, 1).at(norm, row);
        },
    }
    if (norm.flows) simd.release(.aside);
}

/// Rows that are taken together: what belongs to a column is read and written once for all.
const rows_together = 2;

/// The gradient of `n` neighbouring rows.
fn NormGradient(comptime kind: NormKind, comptime n: usize) type {
    return struct {
        const is_centered = kind == .layer_norm;

        /// What the sums give: `out = (gradient weight - offset - deviation slope) inverse`.
        const Row = struct { moments: loops.Moments, inverse: f32, slope: f32, offset: f32 };

        fn at(norm: *const NormRows, first: usize) void {
            var body: Columns = .{
                .weight = norm.weight,
                .weight_gradient = norm.weight_gradient,
                .bias_gradient = norm.bias_gradient orelse undefined,
                .ahead = n * norm.columns,
            };
            for (0..n) |k| {
                const start = (first + k) * norm.columns;
                body.out[k] = norm.out + start;
                body.x[k] = norm.x + start;
                body.gradient[k] = norm.gradient + start;
                if (kind != .product) body.rows[k] = sums(norm, first + k);
            }
            loops.forEachFinishing(norm.columns, norm.flows, body);
        }

        const Columns = struct {
            out: [n][*]f32 = undefined,
            x: [n][*]const f32 = undefined,
            gradient: [n][*]const f32 = undefined,
            rows: [n]Row = undefined,
            weight: [*]const f32,
            weight_gradient: [*]f32,
            bias_gradient: [*]f32,
            /// From these rows to the next ones.
            ahead: usize,

            pub inline fn at(body: @This(), place: anytype) void {
                const weight = place.load(body.weight);
                var weight_sum = place.load(body.weight_gradient);
                var bias_sum = if (is_centered) place.load(body.bias_gradient);
                inline for (body.out, body.x, body.gradient, body.rows) |out, x, gradient, row| {
                    const given = place.load(gradient);
                    if (is_centered) bias_sum += given;
                    if (kind == .product) {
                        place.askFor(x + body.ahead);
                        place.askFor(gradient + body.ahead);
                        weight_sum = simd.mulAdd(given, place.load(x), weight_sum);
                        place.finish(out, given * weight);
                        continue;
                    }
                    const deviation = deviationOf(x, place, &row.moments);
                    const scaled = deviation * splat(row.inverse);
                    weight_sum = simd.mulAdd(given, scaled, weight_sum);
                    const weighted = given * weight - splat(row.offset);
                    const slope = splat(row.slope);
                    place.finish(out, (weighted - deviation * slope) * splat(row.inverse));
                }
                place.store(body.weight_gradient, weight_sum);
                if (is_centered) place.store(body.bias_gradient, bias_sum);
            }
        };

        inline fn deviationOf(x: [*]const f32, place: anytype, moments: *const loops.Moments) V {
            return if (is_centered) moments.deviation(x, place) else place.load(x);
        }

        fn sums(norm: *const NormRows, index: usize) Row {
            const start = index * norm.columns;
            const x, const gradient = .{ norm.x + start, norm.gradient + start };
            const size: f64 = @floatFromInt(norm.columns);
            const body: Products = .{ .weight = norm.weight, .gradient = gradient };
            const moments, const found = if (is_centered)
                loops.momentsWith(2, x, norm.columns, body)
            else
                aboutZero(x, norm.columns, body);
            const total, const about_center = found;
            const inverse = 1 / @sqrt(moments.variance + norm.epsilon);
            const products = about_center - moments.offset * total;
            return .{
                .moments = moments,
                .inverse = @floatCast(inverse),
                .slope = @floatCast(inverse * inverse * products / size),
                .offset = if (is_centered) @floatCast(total / size) else 0,
            };
        }
    };
}

/// Terms of the sums of a weighted gradient, and of its products with differences.
const Products = struct {
    weight: [*]const f32,
    gradient: [*]const f32,

    pub inline fn terms(body: Products, place: anytype, difference: V) [2]V {
        const weighted = place.load(body.gradient) * place.load(body.weight);
        return .{ weighted, weighted * difference };
    }
};

/// As `loops.momentsWith`, about 0.
inline fn aboutZero(
    x: [*]const f32,
    count: usize,
    products: Products,
) struct { loops.Moments, [2]f64 } {
    const Body = struct {
        x: [*]const f32,
        products: Products,

        pub inline fn terms(body: @This(), place: anytype) [2]V {
            const value = place.load(body.x);
            return .{ value * value, body.products.terms(place, value)[1] };
        }
    };
    const body: Body = .{ .x = x, .products = products };
    const squares, const total = loops.sums(2, count, body);
    const mean_square = squares / @as(f64, @floatFromInt(count));
    return .{ .{ .center = 0, .offset = 0, .variance = mean_square }, .{ 0, total } };
}

fn addRow(out: [*]f32, x: [*]const f32, count: usize) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,

        pub inline fn at(body: @This(), place: anytype) void {
            place.finish(body.out, place.load(body.out) + place.load(body.x));
        }
    };
    loops.forEach(count, Body{ .out = out, .x = x });
}
