//! Quantized and plain weights: the table of kernels that quantized_*.zig and weights_*.zig hold.

const interface = @import("quantized_interface.zig");
const activations = @import("quantized_activations.zig");
const blocks = @import("quantized_blocks.zig");
const convert = @import("quantized_convert.zig");
const groups = @import("quantized_groups.zig");
const few = @import("weights_few.zig");
const many = @import("weights_many.zig");

pub const table: interface.Table = .{
    .quantize = convert.quantize,
    .dequantize = convert.dequantize,
    .repack = convert.repack,
    .unpack = convert.unpack,
    .dequantize_group_row = convert.dequantizeGroupRow,
    .quantize_tile = activations.quantizeTile,
    .multiply_groups = groups.multiply,
    .quantize_token = activations.quantizeToken,
    .multiply_blocks = blocks.multiply,
    .multiply_few = few.multiply,
    .interleave_tile = many.interleaveTile,
    .multiply_many = many.multiply,
    .dense_tile_tokens = many.tile_tokens,
    .dense_panel_rows = many.panel_rows,
};
