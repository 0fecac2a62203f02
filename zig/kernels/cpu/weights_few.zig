//! Products of few tokens with F32, F16 or BF16 weights: dot products along the columns, several
//! rows and tokens at a time, so that the weights are read from memory once. Every sum is taken in
//! the same order, so that a token's results do not depend on the tokens beside it.
//!
//! The rows that are computed together lie far apart: each is a stream of its own, and four of them
//! keep more lines of memory on their way than one does. Asking for lines ahead makes it slower.

const std = @import("std");
const interface = @import("quantized_interface.zig");
const simd = @import("simd.zig");
const weights_load = @import("weights_load.zig");

const Element = weights_load.Element;
const lanes = simd.lanes;
const V = simd.V;

/// Running sums of each product, which hide the latency of additions when it is computed alone.
const strands = 2;
/// Rows that share the loads of activations, and tokens that share those of weights: as many as
/// their sums fit the register file.
const rows_at_once = if (simd.has_32_registers) 4 else 2;
const tokens_at_once = if (simd.has_32_registers) 3 else 2;
/// Rows with one token.
const single_token_rows = 4;

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        .f32 => multiplyAs(.f32, job),
        .f16 => multiplyAs(.f16, job),
        .bf16 => multiplyAs(.bf16, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime element: Element, job: *const interface.Job) void {
    if (job.token_count == 1) {
        multiplyStreams(element, single_token_rows, job);
    } else {
        multiplyStreams(element, rows_at_once, job);
    }
}

/// All rows, `streams` of them at a time.
fn multiplyStreams(
    comptime element: Element,
    comptime streams: usize,
    job: *const interface.Job,
) void {
    const apart = job.row_count / streams;
    for (0..apart) |row| multiplyRows(element, streams, job, row, apart);
    for (apart * streams..job.row_count) |row| multiplyRows(element, 1, job, row, 0);
}

/// `rows` rows, `row` and those `apart` behind each other, with all tokens, in tiles of about the
/// same size.
fn multiplyRows(
    comptime element: Element,
    comptime rows: usize,
    job: *const interface.Job,
    row: usize,
    apart: usize,
) void {
    var token: usize = 0;
    var tiles = std.math.divCeil(usize, job.token_count, tokens_at_once) catch unreachable;
    while (tiles > 0) : (tiles -= 1) {
        const tokens = std.math.divCeil(usize, job.token_count - token, tiles) catch unreachable;
        switch (tokens) {
            inline 1...tokens_at_once => |count| {
                multiplyTile(element, rows, count, job, row, apart, token);
            },
            else => unreachable,
        }
        token += tokens;
    }
}

/// `rows` rows with `tokens` tokens from `token` on.
fn multiplyTile(
    comptime element: Element,
    comptime rows: usize,
    comptime tokens: usize,
    job: *const interface.Job,
    row: usize,
    apart: usize,
    token: usize,
) void {
    const columns = job.columns;
    const Stored = element.Stored();
    const first = @as([*]const Stored, @ptrCast(@alignCast(job.weight))) + row * columns;
    var weights: [rows][*]const Stored = undefined;
    inline for (&weights, 0..) |*weight, i| weight.* = first + i * apart * columns;
    const x = @as([*]const f32, @ptrCast(@alignCast(job.x))) + token * columns;
    var sums: [strands][rows][tokens]V = @splat(@splat(@splat(@splat(0))));
    var column: usize = 0;
    while (column + strands * lanes <= columns) : (column += strands * lanes) {
        inline for (&sums, 0..) |*strand, i| {
            addColumns(element, rows, tokens, strand, &weights, x, columns, column + i * lanes);
        }
    }
    while (column + lanes <= columns) : (column += lanes) {
        addColumns(element, rows, tokens, &sums[0], &weights, x, columns, column);
    }
    if (column < columns and columns >= lanes) {
        addLastColumns(element, rows, tokens, &sums[0], &weights, x, columns, column);
        column = columns;
    }
    inline for (0..rows) |i| {
        const place = row + i * apart;
        const bias = if (job.bias) |bias| bias[place] else 0;
        inline for (0..tokens) |t| {
            var total = sums[0][i][t];
            inline for (sums[1..]) |strand| total += strand[i][t];
            var sum = reduce(total);
            for (column..columns) |rest| {
                const number = weights_load.loadOne(element, weights[i] + rest);
                sum += number * x[t * columns + rest];
            }
            job.out[(token + t) * job.out_stride + place] = sum + bias;
        }
    }
}

/// The columns from `column` to the end, less than a register: reads the last register's worth and
/// takes zeros for what was added before.
inline fn addLastColumns(
    comptime element: Element,
    comptime rows: usize,
    comptime tokens: usize,
    sums: *[rows][tokens]V,
    weights: *const [rows][*]const element.Stored(),
    x: [*]const f32,
    columns: usize,
    column: usize,
) void {
    const start = columns - lanes;
    const positions = std.simd.iota(u32, lanes);
    const is_new = positions >= @as(@Vector(lanes, u32), @splat(@intCast(column - start)));
    const zeros: V = @splat(0);
    var numbers: [tokens]V = undefined;
    inline for (&numbers, 0..) |*number, t| {
        number.* = @select(f32, is_new, simd.load(x + t * columns + start), zeros);
    }
    inline for (sums, weights) |*row_sums, weight| {
        const factor = @select(f32, is_new, weights_load.load(element, weight + start), zeros);
        inline for (row_sums, numbers) |*sum, number| sum.* = simd.mulAdd(factor, number, sum.*);
    }
}

inline fn addColumns(
    comptime element: Element,
    comptime rows: usize,
    comptime tokens: usize,
    sums: *[rows][tokens]V,
    weights: *const [rows][*]const element.Stored(),
    x: [*]const f32,
    columns: usize,
    column: usize,
) void {
    var numbers: [tokens]V = undefined;
    inline for (&numbers, 0..) |*number, t| number.* = simd.load(x + t * columns + column);
    inline for (sums, weights) |*row_sums, weight| {
        const factor = weights_load.load(element, weight + column);
        inline for (row_sums, numbers) |*sum, number| sum.* = simd.mulAdd(factor, number, sum.*);
    }
}

/// The sum of a register's lanes, added by halves.
pub fn reduce(vector: anytype) f32 {
    const count = @typeInfo(@TypeOf(vector)).vector.len;
    if (count == 1) return vector[0];
    const halves: [2]@Vector(count / 2, f32) = @bitCast(vector);
    return reduce(halves[0] + halves[1]);
}
