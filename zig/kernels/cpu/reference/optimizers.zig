//! Scalar references of the optimizers, in f64. Tests only.

const std = @import("std");
const interface = @import("../optimizers_interface.zig");

/// One step of every element, as the rules' definitions in the interface say it.
pub fn update(
    algorithm: interface.Algorithm,
    options: *const interface.Options,
    span: *const interface.Span,
) void {
    for (0..span.count) |i| {
        var states: [interface.max_states]f64 = @splat(0);
        for (&states, span.states) |*to, from| {
            if (from) |state| to.* = state[i];
        }
        const parameter: f64 = span.parameter[i];
        const gradient: f64 = span.gradient[i];
        const result = switch (algorithm) {
            .sgd => sgd(options.sgd, parameter, gradient, &states),
            .adam => adam(options.adam, parameter, gradient, &states),
            .rmsprop => rmsprop(options.rmsprop, parameter, gradient, &states),
            .lion => lion(options.lion, parameter, gradient, &states),
        };
        span.parameter[i] = @floatCast(result);
        for (span.states, states) |to, from| {
            if (to) |state| state[i] = @floatCast(from);
        }
    }
}

fn sgd(options: interface.Sgd, p: f64, gradient: f64, states: []f64) f64 {
    const g = gradient + options.weight_decay * p;
    if (options.momentum == 0) return p - options.learning_rate * g;
    states[0] = options.momentum * states[0] + options.gradient_factor * g;
    const direction = if (options.nesterov == 1) g + options.momentum * states[0] else states[0];
    return p - options.learning_rate * direction;
}

fn adam(options: interface.Adam, parameter: f64, gradient: f64, states: []f64) f64 {
    const p = parameter * options.decay;
    const g = gradient + options.weight_decay * p;
    states[0] += options.beta1_complement * (g - states[0]);
    states[1] = options.beta2 * states[1] + options.beta2_complement * g * g;
    const root = @sqrt(states[1]) / options.root_correction + options.epsilon;
    return p - options.step_size * states[0] / root;
}

fn rmsprop(options: interface.Rmsprop, p: f64, gradient: f64, states: []f64) f64 {
    const g = gradient + options.weight_decay * p;
    states[0] = options.alpha * states[0] + options.alpha_complement * g * g;
    var variance = states[0];
    if (options.centered == 1) {
        states[1] += options.alpha_complement * (g - states[1]);
        variance -= states[1] * states[1];
    }
    const direction = g / (@sqrt(variance) + options.epsilon);
    if (options.momentum == 0) return p - options.learning_rate * direction;
    const velocity = &states[if (options.centered == 1) 2 else 1];
    velocity.* = options.momentum * velocity.* + direction;
    return p - options.learning_rate * velocity.*;
}

fn lion(options: interface.Lion, p: f64, gradient: f64, states: []f64) f64 {
    const blend = options.beta1 * states[0] + options.beta1_complement * gradient;
    states[0] += options.beta2_complement * (gradient - states[0]);
    return p * options.decay - options.learning_rate * std.math.sign(blend);
}

pub fn measure(norm: interface.Norm, x: []const f32) f64 {
    var total: f64 = 0;
    for (x) |value| switch (norm) {
        .one => total += @abs(value),
        .two => total += @as(f64, value) * value,
        .largest => total = @max(total, @abs(value)),
    };
    return total;
}
