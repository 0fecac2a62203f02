//! Pooling of planes, f32; see pooling_interface.zig.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("pooling_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Window = interface.Window;
const Ranges = interface.Ranges;

pub const table: interface.Table = .{
    .max = max,
    .max_gradient = maxGradient,
    .average = average,
    .average_gradient = averageGradient,
};

fn max(
    out: [*]f32,
    indices: [*]i32,
    x: [*]const f32,
    window: *const Window,
) callconv(.c) void {
    const two = [2]usize{ 2, 2 };
    const is_pairs = std.meta.eql(window.kernel, two) and std.meta.eql(window.stride, two) and
        window.padding[0] == 0 and window.padding[1] == 0 and
        window.dilation[0] == 1 and window.dilation[1] == 1;
    const width = window.in[1];
    for (0..window.out[0]) |row| {
        const place = row * window.out[1];
        const start = 2 * row * width;
        const fits = is_pairs and 2 * row + 1 < window.in[0];
        const columns = @min(window.out[1], width / 2);
        var column: usize = 0;
        if (fits) column = maxOfPairsRow(out + place, indices + place, x, start, width, columns);
        while (column < window.out[1]) : (column += 1) {
            const found = maxOf(x, window, row, column);
            out[place + column] = x[found];
            indices[place + column] = @intCast(found);
        }
    }
}

/// Windows of 2 x 2 side by side: as many as whole registers, or halves or quarters of them, take.
/// Returns how many. The last register overlaps the one before it.
inline fn maxOfPairsRow(
    out: [*]f32,
    indices: [*]i32,
    x: [*]const f32,
    start: usize,
    width: usize,
    columns: usize,
) usize {
    inline for ([_]usize{ lanes, lanes / 2, lanes / 4 }) |count| {
        if (count > 1 and columns >= count) {
            var column: usize = 0;
            while (column < columns) : (column += count) {
                const first = @min(column, columns - count);
                maxOfPairs(count, out + first, indices + first, x, start + 2 * first, width);
            }
            return columns;
        }
    }
    return 0;
}

/// The largest elements of `count` windows of 2 x 2 side by side, the first of them at `start`.
inline fn maxOfPairs(
    comptime count: usize,
    out: [*]f32,
    indices: [*]i32,
    x: [*]const f32,
    start: usize,
    width: usize,
) void {
    const Indices = @Vector(count, i32);
    const Values = @Vector(count, f32);
    const Pairs = *align(4) const @Vector(2 * count, f32);
    const steps = comptime std.simd.iota(i32, count) * @as(Indices, @splat(2));
    var best: Values = undefined;
    var best_index: Indices = undefined;
    inline for (0..2) |row| {
        const first = start + row * width;
        const pairs = @as(Pairs, @ptrCast(x + first)).*;
        inline for (0..2) |column| {
            const value = @shuffle(f32, pairs, undefined, steps + @as(Indices, @splat(column)));
            const index = steps + @as(Indices, @splat(@intCast(first + column)));
            if (row + column == 0) {
                best = value;
                best_index = index;
            } else {
                // NaN is taken, and stays unless another follows.
                const taken = (value > best) | (value != value);
                best = @select(f32, taken, value, best);
                best_index = @select(i32, taken, index, best_index);
            }
        }
    }
    @as(*align(4) Values, @ptrCast(out)).* = best;
    @as(*align(4) Indices, @ptrCast(indices)).* = best_index;
}

/// Where the largest element of a window lies; of several NaN the last, as in PyTorch.
fn maxOf(x: [*]const f32, window: *const Window, row: usize, column: usize) usize {
    var found: ?usize = null;
    for (0..window.kernel[0]) |i| {
        const y = row * window.stride[0] + i * window.dilation[0];
        if (y < window.padding[0]) continue;
        if (y - window.padding[0] >= window.in[0]) break;
        for (0..window.kernel[1]) |j| {
            const place = column * window.stride[1] + j * window.dilation[1];
            if (place < window.padding[1]) continue;
            if (place - window.padding[1] >= window.in[1]) break;
            const index = (y - window.padding[0]) * window.in[1] + place - window.padding[1];
            const best = found orelse {
                found = index;
                continue;
            };
            if (x[index] > x[best] or std.math.isNan(x[index])) found = index;
        }
    }
    return found.?;
}

fn maxGradient(
    out: [*]f32,
    size: usize,
    gradient: [*]const f32,
    indices: [*]const i32,
    count: usize,
) callconv(.c) bool {
    @memset(out[0..size], 0);
    for (gradient[0..count], indices[0..count]) |x, index| {
        if (index < 0 or index >= size) return false;
        out[@intCast(index)] += x;
    }
    return true;
}

fn average(out: [*]f32, x: [*]const f32, ranges: *const Ranges) callconv(.c) void {
    for (ranges.rows[0..ranges.out[0]], 0..) |rows, i| {
        for (ranges.columns[0..ranges.out[1]], 0..) |columns, j| {
            const width = columns.end - columns.start;
            var sums: V = @splat(0);
            var rest: f32 = 0;
            for (rows.start..rows.end) |row| {
                const start = x + row * ranges.in[1] + columns.start;
                var done: usize = 0;
                while (done + lanes <= width) : (done += lanes) sums += simd.load(start + done);
                while (done < width) : (done += 1) rest += start[done];
            }
            const sum = if (width < lanes) rest else simd.sumLanes(sums) + rest;
            out[i * ranges.out[1] + j] = sum / divisorOf(rows, columns);
        }
    }
}

fn averageGradient(
    out: [*]f32,
    gradient: [*]const f32,
    ranges: *const Ranges,
) callconv(.c) void {
    @memset(out[0 .. ranges.in[0] * ranges.in[1]], 0);
    for (ranges.rows[0..ranges.out[0]], 0..) |rows, i| {
        for (ranges.columns[0..ranges.out[1]], 0..) |columns, j| {
            const share = gradient[i * ranges.out[1] + j] / divisorOf(rows, columns);
            for (rows.start..rows.end) |row| {
                const start = out + row * ranges.in[1] + columns.start;
                for (start[0 .. columns.end - columns.start]) |*sum| sum.* += share;
            }
        }
    }
}

fn divisorOf(rows: interface.Range, columns: interface.Range) f32 {
    return @as(f32, @floatFromInt(rows.divisor)) * @as(f32, @floatFromInt(columns.divisor));
}
