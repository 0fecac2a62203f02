//! The descriptor of a tensor: what a handle stands for. TypeScript reads it through one view over
//! the whole table, so its layout is part of the ABI.

const std = @import("std");
const dtype_module = @import("dtype.zig");

pub const DType = dtype_module.DType;
pub const Layout = dtype_module.Layout;

/// Most dimensions of a tensor.
pub const max_rank = 6;

/// Properties of a descriptor.
pub const Flags = packed struct(u8) {
    /// The descriptor is in use.
    live: bool = false,
    /// The memory must not be written: it belongs to a file.
    read_only: bool = false,
    /// Arrangement of a quantized matrix.
    layout: Layout = .rows,
    unused: u4 = 0,
};

pub const Tensor = extern struct {
    /// Address of the first element.
    data: u64,
    /// Address of scales that lie apart from the elements; no dtype has them yet.
    scales: u64,
    /// Sizes, outermost first; 1 past `rank`.
    ne: [max_rank]u32,
    /// Strides in bytes, outermost first. In block dtypes the last is the size of a block.
    nb: [max_rank]u64,
    dtype: DType,
    /// 0: CPU.
    device: u8,
    rank: u8,
    flags: Flags,
    /// Counts the uses of this descriptor; the lower bits are part of every handle.
    generation: u32,
    /// For messages; zero padded.
    name: [32]u8,

    pub fn shape(tensor: *const Tensor) []const u32 {
        return tensor.ne[0..tensor.rank];
    }

    /// Number of elements.
    pub fn count(tensor: *const Tensor) u64 {
        var product: u64 = 1;
        for (tensor.shape()) |size| product *= size;
        return product;
    }

    /// Size of the last dimension; 1 for a scalar.
    pub fn columns(tensor: *const Tensor) u32 {
        return if (tensor.rank == 0) 1 else tensor.ne[tensor.rank - 1];
    }

    /// Number of rows: the product of all dimensions but the last.
    pub fn rows(tensor: *const Tensor) u64 {
        var product: u64 = 1;
        for (tensor.shape()[0..tensor.rank -| 1]) |size| product *= size;
        return product;
    }

    /// Whether the elements lie one behind the other in row-major order.
    pub fn isContiguous(tensor: *const Tensor) bool {
        var expected: u64 = tensor.dtype.blockBytes();
        var dimension: usize = tensor.rank;
        while (dimension > 0) {
            dimension -= 1;
            const size = tensor.ne[dimension];
            if (size != 1 and tensor.nb[dimension] != expected) return false;
            const last = dimension + 1 == tensor.rank;
            expected *= if (last) size / tensor.dtype.blockElements() else size;
        }
        return true;
    }

    /// Bytes from the first element to behind the last.
    pub fn extentBytes(tensor: *const Tensor) u64 {
        if (tensor.count() == 0) return 0;
        if (tensor.flags.layout == .rows16) {
            return sizeBytes(tensor.dtype, .rows16, tensor.shape()) orelse unreachable;
        }
        var extent: u64 = tensor.dtype.blockBytes();
        for (tensor.shape(), 0..) |size, dimension| {
            const last = dimension + 1 == tensor.rank;
            const steps = if (last) size / tensor.dtype.blockElements() else size;
            extent += (steps -| 1) * tensor.nb[dimension];
        }
        return extent;
    }

    /// Whether both share memory.
    pub fn overlaps(tensor: *const Tensor, other: *const Tensor) bool {
        return tensor.data < other.data + other.extentBytes() and
            other.data < tensor.data + tensor.extentBytes();
    }

    pub fn pointer(tensor: *const Tensor, comptime T: type) [*]T {
        return @ptrFromInt(@as(usize, @intCast(tensor.data)));
    }

    pub fn bytes(tensor: *const Tensor) [*]u8 {
        return @ptrFromInt(@as(usize, @intCast(tensor.data)));
    }
};

comptime {
    std.debug.assert(@sizeOf(Tensor) == 128);
    std.debug.assert(@offsetOf(Tensor, "ne") == 16);
    std.debug.assert(@offsetOf(Tensor, "nb") == 40);
    std.debug.assert(@offsetOf(Tensor, "dtype") == 88);
    std.debug.assert(@offsetOf(Tensor, "flags") == 91);
    std.debug.assert(@offsetOf(Tensor, "generation") == 92);
}

/// Bytes of a contiguous tensor, or null when that does not fit 62 bits or the last dimension is no
/// multiple of the dtype's block. Empty dimensions count as 1 for the limit, since strides are
/// products of the others: no product of any live tensor's sizes overflows.
pub fn sizeBytes(dtype: DType, layout: Layout, sizes: []const u32) ?u64 {
    var elements: u64 = 1;
    var most: u64 = dtype.blockBytes();
    for (sizes, 0..) |size, dimension| {
        const padded: u64 = if (layout == .rows16 and dimension + 2 == sizes.len)
            std.mem.alignForward(u64, size, dtype_module.group_rows)
        else
            size;
        most = std.math.mul(u64, most, @max(1, padded)) catch return null;
        elements *= padded;
    }
    if (most >> 62 != 0) return null;
    const last: u32 = if (sizes.len == 0) 1 else sizes[sizes.len - 1];
    if (last % dtype.blockElements() != 0) return null;
    return elements / dtype.blockElements() * dtype.blockBytes();
}

/// Strides of a contiguous tensor.
pub fn contiguousStrides(dtype: DType, sizes: []const u32) [max_rank]u64 {
    var strides: [max_rank]u64 = @splat(0);
    var stride: u64 = dtype.blockBytes();
    var dimension = sizes.len;
    while (dimension > 0) {
        dimension -= 1;
        strides[dimension] = stride;
        const last = dimension + 1 == sizes.len;
        stride *= if (last) sizes[dimension] / dtype.blockElements() else sizes[dimension];
    }
    return strides;
}

/// Prints a shape as `[2, 3]`.
pub const Shape = struct {
    sizes: []const u32,

    pub fn format(self: Shape, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        try writer.writeByte('[');
        for (self.sizes, 0..) |size, i| {
            if (i > 0) try writer.writeAll(", ");
            try writer.print("{d}", .{size});
        }
        try writer.writeByte(']');
    }
};
