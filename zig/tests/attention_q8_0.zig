//! Attention against caches in Q8_0, and storing into them.

const std = @import("std");
const dtypes = @import("../core/dtype.zig");
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const attention_tests = @import("attention.zig");
const quantized = @import("../kernels/cpu/reference/quantized.zig");
const threaded = @import("../kernels/cpu/threaded/attention.zig");
const threaded_rows = @import("../kernels/cpu/threaded/attention_rows.zig");

const Block = dtypes.BlockQ8_0;
const Buffers = attention_tests.Buffers;

const cases = [_]attention_tests.Case{
    // Prefill: grouped heads, more rows than a tile, a chunk behind others, no mask.
    .{ .query_count = 37, .heads = 8, .kv_heads = 4, .head_size = 32 },
    .{ .query_count = 130, .heads = 4, .kv_heads = 1, .head_size = 64 },
    .{ .query_count = 19, .heads = 7, .kv_heads = 1, .head_size = 128 },
    .{ .query_count = 20, .heads = 4, .kv_heads = 2, .head_size = 96, .position = 77 },
    .{
        .query_count = 20,
        .heads = 4,
        .kv_heads = 2,
        .head_size = 32,
        .causal = false,
        .key_count = 99,
    },
    // Decode: the first position, around a tile's end, and long caches that are cut by keys.
    .{ .query_count = 1, .heads = 2, .kv_heads = 2, .head_size = 64 },
    .{ .query_count = 1, .heads = 3, .kv_heads = 3, .head_size = 64, .position = 63 },
    .{ .query_count = 1, .heads = 8, .kv_heads = 2, .head_size = 32, .position = 64 },
    .{ .query_count = 1, .heads = 9, .kv_heads = 1, .head_size = 96, .position = 130 },
    .{ .query_count = 1, .heads = 8, .kv_heads = 1, .head_size = 64, .position = 2000 },
    .{ .query_count = 1, .heads = 4, .kv_heads = 4, .head_size = 64, .position = 1023 },
};

/// Blocks of normally distributed numbers, and in `numbers` what they stand for.
fn quantize(blocks: []Block, numbers: []f32) void {
    for (blocks, 0..) |*block, i| block.* = quantized.quantizeQ8(numbers[i * 32 ..][0..32]);
    for (numbers, 0..) |*x, i| x.* = quantized.element(.q8_0, @ptrCast(blocks.ptr), i);
}

test "attention: Q8_0 caches, all shapes, bit-identical for any thread count" {
    for (cases, 0..) |case, i| {
        errdefer std.debug.print("case {d}: {any}\n", .{ i, case });
        const shape = attention_tests.shapeOf(case);
        var random = std.Random.DefaultPrng.init(i);
        const buffers = try Buffers.init(random.random(), shape);
        defer buffers.deinit();
        const keys = try Guarded(Block).init(buffers.keys.items.len / 32);
        defer keys.deinit();
        const values = try Guarded(Block).init(buffers.values.items.len / 32);
        defer values.deinit();
        quantize(keys.items, buffers.keys.items);
        quantize(values.items, buffers.values.items);
        const first = try Guarded(f32).init(buffers.out.items.len);
        defer first.deinit();
        buffers.computeExpected(shape);
        const call = attention_tests.attention(
            shape,
            buffers,
            @ptrCast(keys.items.ptr),
            @ptrCast(values.items.ptr),
            .q8_0,
        );
        try support.forRunners(.{ call, buffers, first.items }, checkCase);
    }
}

fn checkCase(
    context: struct { threaded.Attention, Buffers, []f32 },
    runner: *Runner,
    threads: u32,
) !void {
    const call, const buffers, const first = context;
    @memset(buffers.out.items, std.math.nan(f32));
    try threaded.attend(runner, &call);
    try support.expectClose(buffers.expected.items, buffers.out.items, 1e-5, 1e-4);
    if (threads == 1) @memcpy(first, buffers.out.items);
    try std.testing.expectEqualSlices(f32, first, buffers.out.items);
    if (call.query_count > 1 or !call.causal) return;
    // As the only row of several sequences, to the bit.
    @memset(buffers.out.items, std.math.nan(f32));
    const place: threaded_rows.Place = .{ .slot = 0, .position = @intCast(call.position) };
    try threaded_rows.attendRows(runner, &call, &.{place});
    try std.testing.expectEqualSlices(f32, first, buffers.out.items);
}

const slots = 3;
const capacity = 50;
const kv_heads = 2;
const head_size = 64;
const row_blocks = head_size / 32;

test "attention: rows are stored as blocks of Q8_0 at their places and nowhere else" {
    try support.forRunners({}, checkStore);
}

fn checkStore(_: void, runner: *Runner, _: u32) !void {
    const places = [_]threaded_rows.Place{
        .{ .slot = 1, .position = 7 },
        .{ .slot = 1, .position = 8 },
        .{ .slot = 1, .position = 9 },
    };
    var random = std.Random.DefaultPrng.init(3);
    const x = try Guarded(f32).init(places.len * kv_heads * head_size);
    defer x.deinit();
    support.fillNormal(random.random(), x.items);
    const blocks = slots * kv_heads * capacity * row_blocks;
    const by_place = try Guarded(Block).init(blocks);
    defer by_place.deinit();
    const in_order = try Guarded(Block).init(blocks);
    defer in_order.deinit();
    const empty: Block = .{ .d = 9, .q = @splat(9) };
    @memset(by_place.items, empty);
    @memset(in_order.items, empty);

    const cache: threaded.Cache = .{
        .dtype = .q8_0,
        .head_stride_bytes = capacity * row_blocks * @sizeOf(Block),
        .position_stride_bytes = row_blocks * @sizeOf(Block),
        .slot_stride_bytes = kv_heads * capacity * row_blocks * @sizeOf(Block),
    };
    const count = places.len;
    const data: [*]u8 = @ptrCast(by_place.items.ptr);
    const rows = x.items.ptr;
    threaded_rows.storeCacheRows(runner, data, cache, &places, rows, count, kv_heads, head_size);
    const slot: [*]u8 = @ptrCast(in_order.items[kv_heads * capacity * row_blocks ..].ptr);
    threaded.storeCache(runner, slot, cache, 7, rows, count, kv_heads, head_size);

    for (by_place.items, in_order.items, 0..) |a, b, i| {
        const position = i / row_blocks % capacity;
        const head = i / row_blocks / capacity % kv_heads;
        const slot_index = i / row_blocks / capacity / kv_heads;
        const written = slot_index == 1 and position >= 7 and position < 10;
        const expected = if (written) written: {
            const row = ((position - 7) * kv_heads + head) * head_size + i % row_blocks * 32;
            break :written quantized.quantizeQ8(x.items[row..][0..32]);
        } else empty;
        try std.testing.expectEqual(expected, a);
        try std.testing.expectEqual(expected, b);
    }
}
