//! Attention of rows that belong to several sequences, and storing into their caches.

const std = @import("std");
const DType = @import("../core/dtype.zig").DType;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const reference = @import("../kernels/cpu/reference/attention.zig");
const attention = @import("../kernels/cpu/threaded/attention.zig");
const threaded = @import("../kernels/cpu/threaded/attention_rows.zig");

const Place = threaded.Place;

const Case = struct {
    heads: usize,
    kv_heads: usize,
    head_size: usize,
    slots: usize,
    capacity: usize,
    places: []const Place,
};

const cases = [_]Case{
    .{
        .heads = 4,
        .kv_heads = 2,
        .head_size = 8,
        .slots = 3,
        .capacity = 40,
        .places = &.{
            .{ .slot = 0, .position = 0 },
            .{ .slot = 1, .position = 39 },
            .{ .slot = 2, .position = 17 },
        },
    },
    // Rows of one sequence behind each other, as when proposed tokens are verified.
    .{
        .heads = 6,
        .kv_heads = 6,
        .head_size = 20,
        .slots = 1,
        .capacity = 80,
        .places = &.{
            .{ .slot = 0, .position = 61 },
            .{ .slot = 0, .position = 62 },
            .{ .slot = 0, .position = 63 },
            .{ .slot = 0, .position = 64 },
            .{ .slot = 0, .position = 65 },
        },
    },
    // Long and short sequences in any order: some are cut by keys into more ranges than others.
    .{
        .heads = 8,
        .kv_heads = 2,
        .head_size = 64,
        .slots = 4,
        .capacity = 2100,
        .places = &.{
            .{ .slot = 3, .position = 2099 },
            .{ .slot = 0, .position = 5 },
            .{ .slot = 2, .position = 700 },
            .{ .slot = 3, .position = 1023 },
        },
    },
    // More heads share one than fit a tile of rows.
    .{
        .heads = 50,
        .kv_heads = 1,
        .head_size = 16,
        .slots = 2,
        .capacity = 600,
        .places = &.{ .{ .slot = 0, .position = 599 }, .{ .slot = 1, .position = 1 } },
    },
    .{
        .heads = 2,
        .kv_heads = 1,
        .head_size = 1,
        .slots = 1,
        .capacity = 1,
        .places = &.{.{ .slot = 0, .position = 0 }},
    },
};

const Buffers = struct {
    query: Guarded(f32),
    out: Guarded(f32),
    first: Guarded(f32),
    expected: Guarded(f32),
    keys: Guarded(f32),
    values: Guarded(f32),

    fn init(random: std.Random, case: Case) !Buffers {
        const count = case.places.len * case.heads * case.head_size;
        const cached = case.slots * case.kv_heads * case.capacity * case.head_size;
        const buffers: Buffers = .{
            .query = try .init(count),
            .out = try .init(count),
            .first = try .init(count),
            .expected = try .init(count),
            .keys = try .init(cached),
            .values = try .init(cached),
        };
        inline for (.{ buffers.query, buffers.keys, buffers.values }) |b| {
            support.fillNormal(random, b.items);
        }
        // What f16 cannot hold is not the kernel's error.
        inline for (.{ buffers.keys, buffers.values }) |b| {
            for (b.items) |*x| x.* = @as(f16, @floatCast(x.*));
        }
        return buffers;
    }

    fn deinit(self: Buffers) void {
        inline for (std.meta.fields(Buffers)) |field| @field(self, field.name).deinit();
    }
};

fn cacheOf(case: Case, dtype: DType) attention.Cache {
    const row_bytes = case.head_size * dtype.blockBytes();
    return .{
        .dtype = dtype,
        .head_stride_bytes = case.capacity * row_bytes,
        .position_stride_bytes = row_bytes,
        .slot_stride_bytes = case.kv_heads * case.capacity * row_bytes,
    };
}

fn scaleOf(case: Case) f32 {
    return 1.5 / @sqrt(@as(f32, @floatFromInt(case.head_size)));
}

fn expect(case: Case, buffers: Buffers) !void {
    const row = case.heads * case.head_size;
    const slot = case.kv_heads * case.capacity * case.head_size;
    const scores = try Guarded(f64).init(case.capacity);
    defer scores.deinit();
    for (case.places, 0..) |place, i| {
        const position: usize = @intCast(place.position);
        const offset = @as(usize, @intCast(place.slot)) * slot;
        reference.attend(
            .{
                .query_count = 1,
                .heads = case.heads,
                .kv_heads = case.kv_heads,
                .head_size = case.head_size,
                .capacity = case.capacity,
                .position = position,
                .key_count = position + 1,
                .causal = true,
                .scale = scaleOf(case),
            },
            buffers.expected.items[i * row ..][0..row],
            buffers.query.items[i * row ..][0..row],
            buffers.keys.items[offset..][0..slot],
            buffers.values.items[offset..][0..slot],
            scores.items[0 .. position + 1],
        );
    }
}

test "attention rows: f32 and f16 caches, bit-identical to a row alone and for any thread count" {
    for (cases, 0..) |case, i| {
        errdefer std.debug.print("case {d}: {any}\n", .{ i, case });
        var random = std.Random.DefaultPrng.init(i);
        const buffers = try Buffers.init(random.random(), case);
        defer buffers.deinit();
        try expect(case, buffers);
        try support.forRunners(.{ case, buffers }, checkCase);
    }
}

fn checkCase(context: struct { Case, Buffers }, runner: *Runner, threads: u32) !void {
    const case, const buffers = context;
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
        var call: attention.Attention = .{
            .query = buffers.query.items.ptr,
            .out = buffers.out.items.ptr,
            .query_count = case.places.len,
            .heads = case.heads,
            .kv_heads = case.kv_heads,
            .head_size = case.head_size,
            .keys = @ptrCast(k.items.ptr),
            .values = @ptrCast(v.items.ptr),
            .cache = cacheOf(case, dtype),
            .position = 0,
            .key_count = 0,
            .scale = scaleOf(case),
        };
        const mark = runner.scratch.head;
        try threaded.attendRows(runner, &call, case.places.ptr);
        try std.testing.expectEqual(mark, runner.scratch.head);
        try support.expectClose(buffers.expected.items, buffers.out.items, 1e-5, 1e-4);
        try expectRowsAlone(runner, case, buffers, call);
    }
    if (threads == 1) @memcpy(buffers.first.items, buffers.out.items);
    try std.testing.expectEqualSlices(f32, buffers.first.items, buffers.out.items);
}

fn expectRowsAlone(
    runner: *Runner,
    case: Case,
    buffers: Buffers,
    call: attention.Attention,
) !void {
    const row = case.heads * case.head_size;
    const alone = try Guarded(f32).init(row);
    defer alone.deinit();
    for (case.places, 0..) |place, i| {
        const offset = @as(usize, @intCast(place.slot)) * call.cache.slot_stride_bytes;
        var own = call;
        own.query += i * row;
        own.out = alone.items.ptr;
        own.query_count = 1;
        own.keys += offset;
        own.values += offset;
        own.position = @intCast(place.position);
        own.key_count = own.position + 1;
        try attention.attend(runner, &own);
        try std.testing.expectEqualSlices(f32, alone.items, buffers.out.items[i * row ..][0..row]);
    }
}

test "attention rows: storeCacheRows writes each row at its place and nothing else" {
    try support.forRunners({}, checkStore);
}

fn checkStore(_: void, runner: *Runner, _: u32) !void {
    const slots, const capacity, const heads, const size = .{ 3, 50, 5, 20 };
    const places = [_]Place{
        .{ .slot = 0, .position = 7 },
        .{ .slot = 0, .position = 8 },
        .{ .slot = 2, .position = 49 },
    };
    var random = std.Random.DefaultPrng.init(3);
    const x = try Guarded(f32).init(places.len * heads * size);
    defer x.deinit();
    support.fillNormal(random.random(), x.items);
    inline for (.{ f32, f16 }, .{ DType.f32, DType.f16 }) |T, dtype| {
        const cached = try Guarded(T).init(slots * heads * capacity * size);
        defer cached.deinit();
        @memset(cached.items, 99);
        threaded.storeCacheRows(runner, @ptrCast(cached.items.ptr), .{
            .dtype = dtype,
            .head_stride_bytes = capacity * size * @sizeOf(T),
            .position_stride_bytes = size * @sizeOf(T),
            .slot_stride_bytes = heads * capacity * size * @sizeOf(T),
        }, &places, x.items.ptr, places.len, heads, size);
        for (cached.items, 0..) |got, i| {
            const slot, const head = .{ i / size / capacity / heads, i / size / capacity % heads };
            const position, const d = .{ i / size % capacity, i % size };
            var want: T = 99;
            for (places, 0..) |place, row| {
                if (place.slot != slot or place.position != position) continue;
                want = @floatCast(x.items[(row * heads + head) * size + d]);
            }
            try std.testing.expectEqual(want, got);
        }
    }
}
