//! Speed of products with weights: `zig build bench-linear [-- TEXT]` prints, for every dtype and
//! layout whose line contains TEXT, GB/s of weights with one token (decoding; the weights come from
//! memory) and GFLOPS with many, per instruction set and thread count. Weights lie in huge pages;
//! plain ones also in small pages, as those of mapped files do.

const std = @import("std");
const builtin = @import("builtin");
const qorus = @import("qorus");
const probe = @import("fma_probe.zig");

const Arena = qorus.Arena;
const linear = qorus.linear;

var pool: qorus.Pool = .{};

const rows = 5632;
const columns = 2048;
/// More than any cache: the matrices in here take turns.
const weights_bytes = 160 << 20;
const token_counts = [_]usize{ 1, 2, 4, 8, 64, 512 };
const measure_nanoseconds = 200 * std.time.ns_per_ms;

const Kind = struct {
    dtype: qorus.dtype.DType,
    layout: qorus.dtype.Layout,
    small_pages: bool = false,
};

const kinds = [_]Kind{
    .{ .dtype = .q4_0, .layout = .rows16 },
    .{ .dtype = .q8_0, .layout = .rows16 },
    .{ .dtype = .q4_k, .layout = .rows16 },
    .{ .dtype = .q5_k, .layout = .rows16 },
    .{ .dtype = .q6_k, .layout = .rows16 },
    .{ .dtype = .q4_0, .layout = .rows },
    .{ .dtype = .q8_0, .layout = .rows },
    .{ .dtype = .f16, .layout = .rows },
    .{ .dtype = .f16, .layout = .rows, .small_pages = true },
    .{ .dtype = .bf16, .layout = .rows },
    .{ .dtype = .bf16, .layout = .rows, .small_pages = true },
    .{ .dtype = .f32, .layout = .rows },
};

fn now() i96 {
    const io = std.Io.Threaded.global_single_threaded.io();
    return std.Io.Clock.awake.now(io).nanoseconds;
}

/// Products with one weight after another.
const Bench = struct {
    runner: qorus.Runner,
    weights: [*]const u8,
    x: [*]const f32,
    out: [*]f32,
    turn: usize = 0,

    fn multiply(bench: *Bench, kind: Kind, count: usize) !void {
        var weight: linear.Weight = .{
            .data = bench.weights,
            .dtype = kind.dtype,
            .layout = kind.layout,
            .rows = rows,
            .columns = columns,
        };
        const size = weight.rowBytes() * rows;
        weight.data += bench.turn % (weights_bytes / size) * size;
        bench.turn += 1;
        try linear.linear(&bench.runner, bench.out, bench.x, count, weight, null);
    }

    /// Seconds of one product: the fastest of many, since others use the machine too.
    fn seconds(bench: *Bench, kind: Kind, count: usize) !f64 {
        try bench.multiply(kind, count);
        var best: f64 = std.math.inf(f64);
        const end = now() + measure_nanoseconds;
        var repeats: usize = 0;
        while (now() < end or repeats < 5) : (repeats += 1) {
            const start = now();
            try bench.multiply(kind, count);
            best = @min(best, @as(f64, @floatFromInt(now() - start)));
        }
        return best / std.time.ns_per_s;
    }
};

/// GB/s of reading the weights and doing nothing else, one thread.
fn readSpeed(data: []const u8) f64 {
    const Words = @Vector(32, u64);
    const words = std.mem.bytesAsSlice(Words, @as([]align(64) const u8, @alignCast(data)));
    const start = now();
    var sums: Words = @splat(0);
    for (words) |value| sums ^= value;
    std.mem.doNotOptimizeAway(sums);
    const nanoseconds: f64 = @floatFromInt(now() - start);
    return @as(f64, @floatFromInt(data.len)) / nanoseconds;
}

/// Memory that the system must not back with huge pages.
fn inSmallPages(size: usize) ![]align(64) u8 {
    const memory = try std.posix.mmap(null, size, .{ .READ = true, .WRITE = true }, .{
        .TYPE = .PRIVATE,
        .ANONYMOUS = true,
    }, -1, 0);
    if (builtin.os.tag == .linux) {
        try std.posix.madvise(memory.ptr, size, std.posix.MADV.NOHUGEPAGE);
    }
    return @alignCast(memory);
}

pub fn main(init: std.process.Init) !void {
    var arguments = try init.minimal.args.iterateAllocator(init.arena.allocator());
    _ = arguments.skip();
    const wanted = arguments.next() orelse "";
    var memory: Arena = try .init(256 << 20);
    var scratch: Arena = try .init(256 << 20);
    const weights = try memory.slice(u8, weights_bytes);
    @memset(weights, 0x11);
    const in_small_pages = try inSmallPages(weights_bytes);
    @memset(in_small_pages, 0x11);
    const x = try memory.slice(f32, token_counts[token_counts.len - 1] * columns);
    for (x, 0..) |*value, i| value.* = @as(f32, @floatFromInt(i % 19)) - 9;
    const out = try memory.slice(f32, token_counts[token_counts.len - 1] * rows);
    const title = "[{d} x {d}] GB/s of weights with 1 token, GFLOPS with more\n";
    std.debug.print(title, .{ rows, columns });
    std.debug.print("{s:<28}", .{""});
    for (token_counts) |count| std.debug.print("{d:>9}", .{count});
    std.debug.print("{s:>9}{s:>9}\n", .{ "read", "FMA" });
    for ([_]qorus.cpu.Isa{ .v4_bf16, .v4, .v3, .dotprod, .baseline }) |isa| {
        if (!qorus.cpu.supports(isa)) continue;
        for (kinds) |kind| for ([_]u32{ 1, 2 }) |threads| {
            var buffer: [64]u8 = undefined;
            const name = try std.fmt.bufPrint(&buffer, "{t} {t} {s} x{d}", .{
                isa,     kind.dtype, if (kind.small_pages) "small pages" else @tagName(kind.layout),
                threads,
            });
            if (std.mem.indexOf(u8, name, wanted) == null) continue;
            pool.resize(threads);
            var bench: Bench = .{
                .runner = .{
                    .kernels = qorus.cpu.kernels(isa).?,
                    .bf16 = qorus.cpu.bf16Kernels(isa),
                    .pool = &pool,
                    .scratch = &scratch,
                },
                .weights = if (kind.small_pages) in_small_pages.ptr else weights.ptr,
                .x = x.ptr,
                .out = out.ptr,
            };
            std.debug.print("{s:<28}", .{name});
            for (token_counts) |count| {
                const seconds = try bench.seconds(kind, count);
                const bytes = rows * columns / kind.dtype.blockElements() * kind.dtype.blockBytes();
                const amount = if (count == 1) bytes else 2 * rows * columns * count;
                const rate = @as(f64, @floatFromInt(amount)) / seconds / 1e9;
                std.debug.print("{d:>9.1}", .{rate});
            }
            std.debug.print("{d:>9.1}", .{readSpeed(weights)});
            const peak = if (isa == .v4 or isa == .v4_bf16)
                probe.gigaflops(.avx512, now)
            else if (qorus.cpu.supports(.v3)) probe.gigaflops(.avx2, now) else null;
            std.debug.print("{d:>9.1}\n", .{peak orelse 0});
        };
    }
}
