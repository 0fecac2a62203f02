//! What the kernels know about the instruction set that they are being compiled for.

const std = @import("std");
const builtin = @import("builtin");

/// Name of the instruction set, as in core/cpu.zig.
pub const isa: []const u8 = @import("isa_options").isa;

const x86 = builtin.cpu.arch == .x86_64;

pub const has_avx2 = x86 and std.Target.x86.featureSetHas(builtin.cpu.features, .avx2);
pub const has_avx512 = x86 and std.Target.x86.featureSetHas(builtin.cpu.features, .avx512f);
pub const has_vnni = x86 and std.Target.x86.featureSetHas(builtin.cpu.features, .avx512vnni);
pub const has_fma = !x86 or std.Target.x86.featureSetHas(builtin.cpu.features, .fma);
/// Conversion between f16 and f32 in hardware.
pub const has_f16 = !x86 or std.Target.x86.featureSetHas(builtin.cpu.features, .f16c);
pub const has_dotprod = !x86 and std.Target.aarch64.featureSetHas(builtin.cpu.features, .dotprod);

/// f32 lanes of one vector register. `std.simd.suggestVectorLength` says 8 for x86-64-v4.
pub const lanes = if (has_avx512) 16 else if (has_avx2) 8 else 4;

/// Whether there are 32 vector registers (AVX-512, NEON) rather than 16.
pub const has_32_registers = has_avx512 or !x86;

/// One register of f32.
pub const V = @Vector(lanes, f32);

/// `a * b + c`, fused where the processor can: without FMA, `@mulAdd` is a slow call into libm.
pub inline fn mulAdd(a: anytype, b: @TypeOf(a), c: @TypeOf(a)) @TypeOf(a) {
    return if (has_fma) @mulAdd(@TypeOf(a), a, b, c) else a * b + c;
}

/// Reads one register from memory of any alignment.
pub inline fn load(pointer: [*]const f32) V {
    return @as(*align(4) const V, @ptrCast(pointer)).*;
}

/// Writes one register to memory of any alignment.
pub inline fn store(pointer: [*]f32, value: V) void {
    @as(*align(4) V, @ptrCast(pointer)).* = value;
}

/// How results are written.
pub const Stores = enum {
    /// As ever: what is written is in the caches afterwards.
    cached,
    /// Past the caches, for results that are larger. A plain store reads its line of memory before
    /// it changes it. `release` must follow.
    aside,
};

/// How far ahead of what is read memory is asked for: prefetchers end at each page.
const ahead_elements = 1024;

/// Reads one register from memory of any alignment, where results are written in this way.
pub inline fn loadFor(comptime stores: Stores, pointer: [*]const f32) V {
    if (stores == .aside) @prefetch(pointer + ahead_elements, .{});
    return load(pointer);
}

/// Writes one register to memory, which for `aside` is aligned to its size.
pub inline fn storeBy(comptime stores: Stores, pointer: [*]f32, value: V) void {
    if (stores == .cached or !x86) return store(pointer, value);
    if (has_avx2 or has_avx512) asm volatile ("vmovntps %[value], (%[pointer])"
        :
        : [value] "v" (value),
          [pointer] "r" (pointer),
        : .{ .memory = true }) else asm volatile ("movntps %[value], (%[pointer])"
        :
        : [value] "x" (value),
          [pointer] "r" (pointer),
        : .{ .memory = true });
}

/// Lets other processors see what was written past the caches before what is written from now on.
pub inline fn release(comptime stores: Stores) void {
    if (stores == .aside and x86) asm volatile ("sfence" ::: .{ .memory = true });
}

/// Reads the first `count` lanes, fewer than a register has; the others are `fill`.
pub inline fn loadPart(pointer: [*]const f32, count: usize, fill: f32) V {
    var values: [lanes]f32 = @splat(fill);
    for (values[0..count], pointer[0..count]) |*value, x| value.* = x;
    return values;
}

/// Writes the first `count` lanes, fewer than a register has.
pub inline fn storePart(pointer: [*]f32, value: V, count: usize) void {
    const values: [lanes]f32 = value;
    for (pointer[0..count], values[0..count]) |*out, x| out.* = x;
}

/// Sets the lanes of a register in memory from number `kept` on to `fill`.
pub inline fn fillTail(pointer: [*]f32, kept: usize, fill: f32) void {
    const lane = std.simd.iota(u32, lanes);
    const stays = lane < @as(@Vector(lanes, u32), @splat(@intCast(kept)));
    store(pointer, @select(f32, stays, load(pointer), @as(V, @splat(fill))));
}

/// Sum of the lanes, by halves: `@reduce` would add them one after the other.
pub fn sumLanes(value: anytype) f32 {
    const count = @typeInfo(@TypeOf(value)).vector.len;
    if (count == 1) return value[0];
    const lower = std.simd.extract(value, 0, count / 2);
    const upper = std.simd.extract(value, count / 2, count / 2);
    return sumLanes(lower + upper);
}

/// Largest lane; `value` holds no NaN.
pub fn largestLane(value: anytype) f32 {
    const count = @typeInfo(@TypeOf(value)).vector.len;
    if (count == 1) return value[0];
    const lower = std.simd.extract(value, 0, count / 2);
    const upper = std.simd.extract(value, count / 2, count / 2);
    return largestLane(@select(f32, lower > upper, lower, upper));
}

/// The larger of each two lanes; where one is NaN, a.
pub inline fn larger(a: V, b: V) V {
    return @select(f32, b > a, b, a);
}

/// How lanes become one.
pub const Fold = enum { sum, largest };

/// A register whose first lanes are the `registers`, up to `lanes` of them, each folded to a lane:
/// its halves are joined, then the halves of that, and so on, in all of them together.
pub inline fn fold(comptime how: Fold, registers: anytype) V {
    @setEvalBranchQuota(10_000);
    var rows = registers;
    comptime var count = rows.len;
    comptime var half = lanes / 2;
    inline while (half > 0) : (half /= 2) {
        const pairs = (count + 1) / 2;
        inline for (0..pairs) |i| {
            const next = rows[@min(2 * i + 1, count - 1)];
            rows[i] = foldPair(how, rows[2 * i], next, half);
        }
        count = pairs;
    }
    return rows[0];
}

/// Joins the lower and the upper half of every run of `2 * half` lanes: those of a, then of b.
inline fn foldPair(comptime how: Fold, a: V, b: V, comptime half: usize) V {
    const Indices = @Vector(lanes, i32);
    const lane = std.simd.iota(i32, lanes);
    const within = comptime lane % @as(Indices, @splat(lanes / 2));
    const run: Indices = @splat(half);
    const low = comptime within + within / run * run;
    const high = low + run;
    const is_of_a = lane < @as(Indices, @splat(lanes / 2));
    const lower = @shuffle(f32, a, b, @select(i32, is_of_a, low, ~low));
    const upper = @shuffle(f32, a, b, @select(i32, is_of_a, high, ~high));
    return if (how == .sum) lower + upper else larger(lower, upper);
}
