//! Plain convolutions and their gradients, summed in f64. Tests only.

const std = @import("std");
const Geometry = @import("../threaded/convolution_geometry.zig").Geometry;

/// One multiply-add of a convolution: places in x, weight and result.
const Term = struct { x: usize, weight: usize, out: usize };

/// Calls `add(context, term)` for every multiply-add.
fn forTerms(g: Geometry, context: anytype, add: fn (@TypeOf(context), Term) void) void {
    for (0..g.images) |image| for (0..g.groups) |group| for (0..g.out_channels) |o| {
        for (0..g.out[0]) |row| for (0..g.out[1]) |column| for (0..g.in_channels) |i| {
            for (0..g.kernel[0]) |a| for (0..g.kernel[1]) |b| {
                const y = row * g.stride[0] + a * g.dilation[0];
                const x = column * g.stride[1] + b * g.dilation[1];
                if (y < g.padding[0] or x < g.padding[1]) continue;
                if (y - g.padding[0] >= g.in[0] or x - g.padding[1] >= g.in[1]) continue;
                const in_plane = (image * g.groups + group) * g.in_channels + i;
                const out_plane = (image * g.groups + group) * g.out_channels + o;
                const kernel = (group * g.out_channels + o) * g.in_channels + i;
                const in_row = in_plane * g.in[0] + y - g.padding[0];
                add(context, .{
                    .x = in_row * g.in[1] + x - g.padding[1],
                    .weight = (kernel * g.kernel[0] + a) * g.kernel[1] + b,
                    .out = (out_plane * g.out[0] + row) * g.out[1] + column,
                });
            };
        };
    };
}

/// `sums` start with what is there.
pub fn forward(g: Geometry, sums: []f64, x: []const f32, weight: []const f32) void {
    const Context = struct { sums: []f64, x: []const f32, weight: []const f32 };
    forTerms(g, Context{ .sums = sums, .x = x, .weight = weight }, struct {
        fn add(context: Context, term: Term) void {
            context.sums[term.out] += @as(f64, context.x[term.x]) * context.weight[term.weight];
        }
    }.add);
}

pub fn inputGradient(g: Geometry, sums: []f64, gradient: []const f32, weight: []const f32) void {
    const Context = struct { sums: []f64, gradient: []const f32, weight: []const f32 };
    forTerms(g, Context{ .sums = sums, .gradient = gradient, .weight = weight }, struct {
        fn add(context: Context, term: Term) void {
            context.sums[term.x] +=
                @as(f64, context.gradient[term.out]) * context.weight[term.weight];
        }
    }.add);
}

pub fn weightGradient(g: Geometry, sums: []f64, x: []const f32, gradient: []const f32) void {
    const Context = struct { sums: []f64, x: []const f32, gradient: []const f32 };
    forTerms(g, Context{ .sums = sums, .x = x, .gradient = gradient }, struct {
        fn add(context: Context, term: Term) void {
            context.sums[term.weight] += @as(f64, context.x[term.x]) * context.gradient[term.out];
        }
    }.add);
}
