//! f32 convolutions of planes that have a kernel each; see convolution_depthwise_interface.zig for
//! how they lie in memory.

const simd = @import("simd.zig");
const interface = @import("convolution_depthwise_interface.zig");
const partSize = @import("matmul_interface.zig").partSize;

const V = simd.V;
const lanes = simd.lanes;
const Gradient = interface.Gradient;
const Sums = interface.Sums;

pub const table: interface.Table = .{ .sums = sums, .gradient = gradient };

/// Pixels that are summed together: enough to hide the latency of adding to one of them.
const most_pixels = 8;

fn sums(job: *const Sums) callconv(.c) void {
    for (0..job.rows) |row| {
        var column: usize = 0;
        while (column < job.columns) {
            const pixels = partSize(job.columns - column, most_pixels);
            switch (pixels) {
                inline 1...most_pixels => |count| sumPixels(count, job, row, column),
                else => unreachable,
            }
            column += pixels;
        }
    }
}

inline fn sumPixels(comptime pixels: usize, job: *const Sums, row: usize, column: usize) void {
    const source = &job.source;
    const start = source.registers + row * source.row_step + column * source.pixel_step;
    var totals: [pixels]V = @splat(simd.load(job.bias));
    for (source.offsets[0..source.taps], 0..) |offset, tap| {
        const weight = simd.load(job.weights + tap * lanes);
        inline for (&totals, 0..) |*total, i| {
            const x = simd.load(start + offset + i * source.pixel_step);
            total.* = simd.mulAdd(weight, x, total.*);
        }
    }
    const out = job.out + row * job.out_row_step + column * job.out_pixel_step;
    inline for (totals, 0..) |total, i| simd.store(out + i * job.out_pixel_step, total);
}

/// Taps whose gradients are summed together: all of the most usual kernel.
const most_taps = 9;

fn gradient(job: *const Gradient) callconv(.c) void {
    var tap: usize = 0;
    while (tap < job.source.taps) {
        const taps = partSize(job.source.taps - tap, most_taps);
        switch (taps) {
            inline 1...most_taps => |count| sumTaps(count, job, tap),
            else => unreachable,
        }
        tap += taps;
    }
}

inline fn sumTaps(comptime taps: usize, job: *const Gradient, first: usize) void {
    const source = &job.source;
    var totals: [taps]V = undefined;
    inline for (&totals, 0..) |*total, tap| total.* = simd.load(job.out + (first + tap) * lanes);
    var pixel = job.gradient;
    for (0..job.rows) |row| {
        var places: [taps][*]const f32 = undefined;
        inline for (&places, 0..) |*place, tap| {
            place.* = source.registers + row * source.row_step + source.offsets[first + tap];
        }
        for (0..job.columns) |column| {
            const given = simd.load(pixel);
            inline for (&totals, places) |*total, place| {
                const x = simd.load(place + column * source.pixel_step);
                total.* = simd.mulAdd(given, x, total.*);
            }
            pixel += lanes;
        }
    }
    inline for (totals, 0..) |total, tap| simd.store(job.out + (first + tap) * lanes, total);
}
