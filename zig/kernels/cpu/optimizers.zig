//! Steps of optimizers over contiguous f32, and the length of gradients.

const std = @import("std");
const simd = @import("simd.zig");
const interface = @import("optimizers_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const Options = interface.Options;
const Span = interface.Span;

pub const table: interface.Table = .{ .update = update, .measure = measure, .limit = limit };

fn update(
    algorithm: interface.Algorithm,
    options: *const Options,
    span: *const Span,
) callconv(.c) void {
    switch (algorithm) {
        .sgd => if (options.sgd.momentum == 0)
            run(0, PlainSgd{ .options = options.sgd }, span)
        else if (options.sgd.nesterov == 0)
            run(1, MomentumSgd(false){ .options = options.sgd }, span)
        else
            run(1, MomentumSgd(true){ .options = options.sgd }, span),
        .adam => run(2, Adam{ .options = options.adam }, span),
        .rmsprop => {
            const centered = options.rmsprop.centered != 0;
            const momentum = options.rmsprop.momentum != 0;
            if (centered and momentum) {
                run(3, Rmsprop(true, true){ .options = options.rmsprop }, span);
            } else if (centered) {
                run(2, Rmsprop(true, false){ .options = options.rmsprop }, span);
            } else if (momentum) {
                run(2, Rmsprop(false, true){ .options = options.rmsprop }, span);
            } else {
                run(1, Rmsprop(false, false){ .options = options.rmsprop }, span);
            }
        },
        .lion => run(1, Lion{ .options = options.lion }, span),
    }
}

/// Applies `rule.apply(parameter, gradient, &states)`, which returns the new parameter, everywhere.
fn run(comptime state_count: usize, rule: anytype, span: *const Span) void {
    var pointers: [state_count][*]f32 = undefined;
    for (&pointers, span.states[0..state_count]) |*pointer, state| pointer.* = state.?;
    const count = span.count;
    var states: [state_count]V = undefined;
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) {
        inline for (&states, &pointers) |*state, pointer| state.* = simd.load(pointer + i);
        const parameter = simd.load(span.parameter + i);
        const gradient = simd.load(span.gradient + i);
        simd.store(span.parameter + i, rule.apply(parameter, gradient, &states));
        inline for (&states, &pointers) |state, pointer| simd.store(pointer + i, state);
    }
    if (i == count) return;
    const rest = count - i;
    inline for (&states, &pointers) |*state, pointer| state.* = simd.loadPart(pointer + i, rest, 0);
    const parameter = simd.loadPart(span.parameter + i, rest, 0);
    const gradient = simd.loadPart(span.gradient + i, rest, 0);
    simd.storePart(span.parameter + i, rule.apply(parameter, gradient, &states), rest);
    inline for (&states, &pointers) |state, pointer| simd.storePart(pointer + i, state, rest);
}

inline fn splat(value: f32) V {
    return @splat(value);
}

const PlainSgd = struct {
    options: interface.Sgd,

    inline fn apply(self: @This(), parameter: V, gradient: V, _: *[0]V) V {
        const g = simd.mulAdd(splat(self.options.weight_decay), parameter, gradient);
        return simd.mulAdd(splat(-self.options.learning_rate), g, parameter);
    }
};

fn MomentumSgd(comptime nesterov: bool) type {
    return struct {
        options: interface.Sgd,

        inline fn apply(self: @This(), parameter: V, gradient: V, states: *[1]V) V {
            const options = self.options;
            const momentum = splat(options.momentum);
            const g = simd.mulAdd(splat(options.weight_decay), parameter, gradient);
            const velocity = simd.mulAdd(momentum, states[0], splat(options.gradient_factor) * g);
            states[0] = velocity;
            const direction = if (nesterov) simd.mulAdd(momentum, velocity, g) else velocity;
            return simd.mulAdd(splat(-options.learning_rate), direction, parameter);
        }
    };
}

const Adam = struct {
    options: interface.Adam,

    inline fn apply(self: @This(), parameter: V, gradient: V, states: *[2]V) V {
        const options = self.options;
        const p = parameter * splat(options.decay);
        const g = simd.mulAdd(splat(options.weight_decay), p, gradient);
        const mean = simd.mulAdd(splat(options.beta1_complement), g - states[0], states[0]);
        const old_square = splat(options.beta2) * states[1];
        const square = simd.mulAdd(splat(options.beta2_complement) * g, g, old_square);
        states.* = .{ mean, square };
        // Both sides of the fraction times the correction: one division in place of two.
        const root = @sqrt(square) + splat(options.root_correction * options.epsilon);
        return p - splat(options.root_correction * options.step_size) * mean / root;
    }
};

fn Rmsprop(comptime centered: bool, comptime momentum: bool) type {
    const state_count = 1 + @as(usize, @intFromBool(centered)) + @intFromBool(momentum);
    return struct {
        options: interface.Rmsprop,

        inline fn apply(self: @This(), parameter: V, gradient: V, states: *[state_count]V) V {
            const options = self.options;
            const rest = splat(options.alpha_complement);
            const g = simd.mulAdd(splat(options.weight_decay), parameter, gradient);
            states[0] = simd.mulAdd(rest * g, g, splat(options.alpha) * states[0]);
            var variance = states[0];
            if (centered) {
                states[1] = simd.mulAdd(rest, g - states[1], states[1]);
                variance -= states[1] * states[1];
                // Rounding can bring a variance near 0 below it. NaN stays.
                variance = @select(f32, variance < splat(0), splat(0), variance);
            }
            var direction = g / (@sqrt(variance) + splat(options.epsilon));
            if (momentum) {
                const velocity = &states[state_count - 1];
                velocity.* = simd.mulAdd(splat(options.momentum), velocity.*, direction);
                direction = velocity.*;
            }
            return simd.mulAdd(splat(-options.learning_rate), direction, parameter);
        }
    };
}

const Lion = struct {
    options: interface.Lion,

    inline fn apply(self: @This(), parameter: V, gradient: V, states: *[1]V) V {
        const options = self.options;
        const mean = states[0];
        const new = splat(options.beta1_complement) * gradient;
        const blend = simd.mulAdd(splat(options.beta1), mean, new);
        // 0 and NaN are what they were.
        const negative = @select(f32, blend < splat(0), splat(-1), blend);
        const sign = @select(f32, blend > splat(0), splat(1), negative);
        states[0] = simd.mulAdd(splat(options.beta2_complement), gradient - mean, mean);
        return simd.mulAdd(splat(-options.learning_rate), sign, parameter * splat(options.decay));
    }
};

/// Elements summed in f32 before the sum goes on in f64.
const sum_block = 4096;

fn measure(norm: interface.Norm, x: [*]const f32, count: usize) callconv(.c) f64 {
    return switch (norm) {
        inline .one, .two => |kind| sum(kind, x, count),
        .largest => largest(x, count),
    };
}

fn sum(comptime norm: interface.Norm, x: [*]const f32, count: usize) f64 {
    var total: f64 = 0;
    var start: usize = 0;
    while (start < count) : (start += sum_block) {
        const end = @min(start + sum_block, count);
        var sums: [4]V = @splat(splat(0));
        var i = start;
        while (i + 4 * lanes <= end) : (i += 4 * lanes) {
            inline for (&sums, 0..) |*s, k| s.* = addTerm(norm, s.*, simd.load(x + i + k * lanes));
        }
        while (i + lanes <= end) : (i += lanes) sums[0] = addTerm(norm, sums[0], simd.load(x + i));
        if (i < end) sums[1] = addTerm(norm, sums[1], simd.loadPart(x + i, end - i, 0));
        total += @reduce(.Add, (sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    return total;
}

inline fn addTerm(comptime norm: interface.Norm, total: V, x: V) V {
    return if (norm == .two) simd.mulAdd(x, x, total) else total + @abs(x);
}

fn largest(x: [*]const f32, count: usize) f64 {
    var best = splat(0);
    // A maximum does not keep NaN: they are kept apart.
    var nan = splat(0);
    var i: usize = 0;
    while (i < count) : (i += lanes) {
        const rest = count - i;
        const part = if (rest >= lanes) simd.load(x + i) else simd.loadPart(x + i, rest, 0);
        const magnitude = @abs(part);
        best = @select(f32, magnitude > best, magnitude, best);
        nan = @select(f32, part == part, nan, part);
    }
    const found: [lanes]f32 = nan;
    for (found) |value| if (std.math.isNan(value)) return value;
    return @reduce(.Max, best);
}

fn limit(x: [*]f32, bound: f32, count: usize) callconv(.c) void {
    var i: usize = 0;
    while (i + lanes <= count) : (i += lanes) simd.store(x + i, limited(simd.load(x + i), bound));
    if (i == count) return;
    const part = simd.loadPart(x + i, count - i, 0);
    simd.storePart(x + i, limited(part, bound), count - i);
}

/// The comparisons are false for NaN, which stays.
inline fn limited(x: V, bound: f32) V {
    const above = @select(f32, x < splat(-bound), splat(-bound), x);
    return @select(f32, above > splat(bound), splat(bound), above);
}
