//! Tiles of a correlation and the part of the source that they read, copied to where padding needs
//! no test and neighbouring pixels read neighbours whatever the stride.

const std = @import("std");
const interface = @import("../convolution_interface.zig");
const geometry = @import("convolution_geometry.zig");

const Phase = geometry.Phase;

/// Most elements of k (taps of all channels) that are summed in one go.
pub const max_depth = 512;

/// Floats that a staged source should have at most: half of a 512 KB cache.
const stage_floats = 64 << 10;

/// Most columns of a tile; wider results are cut into tiles of one row.
const max_columns = 1536;

/// Multiply-adds that a chunk of work should have at least.
pub const chunk_work = 256 << 10;

/// Chunks to aim for, so that any usual number of threads gets equal shares.
pub const wanted_chunks = 32;

/// A rectangle of pixels: whole rows, or a part of one row.
pub const Tile = struct { start: [2]usize, size: [2]usize };

/// How the pixels of a phase are cut into tiles of one size; those at the ends are smaller.
pub const Tiling = struct {
    size: [2]usize,
    counts: [2]usize,

    /// `channels` are staged together; at most `max_pixels` a tile; at least `wanted` tiles if
    /// tiles of `min_pixels` allow it.
    pub fn of(
        phase: *const Phase,
        channels: usize,
        max_pixels: usize,
        min_pixels: usize,
        wanted: usize,
    ) Tiling {
        var size = phase.size;
        if (size[1] > @min(max_columns, max_pixels)) {
            size = .{ 1, @min(max_columns, max_pixels) };
        } else {
            const row_floats = @max(1, channels *| phase.window(1, size[1]));
            const budget = @max(1, stage_floats / row_floats);
            const taps = phase.window(0, 1);
            var rows = @max(1, (budget -| taps) / phase.source_step[0]);
            rows = @min(rows, @max(1, max_pixels / size[1]));
            const least_rows = (min_pixels + size[1] - 1) / size[1];
            rows = @min(rows, @max(least_rows, (size[0] + wanted - 1) / wanted));
            const pieces = (size[0] + rows - 1) / rows;
            size[0] = (size[0] + pieces - 1) / pieces;
        }
        return .{ .size = size, .counts = .{
            (phase.size[0] + size[0] - 1) / size[0],
            (phase.size[1] + size[1] - 1) / size[1],
        } };
    }

    pub fn count(tiling: Tiling) usize {
        return tiling.counts[0] * tiling.counts[1];
    }

    pub fn at(tiling: Tiling, phase: *const Phase, index: usize) Tile {
        const start = [2]usize{
            index / tiling.counts[1] * tiling.size[0],
            index % tiling.counts[1] * tiling.size[1],
        };
        return .{ .start = start, .size = .{
            @min(tiling.size[0], phase.size[0] - start[0]),
            @min(tiling.size[1], phase.size[1] - start[1]),
        } };
    }
};

/// Consecutive elements of k, which counts channels, then taps.
pub const Block = struct {
    start: usize,
    depth: usize,
    first_channel: usize,
    channels: usize,
};

/// How k is cut: between channels unless one of them has more than `max_depth` taps.
pub const Blocks = struct {
    total: usize,
    taps: usize,
    depth: usize,
    count: usize,

    pub fn of(channels: usize, taps: usize, most_channels: usize) Blocks {
        const total = channels * taps;
        if (total == 0) return .{ .total = 0, .taps = taps, .depth = 0, .count = 1 };
        if (taps > max_depth) {
            const count = (total + max_depth - 1) / max_depth;
            const depth = (total + count - 1) / count;
            return .{ .total = total, .taps = taps, .depth = depth, .count = count };
        }
        const most = @max(1, @min(most_channels, max_depth / taps));
        const count = (channels + most - 1) / most;
        const depth = (channels + count - 1) / count * taps;
        return .{
            .total = total,
            .taps = taps,
            .depth = depth,
            .count = (total + depth - 1) / depth,
        };
    }

    pub fn at(blocks: Blocks, index: usize) Block {
        const start = index * blocks.depth;
        const depth = @min(blocks.depth, blocks.total - start);
        if (depth == 0) return .{ .start = 0, .depth = 0, .first_channel = 0, .channels = 0 };
        const first = start / blocks.taps;
        const last = (start + depth - 1) / blocks.taps;
        return .{
            .start = start,
            .depth = depth,
            .first_channel = first,
            .channels = last - first + 1,
        };
    }

    /// Most channels that a block reads.
    pub fn mostChannels(blocks: Blocks) usize {
        if (blocks.total == 0) return 0;
        return (blocks.depth - 1) / blocks.taps + @as(usize, if (blocks.taps > max_depth) 2 else 1);
    }
};

/// How a staged tile lies in memory: `[channel][row][column % step][column / step]`.
pub const Stage = struct {
    rows: usize,
    columns: usize,
    /// Remainders of columns modulo the step.
    parts: usize,
    part_columns: usize,

    pub fn of(phase: *const Phase, size: [2]usize) Stage {
        const columns = phase.window(1, size[1]);
        const parts = if (size[1] == 1) 1 else phase.source_step[1];
        return .{
            .rows = phase.window(0, size[0]),
            .columns = columns,
            .parts = parts,
            .part_columns = (columns + parts - 1) / parts,
        };
    }

    pub fn rowFloats(stage: Stage) usize {
        return stage.parts * stage.part_columns;
    }

    pub fn channelFloats(stage: Stage) usize {
        return stage.rows *| stage.rowFloats();
    }

    /// Floats for `channels`, with what may be touched behind them.
    pub fn floats(stage: Stage, channels: usize) usize {
        return channels *| stage.channelFloats() +| interface.slack_floats;
    }

    /// Where pixel (0, 0) finds the elements of k of a block.
    pub fn offsets(stage: Stage, phase: *const Phase, block: Block, out: []usize) void {
        for (out[0..block.depth], block.start..) |*offset, k| {
            const channel = k / phase.taps.len - block.first_channel;
            const tap = phase.taps[k % phase.taps.len];
            const row: usize = @intCast(tap.row - phase.first_tap[0]);
            const column: usize = @intCast(tap.column - phase.first_tap[1]);
            offset.* = channel * stage.channelFloats() + row * stage.rowFloats() +
                column % stage.parts * stage.part_columns + column / stage.parts;
        }
    }

    /// Copies what a tile reads of `channels` planes of `size`, with zeros around them.
    pub fn fill(
        stage: Stage,
        out: [*]f32,
        source: [*]const f32,
        size: [2]usize,
        channels: usize,
        phase: *const Phase,
        tile: Tile,
    ) void {
        var first: [2]isize = undefined;
        for (0..2) |axis| {
            const start: isize = @intCast(tile.start[axis] * phase.source_step[axis]);
            first[axis] = start + phase.first_tap[axis];
        }
        var target = out;
        for (0..channels) |channel| {
            const plane = source + channel * size[0] * size[1];
            for (0..stage.rows) |i| {
                const row = first[0] + @as(isize, @intCast(i));
                const floats_of_row = target[0..stage.rowFloats()];
                if (row < 0 or row >= size[0]) {
                    @memset(floats_of_row, 0);
                } else {
                    const place: usize = @intCast(row);
                    stage.fillRow(floats_of_row, plane[place * size[1] ..][0..size[1]], first[1]);
                }
                target += stage.rowFloats();
            }
        }
        @memset(target[0..interface.slack_floats], 0);
    }

    /// Copies the columns of one row from `first` on, which may lie outside.
    fn fillRow(stage: Stage, out: []f32, row: []const f32, first: isize) void {
        const width: isize = @intCast(row.len);
        const columns: isize = @intCast(stage.columns);
        const begin: usize = @intCast(std.math.clamp(-first, 0, columns));
        const least: isize = @intCast(begin);
        const end: usize = @intCast(std.math.clamp(width - first, least, columns));
        if (stage.parts == 1) {
            @memset(out[0..begin], 0);
            if (end > begin) {
                const from: usize = @intCast(first + @as(isize, @intCast(begin)));
                @memcpy(out[begin..end], row[from..][0 .. end - begin]);
            }
            @memset(out[end..], 0);
            return;
        }
        for (0..stage.parts) |part| {
            const target = out[part * stage.part_columns ..][0..stage.part_columns];
            // Column `part + i * parts` of the window is inside for i from `inner` to `outer`.
            const before = (begin -| part + stage.parts - 1) / stage.parts;
            const inner = @min(before, target.len);
            const until = (end -| part + stage.parts - 1) / stage.parts;
            const outer = @max(inner, @min(until, target.len));
            @memset(target[0..inner], 0);
            for (target[inner..outer], inner..) |*x, i| {
                const place = first + @as(isize, @intCast(part + i * stage.parts));
                x.* = row[@intCast(place)];
            }
            @memset(target[outer..], 0);
        }
    }
};
