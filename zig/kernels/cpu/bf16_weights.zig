//! Packs weights that are bf16 already, as bf16_pack.zig packs columns of f32: rows
//! `[rows][columns]` become strips of up to 48 rows; pair (p, j), columns 2p and 2p + 1 of row j,
//! lies at `p * rows + j`. Missing rows and, where the depth is odd, the last halves are zeros.

const bf16 = @import("bf16.zig");
const interface = @import("bf16_interface.zig");
const pack = @import("bf16_pack.zig");
const simd = @import("simd.zig");

const lanes = simd.lanes;
const HalfPairs = bf16.HalfPairs;

pub fn packWeights(out: [*]f32, weights: *const interface.Weights) callconv(.c) void {
    const words: [*]u32 = @ptrCast(out);
    const pairs = (weights.depth + 1) / 2;
    const vector_count = (weights.rows + lanes - 1) / lanes;
    var vector: usize = 0;
    while (vector < vector_count) {
        const vectors = pack.partSize(vector_count - vector, pack.tile_vectors);
        const start = vector * lanes;
        var strip = weights.*;
        strip.data += start * weights.stride;
        strip.rows = @min(weights.rows - start, vectors * lanes);
        const target = words + start * pairs;
        for (0..vectors * lanes / 8) |group| {
            packRows(target + group * 8, vectors * lanes, strip, group * 8);
        }
        vector += vectors;
    }
}

/// Up to eight rows of a strip, from row `first` on; `width` words lie between pairs.
fn packRows(out: [*]u32, width: usize, strip: interface.Weights, first: usize) void {
    const present = @min(8, strip.rows -| first);
    const source = strip.data + first * strip.stride;
    var done: usize = 0;
    if (present == 8) while (done + lanes <= strip.depth) : (done += lanes) {
        var block: [8]HalfPairs = undefined;
        inline for (&block, 0..) |*row, i| row.* = loadEight(source + i * strip.stride + done);
        const transposed = pack.transpose(block);
        inline for (0..8) |p| pack.storeEight(out + (done / 2 + p) * width, transposed[p]);
    };
    while (done < strip.depth) : (done += 2) {
        for (0..8) |i| {
            var pair: u32 = 0;
            if (i < present) {
                const row = source + i * strip.stride + done;
                pair = row[0];
                if (done + 1 < strip.depth) pair |= @as(u32, row[1]) << 16;
            }
            out[done / 2 * width + i] = pair;
        }
    }
}

inline fn loadEight(pointer: [*]const u16) HalfPairs {
    return @as(*align(2) const HalfPairs, @ptrCast(pointer)).*;
}
