//! Blocks of a transformer that generates.

const call = @import("call.zig").call;
const transformer = @import("../ops/transformer.zig");

/// Adds to the residual stream x [count, columns] what blocks compute that are in the parameters,
/// ops/transformer.zig. The table of angles may be 0; rows stand at places, or if that is 0 one
/// behind the other from position on.
export fn q_add_transformer_blocks(
    x: u32,
    blocks: u32,
    table: u32,
    style: u32,
    position: u32,
    places: u32,
) i32 {
    const rows: transformer.Rows =
        .{ .table = table, .style = style, .position = position, .places = places };
    return call(transformer.addBlocks, .{ x, blocks, rows });
}
