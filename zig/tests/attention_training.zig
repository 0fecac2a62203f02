//! Attention of whole sequences and its gradients.

const std = @import("std");
const DropoutMask = @import("../kernels/cpu/elementwise_interface.zig").DropoutMask;
const Guarded = @import("guarded.zig").Guarded;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const reference = @import("../kernels/cpu/reference/attention_training.zig");
const threaded = @import("../kernels/cpu/threaded/attention_training.zig");

const Case = struct {
    batch: usize = 1,
    heads: usize = 1,
    kv_heads: usize = 1,
    query_count: usize,
    key_count: usize,
    head_size: usize,
    causal: bool = false,
    masked: bool = false,
    dropping: bool = false,
};

const cases = [_]Case{
    .{ .query_count = 1, .key_count = 1, .head_size = 1 },
    .{ .batch = 2, .heads = 6, .kv_heads = 2, .query_count = 9, .key_count = 12, .head_size = 20 },
    .{ .heads = 2, .query_count = 65, .key_count = 129, .head_size = 16, .masked = true },
    .{ .heads = 3, .query_count = 130, .key_count = 130, .head_size = 33, .causal = true },
    .{ .batch = 3, .query_count = 70, .key_count = 20, .head_size = 5, .causal = true },
    // Several ranges of keys.
    .{ .heads = 2, .query_count = 40, .key_count = 515, .head_size = 8, .masked = true },
    .{ .query_count = 300, .key_count = 300, .head_size = 64, .causal = true, .masked = true },
    .{
        .heads = 4,
        .kv_heads = 2,
        .query_count = 67,
        .key_count = 70,
        .head_size = 7,
        .dropping = true,
    },
    .{
        .batch = 2,
        .heads = 3,
        .query_count = 70,
        .key_count = 275,
        .head_size = 9,
        .causal = true,
        .masked = true,
        .dropping = true,
    },
};

const dropout: DropoutMask = .{
    .seed = 0x1234_5678_9abc,
    .threshold = 1 << 30,
    .scale = 4.0 / 3.0,
};

const Buffers = struct {
    query: Guarded(f32),
    key: Guarded(f32),
    value: Guarded(f32),
    mask: Guarded(f32),
    gradient: Guarded(f32),
    out: Guarded(f32),
    rows: Guarded(f32),
    query_gradient: Guarded(f32),
    key_gradient: Guarded(f32),
    value_gradient: Guarded(f32),
    mask_gradient: Guarded(f32),

    fn init(random: std.Random, case: Case) !Buffers {
        const rows = case.batch * case.heads * case.query_count;
        const queries = rows * case.head_size;
        const keys = case.batch * case.kv_heads * case.key_count * case.head_size;
        const buffers: Buffers = .{
            .query = try .init(queries),
            .key = try .init(keys),
            .value = try .init(keys),
            .mask = try .init(case.query_count * case.key_count),
            .gradient = try .init(queries),
            .out = try .init(queries),
            .rows = try .init(2 * rows),
            .query_gradient = try .init(queries),
            .key_gradient = try .init(keys),
            .value_gradient = try .init(keys),
            .mask_gradient = try .init(case.query_count * case.key_count),
        };
        inline for (.{ "query", "key", "value", "mask", "gradient" }) |name| {
            support.fillNormal(random, @field(buffers, name).items);
        }
        return buffers;
    }

    fn deinit(buffers: Buffers) void {
        inline for (std.meta.fields(Buffers)) |field| @field(buffers, field.name).deinit();
    }
};

const Check = struct { case: Case, buffers: Buffers, first: *[5][]f32 };

test "attention of sequences: output and gradients for every number of threads" {
    var random = std.Random.DefaultPrng.init(9);
    var memory = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer memory.deinit();
    for (cases) |case| {
        errdefer std.debug.print("{}\n", .{case});
        const buffers = try Buffers.init(random.random(), case);
        defer buffers.deinit();
        var first: [5][]f32 = undefined;
        const results = resultsOf(buffers);
        for (&first, results) |*copy, items| copy.* = try memory.allocator().alloc(f32, items.len);
        try support.forRunners(Check{ .case = case, .buffers = buffers, .first = &first }, check);
    }
}

fn resultsOf(buffers: Buffers) [5][]f32 {
    return .{
        buffers.out.items,
        buffers.query_gradient.items,
        buffers.key_gradient.items,
        buffers.value_gradient.items,
        buffers.mask_gradient.items,
    };
}

fn rowsOf(comptime P: type, data: P, heads: usize, count: usize, size: usize) threaded.Rows(P) {
    return .{
        .data = data,
        .batch_stride = heads * count * size,
        .head_stride = count * size,
        .position_stride = size,
    };
}

fn check(given: Check, runner: *Runner, threads: u32) !void {
    const case, const buffers = .{ given.case, given.buffers };
    const Read, const Write = .{ [*]const f32, [*]f32 };
    const q = .{ case.heads, case.query_count, case.head_size };
    const k = .{ case.kv_heads, case.key_count, case.head_size };
    const attention: threaded.Attention = .{
        .batch = case.batch,
        .heads = case.heads,
        .kv_heads = case.kv_heads,
        .head_size = case.head_size,
        .query_count = case.query_count,
        .key_count = case.key_count,
        .query = @call(.auto, rowsOf, .{ Read, buffers.query.items.ptr } ++ q),
        .key = @call(.auto, rowsOf, .{ Read, buffers.key.items.ptr } ++ k),
        .value = @call(.auto, rowsOf, .{ Read, buffers.value.items.ptr } ++ k),
        .mask = if (case.masked) .{
            .data = buffers.mask.items.ptr,
            .batch_stride = 0,
            .head_stride = 0,
            .position_stride = case.key_count,
        } else null,
        .causal = case.causal,
        .scale = 0.4,
        .dropout = if (case.dropping) dropout else null,
    };
    const out = buffers.out.items.ptr;
    const rows = buffers.rows.items.ptr;
    const products = rows + case.batch * case.heads * case.query_count;
    const gradient = @call(.auto, rowsOf, .{ Read, buffers.gradient.items.ptr } ++ q);
    const out_rows = @call(.auto, rowsOf, .{ Write, out } ++ q);
    try threaded.forward(runner, &attention, out_rows, rows);
    const output = @call(.auto, rowsOf, .{ Read, out } ++ q);
    threaded.rowProducts(runner, &attention, products, output, gradient);
    @memset(buffers.mask_gradient.items, 0);
    try threaded.backward(runner, &attention, &.{
        .output = gradient,
        .log_sums = rows,
        .products = products,
        .query = @call(.auto, rowsOf, .{ Write, buffers.query_gradient.items.ptr } ++ q),
        .key = @call(.auto, rowsOf, .{ Write, buffers.key_gradient.items.ptr } ++ k),
        .value = @call(.auto, rowsOf, .{ Write, buffers.value_gradient.items.ptr } ++ k),
        .mask = if (case.masked) .{
            .data = buffers.mask_gradient.items.ptr,
            .batch_stride = 0,
            .head_stride = 0,
            .position_stride = case.key_count,
        } else null,
    });
    if (threads > 1) {
        for (given.first, resultsOf(buffers)) |expected, actual| {
            try std.testing.expectEqualSlices(f32, expected, actual);
        }
        return;
    }
    try compare(runner, case, buffers);
    for (given.first, resultsOf(buffers)) |copy, actual| @memcpy(copy, actual);
}

fn compare(runner: *Runner, case: Case, buffers: Buffers) !void {
    var memory = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer memory.deinit();
    const allocator = memory.allocator();
    const sums = .{
        try allocator.alloc(f64, buffers.query.items.len),
        try allocator.alloc(f64, buffers.key.items.len),
        try allocator.alloc(f64, buffers.key.items.len),
        try allocator.alloc(f64, buffers.mask.items.len),
    };
    inline for (sums) |sum| @memset(sum, 0);
    const weights = case.batch * case.heads * case.query_count * case.key_count;
    const factors = try allocator.alloc(f32, weights);
    @memset(factors, 1);
    runner.kernels.elementwise.dropout(factors.ptr, factors.ptr, weights, 0, &dropout);
    const expected = try allocator.alloc(f32, buffers.out.items.len);
    reference.attention(.{
        .batch = case.batch,
        .heads = case.heads,
        .kv_heads = case.kv_heads,
        .query_count = case.query_count,
        .key_count = case.key_count,
        .head_size = case.head_size,
        .causal = case.causal,
        .scale = @as(f32, 0.4),
    }, .{
        .query = buffers.query.items,
        .key = buffers.key.items,
        .value = buffers.value.items,
        .mask = if (case.masked) buffers.mask.items else null,
        .factors = if (case.dropping) factors else null,
        .gradient = buffers.gradient.items,
    }, .{
        .out = expected,
        .query = sums[0],
        .key = sums[1],
        .value = sums[2],
        .mask = if (case.masked) sums[3] else null,
    }, try allocator.alloc(f64, 2 * case.key_count));
    try support.expectClose(expected, buffers.out.items, 1e-5, 1e-4);
    const names = .{ "query_gradient", "key_gradient", "value_gradient", "mask_gradient" };
    inline for (sums, names) |sum, name| {
        const rounded = try allocator.alloc(f32, sum.len);
        for (rounded, sum) |*r, value| r.* = @floatCast(value);
        // Sums over hundreds of rows of both signs.
        try support.expectClose(rounded, @field(buffers, name).items, 3e-5, 1e-4);
    }
}
