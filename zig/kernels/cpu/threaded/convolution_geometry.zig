//! Convolutions as correlations: every pixel of a result is a sum over taps, places in the source
//! at fixed distances from the pixel's own.
//!
//! A convolution is one correlation. Its gradient with respect to the input (which is a transposed
//! convolution) is one correlation per remainder of the row and column modulo the stride: pixels
//! with the same remainders read the same taps at neighbouring places, and nothing is multiplied
//! with zeros that a stride inserts (Dumoulin and Visin 2016 draw what is computed).

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;

/// Sizes of a convolution. Channels are those of one group; pairs are rows, columns.
pub const Geometry = struct {
    images: usize,
    groups: usize,
    in_channels: usize,
    out_channels: usize,
    in: [2]usize,
    out: [2]usize,
    kernel: [2]usize,
    stride: [2]usize,
    padding: [2]usize,
    dilation: [2]usize,

    pub fn kernelSize(geometry: Geometry) usize {
        return geometry.kernel[0] * geometry.kernel[1];
    }

    pub fn weightCount(geometry: Geometry) usize {
        return geometry.groups * geometry.out_channels * geometry.in_channels *
            geometry.kernelSize();
    }

    /// Elements of all images.
    pub fn inputCount(geometry: Geometry) usize {
        return geometry.images * geometry.groups * geometry.in_channels *
            geometry.in[0] * geometry.in[1];
    }

    /// Elements of all results.
    pub fn resultCount(geometry: Geometry) usize {
        return geometry.images * geometry.groups * geometry.out_channels *
            geometry.out[0] * geometry.out[1];
    }
};

/// A place that pixels read, relative to `step` times their own, and its element of the kernel.
pub const Tap = struct { row: isize, column: isize, element: usize };

/// Pixels of a result that read the same taps.
pub const Phase = struct {
    taps: []const Tap,
    first_tap: [2]isize,
    last_tap: [2]isize,
    /// Rows and columns of pixels.
    size: [2]usize,
    /// Steps in the source from pixel to pixel.
    source_step: [2]usize,
    /// Where the pixels are in the result.
    out_start: [2]usize,
    out_step: [2]usize,

    fn of(taps: []const Tap, phase: Phase) Phase {
        var result = phase;
        result.taps = taps;
        result.first_tap = if (taps.len == 0) .{ 0, 0 } else .{ taps[0].row, taps[0].column };
        result.last_tap = result.first_tap;
        for (taps) |tap| {
            for ([2]isize{ tap.row, tap.column }, 0..) |place, axis| {
                result.first_tap[axis] = @min(result.first_tap[axis], place);
                result.last_tap[axis] = @max(result.last_tap[axis], place);
            }
        }
        return result;
    }

    /// Rows (axis 0) or columns of the source from the first to the last that `count` pixels read.
    pub fn window(phase: *const Phase, axis: usize, count: usize) usize {
        const taps: usize = @intCast(phase.last_tap[axis] - phase.first_tap[axis] + 1);
        return (count -| 1) *| phase.source_step[axis] +| taps;
    }
};

/// All pixels of a convolution's result.
pub fn forwardPhase(memory: *Arena, geometry: Geometry) Arena.Error!Phase {
    const taps = try memory.slice(Tap, geometry.kernelSize());
    for (taps, 0..) |*tap, element| {
        const place = [2]usize{ element / geometry.kernel[1], element % geometry.kernel[1] };
        tap.* = .{
            .row = distance(place[0] * geometry.dilation[0], geometry.padding[0]),
            .column = distance(place[1] * geometry.dilation[1], geometry.padding[1]),
            .element = element,
        };
    }
    return .of(taps, .{
        .taps = taps,
        .first_tap = undefined,
        .last_tap = undefined,
        .size = geometry.out,
        .source_step = geometry.stride,
        .out_start = .{ 0, 0 },
        .out_step = .{ 1, 1 },
    });
}

/// The phases of the input's gradient, one for each remainder of row and column.
pub fn backwardPhases(memory: *Arena, geometry: Geometry) Arena.Error![]const Phase {
    const rows = @min(geometry.stride[0], geometry.in[0]);
    const columns = @min(geometry.stride[1], geometry.in[1]);
    const phases = try memory.slice(Phase, rows * columns);
    for (phases, 0..) |*phase, i| {
        phase.* = try backwardPhase(memory, geometry, .{ i / columns, i % columns });
    }
    return phases;
}

/// The pixels of the input from `start` on in steps of the stride. Input row i is read by output
/// row o through kernel row r when `i + padding = o * stride + r * dilation`.
fn backwardPhase(
    memory: *Arena,
    geometry: Geometry,
    start: [2]usize,
) Arena.Error!Phase {
    const taps = try memory.slice(Tap, geometry.kernelSize());
    var count: usize = 0;
    for (0..taps.len) |element| {
        const place = [2]usize{ element / geometry.kernel[1], element % geometry.kernel[1] };
        var at: [2]isize = undefined;
        var meets = true;
        for (0..2) |axis| {
            const from = start[axis] + geometry.padding[axis];
            const steps = distance(from, place[axis] * geometry.dilation[axis]);
            const stride: isize = @intCast(geometry.stride[axis]);
            meets = meets and @mod(steps, stride) == 0;
            at[axis] = @divFloor(steps, stride);
        }
        if (!meets) continue;
        taps[count] = .{ .row = at[0], .column = at[1], .element = element };
        count += 1;
    }
    var size: [2]usize = undefined;
    for (0..2) |axis| {
        const left = geometry.in[axis] - start[axis];
        size[axis] = (left + geometry.stride[axis] - 1) / geometry.stride[axis];
    }
    return .of(taps[0..count], .{
        .taps = taps,
        .first_tap = undefined,
        .last_tap = undefined,
        .size = size,
        .source_step = .{ 1, 1 },
        .out_start = start,
        .out_step = geometry.stride,
    });
}

fn distance(a: usize, b: usize) isize {
    return @as(isize, @intCast(a)) - @as(isize, @intCast(b));
}
