//! Losses and optimizers.

const call = @import("call.zig").call;
const losses = @import("../ops/losses.zig");
const optimizers = @import("../ops/optimizers.zig");

/// A loss of single elements, with a code of kernels/cpu/losses_interface.zig; weight,
/// positive_weight and gradient may be 0. Parameters: delta (f32), reduction (0 none, 1 mean,
/// 2 sum).
export fn q_pointwise_loss(
    kind: u32,
    x: u32,
    target: u32,
    weight: u32,
    positive_weight: u32,
    gradient: u32,
) i32 {
    return call(losses.pointwise, .{ kind, x, target, weight, positive_weight, gradient });
}

/// Cross entropy of softmax(x) with classes or probabilities; weight and gradient may be 0.
export fn q_cross_entropy(
    x: u32,
    target: u32,
    weight: u32,
    gradient: u32,
    smoothing: f32,
    ignored: i32,
    reduce: u32,
) i32 {
    return call(losses.crossEntropy, .{ x, target, weight, gradient, smoothing, ignored, reduce });
}

/// Negative log likelihood of classes; weight and gradient may be 0.
export fn q_nll_loss(
    x: u32,
    target: u32,
    weight: u32,
    gradient: u32,
    ignored: i32,
    reduce: u32,
) i32 {
    return call(losses.negativeLogLikelihood, .{ x, target, weight, gradient, ignored, reduce });
}

// Optimizers.

/// One step of an optimizer for every row of handles, i32 [rows, 6]; parameters: options of groups.
export fn q_optimizer_step(algorithm: u32, table: u32) i32 {
    return call(optimizers.step, .{ algorithm, table });
}

/// Scales gradients, handles in i32 [count], to a norm of at most bound; parameter 0: their norm.
export fn q_clip_norm(gradients: u32, kind: u32, bound: f32, strict: u32) i32 {
    return call(optimizers.clipNorm, .{ gradients, kind, bound, strict });
}

/// Limits the elements of gradients, handles in i32 [count].
export fn q_clip_value(gradients: u32, bound: f32) i32 {
    return call(optimizers.clipValue, .{ gradients, bound });
}
