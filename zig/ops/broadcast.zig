//! Operations on several operands of shapes that fit each other by NumPy's rule: sizes are aligned
//! at the end and must be equal or 1.

const std = @import("std");
const context_module = @import("../core/context.zig");
const chunk_elements = @import("../kernels/cpu/threaded/elementwise.zig").chunk_elements;
const Kernels = @import("../kernels/cpu/interface.zig").Kernels;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const tensor_module = @import("../core/tensor.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Tensor = tensor_module.Tensor;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// The common shape of two.
pub fn sizesOf(
    context: *Context,
    a: []const u32,
    b: []const u32,
    sizes: *[max_rank]u32,
) Error![]const u32 {
    const rank = @max(a.len, b.len);
    for (0..rank) |i| {
        const size_a = if (i + a.len < rank) 1 else a[i + a.len - rank];
        const size_b = if (i + b.len < rank) 1 else b[i + b.len - rank];
        if (size_a != size_b and size_a != 1 and size_b != 1) return context.fail(
            error.InvalidShape,
            "{f} and {f} cannot be broadcast: sizes {d} and {d} differ and neither is 1",
            .{ Shape{ .sizes = a }, Shape{ .sizes = b }, size_a, size_b },
        );
        sizes[i] = if (size_a == 1) size_b else size_a;
    }
    return sizes[0..rank];
}

/// `out[row] = f(operands' rows)` for all rows, threaded. Job has the function
/// `row(job, kernels, out, operands: [count][*]const f32, repeated: u32, columns)`, where bit k of
/// `repeated` says that operand k is one number. Rows of operands are contiguous or one number.
pub fn Rows(comptime count: usize, comptime Job: type) type {
    return struct {
        job: Job,
        kernels: *const Kernels,
        out: [*]f32,
        data: [count][*]const u8,
        /// Sizes, outermost first; dimensions that can be seen as one are.
        sizes: [max_rank]usize = undefined,
        strides: [count][max_rank]usize = undefined,
        /// Dimensions outside of the rows.
        outer: usize = 0,
        columns: usize = 1,
        rows: usize = 1,
        repeated: u32 = 0,

        const Self = @This();

        pub fn run(
            job: Job,
            runner: *Runner,
            out: *const Tensor,
            operands: [count]*const Tensor,
        ) void {
            if (out.count() == 0) return;
            var self: Self = .{
                .job = job,
                .kernels = runner.kernels,
                .out = out.pointer(f32),
                .data = undefined,
            };
            for (&self.data, operands) |*data, operand| data.* = operand.bytes();
            self.arrange(out, operands);
            const tasks = std.math.divCeil(
                usize,
                self.rows * self.tiles(),
                self.itemsPerTask(),
            ) catch unreachable;
            runner.pool.run(@intCast(tasks), &self, task);
        }

        fn arrange(self: *Self, out: *const Tensor, operands: [count]*const Tensor) void {
            var rank: usize = 0;
            for (0..out.rank) |i| {
                if (out.ne[i] == 1) continue;
                var strides: [count]usize = undefined;
                for (&strides, operands) |*stride, operand| {
                    const added = out.rank - operand.rank;
                    const own = i >= added and operand.ne[i - added] != 1;
                    stride.* = if (own) @intCast(operand.nb[i - added]) else 0;
                }
                var joins = rank > 0;
                for (strides, self.strides) |stride, known| {
                    joins = joins and known[rank -| 1] == stride * out.ne[i];
                }
                if (!joins) rank += 1;
                self.sizes[rank - 1] = if (joins) self.sizes[rank - 1] * out.ne[i] else out.ne[i];
                for (&self.strides, strides) |*known, stride| known[rank - 1] = stride;
            }
            self.outer = rank -| 1;
            if (rank > 0) self.columns = self.sizes[rank - 1];
            for (self.sizes[0..self.outer]) |size| self.rows *= size;
            for (self.strides, 0..) |strides, k| {
                const is_one = rank == 0 or strides[rank - 1] == 0;
                self.repeated |= @as(u32, @intFromBool(is_one)) << @intCast(k);
            }
        }

        /// Parts that a row is cut into.
        fn tiles(self: *const Self) usize {
            return std.math.divCeil(usize, self.columns, chunk_elements) catch unreachable;
        }

        fn itemsPerTask(self: *const Self) usize {
            return @max(1, chunk_elements / @min(self.columns, chunk_elements));
        }

        fn task(context: *const anyopaque, number: u32, _: u32) void {
            const self: *const Self = @ptrCast(@alignCast(context));
            const first = number * self.itemsPerTask();
            const end = @min(first + self.itemsPerTask(), self.rows * self.tiles());
            var index = self.indexOf(first / self.tiles());
            for (first..end) |item| {
                const tile = item % self.tiles();
                self.one(item / self.tiles(), tile * chunk_elements, &index);
                if (tile + 1 == self.tiles()) self.advance(&index);
            }
        }

        fn indexOf(self: *const Self, row: usize) [max_rank]usize {
            var index: [max_rank]usize = @splat(0);
            var rest = row;
            var dimension = self.outer;
            while (dimension > 0) {
                dimension -= 1;
                index[dimension] = rest % self.sizes[dimension];
                rest /= self.sizes[dimension];
            }
            return index;
        }

        fn advance(self: *const Self, index: *[max_rank]usize) void {
            var dimension = self.outer;
            while (dimension > 0) {
                dimension -= 1;
                index[dimension] += 1;
                if (index[dimension] < self.sizes[dimension]) return;
                index[dimension] = 0;
            }
        }

        fn one(self: *const Self, row: usize, column: usize, index: *const [max_rank]usize) void {
            var operands: [count][*]const f32 = undefined;
            for (&operands, self.data, self.strides, 0..) |*operand, data, strides, k| {
                var offset: usize = 0;
                for (index[0..self.outer], strides[0..self.outer]) |i, stride| offset += i * stride;
                const start: [*]const f32 = @ptrCast(@alignCast(data + offset));
                operand.* = if (self.repeated >> @intCast(k) & 1 == 1) start else start + column;
            }
            const length = @min(chunk_elements, self.columns - column);
            const out = self.out + row * self.columns + column;
            self.job.row(self.kernels, out, operands, self.repeated, length);
        }
    };
}
