//! Copies between tensors of any strides.

const std = @import("std");
const Pool = @import("../../../core/pool.zig").Pool;
const max_rank = @import("../../../core/tensor.zig").max_rank;

/// Elements of one chunk: some microseconds of work.
const chunk_elements = 16 << 10;
/// Rows and columns of a transposed tile: both sides stay in the first-level cache.
const tile = 32;

/// One copy: sizes, and the strides in bytes of both sides. No size is 0; the sides do not overlap.
pub const Copy = struct {
    source: [*]const u8,
    out: [*]u8,
    element_bytes: usize,
    rank: usize,
    sizes: [max_rank]usize,
    source_strides: [max_rank]usize,
    out_strides: [max_rank]usize,

    /// Drops dimensions of size 1 and joins neighbours that both sides step through evenly.
    fn merged(copy: Copy) Copy {
        var result = copy;
        result.rank = 0;
        for (0..copy.rank) |i| {
            if (copy.sizes[i] == 1) continue;
            const last = result.rank -% 1;
            const joins = result.rank > 0 and
                result.source_strides[last] == copy.source_strides[i] * copy.sizes[i] and
                result.out_strides[last] == copy.out_strides[i] * copy.sizes[i];
            const place = if (joins) last else result.rank;
            result.sizes[place] = if (joins) result.sizes[last] * copy.sizes[i] else copy.sizes[i];
            result.source_strides[place] = copy.source_strides[i];
            result.out_strides[place] = copy.out_strides[i];
            if (!joins) result.rank += 1;
        }
        if (result.rank > 0) return result;
        result.rank = 1;
        result.sizes[0] = 1;
        result.source_strides[0] = copy.element_bytes;
        result.out_strides[0] = copy.element_bytes;
        return result;
    }

    /// Brings the dimension whose source elements are neighbours next to the last one, where that
    /// is another: then both are copied in tiles, so that neither side is read in single elements.
    fn transposable(copy: *Copy) bool {
        const last = copy.rank - 1;
        if (copy.source_strides[last] == copy.element_bytes) return false;
        for (0..last) |i| {
            if (copy.source_strides[i] != copy.element_bytes) continue;
            inline for (.{ "sizes", "source_strides", "out_strides" }) |name| {
                std.mem.rotate(usize, @field(copy, name)[i..last], 1);
            }
            return true;
        }
        return false;
    }
};

/// Copies every element. Chunks depend on the shape only.
pub fn run(pool: *Pool, copy: Copy) void {
    var plan: Plan = .{ .copy = copy.merged(), .tiled = false, .units = 1, .units_per_chunk = 1 };
    plan.tiled = plan.copy.transposable();
    const inner: usize = if (plan.tiled) 2 else 1;
    const outer = plan.copy.rank - inner;
    for (plan.copy.sizes[0..outer]) |size| plan.units *= size;
    var unit_elements = plan.copy.sizes[plan.copy.rank - 1];
    if (plan.tiled) {
        plan.units *= plan.tileRows();
        unit_elements *= @min(tile, plan.copy.sizes[outer]);
    }
    plan.units_per_chunk = @max(1, chunk_elements / unit_elements);
    const chunks = std.math.divCeil(usize, plan.units, plan.units_per_chunk) catch unreachable;
    switch (copy.element_bytes) {
        1 => pool.run(@intCast(chunks), &plan, Plan.Chunk(u8).run),
        2 => pool.run(@intCast(chunks), &plan, Plan.Chunk(u16).run),
        4 => pool.run(@intCast(chunks), &plan, Plan.Chunk(u32).run),
        else => unreachable,
    }
}

const Plan = struct {
    copy: Copy,
    /// The last two dimensions are copied in tiles; otherwise the last in rows.
    tiled: bool,
    /// Rows, or strips of `tile` rows.
    units: usize,
    units_per_chunk: usize,

    fn tileRows(plan: *const Plan) usize {
        return std.math.divCeil(usize, plan.copy.sizes[plan.copy.rank - 2], tile) catch unreachable;
    }

    fn Chunk(comptime T: type) type {
        return struct {
            fn run(opaque_plan: *const anyopaque, chunk: u32, _: u32) void {
                const plan: *const Plan = @ptrCast(@alignCast(opaque_plan));
                const start = chunk * plan.units_per_chunk;
                for (start..@min(start + plan.units_per_chunk, plan.units)) |unit| {
                    if (plan.tiled) strip(plan, unit) else row(plan, unit);
                }
            }

            fn row(plan: *const Plan, unit: usize) void {
                const copy = &plan.copy;
                const last = copy.rank - 1;
                const from, const to = places(copy, last, unit);
                const strides = .{ copy.source_strides[last], copy.out_strides[last] };
                elements(from, to, copy.sizes[last], strides[0], strides[1]);
            }

            /// Up to `tile` neighbours of the second to last dimension, all columns.
            fn strip(plan: *const Plan, unit: usize) void {
                const copy = &plan.copy;
                const last = copy.rank - 1;
                const from, const to = places(copy, last - 1, unit / plan.tileRows());
                const first_row = unit % plan.tileRows() * tile;
                const end_row = @min(first_row + tile, copy.sizes[last - 1]);
                var column: usize = 0;
                while (column < copy.sizes[last]) : (column += tile) {
                    const width = @min(tile, copy.sizes[last] - column);
                    for (first_row..end_row) |i| elements(
                        from + i * @sizeOf(T) + column * copy.source_strides[last],
                        to + i * copy.out_strides[last - 1] + column * copy.out_strides[last],
                        width,
                        copy.source_strides[last],
                        copy.out_strides[last],
                    );
                }
            }

            fn elements(
                from: [*]const u8,
                to: [*]u8,
                count: usize,
                source_stride: usize,
                out_stride: usize,
            ) void {
                if (source_stride == @sizeOf(T) and out_stride == @sizeOf(T)) {
                    @memcpy(to[0 .. count * @sizeOf(T)], from[0 .. count * @sizeOf(T)]);
                } else for (0..count) |i| {
                    const source: *const T = @ptrCast(@alignCast(from + i * source_stride));
                    const out: *T = @ptrCast(@alignCast(to + i * out_stride));
                    out.* = source.*;
                }
            }
        };
    }

    /// Where the part with this number begins on both sides; the first `outer` dimensions count.
    fn places(copy: *const Copy, outer: usize, number: usize) struct { [*]const u8, [*]u8 } {
        var rest = number;
        var from = copy.source;
        var to = copy.out;
        var dimension = outer;
        while (dimension > 0) {
            dimension -= 1;
            const place = rest % copy.sizes[dimension];
            rest /= copy.sizes[dimension];
            from += place * copy.source_strides[dimension];
            to += place * copy.out_strides[dimension];
        }
        return .{ from, to };
    }
};
