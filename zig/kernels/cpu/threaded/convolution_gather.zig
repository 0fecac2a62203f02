//! Gathers the pixels that results read into rows `[pixels][taps][channels]`. Planes are brought
//! into registers of channels with padding in place, then copied register by register.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const geometry_module = @import("convolution_geometry.zig");

const Geometry = geometry_module.Geometry;
const Phase = geometry_module.Phase;

/// Most elements of a kernel.
pub const max_elements = 64;

/// Most floats of gathered rows of a group, unless one image has more: 4 MB.
const group_floats = 1 << 20;

/// Registers of channels that one chunk gathers.
const part_vectors = 4;

/// Whether registers are filled, and what is needed is held.
pub fn suits(geometry: Geometry) bool {
    return geometry.groups == 1 and geometry.images > 0 and
        geometry.in_channels % 16 == 0 and geometry.out_channels % 16 == 0 and
        geometry.kernelSize() <= max_elements;
}

/// Images of a group when one has so many gathered floats.
pub fn groupImages(images: usize, image_floats: usize) usize {
    return std.math.clamp(group_floats / @max(1, image_floats), 1, images);
}

/// What rows are gathered from.
pub const Source = struct {
    kernels: *const Kernels,
    lanes: usize,
    phase: *const Phase,
    /// `[images][channels][rows][columns]`.
    data: [*]const f32,
    channels: usize,
    size: [2]usize,
    /// `[images][pixels][taps][channels]`, for images from `first_image` on.
    out: [*]f32,
    first_image: usize = 0,
    workspace: [*]f32 = undefined,
    workspace_floats: usize,

    pub fn of(
        kernels: *const Kernels,
        phase: *const Phase,
        data: [*]const f32,
        channels: usize,
        size: [2]usize,
    ) Source {
        const lanes = kernels.convolution.lanes;
        const window = phase.window(0, phase.size[0]) *| phase.window(1, phase.size[1]);
        return .{
            .kernels = kernels,
            .lanes = lanes,
            .phase = phase,
            .data = data,
            .channels = channels,
            .size = size,
            .out = undefined,
            // Registers, one for what lies outside of the window, and places.
            .workspace_floats = ((window +| 1) *| lanes +| size[0] * size[1] +| 15) / 16 * 16,
        };
    }

    pub fn pixels(source: *const Source) usize {
        return source.phase.size[0] * source.phase.size[1];
    }

    /// Floats of an image's rows.
    pub fn imageFloats(source: *const Source) usize {
        return source.pixels() * source.phase.taps.len * source.channels;
    }

    fn parts(source: *const Source) usize {
        return (source.channels / source.lanes + part_vectors - 1) / part_vectors;
    }

    /// Gathers the rows of `images` images from `first_image` on.
    pub fn gather(source: *const Source, runner: *const Runner, images: usize) void {
        runner.pool.run(@intCast(images * source.parts()), source, gatherChunk);
    }
};

fn gatherChunk(pointer: *const anyopaque, number: u32, worker: u32) void {
    const source: *const Source = @ptrCast(@alignCast(pointer));
    const phase = source.phase;
    const lanes = source.lanes;
    const index = number / source.parts();
    const first = number % source.parts() * part_vectors;
    const last = @min(first + part_vectors, source.channels / lanes);
    const window = [2]usize{ phase.window(0, phase.size[0]), phase.window(1, phase.size[1]) };
    const registers = source.workspace + worker * source.workspace_floats;
    const register_floats = (window[0] * window[1] + 1) * lanes;
    @memset(registers[0..register_floats], 0);
    const places: [*]u32 = @ptrCast(registers + register_floats);
    placePixels(source, window, places);

    const plane = source.size[0] * source.size[1];
    const out = source.out + index * source.imageFloats();
    for (first..last) |vector| {
        const channel = (source.first_image + index) * source.channels + vector * lanes;
        source.kernels.convolution.winograd.to_registers(&.{
            .planes = @constCast(source.data + channel * plane),
            .channel_step = plane,
            .channels = lanes,
            .pixels = plane,
            .registers = registers,
            .places = places,
        });
        const target = out + vector * lanes;
        switch (lanes) {
            inline 4, 8, 16 => |l| copyTaps(l, source, window[1], registers, target),
            else => unreachable,
        }
    }
}

/// Where pixels of the source go: into the window that the phase reads, or behind it.
fn placePixels(source: *const Source, window: [2]usize, places: [*]u32) void {
    const phase = source.phase;
    for (0..source.size[0]) |row| {
        const y = @as(isize, @intCast(row)) - phase.first_tap[0];
        for (0..source.size[1]) |column| {
            const x = @as(isize, @intCast(column)) - phase.first_tap[1];
            const is_inside = y >= 0 and x >= 0 and y < window[0] and x < window[1];
            const place = if (is_inside)
                @as(usize, @intCast(y)) * window[1] + @as(usize, @intCast(x))
            else
                window[0] * window[1];
            places[row * source.size[1] + column] = @intCast(place * source.lanes);
        }
    }
}

fn copyTaps(
    comptime lanes: usize,
    source: *const Source,
    window_columns: usize,
    registers: [*]const f32,
    out: [*]f32,
) void {
    const phase = source.phase;
    var offsets: [max_elements]usize = undefined;
    for (phase.taps, 0..) |tap, i| {
        const row: usize = @intCast(tap.row - phase.first_tap[0]);
        const column: usize = @intCast(tap.column - phase.first_tap[1]);
        offsets[i] = (row * window_columns + column) * lanes;
    }
    var target = out;
    for (0..phase.size[0]) |row| {
        for (0..phase.size[1]) |column| {
            const place = row * phase.source_step[0] * window_columns +
                column * phase.source_step[1];
            for (offsets[0..phase.taps.len]) |offset| {
                const pixel: *align(4) const [lanes]f32 =
                    @ptrCast(registers + place * lanes + offset);
                target[0..lanes].* = pixel.*;
                target += source.channels;
            }
        }
    }
}
