//! Attention against the cache, and storing into it.

const std = @import("std");
const DType = @import("../core/dtype.zig").DType;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const reference = @import("../kernels/cpu/reference/attention.zig");
const threaded = @import("../kernels/cpu/threaded/attention.zig");

pub const Case = struct {
    query_count: usize,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    position: usize = 0,
    causal: bool = true,
    /// Keys seen when not causal.
    key_count: usize = 0,
};

const cases = [_]Case{
    // Every head size, prefill with grouped heads.
    .{ .query_count = 37, .heads = 4, .kv_heads = 2, .head_size = 1 },
    .{ .query_count = 37, .heads = 8, .kv_heads = 4, .head_size = 8 },
    .{ .query_count = 70, .heads = 3, .kv_heads = 3, .head_size = 16 },
    .{ .query_count = 65, .heads = 6, .kv_heads = 2, .head_size = 20 },
    .{ .query_count = 130, .heads = 4, .kv_heads = 1, .head_size = 64 },
    .{ .query_count = 33, .heads = 2, .kv_heads = 2, .head_size = 80 },
    .{ .query_count = 19, .heads = 7, .kv_heads = 1, .head_size = 128 },
    // The first position; decode with one to nine heads for each cached head.
    .{ .query_count = 1, .heads = 2, .kv_heads = 2, .head_size = 64 },
    .{ .query_count = 1, .heads = 3, .kv_heads = 3, .head_size = 64, .position = 63 },
    .{ .query_count = 1, .heads = 4, .kv_heads = 2, .head_size = 8, .position = 64 },
    .{ .query_count = 1, .heads = 3, .kv_heads = 1, .head_size = 20, .position = 100 },
    .{ .query_count = 1, .heads = 8, .kv_heads = 2, .head_size = 80, .position = 127 },
    .{ .query_count = 1, .heads = 9, .kv_heads = 1, .head_size = 64, .position = 130 },
    // Long caches, which are cut by keys; one whose last rows alone see the last range.
    .{ .query_count = 1, .heads = 4, .kv_heads = 4, .head_size = 64, .position = 2000 },
    .{ .query_count = 1, .heads = 8, .kv_heads = 1, .head_size = 16, .position = 1023 },
    .{ .query_count = 9, .heads = 2, .kv_heads = 1, .head_size = 24, .position = 1015 },
    .{ .query_count = 600, .heads = 1, .kv_heads = 1, .head_size = 8 },
    // Chunked prefill, and no mask.
    .{ .query_count = 20, .heads = 4, .kv_heads = 2, .head_size = 32, .position = 77 },
    .{
        .query_count = 20,
        .heads = 4,
        .kv_heads = 2,
        .head_size = 20,
        .causal = false,
        .key_count = 99,
    },
    .{
        .query_count = 1,
        .heads = 1,
        .kv_heads = 1,
        .head_size = 16,
        .causal = false,
        .key_count = 1,
    },
};

pub const Buffers = struct {
    query: Guarded(f32),
    out: Guarded(f32),
    expected: Guarded(f32),
    keys: Guarded(f32),
    values: Guarded(f32),
    scores: Guarded(f64),

    pub fn init(random: std.Random, shape: reference.Shape) !Buffers {
        const rows = shape.query_count * shape.heads * shape.head_size;
        const cached = shape.kv_heads * shape.capacity * shape.head_size;
        const buffers: Buffers = .{
            .query = try .init(rows),
            .out = try .init(rows),
            .expected = try .init(rows),
            .keys = try .init(cached),
            .values = try .init(cached),
            .scores = try .init(shape.key_count),
        };
        inline for (.{ buffers.query, buffers.keys, buffers.values }) |b| {
            support.fillNormal(random, b.items);
        }
        return buffers;
    }

    /// What attention gives, by the reference.
    pub fn computeExpected(self: Buffers, shape: reference.Shape) void {
        reference.attend(
            shape,
            self.expected.items,
            self.query.items,
            self.keys.items,
            self.values.items,
            self.scores.items,
        );
    }

    pub fn deinit(self: Buffers) void {
        inline for (.{ self.query, self.out, self.expected, self.keys, self.values }) |b|
            b.deinit();
        self.scores.deinit();
    }
};

pub fn shapeOf(case: Case) reference.Shape {
    const key_count = if (case.causal) case.position + case.query_count else case.key_count;
    return .{
        .query_count = case.query_count,
        .heads = case.heads,
        .kv_heads = case.kv_heads,
        .head_size = case.head_size,
        .capacity = key_count,
        .position = case.position,
        .key_count = key_count,
        .causal = case.causal,
        .scale = 1.5 / @sqrt(@as(f32, @floatFromInt(case.head_size))),
    };
}

pub fn attention(
    shape: reference.Shape,
    buffers: Buffers,
    keys: [*]const u8,
    values: [*]const u8,
    dtype: DType,
) threaded.Attention {
    return .{
        .query = buffers.query.items.ptr,
        .out = buffers.out.items.ptr,
        .query_count = shape.query_count,
        .heads = shape.heads,
        .kv_heads = shape.kv_heads,
        .head_size = shape.head_size,
        .keys = keys,
        .values = values,
        .cache = cacheOf(shape, dtype),
        .position = shape.position,
        .key_count = shape.key_count,
        .causal = shape.causal,
        .scale = shape.scale,
    };
}

pub fn cacheOf(shape: reference.Shape, dtype: DType) threaded.Cache {
    const row_bytes = shape.head_size / dtype.blockElements() * dtype.blockBytes();
    return .{
        .dtype = dtype,
        .head_stride_bytes = shape.capacity * row_bytes,
        .position_stride_bytes = row_bytes,
    };
}

test "attention: f32 and f16 caches, all shapes, bit-identical for any thread count" {
    for (cases, 0..) |case, i| {
        errdefer std.debug.print("case {d}: {any}\n", .{ i, case });
        const shape = shapeOf(case);
        var random = std.Random.DefaultPrng.init(i);
        const buffers = try Buffers.init(random.random(), shape);
        defer buffers.deinit();
        // What f16 cannot hold is not the kernel's error.
        inline for (.{ buffers.keys, buffers.values }) |b| {
            for (b.items) |*x| x.* = @as(f16, @floatCast(x.*));
        }
        const first = try Guarded(f32).init(buffers.out.items.len);
        defer first.deinit();
        buffers.computeExpected(shape);
        try support.forRunners(.{ shape, buffers, first.items }, checkCase);
    }
}

fn checkCase(
    context: struct { reference.Shape, Buffers, []f32 },
    runner: *Runner,
    threads: u32,
) !void {
    const shape, const buffers, const first = context;
    const count = buffers.keys.items.len;
    const keys = try Guarded(f16).init(count);
    defer keys.deinit();
    const values = try Guarded(f16).init(count);
    defer values.deinit();
    for (keys.items, values.items, buffers.keys.items, buffers.values.items) |*a, *b, x, y| {
        a.* = @floatCast(x);
        b.* = @floatCast(y);
    }
    const dtypes = .{ .f32, .f16 };
    inline for (.{ buffers.keys, keys }, .{ buffers.values, values }, dtypes) |k, v, dtype| {
        @memset(buffers.out.items, std.math.nan(f32));
        const call = attention(shape, buffers, @ptrCast(k.items.ptr), @ptrCast(v.items.ptr), dtype);
        try threaded.attend(runner, &call);
        try support.expectClose(buffers.expected.items, buffers.out.items, 1e-5, 1e-4);
    }
    if (threads == 1) @memcpy(first, buffers.out.items);
    try std.testing.expectEqualSlices(f32, first, buffers.out.items);
}

test "attention: scores far apart and far from zero" {
    const shape = shapeOf(.{ .query_count = 130, .heads = 2, .kv_heads = 1, .head_size = 20 });
    var random = std.Random.DefaultPrng.init(77);
    const buffers = try Buffers.init(random.random(), shape);
    defer buffers.deinit();
    // Rising, falling and constant parts, so that the largest score changes late, early and never.
    for (0..shape.capacity) |j| {
        const wave: f32 = @floatFromInt(@as(i64, @intCast(j % 90)) - 45);
        for (buffers.keys.items[j * 20 ..][0..20]) |*x| x.* = wave;
    }
    for (buffers.query.items, 0..) |*x, i| x.* = if (i / 20 % 3 == 0) 5 else -3;
    buffers.computeExpected(shape);
    try support.forRunners(.{ shape, buffers }, checkFar);
}

fn checkFar(context: struct { reference.Shape, Buffers }, runner: *Runner, _: u32) !void {
    const shape, const buffers = context;
    const keys: [*]const u8 = @ptrCast(buffers.keys.items.ptr);
    const call = attention(shape, buffers, keys, @ptrCast(buffers.values.items.ptr), .f32);
    try threaded.attend(runner, &call);
    try support.expectClose(buffers.expected.items, buffers.out.items, 1e-5, 1e-4);
}

test "attention: storeCache writes every head at its position" {
    try support.forRunners({}, checkStore);
}

fn checkStore(_: void, runner: *Runner, _: u32) !void {
    const capacity, const count, const position, const heads, const size = .{ 50, 31, 19, 5, 20 };
    var random = std.Random.DefaultPrng.init(3);
    const x = try Guarded(f32).init(count * heads * size);
    defer x.deinit();
    support.fillNormal(random.random(), x.items);
    inline for (.{ f32, f16 }, .{ DType.f32, DType.f16 }) |T, dtype| {
        const cached = try Guarded(T).init(heads * capacity * size);
        defer cached.deinit();
        @memset(cached.items, 99);
        threaded.storeCache(runner, @ptrCast(cached.items.ptr), .{
            .dtype = dtype,
            .head_stride_bytes = capacity * size * @sizeOf(T),
            .position_stride_bytes = size * @sizeOf(T),
        }, position, x.items.ptr, count, heads, size);
        for (cached.items, 0..) |got, i| {
            const head = i / size / capacity;
            const place, const d = .{ i / size % capacity, i % size };
            const want: T = if (place < position)
                99
            else
                @floatCast(x.items[((place - position) * heads + head) * size + d]);
            try std.testing.expectEqual(want, got);
        }
    }
}
