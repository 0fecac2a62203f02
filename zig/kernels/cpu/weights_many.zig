//! Products of many tokens with F16 or BF16 weights.
//!
//! Blocking after Goto and van de Geijn (2008): panels of `panel_rows` weight rows are converted to
//! f32 and transposed into a buffer that stays in the second-level cache; a register tile of
//! `tile_tokens` x `panel_rows` sums runs along them, with activations interleaved before.

const std = @import("std");
const interface = @import("quantized_interface.zig");
const simd = @import("simd.zig");
const weights_load = @import("weights_load.zig");

const Element = weights_load.Element;
const lanes = simd.lanes;
const V = simd.V;

/// Sums fill most of the 32 (AVX-512, NEON) or 16 (AVX2, SSE) registers.
pub const tile_tokens: usize = if (simd.has_avx512)
    12
else if (simd.has_avx2)
    6
else if (simd.has_fma)
    8
else
    4;
/// Rows side by side in a panel.
pub const panel_rows: usize = panel_vectors * lanes;
const panel_vectors = 2;
const panel_columns = interface.dense_panel_columns;

pub fn interleaveTile(
    out: [*]f32,
    x: [*]const f32,
    token_count: usize,
    columns: usize,
) callconv(.c) void {
    for (0..columns) |column| {
        for (out[column * token_count ..][0..token_count], 0..) |*number, token| {
            number.* = x[token * columns + column];
        }
    }
}

pub fn multiply(job: *const interface.Job) callconv(.c) void {
    switch (job.dtype) {
        .f16 => multiplyAs(.f16, job),
        .bf16 => multiplyAs(.bf16, job),
        else => unreachable,
    }
}

fn multiplyAs(comptime element: Element, job: *const interface.Job) void {
    const weight: [*]const element.Stored() = @ptrCast(@alignCast(job.weight));
    const x: [*]const f32 = @ptrCast(@alignCast(job.x));
    const panels = job.workspace.?;
    begin(job);
    var column: usize = 0;
    while (column < job.columns) : (column += panel_columns) {
        const width = @min(panel_columns, job.columns - column);
        var row: usize = 0;
        while (row < job.row_count) : (row += panel_rows) {
            const rows = @min(panel_rows, job.row_count - row);
            const panel = panels + row * panel_columns;
            const source = weight + row * job.columns + column;
            fillPanel(element, panel, source, rows, job.columns, width);
        }
        var token: usize = 0;
        while (token < job.token_count) : (token += tile_tokens) {
            const tokens = @min(tile_tokens, job.token_count - token);
            const tile = x + token * job.columns + column * tokens;
            multiplyTile(job, panels, tile, token, tokens, width);
        }
    }
}

/// Fills the outputs with the bias; the products are added to them.
fn begin(job: *const interface.Job) void {
    for (0..job.token_count) |token| {
        const out = job.out[token * job.out_stride ..][0..job.row_count];
        if (job.bias) |bias| @memcpy(out, bias) else @memset(out, 0);
    }
}

/// Transposes `rows` rows of `width` columns into `[width][panel_rows]`; missing rows become zeros.
fn fillPanel(
    comptime element: Element,
    panel: [*]f32,
    weight: [*]const element.Stored(),
    rows: usize,
    stride: usize,
    width: usize,
) void {
    inline for (0..panel_vectors) |vector| {
        const first = vector * lanes;
        const present = if (rows > first) @min(rows - first, lanes) else 0;
        const source = weight + @min(first, rows) * stride;
        var column: usize = 0;
        if (present == lanes) while (column + lanes <= width) : (column += lanes) {
            var square: [lanes]V = undefined;
            inline for (&square, 0..) |*line, i| {
                line.* = weights_load.load(element, source + i * stride + column);
            }
            transpose(&square);
            inline for (square, 0..) |line, i| {
                simd.store(panel + (column + i) * panel_rows + first, line);
            }
        };
        while (column < width) : (column += 1) {
            for (0..lanes) |i| {
                panel[column * panel_rows + first + i] = if (i < present)
                    weights_load.loadOne(element, source + i * stride + column)
                else
                    0;
            }
        }
    }
}

/// Transposes a square of registers in log2(lanes) rounds: each swaps blocks of `step` lanes.
inline fn transpose(square: *[lanes]V) void {
    comptime var step = 1;
    inline while (step < lanes) : (step *= 2) {
        const low, const high = comptime masks: {
            var low: [lanes]i32 = undefined;
            var high: [lanes]i32 = undefined;
            for (0..lanes) |lane| {
                const l: i32 = lane;
                low[lane] = if (lane & step == 0) l else ~(l - step);
                high[lane] = if (lane & step == 0) l + step else ~l;
            }
            break :masks .{ low, high };
        };
        inline for (0..lanes) |i| {
            if (i & step == 0) {
                const a = square[i];
                const b = square[i + step];
                square[i] = @shuffle(f32, a, b, low);
                square[i + step] = @shuffle(f32, a, b, high);
            }
        }
    }
}

/// Adds the products of one tile of tokens with every panel.
fn multiplyTile(
    job: *const interface.Job,
    panels: [*]const f32,
    tile: [*]const f32,
    token: usize,
    tokens: usize,
    width: usize,
) void {
    var row: usize = 0;
    while (row < job.row_count) : (row += panel_rows) {
        const rows = @min(panel_rows, job.row_count - row);
        const out = job.out + token * job.out_stride + row;
        const panel = panels + row * panel_columns;
        switch (tokens) {
            inline 1...tile_tokens => |count| {
                addTile(count, panel, tile, width, out, job.out_stride, rows);
            },
            else => unreachable,
        }
    }
}

/// `out[token][row] += sum(tile[column][token] * panel[column][row])` for the rows that exist.
noinline fn addTile(
    comptime tokens: usize,
    panel: [*]const f32,
    tile: [*]const f32,
    width: usize,
    out: [*]f32,
    out_stride: usize,
    rows: usize,
) void {
    var sums: [tokens][panel_vectors]V = @splat(@splat(@splat(0)));
    for (0..width) |column| {
        var weights: [panel_vectors]V = undefined;
        inline for (&weights, 0..) |*vector, i| {
            vector.* = simd.load(panel + column * panel_rows + i * lanes);
        }
        inline for (&sums, 0..) |*token_sums, token| {
            const number: V = @splat(tile[column * tokens + token]);
            inline for (token_sums, weights) |*sum, vector| {
                sum.* = simd.mulAdd(number, vector, sum.*);
            }
        }
    }
    inline for (sums, 0..) |token_sums, token| {
        const line = out + token * out_stride;
        if (rows == panel_rows) {
            inline for (token_sums, 0..) |sum, i| {
                simd.store(line + i * lanes, simd.load(line + i * lanes) + sum);
            }
        } else {
            const numbers: [panel_rows]f32 = @bitCast(token_sums);
            for (line[0..rows], numbers[0..rows]) |*number, sum| number.* += sum;
        }
    }
}
