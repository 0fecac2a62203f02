//! Reductions of contiguous f32, along rows and down columns.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("reduce_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Mask = @Vector(lanes, bool);
const Indices = @Vector(lanes, i32);
const Reduction = interface.Reduction;
const Extreme = interface.Extreme;

pub const table: interface.Table = .{
    .rows = rows,
    .columns = columns,
    .extreme_of_rows = extremeOfRows,
    .extreme_of_columns = extremeOfColumns,
};

/// Columns that narrow matrices are widened to, by taking several rows as one.
const wide_columns = 4 * lanes;

/// Additions in a row along rows.
const block_steps = 32;

fn identity(comptime reduction: Reduction) f32 {
    return switch (reduction) {
        .sum, .squares => 0,
        .max => -std.math.inf(f32),
        .min => std.math.inf(f32),
    };
}

/// A number's part in the result.
inline fn lift(comptime reduction: Reduction, x: anytype, center: @TypeOf(x)) @TypeOf(x) {
    if (reduction != .squares) return x;
    const difference = x - center;
    return difference * difference;
}

inline fn combine(comptime reduction: Reduction, a: anytype, b: @TypeOf(a)) @TypeOf(a) {
    const is_vector = @typeInfo(@TypeOf(a)) == .vector;
    switch (reduction) {
        .sum, .squares => return a + b,
        // `b != b` lets NaN in; once there, no comparison replaces it.
        .max => return if (is_vector) @select(
            f32,
            (b > a) | (b != b),
            b,
            a,
        ) else if (b > a or b != b) b else a,
        .min => return if (is_vector) @select(
            f32,
            (b < a) | (b != b),
            b,
            a,
        ) else if (b < a or b != b) b else a,
    }
}

/// All lanes of a register, in pairs: fewer steps and smaller errors than one after the other.
inline fn fold(comptime reduction: Reduction, vector: anytype) f32 {
    const width = @typeInfo(@TypeOf(vector)).vector.len;
    if (width == 1) return vector[0];
    const half = width / 2;
    const low = std.simd.extract(vector, 0, half);
    const high = std.simd.extract(vector, half, half);
    return fold(reduction, combine(reduction, low, high));
}

fn rows(
    reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    row_count: usize,
    count: usize,
    centers: ?[*]const f32,
) callconv(.c) void {
    switch (reduction) {
        inline else => |kind| for (0..row_count) |row| {
            const center = if (kind == .squares) centers.?[row] else 0;
            out[row] = oneRow(kind, x + row * count, count, center);
        },
    }
}

fn oneRow(comptime reduction: Reduction, x: [*]const f32, count: usize, center: f32) f32 {
    const middle: V = @splat(center);
    var results: [4]V = @splat(@splat(identity(reduction)));
    var i: usize = 0;
    // Sums of blocks are added up apart: rounding errors grow with the additions in a row.
    while (i + 4 * lanes <= count) {
        const blocks = @min((count - i) / (4 * lanes), block_steps);
        var parts: [4]V = @splat(@splat(identity(reduction)));
        for (0..blocks) |_| {
            inline for (&parts, 0..) |*part, k| {
                const lifted = lift(reduction, simd.load(x + i + k * lanes), middle);
                part.* = combine(reduction, part.*, lifted);
            }
            i += 4 * lanes;
        }
        inline for (&results, parts) |*result, part| result.* = combine(reduction, result.*, part);
    }
    while (i + lanes <= count) : (i += lanes) {
        results[0] = combine(reduction, results[0], lift(reduction, simd.load(x + i), middle));
    }
    const first = combine(reduction, results[0], results[1]);
    const second = combine(reduction, results[2], results[3]);
    var result = if (count < lanes)
        identity(reduction)
    else
        fold(reduction, combine(reduction, first, second));
    while (i < count) : (i += 1) result = combine(reduction, result, lift(reduction, x[i], center));
    return result;
}

fn columns(
    reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    row_count: usize,
    column_count: usize,
    row_stride: usize,
    centers: ?[*]const f32,
) callconv(.c) void {
    switch (reduction) {
        inline else => |kind| {
            const narrow = column_count < lanes and row_stride == column_count;
            if (narrow and row_count * column_count >= 2 * wide_columns) {
                narrowColumns(kind, out, x, row_count, column_count, centers);
            } else wideColumns(kind, out, x, row_count, column_count, row_stride, centers);
        },
    }
}

/// Four rows at a time are added to `out`, which stays in the cache.
fn wideColumns(
    comptime reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    row_count: usize,
    column_count: usize,
    row_stride: usize,
    centers: ?[*]const f32,
) void {
    @memset(out[0..column_count], identity(reduction));
    var row: usize = 0;
    while (row + 4 <= row_count) : (row += 4) {
        addRows(reduction, 4, out, x + row * row_stride, column_count, row_stride, centers);
    }
    while (row < row_count) : (row += 1) {
        addRows(reduction, 1, out, x + row * row_stride, column_count, row_stride, centers);
    }
}

inline fn addRows(
    comptime reduction: Reduction,
    comptime row_count: usize,
    out: [*]f32,
    x: [*]const f32,
    column_count: usize,
    row_stride: usize,
    centers: ?[*]const f32,
) void {
    var column: usize = 0;
    while (column + lanes <= column_count) : (column += lanes) {
        const center = if (reduction == .squares) simd.load(centers.? + column) else undefined;
        var parts: [row_count]V = undefined;
        inline for (&parts, 0..) |*part, row| {
            part.* = lift(reduction, simd.load(x + row * row_stride + column), center);
        }
        simd.store(
            out + column,
            combine(reduction, simd.load(out + column), inPairs(reduction, &parts)),
        );
    }
    while (column < column_count) : (column += 1) {
        const center = if (reduction == .squares) centers.?[column] else undefined;
        var parts: [row_count]f32 = undefined;
        inline for (&parts, 0..) |*part, row| {
            part.* = lift(reduction, x[row * row_stride + column], center);
        }
        out[column] = combine(reduction, out[column], inPairs(reduction, &parts));
    }
}

inline fn inPairs(comptime reduction: Reduction, parts: anytype) @TypeOf(parts[0]) {
    if (parts.len == 1) return parts[0];
    const first = combine(reduction, parts[0], parts[1]);
    return combine(reduction, first, combine(reduction, parts[2], parts[3]));
}

/// Takes several short rows as one that fills registers.
fn narrowColumns(
    comptime reduction: Reduction,
    out: [*]f32,
    x: [*]const f32,
    row_count: usize,
    column_count: usize,
    centers: ?[*]const f32,
) void {
    const together = wide_columns / column_count;
    const width = together * column_count;
    var repeated: [wide_columns]f32 = undefined;
    if (reduction == .squares) for (0..width) |i| {
        repeated[i] = centers.?[i % column_count];
    };
    var results: [wide_columns]f32 = undefined;
    wideColumns(reduction, &results, x, row_count / together, width, width, &repeated);
    const parts = comptime reduction.ofParts();
    wideColumns(parts, out, &results, together, column_count, column_count, null);
    for (row_count / together * together..row_count) |row| {
        addRows(reduction, 1, out, x + row * column_count, column_count, column_count, centers);
    }
}

fn extremeOfRows(
    extreme: Extreme,
    out: [*]i32,
    x: [*]const f32,
    row_count: usize,
    count: usize,
) callconv(.c) void {
    for (0..row_count) |row| {
        const numbers = x + row * count;
        const best = switch (extreme) {
            .max => oneRow(.max, numbers, count, 0),
            .min => oneRow(.min, numbers, count, 0),
        };
        out[row] = @intCast(firstIndex(numbers, count, best));
    }
}

/// Index of the first element equal to `value`, which is among them; NaN equals NaN.
fn firstIndex(x: [*]const f32, count: usize, value: f32) usize {
    const wanted: V = @splat(value);
    const is_nan = value != value;
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        const numbers = simd.load(x + i);
        const found: Mask = if (is_nan) numbers != numbers else numbers == wanted;
        if (@reduce(.Or, found)) break;
    }
    while (i < count) : (i += 1) {
        if (if (is_nan) x[i] != x[i] else x[i] == value) return i;
    }
    return 0;
}

fn extremeOfColumns(
    extreme: Extreme,
    out: [*]i32,
    best: [*]f32,
    x: [*]const f32,
    row_count: usize,
    column_count: usize,
) callconv(.c) void {
    @memcpy(best[0..column_count], x[0..column_count]);
    @memset(out[0..column_count], 0);
    switch (extreme) {
        inline else => |kind| for (1..row_count) |row| {
            const numbers = x + row * column_count;
            const index: Indices = @splat(@intCast(row));
            var column: usize = 0;
            while (column + lanes <= column_count) : (column += lanes) {
                const at: *align(4) Indices = @ptrCast(out + column);
                const number = simd.load(numbers + column);
                const known = simd.load(best + column);
                const beyond = if (kind == .max) number > known else number < known;
                const better = beyond | ((number != number) & (known == known));
                simd.store(best + column, @select(f32, better, number, known));
                at.* = @select(i32, better, index, at.*);
            }
            while (column < column_count) : (column += 1) {
                const number = numbers[column];
                const known = best[column];
                const beyond = if (kind == .max) number > known else number < known;
                if (!beyond and !(number != number and known == known)) continue;
                best[column] = number;
                out[column] = @intCast(row);
            }
        },
    }
}
