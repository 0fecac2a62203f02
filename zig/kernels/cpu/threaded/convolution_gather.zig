//! Gathers what pixels of a result read into rows `[taps][channels]`. Planes are brought into
//! registers of channels with padding in place, then copied register by register: whatever steps
//! and distances are, whole registers are read and written.

const std = @import("std");
const Kernels = @import("../interface.zig").Kernels;
const Phase = @import("convolution_geometry.zig").Phase;

/// Most elements of a kernel.
pub const max_elements = 64;

/// Channels of the source and of the result are multiples of this: whole registers of any
/// instruction set.
pub const channel_step = 16;

/// Rows `row` to `row + rows` of neighbouring images' pixels.
pub const Piece = struct {
    image: usize,
    images: usize,
    row: usize,
    rows: usize,

    /// Rows that a phase has of these: one may have a row less than another.
    pub fn rowsOf(piece: Piece, phase: *const Phase) usize {
        return @min(piece.row + piece.rows, phase.size[0]) - @min(piece.row, phase.size[0]);
    }

    pub fn pixelsOf(piece: Piece, phase: *const Phase) usize {
        return piece.images * piece.rowsOf(phase) * phase.size[1];
    }
};

/// How pixels are cut: into rows of one image, or into images.
pub const Pieces = struct {
    all_images: usize,
    all_rows: usize,
    /// Of a piece; the last one may have fewer.
    images: usize,
    rows: usize,

    /// Pieces of at most `pixels`, unless a row has more. `size`: rows and columns.
    pub fn of(all_images: usize, size: [2]usize, pixels: usize) Pieces {
        const rows = std.math.clamp(pixels / size[1], 1, size[0]);
        const even = divideUp(size[0], divideUp(size[0], rows));
        return .{
            .all_images = all_images,
            .all_rows = size[0],
            .images = std.math.clamp(pixels / (size[0] * size[1]), 1, all_images),
            .rows = even,
        };
    }

    fn rowParts(pieces: Pieces) usize {
        return divideUp(pieces.all_rows, pieces.rows);
    }

    pub fn count(pieces: Pieces) usize {
        return divideUp(pieces.all_images, pieces.images) * pieces.rowParts();
    }

    pub fn at(pieces: Pieces, index: usize) Piece {
        const image = index / pieces.rowParts() * pieces.images;
        const row = index % pieces.rowParts() * pieces.rows;
        return .{
            .image = image,
            .images = @min(pieces.images, pieces.all_images - image),
            .row = row,
            .rows = @min(pieces.rows, pieces.all_rows - row),
        };
    }

    /// One of the largest.
    pub fn largest(pieces: Pieces) Piece {
        return pieces.at(0);
    }
};

pub fn divideUp(value: usize, divisor: usize) usize {
    return (value + divisor - 1) / divisor;
}

/// The part of planes that some rows of pixels read, those of all phases.
pub const Window = struct {
    kernels: *const Kernels,
    lanes: usize,
    /// `[images][channels][rows][columns]`.
    source: [*]const f32,
    channels: usize,
    size: [2]usize,
    first_tap: [2]isize = .{ 0, 0 },
    last_tap: [2]isize = .{ 0, 0 },
    /// From pixel to pixel.
    step: [2]usize,
    /// Most columns of pixels of a phase.
    pixel_columns: usize,

    pub fn of(
        kernels: *const Kernels,
        source: [*]const f32,
        channels: usize,
        size: [2]usize,
        phases: []const Phase,
    ) Window {
        var window: Window = .{
            .kernels = kernels,
            .lanes = kernels.convolution.lanes,
            .source = source,
            .channels = channels,
            .size = size,
            .step = phases[0].source_step,
            .pixel_columns = phases[0].size[1],
        };
        var is_first = true;
        for (phases) |phase| {
            if (phase.taps.len == 0) continue;
            for (&window.first_tap, &window.last_tap, phase.first_tap, phase.last_tap) |
                *first,
                *last,
                own_first,
                own_last,
            | {
                first.* = if (is_first) own_first else @min(first.*, own_first);
                last.* = if (is_first) own_last else @max(last.*, own_last);
            }
            is_first = false;
        }
        return window;
    }

    fn span(window: *const Window, axis: usize, pixels: usize) usize {
        const taps: usize = @intCast(window.last_tap[axis] - window.first_tap[axis] + 1);
        return (pixels - 1) *| window.step[axis] +| taps;
    }

    /// Floats of a workspace for so many rows of pixels: registers, one for what lies outside of
    /// the window, and places.
    pub fn floats(window: *const Window, pixel_rows: usize) usize {
        const rows = window.span(0, pixel_rows);
        const registers = rows *| window.span(1, window.pixel_columns) +| 1;
        return registers *| window.lanes +| rows *| window.size[1];
    }

    /// Prepares what rows `first_row` to `first_row + pixel_rows` read: zeros, and the places of
    /// pixels of the source.
    pub fn stage(
        window: *const Window,
        first_row: usize,
        pixel_rows: usize,
        workspace: [*]f32,
    ) Staging {
        const rows: isize = @intCast(window.span(0, pixel_rows));
        const columns: isize = @intCast(window.span(1, window.pixel_columns));
        const outside: usize = @intCast(rows * columns);
        const register_floats = (outside + 1) * window.lanes;
        @memset(workspace[0..register_floats], 0);
        const places: [*]u32 = @ptrCast(workspace + register_floats);
        const top = @as(isize, @intCast(first_row * window.step[0])) + window.first_tap[0];
        const height: isize = @intCast(window.size[0]);
        const begin = std.math.clamp(top, 0, height);
        const end = std.math.clamp(top + rows, begin, height);
        var count: usize = 0;
        var row = begin;
        while (row < end) : (row += 1) {
            for (0..window.size[1]) |x| {
                const column = @as(isize, @intCast(x)) - window.first_tap[1];
                const is_inside = column >= 0 and column < columns;
                const place: usize =
                    if (is_inside) @intCast((row - top) * columns + column) else outside;
                places[count] = @intCast(place * window.lanes);
                count += 1;
            }
        }
        return .{
            .window = window,
            .first_row = first_row,
            .columns = @intCast(columns),
            .first_pixel = @as(usize, @intCast(begin)) * window.size[1],
            .pixels = count,
            .registers = workspace,
            .places = places,
        };
    }
};

/// A window ready to take one register of channels of one image after the other.
pub const Staging = struct {
    window: *const Window,
    first_row: usize,
    columns: usize,
    first_pixel: usize,
    pixels: usize,
    registers: [*]f32,
    places: [*]const u32,

    /// Brings the channels from `channel` on in.
    pub fn fill(staging: *const Staging, image: usize, channel: usize) void {
        const window = staging.window;
        const plane = window.size[0] * window.size[1];
        const start = (image * window.channels + channel) * plane + staging.first_pixel;
        window.kernels.convolution.winograd.to_registers(&.{
            .planes = @constCast(window.source + start),
            .channel_step = plane,
            .channels = window.lanes,
            .pixels = staging.pixels,
            .registers = staging.registers,
            .places = staging.places,
        });
    }

    /// Copies what `rows` rows of a phase's pixels read: tap t of pixel p goes to
    /// `p * pixel_step + t * tap_step`.
    pub fn gather(
        staging: *const Staging,
        phase: *const Phase,
        rows: usize,
        out: [*]f32,
        pixel_step: usize,
        tap_step: usize,
    ) void {
        switch (staging.window.lanes) {
            inline 4, 8, 16 => |lanes| {
                staging.copyTaps(lanes, phase, rows, out, pixel_step, tap_step);
            },
            else => unreachable,
        }
    }

    fn copyTaps(
        staging: *const Staging,
        comptime lanes: usize,
        phase: *const Phase,
        rows: usize,
        out: [*]f32,
        pixel_step: usize,
        tap_step: usize,
    ) void {
        const window = staging.window;
        var offsets: [max_elements]usize = undefined;
        for (phase.taps, 0..) |tap, i| {
            const row: usize = @intCast(tap.row - window.first_tap[0]);
            const column: usize = @intCast(tap.column - window.first_tap[1]);
            offsets[i] = (row * staging.columns + column) * lanes;
        }
        var pixel = out;
        for (0..rows) |row| {
            for (0..phase.size[1]) |column| {
                const place = row * window.step[0] * staging.columns + column * window.step[1];
                const source = staging.registers + place * lanes;
                var target = pixel;
                for (offsets[0..phase.taps.len]) |offset| {
                    const register: *align(4) const [lanes]f32 = @ptrCast(source + offset);
                    target[0..lanes].* = register.*;
                    target += tap_step;
                }
                pixel += pixel_step;
            }
        }
    }
};
