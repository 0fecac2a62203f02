//! Dropout (Srivastava et al. 2014) with a mask that is computed, never stored: the bits of an
//! element are a hash of its place and the seed, so that the backward pass finds the same mask.

const simd = @import("simd.zig");
const interface = @import("elementwise_interface.zig");

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
    const steps: Bits = comptime blk: {
        var numbers: [lanes]u32 = undefined;
        for (&numbers, 0..) |*number, lane| number.* = lane;
        break :blk numbers;
    };
    var i: usize = 0;
    while (i < count) : (i += lanes) {
        const place = first + i;
        const places = @as(Bits, @splat(@truncate(place))) +% steps;
        // The upper half changes once in 2^32 elements; a register may straddle the change.
        const carried = @select(u32, places < steps, @as(Bits, @splat(1)), @as(Bits, @splat(0)));
        const upper = @as(Bits, @splat(@truncate(place >> 32))) +% carried;
        const kept = bitsOf(mask.seed, places, upper) >= @as(Bits, @splat(mask.threshold));
        const scale: V = @splat(mask.scale);
        const zero: V = @splat(0);
        if (i + lanes <= count) {
            const scaled = simd.load(x + i) * scale;
            simd.store(out + i, @select(f32, kept, scaled, zero));
        } else {
            const rest = count - i;
            const scaled = simd.loadPart(x + i, rest, 0) * scale;
            simd.storePart(out + i, @select(f32, kept, scaled, zero), rest);
        }
    }
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
