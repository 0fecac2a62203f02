//! Elementwise kernels over long ranges, cut into chunks of a fixed number of elements.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const interface = @import("../elementwise_interface.zig");
const Kernels = @import("../interface.zig").Kernels;

/// Elements per chunk: 64 KB of f32, some microseconds of work. One chunk runs on the caller.
pub const chunk_elements = 16 << 10;

/// `out[i] = f(x[i])`; `out` may be `x`.
pub fn unary(
    runner: *Runner,
    function: interface.Unary,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        function: interface.Unary,
        out: [*]f32,
        x: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            kernels.elementwise.unary(job.function, job.out + start, job.x + start, length);
        }
    };
    forRanges(runner, count, Job{ .function = function, .out = out, .x = x });
}

/// `out[i] = a[i] op b[i]`; `out` may be `a` or `b`.
pub fn binary(
    runner: *Runner,
    function: interface.Binary,
    out: [*]f32,
    a: [*]const f32,
    b: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        function: interface.Binary,
        out: [*]f32,
        a: [*]const f32,
        b: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.a + start, job.b + start };
            kernels.elementwise.binary(job.function, at[0], at[1], at[2], length);
        }
    };
    forRanges(runner, count, Job{ .function = function, .out = out, .a = a, .b = b });
}

/// `out[i] = a[i] op b`; `out` may be `a`.
pub fn binaryScalar(
    runner: *Runner,
    function: interface.Binary,
    out: [*]f32,
    a: [*]const f32,
    b: f32,
    count: usize,
) void {
    const Job = struct {
        function: interface.Binary,
        out: [*]f32,
        a: [*]const f32,
        b: f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.a + start };
            kernels.elementwise.binary_scalar(job.function, at[0], at[1], job.b, length);
        }
    };
    forRanges(runner, count, Job{ .function = function, .out = out, .a = a, .b = b });
}

/// `out[i] = a op b[i]`; `out` may be `b`.
pub fn scalarBinary(
    runner: *Runner,
    function: interface.Binary,
    out: [*]f32,
    a: f32,
    b: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        function: interface.Binary,
        out: [*]f32,
        a: f32,
        b: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.b + start };
            kernels.elementwise.scalar_binary(job.function, at[0], job.a, at[1], length);
        }
    };
    forRanges(runner, count, Job{ .function = function, .out = out, .a = a, .b = b });
}

/// `out[i] = silu(gate[i]) * up[i]`; `out` may be either.
pub fn siluMul(
    runner: *Runner,
    out: [*]f32,
    gate: [*]const f32,
    up: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        out: [*]f32,
        gate: [*]const f32,
        up: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.gate + start, job.up + start };
            kernels.elementwise.silu_mul(at[0], at[1], at[2], length);
        }
    };
    forRanges(runner, count, Job{ .out = out, .gate = gate, .up = up });
}

/// Calls `job.range(kernels, start, length)` for consecutive ranges of `count` elements.
pub fn forRanges(runner: *Runner, count: usize, job: anytype) void {
    if (count <= chunk_elements) {
        if (count > 0) job.range(runner.kernels, 0, count);
        return;
    }
    const Call = struct {
        kernels: *const Kernels,
        count: usize,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = @as(usize, index) * chunk_elements;
            call.job.range(call.kernels, start, @min(chunk_elements, call.count - start));
        }
    };
    const call: Call = .{ .kernels = runner.kernels, .count = count, .job = job };
    const chunks = std.math.divCeil(usize, count, chunk_elements) catch unreachable;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}
