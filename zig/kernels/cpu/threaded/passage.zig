//! Rows of results that are larger than the caches. A kernel leaves its row in a buffer; while the
//! next row is computed, it goes past the caches to its place, and operands of the row after that
//! are fetched. Memory would be idle otherwise wherever a kernel goes over its row a second time.

const Kernels = @import("../interface.zig").Kernels;
const Flow = @import("../rows_interface.zig").Flow;

/// Results from here on go past the caches: smaller ones may be found there by what reads them.
const least_bytes = 32 << 20;
/// A thread's stack has room for two rows, its second cache for them and their operands.
const most_columns = 8 << 10;
/// Rows of a chunk have at least so many elements together: at its end a thread waits until all is
/// written.
pub const chunk_elements = 128 << 10;

/// Operands with the shape of the result: one or two.
pub const Operands = [2][*]const f32;

/// Whether a result takes this way: it is large, its rows are whole registers, and it replaces no
/// operand, whose lines would have been read anyway.
pub fn isTaken(out: [*]const f32, rows: usize, columns: usize, operands: Operands) bool {
    if (rows * columns * @sizeOf(f32) < least_bytes) return false;
    if (columns % 16 != 0 or columns > most_columns or @intFromPtr(out) % 64 != 0) return false;
    for (operands) |operand| if (operand == out) return false;
    return true;
}

/// One thread's way through neighbouring rows `[columns]`.
pub const Passage = struct {
    out: [*]f32,
    columns: usize,
    operands: Operands,
    /// The row behind the last one.
    end: usize,
    previous: ?usize = null,
    flow: Flow = undefined,
    buffers: [2][most_columns]f32 align(64) = undefined,

    /// Where the next row's result is computed, and what its kernel does on the way.
    pub const Step = struct { result: [*]f32, flow: ?*const Flow };

    pub fn enter(passage: *Passage, row: usize) Step {
        defer passage.previous = row;
        const result = &passage.buffers[row % 2];
        const before = passage.previous orelse return .{ .result = result, .flow = null };
        const following = @min(row + 1, passage.end - 1) * passage.columns;
        passage.flow = .{
            .to = passage.out + before * passage.columns,
            .from = &passage.buffers[before % 2],
            .next = .{ passage.operands[0] + following, passage.operands[1] + following },
        };
        return .{ .result = result, .flow = &passage.flow };
    }

    /// Brings the last row to its place and releases all stores.
    pub fn leave(passage: *Passage, kernels: *const Kernels) void {
        const row = passage.previous orelse return;
        const copy = kernels.elementwise.aside.binary_scalar;
        const out = passage.out + row * passage.columns;
        copy(.mul, out, &passage.buffers[row % 2], 1, passage.columns);
    }
};
