//! Convolutions and pooling of [images, channels, rows, columns].

const call = @import("call.zig").call;
const convolution = @import("../ops/convolution.zig");
const pooling = @import("../ops/pooling.zig");

// Convolutions. Parameters: stride, padding, dilation (each of rows and columns), groups; then what
// is named.

/// x [images, in, rows, columns] convolved with weight [out, in / groups, rows, columns]; bias may
/// be 0.
export fn q_convolution(x: u32, weight: u32, bias: u32) i32 {
    return call(convolution.convolution, .{ x, weight, bias });
}

/// The reverse: the gradient of q_convolution's x, given that of its result. Parameters: its rows,
/// columns; bias may be 0.
export fn q_convolution_transpose(x: u32, weight: u32, bias: u32) i32 {
    return call(convolution.convolutionTranspose, .{ x, weight, bias });
}

/// The gradient of q_convolution's weight. Parameters: its rows, columns.
export fn q_convolution_weight_gradient(x: u32, gradient: u32) i32 {
    return call(convolution.convolutionWeightGradient, .{ x, gradient });
}

// Pooling. Parameters of windows: kernel, stride, padding, each of rows and columns; then what is
// named.

/// The largest element of each window. Parameters: dilation, whether to round up; parameters[0] is
/// the handle of their places afterwards.
export fn q_max_pool(x: u32) i32 {
    return call(pooling.maxPool, .{x});
}

/// The gradient of q_max_pool's x. Parameters: its rows, columns, and nothing else.
export fn q_max_pool_gradient(gradient: u32, indices: u32) i32 {
    return call(pooling.maxPoolGradient, .{ gradient, indices });
}

/// The mean of each window. Parameters: whether to round up, whether padding counts; if adaptive
/// only the result's rows, columns.
export fn q_average_pool(x: u32, adaptive: u32) i32 {
    return call(pooling.averagePool, .{ x, adaptive });
}

/// The gradient of q_average_pool's x. Parameters: as there; 8 and 9 are its rows, columns.
export fn q_average_pool_gradient(gradient: u32, adaptive: u32) i32 {
    return call(pooling.averagePoolGradient, .{ gradient, adaptive });
}
