//! Kernels that update parameters and that measure and limit gradients.

/// Rules by which parameters follow their gradients. The codes are part of the ABI.
pub const Algorithm = enum(u32) { sgd = 0, adam = 1, rmsprop = 2, lion = 3 };

/// Ways to measure the length of all gradients together. The codes are part of the ABI.
pub const Norm = enum(u32) {
    /// Sum of the magnitudes.
    one = 1,
    /// Root of the sum of the squares.
    two = 2,
    /// Largest magnitude.
    largest = 3,
};

/// `g += weight_decay * p`; with momentum `m = momentum * m + gradient_factor * g`, and `m` (or
/// with Nesterov `g + momentum * m`) takes the place of `g`; `p -= learning_rate * g`.
pub const Sgd = extern struct {
    learning_rate: f32,
    weight_decay: f32,
    momentum: f32,
    gradient_factor: f32,
    /// 1 with Nesterov's momentum, else 0.
    nesterov: f32,
};

/// `p *= decay; g += weight_decay * p; m += (1 - beta1) * (g - m);
/// v = beta2 * v + (1 - beta2) * g^2; p -= step_size * m / (sqrt(v) / root_correction + epsilon)`.
/// States: m, v.
pub const Adam = extern struct {
    /// Learning rate, divided by `1 - beta1^t`.
    step_size: f32,
    /// `sqrt(1 - beta2^t)`.
    root_correction: f32,
    epsilon: f32,
    beta1_complement: f32,
    beta2: f32,
    beta2_complement: f32,
    weight_decay: f32,
    /// 1, or less for decay that is apart from the gradient (AdamW).
    decay: f32,
};

/// `g += weight_decay * p; v = alpha * v + (1 - alpha) * g^2`, centered
/// `a += (1 - alpha) * (g - a)`; `d = g / (sqrt(v - a^2) + epsilon)`, with momentum
/// `b = momentum * b + d` in the place of d;
/// `p -= learning_rate * d`. States: v, then a when centered, then b with momentum.
pub const Rmsprop = extern struct {
    learning_rate: f32,
    weight_decay: f32,
    alpha: f32,
    alpha_complement: f32,
    epsilon: f32,
    momentum: f32,
    /// 1 when centered, else 0.
    centered: f32,
};

/// `p *= decay; p -= learning_rate * sign(beta1 * m + (1 - beta1) * g);
/// m += (1 - beta2) * (g - m)`. State: m.
pub const Lion = extern struct {
    learning_rate: f32,
    beta1: f32,
    beta1_complement: f32,
    beta2_complement: f32,
    decay: f32,
};

/// Floats that the options of one group take in shared memory.
pub const option_slots = 16;

/// Numbers of one group of parameters at one step.
pub const Options = extern union {
    sgd: Sgd,
    adam: Adam,
    rmsprop: Rmsprop,
    lion: Lion,
    slots: [option_slots]f32,
};

/// Most state tensors that a parameter has.
pub const max_states = 3;

/// How many state tensors belong to each parameter.
pub fn stateCount(algorithm: Algorithm, options: *const Options) usize {
    return switch (algorithm) {
        .sgd => @intFromBool(options.sgd.momentum != 0),
        .adam => 2,
        .rmsprop => @as(usize, 1) + @intFromBool(options.rmsprop.centered != 0) +
            @intFromBool(options.rmsprop.momentum != 0),
        .lion => 1,
    };
}

/// Elements of one parameter, its gradient and its states.
pub const Span = extern struct {
    parameter: [*]f32,
    gradient: [*]const f32,
    /// The first `stateCount` are set.
    states: [max_states]?[*]f32 = @splat(null),
    count: usize,

    pub fn part(span: Span, start: usize, count: usize) Span {
        var result: Span = .{
            .parameter = span.parameter + start,
            .gradient = span.gradient + start,
            .count = count,
        };
        for (&result.states, span.states) |*to, from| {
            to.* = if (from) |state| state + start else null;
        }
        return result;
    }
};

pub const Table = extern struct {
    /// One step of the rule on every element; parameter and states change in place.
    update: *const fn (
        algorithm: Algorithm,
        options: *const Options,
        span: *const Span,
    ) callconv(.c) void,
    /// Sum of magnitudes, sum of squares, or largest magnitude (NaN when there is a NaN).
    measure: *const fn (norm: Norm, x: [*]const f32, count: usize) callconv(.c) f64,
    /// `x[i]` to between `-limit` and `limit` in place; NaN stays.
    limit: *const fn (x: [*]f32, limit: f32, count: usize) callconv(.c) void,
};
