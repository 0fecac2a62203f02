//! Tiles of Winograd's filtering: how they are cut into blocks, and how planes become transformed
//! tiles.

const std = @import("std");
const interface = @import("../convolution_winograd_interface.zig");
const partSize = @import("../matmul_interface.zig").partSize;

/// Most lanes of a register, for any instruction set.
pub const max_lanes = 16;

/// The tiles of all images' results, cut into blocks of whole rows of tiles.
pub const Grid = struct {
    images: usize,
    /// Rows and columns of pixels of a result.
    size: [2]usize,
    /// Rows and columns of tiles of a result.
    rows: usize,
    columns: usize,
    /// Rows of tiles of a block, which may be those of several images.
    block_rows: usize,

    pub fn of(images: usize, size: [2]usize, wanted_tiles: usize) Grid {
        const rows = tilesOf(size[0]);
        const columns = tilesOf(size[1]);
        const total = images * rows;
        const most = @max(1, wanted_tiles / columns);
        const count = (total + most - 1) / most;
        return .{
            .images = images,
            .size = size,
            .rows = rows,
            .columns = columns,
            .block_rows = (total + count - 1) / count,
        };
    }

    pub fn tileCount(grid: Grid) usize {
        return grid.images * grid.rows * grid.columns;
    }

    /// Tiles of the largest block.
    pub fn blockTiles(grid: Grid) usize {
        return grid.block_rows * grid.columns;
    }

    pub fn blockCount(grid: Grid) usize {
        return (grid.images * grid.rows + grid.block_rows - 1) / grid.block_rows;
    }

    pub fn block(grid: Grid, index: usize) Block {
        const start = index * grid.block_rows;
        const end = @min(start + grid.block_rows, grid.images * grid.rows);
        return .{ .grid = grid, .start = start, .end = end };
    }

    /// Rows of tiles that a piece of a block has at most.
    pub fn pieceRows(grid: Grid) usize {
        return @min(grid.rows, grid.block_rows);
    }
};

fn tilesOf(pixels: usize) usize {
    return (pixels + interface.tile_pixels - 1) / interface.tile_pixels;
}

/// Rows of tiles that are neighbours in one image.
pub const Piece = struct {
    image: usize,
    /// First row of tiles.
    row: usize,
    rows: usize,
    /// Place of its first tile among those of the block.
    tile: usize,
};

/// Rows of tiles `start` to `end`, counted over all images.
pub const Block = struct {
    grid: Grid,
    start: usize,
    end: usize,
    done: usize = 0,

    pub fn tiles(block: Block) usize {
        return (block.end - block.start) * block.grid.columns;
    }

    /// Walks over the pieces.
    pub fn next(block: *Block) ?Piece {
        const at = block.start + block.done;
        if (at == block.end) return null;
        const row = at % block.grid.rows;
        const piece: Piece = .{
            .image = at / block.grid.rows,
            .row = row,
            .rows = @min(block.grid.rows - row, block.end - at),
            .tile = block.done * block.grid.columns,
        };
        block.done += piece.rows;
        return piece;
    }
};

/// Where a register of channels lies among others: in strips as matrix products take them.
pub const Strip = struct {
    offset: usize,
    /// Floats from one row (of `depth`) to the next.
    step: usize,

    pub fn of(vector: usize, count: usize, most: usize, depth: usize, lanes: usize) Strip {
        var start: usize = 0;
        while (true) {
            const vectors = partSize(count - start, most);
            if (vector < start + vectors) return .{
                .offset = (start * depth + vector - start) * lanes,
                .step = vectors * lanes,
            };
            start += vectors;
        }
    }
};

/// Planes of which tiles are made.
pub const Planes = struct {
    kernels: *const interface.Table,
    lanes: usize,
    /// `[images][channels][rows][columns]`.
    data: [*]const f32,
    channels: usize,
    size: [2]usize,
    /// The first tile's first pixel, outside of the plane where negative.
    origin: [2]isize,
    /// Rows and columns that a tile reads beyond its 4 x 4 pixels.
    halo: usize,

    /// Floats that staging pieces of a grid takes: registers, then places.
    pub fn workspaceFloats(planes: *const Planes, grid: Grid) usize {
        const rows = grid.pieceRows() * interface.tile_pixels + planes.halo;
        return rows * (planes.columns(grid) * planes.lanes + planes.size[1]) + 64;
    }

    fn columns(planes: *const Planes, grid: Grid) usize {
        return grid.columns * interface.tile_pixels + planes.halo;
    }

    /// Prepares staging one piece: zeros around it, and the places of pixels.
    pub fn stage(planes: *const Planes, grid: Grid, piece: Piece, workspace: []f32) Staging {
        const stage_rows = piece.rows * interface.tile_pixels + planes.halo;
        const stage_columns = planes.columns(grid);
        const registers = workspace[0 .. stage_rows * stage_columns * planes.lanes];
        @memset(registers, 0);
        const first = @as(isize, @intCast(piece.row * interface.tile_pixels)) + planes.origin[0];
        const height: isize = @intCast(planes.size[0]);
        const begin = std.math.clamp(first, 0, height);
        const end = std.math.clamp(first + @as(isize, @intCast(stage_rows)), begin, height);
        const width = planes.size[1];
        const places: [*]u32 = @ptrCast(workspace[registers.len..].ptr);
        const column: usize = @intCast(-planes.origin[1]);
        for (@intCast(begin)..@intCast(end), 0..) |row, i| {
            const stage_row: usize = @intCast(@as(isize, @intCast(row)) - first);
            for (0..width) |j| {
                const place = (stage_row * stage_columns + column + j) * planes.lanes;
                places[i * width + j] = @intCast(place);
            }
        }
        return .{
            .planes = planes,
            .image = piece.image,
            .first_pixel = @as(usize, @intCast(begin)) * width,
            .pixels = @as(usize, @intCast(end - begin)) * width,
            .registers = registers.ptr,
            .places = places,
            .rows = piece.rows,
            .columns = grid.columns,
            .row_step = stage_columns * planes.lanes,
        };
    }
};

/// A piece ready to take channels.
pub const Staging = struct {
    planes: *const Planes,
    image: usize,
    first_pixel: usize,
    pixels: usize,
    registers: [*]f32,
    places: [*]const u32,
    rows: usize,
    columns: usize,
    row_step: usize,

    /// Brings register `vector` of channels in and gives what a transform takes.
    pub fn fill(
        staging: *const Staging,
        vector: usize,
        out: [*]f32,
        element_step: usize,
        tile_step: usize,
    ) interface.Tiles {
        const planes = staging.planes;
        const channel = vector * planes.lanes;
        const plane = planes.size[0] * planes.size[1];
        const start = (staging.image * planes.channels + channel) * plane + staging.first_pixel;
        planes.kernels.to_registers(&.{
            .planes = @constCast(planes.data + start),
            .channel_step = plane,
            .channels = @min(planes.lanes, planes.channels - channel),
            .pixels = staging.pixels,
            .registers = staging.registers,
            .places = staging.places,
        });
        return .{
            .rows = staging.rows,
            .columns = staging.columns,
            .pixels = staging.registers,
            .row_step = staging.row_step,
            .transformed = out,
            .element_step = element_step,
            .tile_step = tile_step,
        };
    }
};

/// Floats between elements that hold `floats` each: an odd number of cache lines, so that elements
/// of one tile do not share cache sets.
pub fn elementStep(floats: usize) usize {
    return ((floats + 15) / 16 | 1) * 16;
}
