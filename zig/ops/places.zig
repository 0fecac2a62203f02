//! Where rows stand that belong to several sequences: `places [count, 2]`, i32, the slot of a
//! sequence's cache and a position in it.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const Place = @import("../kernels/cpu/threaded/attention_rows.zig").Place;

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// What places must lie within.
pub const Bounds = struct {
    slots: u32 = std.math.maxInt(i32),
    positions: u32 = std.math.maxInt(i32),
    /// Each place comes after the one before it, so that no two are the same.
    ascending: bool = false,
};

/// The checked places of a tensor.
pub fn of(context: *Context, handle: Handle, bounds: Bounds) Error![]const Place {
    const tensor = try operands.integers(context, handle, "places");
    try operands.requireRank(context, tensor, "places", 2);
    try operands.requireShape(context, tensor, "places", &.{ tensor.ne[0], 2 });
    const places = tensor.pointer(Place)[0..tensor.ne[0]];
    for (places, 0..) |place, i| {
        const inside = place.slot >= 0 and place.slot < bounds.slots and
            place.position >= 0 and place.position < bounds.positions;
        if (!inside) return context.fail(
            error.OutOfRange,
            "place {d} is slot {d}, position {d}: there are {d} slots of {d} positions",
            .{ i, place.slot, place.position, bounds.slots, bounds.positions },
        );
        if (!bounds.ascending or i == 0 or isBefore(places[i - 1], place)) continue;
        return context.fail(
            error.InvalidArgument,
            "place {d} (slot {d}, position {d}) does not come after the one before it",
            .{ i, place.slot, place.position },
        );
    }
    return places;
}

fn isBefore(a: Place, b: Place) bool {
    return a.slot < b.slot or a.slot == b.slot and a.position < b.position;
}
