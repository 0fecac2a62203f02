//! The kernels of one instruction set, as tables of functions over plain memory.
//!
//! A kernel checks nothing, allocates nothing and knows no threads: `ops/` has validated every
//! size, taken the workspace and cut the work into chunks. All pointers are to f32 and contiguous
//! rows unless a comment says otherwise. No kernel reads or writes past the ranges it is given.

const matmul = @import("matmul_interface.zig");
const quantized = @import("quantized_interface.zig");
const elementwise = @import("elementwise_interface.zig");
const rows = @import("rows_interface.zig");
const reduce = @import("reduce_interface.zig");
const attention = @import("attention_interface.zig");
const attention_gradient = @import("attention_gradient_interface.zig");
const normalization = @import("normalization_interface.zig");
const channels = @import("channels_interface.zig");
const losses = @import("losses_interface.zig");
const optimizers = @import("optimizers_interface.zig");
const convolution = @import("convolution_interface.zig");
const recurrent = @import("recurrent_interface.zig");
const pooling = @import("pooling_interface.zig");

pub const Kernels = extern struct {
    matmul: matmul.Table,
    quantized: quantized.Table,
    elementwise: elementwise.Table,
    rows: rows.Table,
    reduce: reduce.Table,
    attention: attention.Table,
    attention_gradient: attention_gradient.Table,
    normalization: normalization.Table,
    channels: channels.Table,
    losses: losses.Table,
    optimizers: optimizers.Table,
    convolution: convolution.Table,
    recurrent: recurrent.Table,
    pooling: pooling.Table,
};
