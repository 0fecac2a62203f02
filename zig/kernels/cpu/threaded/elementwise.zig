//! Elementwise kernels over long ranges, cut into chunks of a fixed number of elements.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const interface = @import("../elementwise_interface.zig");
const Kernels = @import("../interface.zig").Kernels;

/// Elements per chunk: 64 KB of f32, some microseconds of work. One chunk runs on the caller.
pub const chunk_elements = 16 << 10;

/// Results from here on go past the caches: smaller ones may be found there by what reads them.
const least_bytes_aside = 32 << 20;

/// The functions for a result: those that write past the caches where it is larger than these and
/// replaces no operand, whose lines would have been read anyway.
pub const Way = enum {
    cached,
    aside,

    pub fn of(out: [*]const f32, count: usize, operands: []const [*]const f32) Way {
        if (count * @sizeOf(f32) < least_bytes_aside) return .cached;
        if (@intFromPtr(out) % 64 != 0) return .cached;
        for (operands) |operand| if (operand == out) return .cached;
        return .aside;
    }

    pub fn kernel(
        way: Way,
        kernels: *const Kernels,
        comptime name: []const u8,
    ) @FieldType(interface.Functions, name) {
        const family = &kernels.elementwise;
        return if (way == .aside) @field(family.aside, name) else @field(family, name);
    }
};

/// Calls `job.range(kernels, start, length)` for consecutive ranges of a result. Those that go past
/// the caches are long: at its end each waits until all of it is written.
fn forResult(runner: *Runner, count: usize, job: anytype) void {
    switch (job.way) {
        .cached => forChunks(runner, count, chunk_elements, job),
        .aside => forChunks(runner, count, 16 * chunk_elements, job),
    }
}

/// `out[i] = f(x[i])`; `out` may be `x`.
pub fn unary(
    runner: *Runner,
    function: interface.Unary,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        way: Way,
        function: interface.Unary,
        out: [*]f32,
        x: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            job.way.kernel(kernels, "unary")(job.function, job.out + start, job.x + start, length);
        }
    };
    const way: Way = .of(out, count, &.{x});
    forResult(runner, count, Job{ .way = way, .function = function, .out = out, .x = x });
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
        way: Way,
        function: interface.Binary,
        out: [*]f32,
        a: [*]const f32,
        b: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.a + start, job.b + start };
            job.way.kernel(kernels, "binary")(job.function, at[0], at[1], at[2], length);
        }
    };
    const way: Way = .of(out, count, &.{ a, b });
    forResult(runner, count, Job{ .way = way, .function = function, .out = out, .a = a, .b = b });
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
        way: Way,
        function: interface.Binary,
        out: [*]f32,
        a: [*]const f32,
        b: f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.a + start };
            job.way.kernel(kernels, "binary_scalar")(job.function, at[0], at[1], job.b, length);
        }
    };
    const way: Way = .of(out, count, &.{a});
    forResult(runner, count, Job{ .way = way, .function = function, .out = out, .a = a, .b = b });
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
        way: Way,
        function: interface.Binary,
        out: [*]f32,
        a: f32,
        b: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.b + start };
            job.way.kernel(kernels, "scalar_binary")(job.function, at[0], job.a, at[1], length);
        }
    };
    const way: Way = .of(out, count, &.{b});
    forResult(runner, count, Job{ .way = way, .function = function, .out = out, .a = a, .b = b });
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
        way: Way,
        out: [*]f32,
        gate: [*]const f32,
        up: [*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.gate + start, job.up + start };
            job.way.kernel(kernels, "silu_mul")(at[0], at[1], at[2], length);
        }
    };
    const way: Way = .of(out, count, &.{ gate, up });
    forResult(runner, count, Job{ .way = way, .out = out, .gate = gate, .up = up });
}

/// `out[i] = f(x[i], first, second)`; `out` may be `x`.
pub fn parametric(
    runner: *Runner,
    function: interface.Parametric,
    out: [*]f32,
    x: [*]const f32,
    first: f32,
    second: f32,
    count: usize,
) void {
    const Job = struct {
        function: interface.Parametric,
        out: [*]f32,
        x: [*]const f32,
        numbers: [2]f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.x + start };
            kernels.elementwise.parametric(
                job.function,
                at[0],
                at[1],
                job.numbers[0],
                job.numbers[1],
                length,
            );
        }
    };
    forRanges(
        runner,
        count,
        Job{ .function = function, .out = out, .x = x, .numbers = .{ first, second } },
    );
}

/// `out[i] = gradient[i] * f'(saved[i], first, second)`; `out` may be either.
pub fn derivative(
    runner: *Runner,
    function: interface.Derivative,
    out: [*]f32,
    gradient: [*]const f32,
    saved: [*]const f32,
    numbers: [2]f32,
    count: usize,
) void {
    const Job = struct {
        way: Way,
        function: interface.Derivative,
        out: [*]f32,
        gradient: [*]const f32,
        saved: [*]const f32,
        numbers: [2]f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const at = .{ job.out + start, job.gradient + start, job.saved + start };
            const first, const second = job.numbers;
            job.way.kernel(kernels, "derivative")(
                job.function,
                at[0],
                at[1],
                at[2],
                first,
                second,
                length,
            );
        }
    };
    const way: Way = .of(out, count, &.{ gradient, saved });
    const job: Job = .{
        .way = way,
        .function = function,
        .out = out,
        .gradient = gradient,
        .saved = saved,
        .numbers = numbers,
    };
    forResult(runner, count, job);
}

/// Gradients of `silu(gate[i]) * up[i]`; outputs may be inputs.
pub fn siluMulGradients(
    runner: *Runner,
    gate_out: [*]f32,
    up_out: [*]f32,
    gradient: [*]const f32,
    gate: [*]const f32,
    up: [*]const f32,
    count: usize,
) void {
    const Job = struct {
        outs: [2][*]f32,
        inputs: [3][*]const f32,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            const outs = .{ job.outs[0] + start, job.outs[1] + start };
            const inputs = .{ job.inputs[0] + start, job.inputs[1] + start, job.inputs[2] + start };
            kernels.elementwise.silu_mul_gradients(
                outs[0],
                outs[1],
                inputs[0],
                inputs[1],
                inputs[2],
                length,
            );
        }
    };
    forRanges(
        runner,
        count,
        Job{ .outs = .{ gate_out, up_out }, .inputs = .{ gradient, gate, up } },
    );
}

/// `out[i] = x[i] * scale` or 0; `out` may be `x`.
pub fn dropout(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    mask: interface.DropoutMask,
) void {
    const Job = struct {
        out: [*]f32,
        x: [*]const f32,
        mask: interface.DropoutMask,

        pub fn range(job: @This(), kernels: *const Kernels, start: usize, length: usize) void {
            kernels.elementwise.dropout(job.out + start, job.x + start, length, start, &job.mask);
        }
    };
    forRanges(runner, count, Job{ .out = out, .x = x, .mask = mask });
}

/// Calls `job.range(kernels, start, length)` for consecutive ranges of `count` elements.
pub fn forRanges(runner: *Runner, count: usize, job: anytype) void {
    forChunks(runner, count, chunk_elements, job);
}

fn forChunks(runner: *Runner, count: usize, comptime size: usize, job: anytype) void {
    if (count <= size) {
        if (count > 0) job.range(runner.kernels, 0, count);
        return;
    }
    const Call = struct {
        kernels: *const Kernels,
        count: usize,
        job: @TypeOf(job),

        fn chunk(context: *const anyopaque, index: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(context));
            const start = @as(usize, index) * size;
            call.job.range(call.kernels, start, @min(size, call.count - start));
        }
    };
    const call: Call = .{ .kernels = runner.kernels, .count = count, .job = job };
    const chunks = std.math.divCeil(usize, count, size) catch unreachable;
    runner.pool.runShares(@intCast(chunks), &call, Call.chunk);
}
