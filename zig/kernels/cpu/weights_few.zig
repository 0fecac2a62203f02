//! Products of few tokens with F32, F16 or BF16 weights: dot products along the columns, several
//! rows and tokens at a time, so that the weights are read from memory once. Every sum is taken in
//! the same order, so that a token's results do not depend on the tokens beside it.

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

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        .f32 => multiplyAs(.f32, job),
        .f16 => multiplyAs(.f16, job),
        .bf16 => multiplyAs(.bf16, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime element: Element, job: *const interface.Job) void {
    var row: usize = 0;
    // With one token, one row after another is what memory delivers fastest.
    if (job.token_count > 1) while (row + rows_at_once <= job.row_count) : (row += rows_at_once) {
        multiplyRows(element, rows_at_once, job, row);
    };
    while (row < job.row_count) : (row += 1) multiplyRows(element, 1, job, row);
}

/// `rows` rows from `row` on with all tokens, in tiles of about the same size.
fn multiplyRows(
    comptime element: Element,
    comptime rows: usize,
    job: *const interface.Job,
    row: usize,
) void {
    var token: usize = 0;
    var tiles = std.math.divCeil(usize, job.token_count, tokens_at_once) catch unreachable;
    while (tiles > 0) : (tiles -= 1) {
        const tokens = std.math.divCeil(usize, job.token_count - token, tiles) catch unreachable;
        switch (tokens) {
            inline 1...tokens_at_once => |count| {
                multiplyTile(element, rows, count, job, row, token);
            },
            else => unreachable,
        }
        token += tokens;
    }
}

/// `rows` rows from `row` on with `tokens` tokens from `token` on.
fn multiplyTile(
    comptime element: Element,
    comptime rows: usize,
    comptime tokens: usize,
    job: *const interface.Job,
    row: usize,
    token: usize,
) void {
    const columns = job.columns;
    const weight = @as([*]const element.Stored(), @ptrCast(@alignCast(job.weight))) + row * columns;
    const x = @as([*]const f32, @ptrCast(@alignCast(job.x))) + token * columns;
    var sums: [strands][rows][tokens]V = @splat(@splat(@splat(@splat(0))));
    var column: usize = 0;
    while (column + strands * lanes <= columns) : (column += strands * lanes) {
        inline for (&sums, 0..) |*strand, i| {
            addColumns(element, rows, tokens, strand, weight, x, columns, column + i * lanes);
        }
    }
    while (column + lanes <= columns) : (column += lanes) {
        addColumns(element, rows, tokens, &sums[0], weight, x, columns, column);
    }
    if (column < columns and columns >= lanes) {
        addLastColumns(element, rows, tokens, &sums[0], weight, x, columns, column);
        column = columns;
    }
    inline for (0..rows) |i| {
        const bias = if (job.bias) |bias| bias[row + i] else 0;
        inline for (0..tokens) |t| {
            var total = sums[0][i][t];
            inline for (sums[1..]) |strand| total += strand[i][t];
            var sum = reduce(total);
            for (column..columns) |rest| {
                const number = weights_load.loadOne(element, weight + i * columns + rest);
                sum += number * x[t * columns + rest];
            }
            job.out[(token + t) * job.out_stride + row + i] = sum + bias;
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
    weight: [*]const element.Stored(),
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
    inline for (sums, 0..) |*row_sums, i| {
        const all = weights_load.load(element, weight + i * columns + start);
        const weights = @select(f32, is_new, all, zeros);
        inline for (row_sums, numbers) |*sum, number| sum.* = simd.mulAdd(weights, number, sum.*);
    }
}

inline fn addColumns(
    comptime element: Element,
    comptime rows: usize,
    comptime tokens: usize,
    sums: *[rows][tokens]V,
    weight: [*]const element.Stored(),
    x: [*]const f32,
    columns: usize,
    column: usize,
) void {
    var numbers: [tokens]V = undefined;
    inline for (&numbers, 0..) |*number, t| number.* = simd.load(x + t * columns + column);
    inline for (sums, 0..) |*row_sums, i| {
        const weights = weights_load.load(element, weight + i * columns + column);
        inline for (row_sums, numbers) |*sum, number| sum.* = simd.mulAdd(weights, number, sum.*);
    }
}

/// The sum of a register's lanes, added by halves.
pub fn reduce(vector: anytype) f32 {
    const count = @typeInfo(@TypeOf(vector)).vector.len;
    if (count == 1) return vector[0];
    const halves: [2]@Vector(count / 2, f32) = @bitCast(vector);
    return reduce(halves[0] + halves[1]);
}
