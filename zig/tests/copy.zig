//! Strided copies against element by element.

const std = @import("std");
const Pool = @import("../core/pool.zig").Pool;
const copy = @import("../kernels/cpu/threaded/copy.zig");
const max_rank = @import("../core/tensor.zig").max_rank;

// Static because the workers of a pool are never joined.
var pool: Pool = .{};

/// Copies a permuted view, with gaps behind each row of the source, into contiguous memory.
fn check(comptime T: type, sizes: []const usize, order: []const usize, gap: usize) !void {
    var strides: [max_rank]usize = undefined;
    var stride: usize = @sizeOf(T);
    var dimension = sizes.len;
    while (dimension > 0) {
        dimension -= 1;
        strides[dimension] = stride;
        stride *= sizes[dimension];
        if (dimension + 1 == sizes.len) stride += gap * @sizeOf(T);
    }
    const source = try std.testing.allocator.alloc(T, stride / @sizeOf(T) + 1);
    defer std.testing.allocator.free(source);
    for (source, 0..) |*value, i| value.* = @truncate(i *% 2654435761);

    var copied: copy.Copy = .{
        .source = @ptrCast(source.ptr),
        .out = undefined,
        .element_bytes = @sizeOf(T),
        .rank = sizes.len,
        .sizes = undefined,
        .source_strides = undefined,
        .out_strides = undefined,
    };
    var count: usize = 1;
    dimension = sizes.len;
    while (dimension > 0) {
        dimension -= 1;
        copied.sizes[dimension] = sizes[order[dimension]];
        copied.source_strides[dimension] = strides[order[dimension]];
        copied.out_strides[dimension] = count * @sizeOf(T);
        count *= sizes[order[dimension]];
    }
    const out = try std.testing.allocator.alloc(T, count);
    defer std.testing.allocator.free(out);
    copied.out = @ptrCast(out.ptr);
    for ([_]u32{ 1, 3 }) |threads| {
        pool.resize(threads);
        @memset(out, 0);
        copy.run(&pool, copied);
        for (out, 0..) |value, i| {
            var rest = i;
            var offset: usize = 0;
            dimension = sizes.len;
            while (dimension > 0) {
                dimension -= 1;
                offset += rest % copied.sizes[dimension] * copied.source_strides[dimension];
                rest /= copied.sizes[dimension];
            }
            try std.testing.expectEqual(source[offset / @sizeOf(T)], value);
        }
    }
}

test "copy: every order of dimensions, with and without gaps" {
    const orders = [_][3]usize{
        .{ 0, 1, 2 }, .{ 0, 2, 1 }, .{ 1, 0, 2 }, .{ 1, 2, 0 }, .{ 2, 0, 1 }, .{ 2, 1, 0 },
    };
    const shapes = [_][3]usize{ .{ 1, 1, 1 }, .{ 2, 3, 5 }, .{ 33, 7, 70 }, .{ 5, 1, 64 } };
    for (orders) |order| for (shapes) |sizes| for ([_]usize{ 0, 3 }) |gap| {
        try check(u8, &sizes, &order, gap);
        try check(u16, &sizes, &order, gap);
        try check(u32, &sizes, &order, gap);
    };
    try check(u32, &.{ 300, 517 }, &.{ 1, 0 }, 0);
    try check(u32, &.{ 2, 40, 3, 41 }, &.{ 0, 2, 1, 3 }, 0);
    try check(u32, &.{}, &.{}, 0);
    try check(u32, &.{ 2, 2, 3, 2, 3, 35 }, &.{ 5, 3, 1, 4, 2, 0 }, 1);
}
