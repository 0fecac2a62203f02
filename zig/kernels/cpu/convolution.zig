//! f32 convolutions over staged sources; see convolution_interface.zig for how they lie in memory.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("convolution_interface.zig");
const pack = @import("matmul_pack.zig");

const V = simd.V;
const lanes = simd.lanes;
const Direct = interface.Direct;
const Gradient = interface.Gradient;

pub const table: interface.Table = .{
    .lanes = lanes,
    .pack_taps = packTaps,
    .direct = direct,
    .gradient_tile = gradientTile,
    .gradient_dots = gradientDots,
    .depthwise = @import("convolution_depthwise.zig").table,
    .winograd = @import("convolution_winograd.zig").table,
};

/// One register of a strip: where it is read and where it goes.
const Copy = struct { from: usize, to: usize };

/// Registers are copied whole: what one writes past its segment, the next one, or the next row,
/// writes over.
fn packTaps(out: [*]f32, taps: *const interface.Taps) callconv(.c) void {
    var copies: [pack.tile_vectors * lanes]Copy = undefined;
    var count: usize = 0;
    for (taps.segments[0..taps.segment_count]) |segment| {
        var done: usize = 0;
        while (done < segment.count) : (done += lanes) {
            copies[count] = .{ .from = segment.from + done, .to = segment.to + done };
            count += 1;
        }
    }
    switch (count) {
        inline 1...8 => |c| packRows(c, out, taps, copies[0..c]),
        else => packRows(null, out, taps, copies[0..count]),
    }
}

inline fn packRows(
    comptime count: ?usize,
    out: [*]f32,
    taps: *const interface.Taps,
    copies: []const Copy,
) void {
    var target = out;
    for (taps.offsets[0..taps.depth]) |offset| {
        const source = taps.staged + offset;
        if (count) |known| {
            inline for (0..known) |i| {
                simd.store(target + copies[i].to, simd.load(source + copies[i].from));
            }
        } else {
            for (copies) |copy| simd.store(target + copy.to, simd.load(source + copy.from));
        }
        target += taps.width;
    }
}

/// Registers of pixels computed together by `direct`: enough sums in flight to hide the latency.
const direct_vectors = 4;

fn direct(job: *const Direct) callconv(.c) void {
    switch (job.channels) {
        inline 1...interface.max_direct_rows => |channels| directRows(channels, job),
        else => unreachable,
    }
}

fn directRows(comptime channels: usize, job: *const Direct) void {
    const most = if (channels == 1 or simd.has_32_registers) direct_vectors else 2;
    for (0..job.rows) |row| {
        var column: usize = 0;
        while (column < job.columns) {
            const left = (job.columns - column + lanes - 1) / lanes;
            const vectors: usize = @min(left, most);
            switch (vectors) {
                inline 1...most => |v| directStrip(channels, v, job, row, column),
                else => unreachable,
            }
            column += vectors * lanes;
        }
    }
}

noinline fn directStrip(
    comptime channels: usize,
    comptime vectors: usize,
    job: *const Direct,
    row: usize,
    column: usize,
) void {
    const out = job.out + row * job.out_row_step + column;
    const last_count = @min(lanes, job.columns - column - (vectors - 1) * lanes);
    var sums: [channels][vectors]V = undefined;
    inline for (0..channels) |i| sums[i] = @splat(@splat(job.start[i]));
    const staged = job.staged + row * job.staged_row_step + column;
    for (job.offsets[0..job.depth], 0..) |offset, k| {
        inline for (0..vectors) |v| {
            const x = simd.load(staged + offset + v * lanes);
            inline for (0..channels) |i| {
                const weight: V = @splat(job.weights[i * job.depth + k]);
                sums[i][v] = simd.mulAdd(weight, x, sums[i][v]);
            }
        }
    }
    inline for (0..channels) |i| {
        const target = out + i * job.out_channel_step;
        inline for (0..vectors) |v| {
            const count = if (v + 1 == vectors) last_count else lanes;
            storeFirst(target + v * lanes, sums[i][v], count, job.accumulate);
        }
    }
}

/// Stores the first `count` lanes, or adds them to what is there.
inline fn storeFirst(out: [*]f32, value: V, count: usize, accumulate: bool) void {
    if (count == lanes) return simd.store(out, if (accumulate) simd.load(out) + value else value);
    const sum = if (accumulate) simd.loadPart(out, count, 0) + value else value;
    simd.storePart(out, sum, count);
}

fn gradientTile(job: *const Gradient) callconv(.c) void {
    const pixels = job.rows * job.columns;
    const vector_count = (job.channels + lanes - 1) / lanes;
    var vector: usize = 0;
    while (vector < vector_count) {
        const vectors = pack.partSize(vector_count - vector, pack.tile_vectors);
        var k: usize = 0;
        while (k < job.depth) {
            const taps = pack.partSize(job.depth - k, pack.tile_rows);
            const gradient = job.gradient + vector * lanes * pixels;
            const out = job.out + k * job.out_row_step + vector * lanes;
            switch (taps) {
                inline 1...pack.tile_rows => |t| switch (vectors) {
                    inline 1...pack.tile_vectors => |v| {
                        gradientSums(t, v, job, job.offsets + k, gradient, out);
                    },
                    else => unreachable,
                },
                else => unreachable,
            }
            k += taps;
        }
        vector += vectors;
    }
}

noinline fn gradientSums(
    comptime taps: usize,
    comptime vectors: usize,
    job: *const Gradient,
    offsets: [*]const usize,
    packed_gradient: [*]const f32,
    out: [*]f32,
) void {
    var sums: [taps][vectors]V = @splat(@splat(@splat(0)));
    var gradient = packed_gradient;
    for (0..job.rows) |row| {
        var sources: [taps][*]const f32 = undefined;
        inline for (0..taps) |t| {
            sources[t] = job.staged + row * job.staged_row_step + offsets[t];
        }
        for (0..job.columns) |column| {
            var pixel: [vectors]V = undefined;
            inline for (0..vectors) |v| pixel[v] = simd.load(gradient + v * lanes);
            inline for (0..taps) |t| {
                const x: V = @splat(sources[t][column]);
                inline for (0..vectors) |v| sums[t][v] = simd.mulAdd(x, pixel[v], sums[t][v]);
            }
            gradient += vectors * lanes;
        }
    }
    inline for (0..taps) |t| {
        inline for (0..vectors) |v| {
            const target = out + t * job.out_row_step + v * lanes;
            simd.store(target, simd.load(target) + sums[t][v]);
        }
    }
}

/// Taps whose sums are computed together.
const dot_taps = 8;

fn gradientDots(job: *const Gradient) callconv(.c) void {
    const row_floats = (job.columns + lanes - 1) / lanes * lanes;
    for (0..job.channels) |channel| {
        const gradient = job.gradient + channel * job.rows * row_floats;
        var k: usize = 0;
        while (k < job.depth) {
            const taps = @min(job.depth - k, dot_taps);
            const out = job.out + k * job.out_row_step + channel;
            switch (taps) {
                inline 1...dot_taps => |t| dots(t, job, job.offsets + k, gradient, out),
                else => unreachable,
            }
            k += taps;
        }
    }
}

noinline fn dots(
    comptime taps: usize,
    job: *const Gradient,
    offsets: [*]const usize,
    channel_gradient: [*]const f32,
    out: [*]f32,
) void {
    var sums: [taps]V = @splat(@splat(0));
    var gradient = channel_gradient;
    const last_count = (job.columns - 1) % lanes + 1;
    const places = std.simd.iota(u32, lanes);
    const in_row = places < @as(@Vector(lanes, u32), @splat(@intCast(last_count)));
    for (0..job.rows) |row| {
        const staged = job.staged + row * job.staged_row_step;
        var column: usize = 0;
        while (column + lanes < job.columns) : (column += lanes) {
            const pixel = simd.load(gradient);
            inline for (0..taps) |t| {
                sums[t] = simd.mulAdd(simd.load(staged + offsets[t] + column), pixel, sums[t]);
            }
            gradient += lanes;
        }
        // What lies behind the row may be infinite: it must not even be multiplied by zero.
        const pixel = simd.load(gradient);
        inline for (0..taps) |t| {
            const x = simd.load(staged + offsets[t] + column);
            const inside = @select(f32, in_row, x, @as(V, @splat(0)));
            sums[t] = simd.mulAdd(inside, pixel, sums[t]);
        }
        gradient += lanes;
    }
    inline for (0..taps) |t| out[t * job.out_row_step] += simd.sumLanes(sums[t]);
}
