//! Rotary position embedding.

const std = @import("std");
const context_module = @import("../core/context.zig");
const interface = @import("../kernels/cpu/rows_interface.zig");
const operands = @import("operands.zig");
const places_module = @import("places.zig");
const threaded = @import("../kernels/cpu/threaded/rows.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// Cosines and sines `[2, count, half]` of `frequencies [half]` for `count` positions from `start`.
pub fn ropeTable(
    context: *Context,
    frequencies_handle: Handle,
    start: u32,
    count: u32,
) Error!Handle {
    const frequencies = try operands.contiguousFloats(context, frequencies_handle, "frequencies");
    try operands.requireRank(context, frequencies, "frequencies", 1);
    const half: usize = frequencies.ne[0];
    const out = try operands.output(context, 0, &.{ 2, count, frequencies.ne[0] });
    const cosines = out.tensor.pointer(f32);
    const sines = cosines + count * half;
    var runner = context.runner();
    const positions: threaded.Positions = .{ .first = start };
    threaded.ropeTable(&runner, cosines, sines, positions, count, frequencies.pointer(f32), half);
    return out.handle;
}

/// Cosines and sines `[2, count, half]` for the positions of `places [count, 2]`.
pub fn ropeTableRows(
    context: *Context,
    frequencies_handle: Handle,
    places_handle: Handle,
) Error!Handle {
    const frequencies = try operands.contiguousFloats(context, frequencies_handle, "frequencies");
    try operands.requireRank(context, frequencies, "frequencies", 1);
    const places = try places_module.of(context, places_handle, .{});
    const half: usize = frequencies.ne[0];
    const sizes = [_]u32{ 2, @intCast(places.len), frequencies.ne[0] };
    const out = try operands.output(context, 0, &sizes);
    const cosines = out.tensor.pointer(f32);
    const sines = cosines + places.len * half;
    var runner = context.runner();
    threaded.ropeTable(
        &runner,
        cosines,
        sines,
        .{ .places = places.ptr },
        places.len,
        frequencies.pointer(f32),
        half,
    );
    return out.handle;
}

/// Turns the heads of `x [count, heads, head_size]`, or of several sequences
/// `[batch, count, heads, head_size]`, by a table `[2, count, head_size / 2]`; back when `inverse`.
pub fn rope(
    context: *Context,
    x_handle: Handle,
    table_handle: Handle,
    style: u32,
    inverse: u32,
    out_handle: Handle,
) Error!Handle {
    const code = std.enums.fromInt(interface.RopeStyle, style) orelse
        return context.fail(error.InvalidArgument, "{d} is no style", .{style});
    const x = try operands.contiguousFloats(context, x_handle, "x");
    if (x.rank != 4) try operands.requireRank(context, x, "x", 3);
    const count, const heads, const head_size = x.ne[x.rank - 3 ..][0..3].*;
    if (head_size % 2 != 0) return context.fail(
        error.InvalidShape,
        "heads have {d} elements, expected an even number",
        .{head_size},
    );
    const angles = try operands.contiguousFloats(context, table_handle, "table");
    try operands.requireShape(context, angles, "table", &.{ 2, count, head_size / 2 });
    const out = try operands.output(context, out_handle, x.shape());
    try operands.allowInPlace(context, out.tensor, x, "x");
    try operands.forbidOverlap(context, out.tensor, angles, "table");
    if (x.count() == 0) return out.handle;
    const cosines = angles.pointer(f32);
    const sines = cosines + @as(usize, count) * (head_size / 2);
    var runner = context.runner();
    threaded.rope(
        &runner,
        out.tensor.pointer(f32),
        x.pointer(f32),
        cosines,
        sines,
        @intCast(x.count() / heads / head_size),
        count,
        heads,
        head_size,
        code,
        inverse != 0,
    );
    return out.handle;
}
