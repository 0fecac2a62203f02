//! Pooling of many planes, f32 `[planes][rows][columns]`: chunks are planes.

const std = @import("std");
const Runner = @import("runner.zig").Runner;
const Kernels = @import("../interface.zig").Kernels;
const interface = @import("../pooling_interface.zig");

pub const Window = interface.Window;
pub const Range = interface.Range;
pub const Ranges = interface.Ranges;

/// Elements that a chunk should have at least.
const chunk_elements = 32 << 10;

/// `indices` are places in each plane.
pub fn max(
    runner: *const Runner,
    window: *const Window,
    out: [*]f32,
    indices: [*]i32,
    x: [*]const f32,
    planes: usize,
) void {
    const Job = struct {
        window: *const Window,
        out: [*]f32,
        indices: [*]i32,
        x: [*]const f32,

        fn plane(job: *const @This(), kernels: *const Kernels, index: usize) void {
            const size = job.window.out[0] * job.window.out[1];
            const x_plane = job.x + index * job.window.in[0] * job.window.in[1];
            const out_plane = job.out + index * size;
            kernels.pooling.max(out_plane, job.indices + index * size, x_plane, job.window);
        }
    };
    const job: Job = .{ .window = window, .out = out, .indices = indices, .x = x };
    forPlanes(runner, planes, window.in[0] * window.in[1], job);
}

/// Replaces `out` by the gradients at their indices and zeros elsewhere; false, with some of `out`
/// undefined, when an index is not below `size`.
pub fn maxGradient(
    runner: *const Runner,
    out: [*]f32,
    size: usize,
    gradient: [*]const f32,
    indices: [*]const i32,
    count: usize,
    planes: usize,
) bool {
    const Job = struct {
        out: [*]f32,
        size: usize,
        gradient: [*]const f32,
        indices: [*]const i32,
        count: usize,
        failed: *std.atomic.Value(bool),

        fn plane(job: *const @This(), kernels: *const Kernels, index: usize) void {
            const start = index * job.count;
            const fits = kernels.pooling.max_gradient(
                job.out + index * job.size,
                job.size,
                job.gradient + start,
                job.indices + start,
                job.count,
            );
            if (!fits) job.failed.store(true, .monotonic);
        }
    };
    var failed: std.atomic.Value(bool) = .init(false);
    forPlanes(runner, planes, size, Job{
        .out = out,
        .size = size,
        .gradient = gradient,
        .indices = indices,
        .count = count,
        .failed = &failed,
    });
    return !failed.load(.monotonic);
}

const Average = struct {
    ranges: *const Ranges,
    out: [*]f32,
    x: [*]const f32,
    is_gradient: bool,

    fn plane(job: *const Average, kernels: *const Kernels, index: usize) void {
        const in = job.ranges.in[0] * job.ranges.in[1];
        const out = job.ranges.out[0] * job.ranges.out[1];
        if (job.is_gradient) {
            const gradient = job.x + index * out;
            kernels.pooling.average_gradient(job.out + index * in, gradient, job.ranges);
        } else {
            kernels.pooling.average(job.out + index * out, job.x + index * in, job.ranges);
        }
    }
};

pub fn average(
    runner: *const Runner,
    ranges: *const Ranges,
    out: [*]f32,
    x: [*]const f32,
    planes: usize,
) void {
    const job: Average = .{ .ranges = ranges, .out = out, .x = x, .is_gradient = false };
    forPlanes(runner, planes, ranges.in[0] * ranges.in[1], job);
}

/// The gradient of `average`'s x, given that of its result.
pub fn averageGradient(
    runner: *const Runner,
    ranges: *const Ranges,
    out: [*]f32,
    gradient: [*]const f32,
    planes: usize,
) void {
    const job: Average = .{ .ranges = ranges, .out = out, .x = gradient, .is_gradient = true };
    forPlanes(runner, planes, ranges.in[0] * ranges.in[1], job);
}

/// Calls `job.plane(kernels, index)` for all planes of `elements` each.
fn forPlanes(runner: *const Runner, planes: usize, elements: usize, job: anytype) void {
    const Call = struct {
        kernels: *const Kernels,
        planes: usize,
        planes_per_chunk: usize,
        job: @TypeOf(job),

        fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
            const call: *const @This() = @ptrCast(@alignCast(pointer));
            const start = number * call.planes_per_chunk;
            const end = @min(start + call.planes_per_chunk, call.planes);
            for (start..end) |index| call.job.plane(call.kernels, index);
        }
    };
    if (planes == 0) return;
    const planes_per_chunk = @max(1, chunk_elements / @max(1, elements));
    const call: Call = .{
        .kernels = runner.kernels,
        .planes = planes,
        .planes_per_chunk = planes_per_chunk,
        .job = job,
    };
    const chunks = (planes + planes_per_chunk - 1) / planes_per_chunk;
    runner.pool.run(@intCast(chunks), &call, Call.chunk);
}
