//! Cached keys and values as the register tiles of attention read them: rows or columns of f32.
//!
//! A cache's rows are `[position][head_size]` of f32 or f16, or blocks of Q8_0 in GGML's
//! arrangement, which divide the head. Rows in the workspace are `padded` floats long, with zeros at the end.

const std = @import("std");
const simd = @import("simd.zig");
const convert = @import("convert.zig");
const dtypes = @import("../../core/dtype.zig");
const widenHalf = @import("weights_load.zig").widenHalf;

const DType = dtypes.DType;
const V = simd.V;
const lanes = simd.lanes;
const key_tile = @import("attention_interface.zig").key_tile;

/// Registers of keys in a tile of scores.
pub const score_vectors = if (simd.has_32_registers) 4 else 2;
/// Keys in it.
pub const score_keys = score_vectors * lanes;

const Indices = @Vector(lanes, i32);
const lane_indices = std.simd.iota(i32, lanes);
/// Shuffle masks that take lanes of two registers in turn, from their lower and upper halves.
const interleaved = std.simd.interlace(.{ lane_indices, ~lane_indices });
const interleave_low: Indices = std.simd.extract(interleaved, 0, lanes);
const interleave_high: Indices = std.simd.extract(interleaved, lanes, lanes);

/// Rows of f32 that a register tile reads.
pub const Rows = struct {
    first: [*]const f32,
    /// Floats from one row to the next.
    stride: usize,

    pub inline fn at(rows: Rows, index: usize) [*]const f32 {
        return rows.first + index * rows.stride;
    }
};

/// Cached rows `[count][head_size]`, f32, f16 or q8_0.
pub const Cached = struct {
    first: [*]const u8,
    stride_bytes: usize,
    dtype: DType,
    count: usize,
    head_size: usize,

    /// The rows themselves where they need no padding, else a copy in `buffer`.
    pub fn rows(cached: Cached, buffer: [*]f32, padded: usize) Rows {
        if (cached.dtype == .f32 and cached.head_size == padded) {
            return .{
                .first = @ptrCast(@alignCast(cached.first)),
                .stride = cached.stride_bytes / @sizeOf(f32),
            };
        }
        switch (cached.dtype) {
            inline .f32, .f16, .q8_0 => |dtype| for (0..cached.count) |i| {
                const out = buffer + i * padded;
                cached.prefetchNext(i);
                var d: usize = 0;
                while (d + lanes <= cached.head_size) : (d += lanes) {
                    simd.store(out + d, cached.load(dtype, i, d));
                }
                while (d < padded) : (d += lanes) {
                    simd.store(out + d, cached.loadPart(dtype, i, d));
                }
            },
            else => unreachable,
        }
        return .{ .first = buffer, .stride = padded };
    }

    /// Writes the rows as columns: `buffer[d][key_tile]`; columns up to the next multiple of
    /// `score_keys` are zeros.
    pub fn transpose(cached: Cached, buffer: [*]f32, padded: usize) void {
        switch (cached.dtype) {
            inline .f32, .f16, .q8_0 => |dtype| cached.transposeFrom(dtype, buffer, padded),
            else => unreachable,
        }
    }

    fn transposeFrom(
        cached: Cached,
        comptime dtype: DType,
        buffer: [*]f32,
        padded: usize,
    ) void {
        const end = std.mem.alignForward(usize, cached.count, score_keys);
        var i: usize = 0;
        while (i < end) : (i += lanes) {
            for (i..i + lanes) |row| cached.prefetchNext(row);
            var d: usize = 0;
            while (d < padded) : (d += lanes) {
                var square: [lanes]V = undefined;
                if (i + lanes <= cached.count and d + lanes <= cached.head_size) {
                    inline for (&square, 0..) |*row, k| row.* = cached.load(dtype, i + k, d);
                } else {
                    square = cached.loadEdge(dtype, i, d);
                }
                inline for (transposed(square), 0..) |column, k| {
                    simd.store(buffer + (d + k) * key_tile + i, column);
                }
            }
        }
    }

    /// Asks for the row one tile further on: keys and values take turns, so that the processor's
    /// own prefetching starts anew with every tile. The address may lie past the cache; nothing
    /// is read.
    pub inline fn prefetchNext(cached: Cached, index: usize) void {
        const row = cached.first + (index + key_tile) * cached.stride_bytes;
        const dtype = cached.dtype;
        const row_bytes = cached.head_size / dtype.blockElements() * dtype.blockBytes();
        var offset: usize = 0;
        while (offset < row_bytes) : (offset += 64) {
            @prefetch(row + offset, .{ .locality = 2 });
        }
    }

    /// A square of `lanes` rows and elements from (first, d) on, zeros outside the rows.
    noinline fn loadEdge(
        cached: Cached,
        comptime dtype: DType,
        first: usize,
        d: usize,
    ) [lanes]V {
        var square: [lanes]V = @splat(@splat(0));
        for (square[0..@min(lanes, cached.count -| first)], first..) |*row, i| {
            row.* = cached.loadPart(dtype, i, d);
        }
        return square;
    }

    /// Elements `d .. d + lanes` of a row.
    inline fn load(cached: Cached, comptime dtype: DType, index: usize, d: usize) V {
        const element = cached.at(dtype, index, d);
        switch (dtype) {
            .f32 => return simd.load(@ptrCast(@alignCast(element))),
            .f16 => return convert.loadF16(element),
            .q8_0 => {
                const block: *const dtypes.BlockQ8_0 = @ptrCast(@alignCast(element));
                const q = block.q[d % dtypes.block_columns ..][0..lanes];
                const numbers: V = @floatFromInt(@as(@Vector(lanes, i8), q.*));
                return numbers * @as(V, @splat(widenHalf(1, @splat(@bitCast(block.d)))[0]));
            },
            else => comptime unreachable,
        }
    }

    /// As `load`, with zeros past the end of the row.
    inline fn loadPart(cached: Cached, comptime dtype: DType, index: usize, d: usize) V {
        const left = cached.head_size -| d;
        if (left >= lanes) return cached.load(dtype, index, d);
        if (left == 0 or dtype == .q8_0) return @splat(0);
        const element = cached.at(dtype, index, d);
        if (dtype == .f16) return convert.widenF16(loadPartHalves(element, left));
        return simd.loadPart(@ptrCast(@alignCast(element)), left, 0);
    }

    /// Where element `d` of a row lies, or its block.
    inline fn at(cached: Cached, comptime dtype: DType, index: usize, d: usize) [*]const u8 {
        const block = d / dtype.blockElements();
        return cached.first + index * cached.stride_bytes + block * dtype.blockBytes();
    }
};

fn loadPartHalves(pointer: [*]const u8, count: usize) @Vector(lanes, u16) {
    const source: [*]align(1) const u16 = @ptrCast(pointer);
    var values: [lanes]u16 = @splat(0);
    for (values[0..count], source[0..count]) |*value, bits| value.* = bits;
    return values;
}

/// Transposes a square of registers: log2(lanes) rounds of interleaving its halves.
inline fn transposed(square: [lanes]V) [lanes]V {
    var rows = square;
    comptime var width = 1;
    inline while (width < lanes) : (width *= 2) {
        var next: [lanes]V = undefined;
        inline for (0..lanes / 2) |i| {
            next[2 * i] = @shuffle(f32, rows[i], rows[i + lanes / 2], interleave_low);
            next[2 * i + 1] = @shuffle(f32, rows[i], rows[i + lanes / 2], interleave_high);
        }
        rows = next;
    }
    return rows;
}
