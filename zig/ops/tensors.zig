//! Making, viewing, copying and filling tensors.
//!
//! Sizes that do not fit a call's arguments come in `shared.parameters`.

const std = @import("std");
const context_module = @import("../core/context.zig");
const Pool = @import("../core/pool.zig").Pool;
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded_copy = @import("../kernels/cpu/threaded/copy.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;
const DType = tensor_module.DType;
const Layout = tensor_module.Layout;
const Shape = tensor_module.Shape;
const max_rank = tensor_module.max_rank;

/// `parameters[0..rank]`: the sizes.
pub fn create(context: *Context, state: u32, dtype: u32, layout: u32, rank: u32) Error!Handle {
    const kind = try checkKind(context, dtype, layout, rank);
    return context.createTensor(state, kind.dtype, kind.layout, context.shared.parameters[0..rank]);
}

/// `parameters[0..rank]`: the sizes; then the offset's low and high half.
pub fn fromMap(context: *Context, map_id: u32, dtype: u32, layout: u32, rank: u32) Error!Handle {
    const kind = try checkKind(context, dtype, layout, rank);
    const parameters = &context.shared.parameters;
    const sizes = parameters[0..rank];
    const offset = @as(u64, parameters[rank + 1]) << 32 | parameters[rank];
    const map = try context.mapOf(map_id);
    const size = tensor_module.sizeBytes(kind.dtype, kind.layout, sizes) orelse return context.fail(
        error.InvalidShape,
        "{f} is no shape that {t} can have",
        .{ Shape{ .sizes = sizes }, kind.dtype },
    );
    const end = std.math.add(u64, offset, size) catch std.math.maxInt(u64);
    if (end > map.size_bytes) return context.fail(
        error.OutOfRange,
        "bytes {d} to {d} lie outside of the file, which has {d}",
        .{ offset, end, map.size_bytes },
    );
    const address = @intFromPtr(map.base) + offset;
    const alignment = kind.dtype.alignment();
    if (address % alignment != 0) return context.fail(
        error.InvalidLayout,
        "offset {d} is no multiple of {d} bytes",
        .{ offset, alignment },
    );
    return context.describe(
        Context.mapOwner(map_id),
        address,
        kind.dtype,
        kind.layout,
        sizes,
        true,
    );
}

const Kind = struct { dtype: DType, layout: Layout };

fn checkKind(context: *Context, dtype: u32, layout: u32, rank: u32) Error!Kind {
    if (rank > max_rank) return context.fail(
        error.InvalidShape,
        "rank {d} is more than {d}",
        .{ rank, max_rank },
    );
    const known = std.enums.fromInt(DType, dtype) orelse return context.fail(
        error.InvalidDtype,
        "{d} is no dtype",
        .{dtype},
    );
    if (layout > 1) return context.fail(error.InvalidLayout, "{d} is no layout", .{layout});
    const kind: Kind = .{ .dtype = known, .layout = @enumFromInt(layout) };
    const is_block_matrix = rank == 2 and kind.dtype.isQuantized();
    if (kind.layout == .rows16 and !is_block_matrix) return context.fail(
        error.InvalidLayout,
        "rows16 is for quantized matrices, not for {t} of rank {d}",
        .{ kind.dtype, rank },
    );
    return kind;
}

/// Ends a lasting tensor.
pub fn free(context: *Context, handle: Handle) Error!void {
    _ = try context.tensor(handle, "tensor");
    const index = context.table.indexOf(handle) catch unreachable;
    if (index >= table.scratch_start) return context.fail(
        error.InvalidHandle,
        "the tensor belongs to a scope and ends with it",
        .{},
    );
    context.table.free(index);
}

/// Sets a tensor's name from `shared.text[0..length]`.
pub fn setName(context: *Context, handle: Handle, length: u32) Error!void {
    const tensor = try context.tensor(handle, "tensor");
    tensor.name = @splat(0);
    const kept = @min(length, tensor.name.len);
    @memcpy(tensor.name[0..kept], context.shared.text[0..kept]);
}

/// A contiguous tensor seen in another shape; `parameters[0..rank]`: the sizes.
pub fn reshape(context: *Context, handle: Handle, rank: u32) Error!Handle {
    const source = try context.tensor(handle, "x");
    try requireRows(context, source);
    if (rank > max_rank) return context.fail(
        error.InvalidShape,
        "rank {d} is more than {d}",
        .{ rank, max_rank },
    );
    const sizes = context.shared.parameters[0..rank];
    const size = try requireSizes(context, source.dtype, sizes);
    const count = size / source.dtype.blockBytes() * source.dtype.blockElements();
    if (count != source.count()) return context.fail(
        error.InvalidShape,
        "{f} has {d} elements, {f} has {d}",
        .{ Shape{ .sizes = source.shape() }, source.count(), Shape{ .sizes = sizes }, count },
    );
    if (!source.isContiguous()) return context.fail(
        error.InvalidLayout,
        "a view that is not contiguous cannot be reshaped: copy it with contiguous() first",
        .{},
    );
    const made = try context.view(source);
    made.tensor.ne = @splat(1);
    @memcpy(made.tensor.ne[0..rank], sizes);
    made.tensor.nb = tensor_module.contiguousStrides(source.dtype, sizes);
    made.tensor.rank = @intCast(rank);
    return made.handle;
}

/// The same elements with dimensions in another order; `parameters[0..rank]`: which dimension of x
/// becomes each dimension of the result.
pub fn permute(context: *Context, handle: Handle, rank: u32) Error!Handle {
    const source = try context.tensor(handle, "x");
    try requirePlain(context, source);
    var seen: u32 = 0;
    const order = context.shared.parameters[0..@min(rank, max_rank)];
    for (order) |dimension| {
        if (dimension < source.rank) seen |= @as(u32, 1) << @intCast(dimension);
    }
    if (rank != source.rank or @popCount(seen) != rank) return context.fail(
        error.InvalidArgument,
        "the order must name each of the {d} dimensions of {f} once",
        .{ source.rank, Shape{ .sizes = source.shape() } },
    );
    const made = try context.view(source);
    for (order, 0..) |dimension, i| {
        made.tensor.ne[i] = source.ne[dimension];
        made.tensor.nb[i] = source.nb[dimension];
    }
    return made.handle;
}

/// Elements `start`, `start + step`, ... of one dimension, `length` of them.
pub fn slice(
    context: *Context,
    handle: Handle,
    dimension: u32,
    start: u32,
    length: u32,
    step: u32,
) Error!Handle {
    const source = try context.tensor(handle, "x");
    try requireRows(context, source);
    if (dimension + 1 == source.rank) try requirePlain(context, source);
    if (dimension >= source.rank) return context.fail(
        error.InvalidArgument,
        "dimension {d} of a tensor of rank {d}",
        .{ dimension, source.rank },
    );
    const size = source.ne[dimension];
    const end = start + @as(u64, length -| 1) * step + 1;
    const outside = if (length == 0) start > size else end > size;
    if (step == 0 or outside) return context.fail(
        error.OutOfRange,
        "{d} elements from {d} by {d} of dimension {d}, which has {d}",
        .{ length, start, step, dimension, size },
    );
    const made = try context.view(source);
    made.tensor.data += start * source.nb[dimension];
    made.tensor.ne[dimension] = length;
    // The stride of a single element means nothing, and its product could overflow.
    if (length > 1) made.tensor.nb[dimension] *= step;
    return made.handle;
}

/// The tensor repeated along dimensions of size 1, without copying; `parameters[0..rank]`: the
/// sizes.
pub fn expand(context: *Context, handle: Handle, rank: u32) Error!Handle {
    const source = try context.tensor(handle, "x");
    try requirePlain(context, source);
    if (rank > max_rank) return context.fail(
        error.InvalidShape,
        "rank {d} is more than {d}",
        .{ rank, max_rank },
    );
    const sizes = context.shared.parameters[0..rank];
    const added = rank -| source.rank;
    var fits = rank >= source.rank;
    for (source.shape(), 0..) |size, i| fits = fits and (size == 1 or size == sizes[added + i]);
    if (!fits) return context.fail(
        error.InvalidShape,
        "{f} cannot be expanded to {f}",
        .{ Shape{ .sizes = source.shape() }, Shape{ .sizes = sizes } },
    );
    _ = try requireSizes(context, source.dtype, sizes);
    const made = try context.view(source);
    made.tensor.flags.read_only = true;
    made.tensor.rank = @intCast(rank);
    for (sizes, 0..) |size, i| {
        const repeated = i < added or source.ne[i - added] != size;
        made.tensor.nb[i] = if (repeated) 0 else source.nb[i - added];
        made.tensor.ne[i] = size;
    }
    return made.handle;
}

/// Bytes of a contiguous tensor of these sizes.
fn requireSizes(context: *Context, dtype: DType, sizes: []const u32) Error!u64 {
    return tensor_module.sizeBytes(dtype, .rows, sizes) orelse context.fail(
        error.InvalidShape,
        "{f} of {t} does not fit 2^62 bytes",
        .{ Shape{ .sizes = sizes }, dtype },
    );
}

/// Most views need elements of their own: no block dtypes.
fn requirePlain(context: *Context, source: *const Tensor) Error!void {
    if (source.dtype.blockElements() == 1) return;
    return context.fail(
        error.InvalidDtype,
        "elements of {t} share blocks: no view can take them apart",
        .{source.dtype},
    );
}

/// Views of whole rows need rows of their own.
fn requireRows(context: *Context, source: *const Tensor) Error!void {
    if (source.flags.layout == .rows) return;
    return context.fail(
        error.InvalidLayout,
        "the rows of a matrix in layout {t} are interleaved: it has no views",
        .{source.flags.layout},
    );
}

/// Writes `value` to every element of an f32 or i32 tensor.
pub fn fill(context: *Context, handle: Handle, value: f32) Error!void {
    const tensor = try context.tensor(handle, "x");
    if (tensor.flags.read_only) return context.fail(
        error.InvalidArgument,
        "the tensor is read-only",
        .{},
    );
    if (!tensor.isContiguous()) return context.fail(
        error.InvalidLayout,
        "the tensor must be contiguous",
        .{},
    );
    const count: usize = @intCast(tensor.count());
    switch (tensor.dtype) {
        .f32 => @memset(tensor.pointer(f32)[0..count], value),
        .f16 => @memset(tensor.pointer(f16)[0..count], @floatCast(value)),
        .i32 => @memset(tensor.pointer(i32)[0..count], std.math.lossyCast(i32, value)),
        else => return context.fail(
            error.InvalidDtype,
            "{t} cannot be filled, only f32, f16 and i32",
            .{tensor.dtype},
        ),
    }
}

/// Copies a tensor of any strides into `out` (made in scratch when none) in row-major order.
pub fn copy(context: *Context, handle: Handle, out_handle: Handle) Error!Handle {
    const source = try context.tensor(handle, "x");
    try requirePlain(context, source);
    const made = if (out_handle == table.none)
        try context.createTensor(0, source.dtype, .rows, source.shape())
    else
        out_handle;
    const out = try context.tensor(made, "out");
    if (out.flags.read_only) return context.fail(error.InvalidArgument, "out is read-only", .{});
    if (out.dtype != source.dtype) return context.fail(
        error.InvalidDtype,
        "x is {t}, out is {t}: use to() to change the dtype",
        .{ source.dtype, out.dtype },
    );
    if (!std.mem.eql(u32, out.shape(), source.shape())) return context.fail(
        error.InvalidShape,
        "x is {f}, out is {f}",
        .{ Shape{ .sizes = source.shape() }, Shape{ .sizes = out.shape() } },
    );
    const same_strides = std.mem.eql(u64, out.nb[0..source.rank], source.nb[0..source.rank]) or
        (out.isContiguous() and source.isContiguous());
    if (out.data == source.data and same_strides) return made;
    if (out.overlaps(source)) return context.fail(error.Aliasing, "out overlaps x", .{});
    copyStrided(context.runner().pool, out, source);
    return made;
}

/// Copies elements between tensors of one shape and dtype.
pub fn copyStrided(pool: *Pool, out: *const Tensor, source: *const Tensor) void {
    if (source.count() == 0) return;
    var copied: threaded_copy.Copy = .{
        .source = source.bytes(),
        .out = out.bytes(),
        .element_bytes = source.dtype.blockBytes(),
        .rank = source.rank,
        .sizes = undefined,
        .source_strides = undefined,
        .out_strides = undefined,
    };
    for (source.shape(), 0..) |size, i| {
        copied.sizes[i] = size;
        copied.source_strides[i] = @intCast(source.nb[i]);
        copied.out_strides[i] = @intCast(out.nb[i]);
    }
    threaded_copy.run(pool, copied);
}
