//! Speed of f32 matrix products: `zig build bench-matmul [-- TEXT]` prints GFLOPS for every shape
//! whose line contains TEXT, per instruction set and thread count, next to what the multiply-add
//! units of one core reached just before. `'` marks a transposed operand.

const std = @import("std");
const qorus = @import("qorus");
const probe = @import("fma_probe.zig");

const Arena = qorus.Arena;
const Pool = qorus.Pool;
const matmul = qorus.matmul;

var pool: Pool = .{};

/// Time for one measurement of a shape; the best of several counts.
const measure_nanoseconds = 60 * std.time.ns_per_ms;
const measure_rounds = 3;

const Measured = struct {
    m: usize,
    n: usize,
    k: usize,
    batch: usize = 1,
    transposed_a: bool = false,
    transposed_b: bool = false,
};

const measured = squares ++ thin ++ layers ++ sequences ++ batches;

const squares = blk: {
    var list: []const Measured = &.{};
    for ([_]usize{ 16, 32, 64, 96, 128, 256, 512, 1024, 2048 }) |size| {
        const orders = [_][2]bool{ .{ false, false }, .{ false, true }, .{ true, false } };
        for (orders) |transposed| {
            const both = Measured{
                .m = size,
                .n = size,
                .k = size,
                .transposed_a = transposed[0],
                .transposed_b = transposed[1],
            };
            list = list ++ &[_]Measured{both};
        }
    }
    break :blk list[0..list.len].*;
};

const thin = blk: {
    var list: []const Measured = &.{};
    for ([_]usize{ 1, 2, 3, 4, 5, 8, 12, 16, 32 }) |m| {
        list = list ++ &[_]Measured{
            .{ .m = m, .n = 2048, .k = 2048 },
            .{ .m = m, .n = 2048, .k = 2048, .transposed_b = true },
        };
    }
    for ([_]usize{ 1, 2, 4, 16 }) |n| {
        list = list ++ &[_]Measured{.{ .m = 2048, .n = n, .k = 2048 }};
    }
    break :blk list[0..list.len].*;
};

/// Training steps of small networks: forward, gradient of the weights, gradient of the input.
const layers = [_]Measured{
    .{ .m = 128, .n = 512, .k = 784, .transposed_b = true },
    .{ .m = 128, .n = 784, .k = 512 },
    .{ .m = 512, .n = 784, .k = 128, .transposed_a = true },
    .{ .m = 128, .n = 10, .k = 256, .transposed_b = true },
    .{ .m = 4096, .n = 64, .k = 64 },
};

/// A layer of a transformer and one of an LSTM: 4096 rows of activations, as above.
const sequences = blk: {
    var list: []const Measured = &.{};
    const sizes = [_][2]usize{
        .{ 384, 384 }, .{ 384, 1024 }, .{ 1024, 384 },
        .{ 384, 96 },  .{ 256, 1024 }, .{ 256, 96 },
    };
    for (sizes) |size| {
        const inputs, const outputs = size;
        list = list ++ &[_]Measured{
            .{ .m = 4096, .n = outputs, .k = inputs, .transposed_b = true },
            .{ .m = 4096, .n = inputs, .k = outputs },
            .{ .m = outputs, .n = inputs, .k = 4096, .transposed_a = true },
        };
    }
    break :blk list[0..list.len].*;
};

const batches = [_]Measured{
    .{ .m = 16, .n = 16, .k = 16, .batch = 1024 },
    .{ .m = 16, .n = 16, .k = 16, .batch = 1024, .transposed_b = true },
    .{ .m = 128, .n = 128, .k = 64, .batch = 96, .transposed_b = true },
    .{ .m = 128, .n = 64, .k = 128, .batch = 96 },
};

fn now() i96 {
    const io = std.Io.Threaded.global_single_threaded.io();
    return std.Io.Clock.awake.now(io).nanoseconds;
}

/// Best GFLOPS of one shape.
fn gigaflops(runner: *const qorus.Runner, item: Measured, memory: *Arena) !f64 {
    const mark = memory.head;
    defer memory.reset(mark);
    const a = try operand(memory, item.m, item.k, item.batch, item.transposed_a);
    const b = try operand(memory, item.k, item.n, item.batch, item.transposed_b);
    const out = try memory.slice(f32, item.batch * item.m * item.n);
    const shape: matmul.Shape = .{
        .m = item.m,
        .n = item.n,
        .k = item.k,
        .batch = .{ 1, 1, 1, item.batch },
    };
    const output: matmul.Output = .{
        .data = out.ptr,
        .row_stride = item.n,
        .batch_strides = .{ 0, 0, 0, item.m * item.n },
    };
    try matmul.matmul(runner, shape, a, b, output);
    var best: f64 = std.math.inf(f64);
    for (0..measure_rounds) |_| {
        const start = now();
        var repeats: f64 = 0;
        while (now() - start < measure_nanoseconds / measure_rounds) : (repeats += 1) {
            try matmul.matmul(runner, shape, a, b, output);
        }
        const nanoseconds: f64 = @floatFromInt(now() - start);
        best = @min(best, nanoseconds / repeats);
    }
    return 2 * @as(f64, @floatFromInt(shape.work() * item.batch)) / best;
}

fn operand(
    memory: *Arena,
    rows: usize,
    columns: usize,
    batch: usize,
    transposed: bool,
) !matmul.Operand {
    const data = try memory.slice(f32, batch * rows * columns);
    for (data, 0..) |*x, i| x.* = @as(f32, @floatFromInt(i % 17)) - 8;
    return .{
        .data = data.ptr,
        .row_stride = if (transposed) 1 else columns,
        .column_stride = if (transposed) rows else 1,
        .batch_strides = .{ 0, 0, 0, rows * columns },
    };
}

/// What each shape is measured with, one column each.
const Setting = struct {
    isa: qorus.cpu.Isa,
    precision: qorus.Precision = .f32,
    thread_count: u32,
};

const settings = [_]Setting{
    .{ .isa = .v4_bf16, .precision = .bf16, .thread_count = 1 },
    .{ .isa = .v4_bf16, .precision = .bf16, .thread_count = 2 },
    .{ .isa = .v4, .thread_count = 1 },
    .{ .isa = .v4, .thread_count = 2 },
    .{ .isa = .v3, .thread_count = 1 },
    .{ .isa = .v3, .thread_count = 2 },
    .{ .isa = .dotprod, .thread_count = 1 },
    .{ .isa = .dotprod, .thread_count = 2 },
    .{ .isa = .baseline, .thread_count = 1 },
};

fn probed() ?f64 {
    if (qorus.cpu.supports(.v4)) return probe.gigaflops(.avx512, now);
    if (qorus.cpu.supports(.v3)) return probe.gigaflops(.avx2, now);
    return null;
}

fn printHeader() void {
    std.debug.print("{s:<34}{s:>8}", .{ "GFLOPS", "probe" });
    for (settings) |setting| {
        if (!qorus.cpu.supports(setting.isa)) continue;
        std.debug.print("{t:>9} x{d}", .{ setting.isa, setting.thread_count });
    }
    std.debug.print("\n", .{});
}

pub fn main(init: std.process.Init) !void {
    var arguments = try init.minimal.args.iterateAllocator(init.arena.allocator());
    _ = arguments.skip();
    const wanted = arguments.next() orelse "";
    var memory: Arena = try .init(1 << 30);
    var scratch: Arena = try .init(256 << 20);
    printHeader();
    for (measured) |item| {
        const a_mark = if (item.transposed_a) "'" else "";
        const b_mark = if (item.transposed_b) "'" else "";
        var buffer: [64]u8 = undefined;
        const name = try std.fmt.bufPrint(&buffer, "{d}x[{d}x{d}{s} x {d}x{d}{s}]", .{
            item.batch, item.m, item.k, a_mark, item.k, item.n, b_mark,
        });
        if (std.mem.indexOf(u8, name, wanted) == null) continue;
        std.debug.print("{s:<34}{d:>8.1}", .{ name, probed() orelse std.math.nan(f64) });
        for (settings) |setting| {
            if (!qorus.cpu.supports(setting.isa)) continue;
            pool.resize(setting.thread_count);
            const runner: qorus.Runner = .{
                .kernels = qorus.cpu.kernels(setting.isa).?,
                .bf16 = qorus.cpu.bf16Kernels(setting.isa),
                .precision = setting.precision,
                .pool = &pool,
                .scratch = &scratch,
            };
            std.debug.print("{d:>12.1}", .{try gigaflops(&runner, item, &memory)});
        }
        std.debug.print("\n", .{});
    }
}
