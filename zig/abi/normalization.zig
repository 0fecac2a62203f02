//! Softmax and norms, over the last dimension or over channels, and their gradients.

const call = @import("call.zig").call;
const channels = @import("../ops/channels.zig");
const normalization = @import("../ops/normalization.zig");
const normalization_gradient = @import("../ops/normalization_gradient.zig");

/// softmax(scale * x) over the last dimension.
export fn q_softmax(x: u32, scale: f32, out: u32) i32 {
    return call(normalization.softmax, .{ x, scale, out });
}

/// The gradient of y = softmax(scale * x).
export fn q_softmax_gradient(y: u32, gradient: u32, scale: f32) i32 {
    return call(normalization_gradient.softmaxGradient, .{ y, gradient, scale });
}

/// log(softmax(x)) over the last dimension.
export fn q_log_softmax(x: u32, out: u32) i32 {
    return call(normalization_gradient.logSoftmax, .{ x, out });
}

/// The gradient of y = log(softmax(x)).
export fn q_log_softmax_gradient(y: u32, gradient: u32) i32 {
    return call(normalization_gradient.logSoftmaxGradient, .{ y, gradient });
}

/// Root mean square norm over the last dimension.
export fn q_rmsnorm(x: u32, weight: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.rmsnorm, .{ x, weight, epsilon, out });
}

/// residual += x, then its root mean square norm.
export fn q_add_rmsnorm(residual: u32, x: u32, weight: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.addRmsnorm, .{ residual, x, weight, epsilon, out });
}

/// Layer norm over the last dimension; bias may be 0.
export fn q_layernorm(x: u32, weight: u32, bias: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.layernorm, .{ x, weight, bias, epsilon, out });
}

/// The gradient of a norm over the last dimension; sums takes the weight's [columns] of a root mean
/// square norm, or the weight's and bias's [2, columns] of a layer norm.
export fn q_norm_gradient(x: u32, weight: u32, gradient: u32, epsilon: f32, sums: u32) i32 {
    return call(normalization_gradient.normGradient, .{ x, weight, gradient, epsilon, sums });
}

/// The gradient of x * weight with weight [columns]; sums [columns] takes the weight's.
export fn q_row_product_gradient(x: u32, weight: u32, gradient: u32, sums: u32) i32 {
    return call(normalization_gradient.rowProductGradient, .{ x, weight, gradient, sums });
}

// Norms over channels.

/// Statistics [2, channels] of a batch; running ones may be 0, else they move towards it.
export fn q_batch_statistics(
    x: u32,
    running_mean: u32,
    running_variance: u32,
    momentum: f32,
    epsilon: f32,
) i32 {
    const arguments = .{ x, running_mean, running_variance, momentum, epsilon };
    return call(channels.batchStatistics, arguments);
}

/// Statistics [2, channels] from running ones.
export fn q_running_statistics(mean: u32, variance: u32, epsilon: f32) i32 {
    return call(channels.runningStatistics, .{ mean, variance, epsilon });
}

/// Statistics [2, batch, groups] of groups of channels.
export fn q_group_statistics(x: u32, groups: u32, epsilon: f32) i32 {
    return call(channels.groupStatistics, .{ x, groups, epsilon });
}

/// (x - mean) * inverse * weight + bias with the statistics' numbers; weight and bias may be 0.
export fn q_channel_norm(x: u32, statistics: u32, weight: u32, bias: u32) i32 {
    return call(channels.normalize, .{ x, statistics, weight, bias });
}

/// The gradient of q_channel_norm; sums [2, channels] takes those of weight and bias. constant is 1
/// where the statistics do not depend on x. out may be 0, the gradient or x.
export fn q_channel_norm_gradient(
    gradient: u32,
    x: u32,
    statistics: u32,
    weight: u32,
    constant: u32,
    sums: u32,
    out: u32,
) i32 {
    return call(channels.gradient, .{ gradient, x, statistics, weight, constant, sums, out });
}
