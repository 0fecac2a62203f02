//! Planes of a convolution with a kernel for each, cut into tiles of rows, and how pixels of the
//! source come to lie in registers of channels. A tile stays in the second cache.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../convolution_depthwise_interface.zig");

const Phase = @import("convolution_geometry.zig").Phase;

/// Floats that a tile of the source should have: 256 KB.
const tile_floats = 64 << 10;

/// Planes of a source and those of a result, cut into tiles of rows.
pub const Tiling = struct {
    kernels: *const Kernels,
    lanes: usize,
    channels: usize,
    source_size: [2]usize,
    size: [2]usize,
    phases: []const Phase,
    /// The first row and column that a phase reads, relative to its pixel's own, and how many
    /// all of them read.
    first: [2]isize,
    window_columns: usize,
    window_rows: usize,
    /// Rows of each phase.
    rows: usize,
    /// Where each pixel of the source goes, for each tile.
    places: []u32 = &.{},
    /// Where the taps of all phases are.
    offsets: []usize = &.{},

    pub fn of(
        runner: *const Runner,
        phases: []const Phase,
        channels: usize,
        source_size: [2]usize,
        size: [2]usize,
    ) Arena.Error!Tiling {
        var first = phases[0].first_tap;
        var last = phases[0].last_tap;
        var taps: usize = 0;
        for (phases) |phase| {
            taps += phase.taps.len;
            for (0..2) |axis| {
                first[axis] = @min(first[axis], phase.first_tap[axis]);
                last[axis] = @max(last[axis], phase.last_tap[axis]);
            }
        }
        const lanes = runner.kernels.convolution.lanes;
        const step = phases[0].source_step;
        const reach = [2]usize{
            @intCast(last[0] - first[0] + 1),
            @intCast(last[1] - first[1] + 1),
        };
        const columns = (phases[0].size[1] - 1) * step[1] + reach[1];
        const budget = tile_floats / (columns * lanes);
        const rows = @min(phases[0].size[0], (budget -| reach[0]) / step[0] + 1);
        var tiling: Tiling = .{
            .kernels = runner.kernels,
            .lanes = lanes,
            .channels = channels,
            .source_size = source_size,
            .size = size,
            .phases = phases,
            .first = first,
            .window_columns = columns,
            .window_rows = (rows - 1) * step[0] + reach[0],
            .rows = rows,
        };
        const places = tiling.count() * tiling.window_rows * source_size[1];
        tiling.places = try runner.scratch.slice(u32, places);
        for (0..tiling.count()) |tile| tiling.placePixels(tile);
        tiling.offsets = try runner.scratch.slice(usize, taps);
        tiling.placeTaps();
        return tiling;
    }

    pub fn vectors(tiling: *const Tiling) usize {
        return (tiling.channels + tiling.lanes - 1) / tiling.lanes;
    }

    pub fn count(tiling: *const Tiling) usize {
        return (tiling.phases[0].size[0] + tiling.rows - 1) / tiling.rows;
    }

    /// Registers of the source, and one for what lies outside of what is read.
    pub fn windowFloats(tiling: *const Tiling) usize {
        return (tiling.window_rows * tiling.window_columns + 1) * tiling.lanes;
    }

    /// Floats of a tile's registers: those of the source, then those of the result.
    pub fn workspaceFloats(tiling: *const Tiling) usize {
        return tiling.windowFloats() + tiling.resultFloats();
    }

    /// Registers of a tile of the result.
    fn resultFloats(tiling: *const Tiling) usize {
        return tiling.rows * tiling.phases[0].out_step[0] * tiling.size[1] * tiling.lanes;
    }

    /// Rows of the source that a tile reads.
    fn sourceRows(tiling: *const Tiling, tile: usize) [2]usize {
        const step: isize = @intCast(tiling.phases[0].source_step[0]);
        const start = @as(isize, @intCast(tile * tiling.rows)) * step + tiling.first[0];
        const size: isize = @intCast(tiling.source_size[0]);
        const end = start + @as(isize, @intCast(tiling.window_rows));
        const from = std.math.clamp(start, 0, size);
        return .{ @intCast(from), @intCast(std.math.clamp(end, from, size)) };
    }

    /// Rows of the result that a tile has.
    pub fn resultRows(tiling: *const Tiling, tile: usize) [2]usize {
        const step = tiling.rows * tiling.phases[0].out_step[0];
        return .{ tile * step, @min((tile + 1) * step, tiling.size[0]) };
    }

    /// Rows of a phase that a tile has.
    pub fn phaseRows(tiling: *const Tiling, phase: *const Phase, tile: usize) usize {
        return @min(tiling.rows, phase.size[0] -| tile * tiling.rows);
    }

    fn placePixels(tiling: *const Tiling, tile: usize) void {
        const places = tiling.tilePlaces(tile);
        const rows = tiling.sourceRows(tile);
        const step: isize = @intCast(tiling.phases[0].source_step[0]);
        const start = @as(isize, @intCast(tile * tiling.rows)) * step + tiling.first[0];
        const outside = tiling.window_rows * tiling.window_columns;
        for (rows[0]..rows[1]) |row| {
            const y: usize = @intCast(@as(isize, @intCast(row)) - start);
            for (0..tiling.source_size[1]) |column| {
                const x = @as(isize, @intCast(column)) - tiling.first[1];
                const is_inside = x >= 0 and x < tiling.window_columns;
                const place = if (is_inside)
                    y * tiling.window_columns + @as(usize, @intCast(x))
                else
                    outside;
                const index = (row - rows[0]) * tiling.source_size[1] + column;
                places[index] = @intCast(place * tiling.lanes);
            }
        }
    }

    fn tilePlaces(tiling: *const Tiling, tile: usize) [*]u32 {
        return tiling.places.ptr + tile * tiling.window_rows * tiling.source_size[1];
    }

    fn placeTaps(tiling: *const Tiling) void {
        var index: usize = 0;
        for (tiling.phases) |phase| for (phase.taps) |tap| {
            const row: usize = @intCast(tap.row - tiling.first[0]);
            const column: usize = @intCast(tap.column - tiling.first[1]);
            tiling.offsets[index] = (row * tiling.window_columns + column) * tiling.lanes;
            index += 1;
        };
    }

    /// Channels of register `vector`.
    pub fn channelsOf(tiling: *const Tiling, vector: usize) usize {
        return @min(tiling.lanes, tiling.channels - vector * tiling.lanes);
    }

    /// Brings what a tile reads into registers. What lies around the source is zero before.
    pub fn fill(
        tiling: *const Tiling,
        window: [*]f32,
        source: [*]const f32,
        image: usize,
        vector: usize,
        tile: usize,
    ) void {
        if (tiling.count() > 1) @memset(window[0..tiling.windowFloats()], 0);
        const rows = tiling.sourceRows(tile);
        const plane = tiling.source_size[0] * tiling.source_size[1];
        const first = (image * tiling.channels + vector * tiling.lanes) * plane;
        tiling.kernels.convolution.winograd.to_registers(&.{
            .planes = @constCast(source + first + rows[0] * tiling.source_size[1]),
            .channel_step = plane,
            .channels = tiling.channelsOf(vector),
            .pixels = (rows[1] - rows[0]) * tiling.source_size[1],
            .registers = window,
            .places = tiling.tilePlaces(tile),
        });
    }

    /// What the pixels of a phase read, given where its taps begin among all.
    pub fn sourceOf(
        tiling: *const Tiling,
        window: [*]const f32,
        phase: *const Phase,
        first_tap: usize,
    ) interface.Source {
        return .{
            .registers = window,
            .row_step = phase.source_step[0] * tiling.window_columns * tiling.lanes,
            .pixel_step = phase.source_step[1] * tiling.lanes,
            .offsets = tiling.offsets.ptr + first_tap,
            .taps = phase.taps.len,
        };
    }
};
