//! What this machine can do at most: `zig build bench-roofline [-- --json]` prints, for one thread
//! and for as many as there are processors, GB/s of reading memory and GFLOPS of f32 multiply-adds.
//!
//! Decoding reads every weight once per token, so tokens per second times the bytes of the weights
//! cannot exceed the first number; prefill cannot exceed the second. Both change while others use
//! the machine: measure them in the same minute as what is compared with them.

const std = @import("std");
const qorus = @import("qorus");
const probe = @import("fma_probe.zig");

var pool: qorus.Pool = .{};

/// More than any cache.
const data_bytes = 512 << 20;
/// Work for one thread at a time: as large as a matrix of a small model.
const chunk_bytes = 8 << 20;
const turn_count = 9;
const max_threads = 64;

const Words = @Vector(8, u64);

fn now() i96 {
    const io = std.Io.Threaded.global_single_threaded.io();
    return std.Io.Clock.awake.now(io).nanoseconds;
}

/// Memory that is read in as many places of each chunk at a time as `streams` says: prefetchers
/// follow several, and one alone does not reach what a core can ask for everywhere.
const Reading = struct {
    words: []const Words,
    streams: usize,

    fn chunkCount(reading: *const Reading) u32 {
        return @intCast(reading.words.len * @sizeOf(Words) / chunk_bytes);
    }

    fn run(context: *const anyopaque, chunk: u32, worker: u32) void {
        _ = worker;
        const reading: *const Reading = @ptrCast(@alignCast(context));
        const count = chunk_bytes / @sizeOf(Words);
        const words = reading.words[chunk * count ..][0..count];
        switch (reading.streams) {
            inline 1, 2, 4, 8 => |streams| read(streams, words),
            else => unreachable,
        }
    }

    fn read(comptime streams: usize, words: []const Words) void {
        const length = words.len / streams;
        var sums: [streams]Words = @splat(@splat(0));
        for (0..length) |i| {
            inline for (0..streams) |stream| sums[stream] ^= words[stream * length + i];
        }
        for (sums) |sum| std.mem.doNotOptimizeAway(sum);
    }
};

/// What was measured with a number of threads.
const Roof = struct {
    threads: u32,
    /// The middle of several turns, and the fastest, of the best way of reading.
    median_gigabytes_per_second: f64 = 0,
    most_gigabytes_per_second: f64 = 0,
    /// Null where the probe has no instructions for the processor.
    gigaflops: ?f64 = null,
};

fn measureReading(roof: *Roof, words: []const Words) void {
    for ([_]usize{ 1, 2, 4, 8 }) |streams| {
        const reading: Reading = .{ .words = words, .streams = streams };
        var rates: [turn_count]f64 = undefined;
        for (&rates) |*rate| {
            const start = now();
            pool.run(reading.chunkCount(), &reading, Reading.run);
            const nanoseconds: f64 = @floatFromInt(now() - start);
            rate.* = data_bytes / nanoseconds;
        }
        std.mem.sort(f64, &rates, {}, std.sort.asc(f64));
        if (rates[turn_count / 2] <= roof.median_gigabytes_per_second) continue;
        roof.median_gigabytes_per_second = rates[turn_count / 2];
        roof.most_gigabytes_per_second = rates[turn_count - 1];
    }
}

/// Multiply-adds of all threads at once.
const Computing = struct {
    rates: [max_threads]f64 = @splat(0),

    fn run(context: *const anyopaque, chunk: u32, worker: u32) void {
        _ = worker;
        const computing: *Computing = @ptrCast(@alignCast(@constCast(context)));
        computing.rates[chunk] = rate() orelse 0;
    }

    fn rate() ?f64 {
        if (qorus.cpu.supports(.v4)) return probe.gigaflops(.avx512, now);
        return if (qorus.cpu.supports(.v3)) probe.gigaflops(.avx2, now) else null;
    }
};

fn measureComputing(roof: *Roof) void {
    if (Computing.rate() == null) return;
    var computing: Computing = .{};
    pool.run(roof.threads, &computing, Computing.run);
    var sum: f64 = 0;
    for (computing.rates[0..roof.threads]) |rate| sum += rate;
    roof.gigaflops = sum;
}

pub fn main(init: std.process.Init) !void {
    var arguments = try init.minimal.args.iterateAllocator(init.arena.allocator());
    _ = arguments.skip();
    const is_json = if (arguments.next()) |first| std.mem.eql(u8, first, "--json") else false;
    var memory: qorus.Arena = try .init(data_bytes + (1 << 20));
    const data = try memory.slice(u8, data_bytes);
    @memset(data, 0x11);
    const words = std.mem.bytesAsSlice(Words, @as([]align(64) const u8, @alignCast(data)));

    const processors: u32 = @intCast(std.Thread.getCpuCount() catch 1);
    var roofs: [2]Roof = .{ .{ .threads = 1 }, .{ .threads = @min(processors, max_threads) } };
    const measured = roofs[0..if (roofs[1].threads > 1) 2 else 1];
    for (measured) |*roof| {
        pool.resize(roof.threads);
        measureReading(roof, words);
        measureComputing(roof);
    }

    var buffer: [1024]u8 = undefined;
    var output = std.Io.File.stdout().writer(init.io, &buffer);
    const writer = &output.interface;
    if (is_json) {
        try std.json.Stringify.value(measured, .{}, writer);
        try writer.writeByte('\n');
    } else {
        try writer.print("{s:<10}{s:>12}{s:>12}{s:>10}\n", .{ "threads", "GB/s", "most", "GFLOPS" });
        for (measured) |roof| {
            try writer.print("{d:<10}{d:>12.1}{d:>12.1}{d:>10.1}\n", .{
                roof.threads,
                roof.median_gigabytes_per_second,
                roof.most_gigabytes_per_second,
                roof.gigaflops orelse 0,
            });
        }
    }
    try writer.flush();
}
