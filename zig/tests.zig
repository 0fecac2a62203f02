//! All Zig tests: `zig build test`.

test {
    _ = @import("core/arena.zig");
    _ = @import("core/memset.zig");
    _ = @import("core/pool.zig");
    _ = @import("kernels/cpu/threaded/cuts.zig");
    _ = @import("core/cpu.zig");
    _ = @import("tests/copy.zig");
    _ = @import("tests/core.zig");
    _ = @import("tests/guarded.zig");
    _ = @import("tests/math.zig");
    _ = @import("tests/elementwise.zig");
    _ = @import("tests/elementwise_gradients.zig");
    _ = @import("tests/rows.zig");
    _ = @import("tests/rows_conversion.zig");
    _ = @import("tests/rope.zig");
    _ = @import("tests/reduce.zig");
    _ = @import("tests/attention.zig");
    _ = @import("tests/attention_q8_0.zig");
    _ = @import("tests/attention_rows.zig");
    _ = @import("tests/attention_training.zig");
    _ = @import("tests/normalization.zig");
    _ = @import("tests/cache_rows.zig");
    _ = @import("tests/channels.zig");
    _ = @import("tests/convolution.zig");
    _ = @import("tests/pooling.zig");
    _ = @import("tests/sampling.zig");
    _ = @import("tests/matmul.zig");
    _ = @import("tests/precision.zig");
    _ = @import("tests/matmul_bf16.zig");
    _ = @import("tests/recurrent.zig");
    _ = @import("tests/quantized.zig");
    _ = @import("tests/large_results.zig");
    _ = @import("tests/linear_fused.zig");
    _ = @import("tests/losses.zig");
    _ = @import("tests/optimizers.zig");
}
