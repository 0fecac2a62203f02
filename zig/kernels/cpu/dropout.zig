//! Dropout (Srivastava et al. 2014) with a mask that is computed, never stored: the bits of an
//! element are a hash of its place and the seed, so that the backward pass finds the same mask.

const simd = @import("simd.zig");
const interface = @import("elementwise_interface.zig");
const loops = @import("row_loops.zig");

const V = simd.V;
const lanes = simd.lanes;
const Bits = @Vector(lanes, u32);

pub fn dropout(
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    first: u64,
    mask: *const interface.DropoutMask,
) callconv(.c) void {
    const Body = struct {
        out: [*]f32,
        x: [*]const f32,
        first: u64,
        mask: *const interface.DropoutMask,

        pub inline fn at(body: @This(), place: anytype) void {
            const kept = keep(body.mask, body.first + place.index, place.load(body.x));
            place.store(body.out, kept);
        }
    };
    loops.forEach(count, Body{ .out = out, .x = x, .first = first, .mask = mask });
}

/// The elements of x that the mask keeps, times its scale, and 0 for the others; `place` is that of
/// the first.
pub inline fn keep(mask: *const interface.DropoutMask, place: u64, x: V) V {
    const steps: Bits = comptime blk: {
        var numbers: [lanes]u32 = undefined;
        for (&numbers, 0..) |*number, lane| number.* = lane;
        break :blk numbers;
    };
    const places = @as(Bits, @splat(@truncate(place))) +% steps;
    // The upper half changes once in 2^32 elements; a register may straddle the change.
    const carried = @select(u32, places < steps, @as(Bits, @splat(1)), @as(Bits, @splat(0)));
    const upper = @as(Bits, @splat(@truncate(place >> 32))) +% carried;
    const kept = bitsOf(mask.seed, places, upper) >= @as(Bits, @splat(mask.threshold));
    return @select(f32, kept, x * @as(V, @splat(mask.scale)), @as(V, @splat(0)));
}

/// 32 random bits for each place: two rounds of Wellons's `lowbias32` hash, keyed by the seed.
inline fn bitsOf(seed: u64, places: Bits, upper: Bits) Bits {
    const low: Bits = @splat(@truncate(seed));
    const high: Bits = @splat(@truncate(seed >> 32));
    const mixed = mix(places ^ low);
    return mix(mixed +% high +% upper *% @as(Bits, @splat(0x9e37_79b9)));
}

inline fn mix(bits: Bits) Bits {
    var h = bits;
    h ^= h >> @splat(16);
    h *%= @splat(0x7feb_352d);
    h ^= h >> @splat(15);
    h *%= @splat(0x846c_a68b);
    h ^= h >> @splat(16);
    return h;
}
