//! Products of few tokens with BF16 weights, as in weights_few.zig, with activations that were
//! rounded to bf16 and instructions that multiply both as they are: half of the work, and nothing
//! to widen. Every sum is taken in the same order, whatever tokens stand beside.

const std = @import("std");
const bf16 = @import("bf16.zig");
const interface = @import("quantized_interface.zig");
const simd = @import("simd.zig");
const weights_few = @import("weights_few.zig");

const V = simd.V;
/// Elements of a register of pairs.
const width = 2 * simd.lanes;

/// Running sums of each product.
const strands = 2;
const rows_at_once = 4;
const tokens_at_once = 3;

/// x holds one token after the other, `bf16TokenBytes(columns)` apart.
pub fn multiply(job: *const interface.Job) callconv(.c) void {
    const apart = job.row_count / rows_at_once;
    for (0..apart) |row| multiplyRows(rows_at_once, job, row, apart);
    for (apart * rows_at_once..job.row_count) |row| multiplyRows(1, job, row, 0);
}

/// `rows` rows, `row` and those `apart` behind each other, with all tokens, in tiles of about the
/// same size.
fn multiplyRows(comptime rows: usize, job: *const interface.Job, row: usize, apart: usize) void {
    var token: usize = 0;
    var tiles = std.math.divCeil(usize, job.token_count, tokens_at_once) catch unreachable;
    while (tiles > 0) : (tiles -= 1) {
        const tokens = std.math.divCeil(usize, job.token_count - token, tiles) catch unreachable;
        switch (tokens) {
            inline 1...tokens_at_once => |count| multiplyTile(rows, count, job, row, apart, token),
            else => unreachable,
        }
        token += tokens;
    }
}

fn multiplyTile(
    comptime rows: usize,
    comptime tokens: usize,
    job: *const interface.Job,
    row: usize,
    apart: usize,
    token: usize,
) void {
    const columns = job.columns;
    const first = @as([*]const u16, @ptrCast(@alignCast(job.weight))) + row * columns;
    var weights: [rows][*]const u16 = undefined;
    inline for (&weights, 0..) |*weight, i| weight.* = first + i * apart * columns;
    var xs: [tokens][*]const u16 = undefined;
    inline for (&xs, 0..) |*x, t| {
        x.* = @ptrCast(@alignCast(job.x + (token + t) * interface.bf16TokenBytes(columns)));
    }
    var sums: [strands][rows][tokens]V = @splat(@splat(@splat(@splat(0))));
    var column: usize = 0;
    while (column + strands * width <= columns) : (column += strands * width) {
        inline for (&sums, 0..) |*strand, i| {
            var numbers: [tokens]bf16.Pairs = undefined;
            inline for (&numbers, xs) |*number, x| number.* = load(x + column + i * width);
            inline for (strand, weights) |*row_sums, weight| {
                const factors = load(weight + column + i * width);
                inline for (row_sums, numbers) |*sum, number| {
                    sum.* = bf16.addProducts(factors, number, sum.*);
                }
            }
        }
    }
    while (column < columns) : (column += width) {
        const count = @min(width, columns - column);
        var numbers: [tokens]bf16.Pairs = undefined;
        inline for (&numbers, xs) |*number, x| number.* = loadPart(x + column, count);
        inline for (&sums[0], weights) |*row_sums, weight| {
            const factors = loadPart(weight + column, count);
            inline for (row_sums, numbers) |*sum, number| {
                sum.* = bf16.addProducts(factors, number, sum.*);
            }
        }
    }
    inline for (0..rows) |i| {
        const place = row + i * apart;
        const bias = if (job.bias) |bias| bias[place] else 0;
        inline for (0..tokens) |t| {
            var total = sums[0][i][t];
            inline for (sums[1..]) |strand| total += strand[i][t];
            job.out[(token + t) * job.out_stride + place] = weights_few.reduce(total) + bias;
        }
    }
}

inline fn load(pointer: [*]const u16) bf16.Pairs {
    return @as(*align(2) const bf16.Pairs, @ptrCast(pointer)).*;
}

/// The first `count` elements, zeros behind them.
inline fn loadPart(pointer: [*]const u16, count: usize) bf16.Pairs {
    if (count == width) return load(pointer);
    var words: [width]u16 = @splat(0);
    for (words[0..count], pointer[0..count]) |*word, x| word.* = x;
    return @bitCast(words);
}
