//! Transforms of Winograd's F(4x4, 3x3); see convolution_winograd_interface.zig for how their
//! operands lie in memory. Each is a transform of lines, applied to columns and then to rows.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("convolution_winograd_interface.zig");
const pack = @import("matmul_pack.zig");

const V = simd.V;
const lanes = simd.lanes;
const Eight = pack.Eight;

pub const table: interface.Table = .{
    .to_registers = toRegisters,
    .to_planes = toPlanes,
    .transform_source = transformSource,
    .transform_gradient = transformGradient,
    .transform_result = transformResult,
    .transform_weights = transformWeights,
    .transform_weight_gradient = transformWeightGradient,
};

const root = std.math.sqrt2;

inline fn splat(value: f32) V {
    return @splat(value);
}

inline fn mulAdd(factor: f32, x: V, y: V) V {
    return simd.mulAdd(splat(factor), x, y);
}

inline fn sourceLine(d: [6]V) [6]V {
    const even = mulAdd(-2, d[2], d[4]);
    const odd = mulAdd(-root, d[1], splat(root / 2.0) * d[3]);
    const even_wide = mulAdd(-0.5, d[2], d[4]);
    const odd_wide = mulAdd(-root / 2.0, d[1], splat(root) * d[3]);
    return .{
        mulAdd(-2.5, d[2], d[0] + d[4]),
        even + odd,
        even - odd,
        even_wide + odd_wide,
        even_wide - odd_wide,
        mulAdd(-2.5, d[3], d[1] + d[5]),
    };
}

inline fn resultLine(m: [6]V) [4]V {
    const sum = m[1] + m[2];
    const difference = m[1] - m[2];
    const wide_sum = m[3] + m[4];
    const wide_difference = m[3] - m[4];
    return .{
        m[0] + sum + wide_sum,
        mulAdd(root / 2.0, difference, splat(root) * wide_difference),
        mulAdd(0.5, sum, wide_sum + wide_sum),
        mulAdd(root / 4.0, difference, mulAdd(2 * root, wide_difference, m[5])),
    };
}

/// The transpose of `resultLine`.
inline fn gradientLine(y: [4]V) [6]V {
    const even = mulAdd(0.5, y[2], y[0]);
    const odd = mulAdd(root / 4.0, y[3], splat(root / 2.0) * y[1]);
    const even_wide = mulAdd(2, y[2], y[0]);
    const odd_wide = mulAdd(2 * root, y[3], splat(root) * y[1]);
    return .{ y[0], even + odd, even - odd, even_wide + odd_wide, even_wide - odd_wide, y[3] };
}

inline fn weightLine(g: [3]V) [6]V {
    const even = mulAdd(-1.0 / 3.0, g[2], splat(-2.0 / 3.0) * g[0]);
    const odd = splat(root / 3.0) * g[1];
    const even_wide = mulAdd(1.0 / 3.0, g[2], splat(1.0 / 6.0) * g[0]);
    const odd_wide = splat(root / 6.0) * g[1];
    return .{ g[0], even - odd, even + odd, even_wide + odd_wide, even_wide - odd_wide, g[2] };
}

/// The transpose of `weightLine`.
inline fn weightGradientLine(m: [6]V) [3]V {
    const sum = m[1] + m[2];
    const difference = m[2] - m[1];
    const wide_sum = m[3] + m[4];
    const wide_difference = m[3] - m[4];
    return .{
        mulAdd(-2.0 / 3.0, sum, mulAdd(1.0 / 6.0, wide_sum, m[0])),
        mulAdd(root / 3.0, difference, splat(root / 6.0) * wide_difference),
        mulAdd(1.0 / 3.0, wide_sum - sum, m[5]),
    };
}

/// Applies a transform of lines to the columns and then to the rows of a square.
inline fn square(
    comptime from: usize,
    comptime to: usize,
    comptime line: fn ([from]V) callconv(.@"inline") [to]V,
    x: [from][from]V,
) [to][to]V {
    var columns: [to][from]V = undefined;
    inline for (0..from) |j| {
        var column: [from]V = undefined;
        inline for (0..from) |i| column[i] = x[i][j];
        const turned = line(column);
        inline for (0..to) |i| columns[i][j] = turned[i];
    }
    var result: [to][to]V = undefined;
    inline for (0..to) |i| result[i] = line(columns[i]);
    return result;
}

inline fn loadPixels(comptime size: usize, pixels: [*]const f32, row_step: usize) [size][size]V {
    var x: [size][size]V = undefined;
    inline for (0..size) |i| {
        inline for (0..size) |j| x[i][j] = simd.load(pixels + i * row_step + j * lanes);
    }
    return x;
}

inline fn loadElements(transformed: [*]const f32, element_step: usize) [6][6]V {
    var x: [6][6]V = undefined;
    inline for (0..6) |i| {
        inline for (0..6) |j| x[i][j] = simd.load(transformed + (i * 6 + j) * element_step);
    }
    return x;
}

inline fn storeElements(transformed: [*]f32, element_step: usize, x: [6][6]V) void {
    inline for (0..6) |i| {
        inline for (0..6) |j| simd.store(transformed + (i * 6 + j) * element_step, x[i][j]);
    }
}

inline fn toElements(
    comptime size: usize,
    comptime line: fn ([size]V) callconv(.@"inline") [6]V,
    tiles: *const interface.Tiles,
) void {
    var transformed = tiles.transformed;
    for (0..tiles.rows) |row| {
        var pixels = tiles.pixels + row * interface.tile_pixels * tiles.row_step;
        for (0..tiles.columns) |_| {
            const x = loadPixels(size, pixels, tiles.row_step);
            storeElements(transformed, tiles.element_step, square(size, 6, line, x));
            pixels += interface.tile_pixels * lanes;
            transformed += tiles.tile_step;
        }
    }
}

fn transformSource(tiles: *const interface.Tiles) callconv(.c) void {
    toElements(6, sourceLine, tiles);
}

fn transformGradient(tiles: *const interface.Tiles) callconv(.c) void {
    toElements(4, gradientLine, tiles);
}

fn transformResult(tiles: *const interface.Tiles) callconv(.c) void {
    const bias = if (tiles.bias) |values| simd.load(values) else splat(0);
    var transformed = tiles.transformed;
    for (0..tiles.rows) |row| {
        const first_row = row * interface.tile_pixels;
        const rows = @min(interface.tile_pixels, tiles.pixel_rows - first_row);
        for (0..tiles.columns) |column| {
            const first_column = column * interface.tile_pixels;
            const columns = @min(interface.tile_pixels, tiles.pixel_columns - first_column);
            const pixels = tiles.pixels + first_row * tiles.row_step + first_column * lanes;
            const sums = loadElements(transformed, tiles.element_step);
            const y = square(6, 4, resultLine, sums);
            inline for (0..4) |i| if (i < rows) {
                inline for (0..4) |j| if (j < columns) {
                    simd.store(pixels + i * tiles.row_step + j * lanes, y[i][j] + bias);
                };
            };
            transformed += tiles.tile_step;
        }
    }
}

fn transformWeights(weights: *const interface.Weights) callconv(.c) void {
    if (weights.is_turned) weightElements(true, weights) else weightElements(false, weights);
}

inline fn weightElements(comptime is_turned: bool, weights: *const interface.Weights) void {
    for (0..weights.count) |index| {
        const source = weights.weights + index * interface.taps * lanes;
        var kernel: [3][3]V = undefined;
        inline for (0..interface.taps) |tap| {
            const place = if (is_turned) interface.taps - 1 - tap else tap;
            kernel[tap / 3][tap % 3] = simd.load(source + place * lanes);
        }
        const transformed = weights.transformed + index * weights.weight_step;
        storeElements(transformed, weights.element_step, square(3, 6, weightLine, kernel));
    }
}

fn transformWeightGradient(weights: *const interface.Weights) callconv(.c) void {
    for (0..weights.count) |index| {
        const transformed = weights.transformed + index * weights.weight_step;
        const sums = loadElements(transformed, weights.element_step);
        const kernel = square(6, 3, weightGradientLine, sums);
        const target = weights.weights + index * interface.taps * lanes;
        inline for (0..interface.taps) |tap| {
            simd.store(target + tap * lanes, kernel[tap / 3][tap % 3]);
        }
    }
}

/// Channels that are transposed together.
const block_channels = @min(8, lanes);

fn toRegisters(job: *const interface.Transpose) callconv(.c) void {
    if (job.channels == lanes) registersOf(true, job) else registersOf(false, job);
}

inline fn registersOf(comptime is_whole: bool, job: *const interface.Transpose) void {
    var pixel: usize = 0;
    while (pixel + 8 <= job.pixels) : (pixel += 8) {
        inline for (0..lanes / block_channels) |group| {
            var block: [8]Eight = @splat(@splat(0));
            inline for (0..block_channels) |i| {
                const channel = group * block_channels + i;
                if (is_whole or channel < job.channels) {
                    block[i] = pack.loadEight(job.planes + channel * job.channel_step + pixel);
                }
            }
            const turned = pack.transpose(block);
            inline for (0..8) |p| {
                const target = job.registers + registerPlace(job, pixel + p) +
                    group * block_channels;
                if (lanes == 4) pack.storeFour(target, turned[p]) else {
                    pack.storeEight(target, turned[p]);
                }
            }
        }
    }
    while (pixel < job.pixels) : (pixel += 1) {
        const target = job.registers + registerPlace(job, pixel);
        inline for (0..lanes) |channel| {
            target[channel] = if (is_whole or channel < job.channels)
                job.planes[channel * job.channel_step + pixel]
            else
                0;
        }
    }
}

inline fn registerPlace(job: *const interface.Transpose, pixel: usize) usize {
    return if (job.places) |places| places[pixel] else pixel * lanes;
}

fn toPlanes(job: *const interface.Transpose) callconv(.c) void {
    var pixel: usize = 0;
    while (pixel + 8 <= job.pixels) : (pixel += 8) {
        inline for (0..lanes / block_channels) |group| {
            var block: [8]Eight = @splat(@splat(0));
            inline for (0..8) |p| {
                const source = job.registers + registerPlace(job, pixel + p) +
                    group * block_channels;
                if (lanes == 4) {
                    inline for (0..4) |i| block[p][i] = source[i];
                } else {
                    block[p] = pack.loadEight(source);
                }
            }
            const turned = pack.transpose(block);
            inline for (0..block_channels) |i| {
                const channel = group * block_channels + i;
                if (channel < job.channels) {
                    pack.storeEight(job.planes + channel * job.channel_step + pixel, turned[i]);
                }
            }
        }
    }
    while (pixel < job.pixels) : (pixel += 1) {
        for (0..job.channels) |channel| {
            const value = job.registers[registerPlace(job, pixel) + channel];
            job.planes[channel * job.channel_step + pixel] = value;
        }
    }
}
