//! Blocks of a transformer that generates: their steps one after the other, in one call.

const std = @import("std");
const attention_cached = @import("attention_cached.zig");
const context_module = @import("../core/context.zig");
const normalization = @import("normalization.zig");
const operands = @import("operands.zig");
const products_fused = @import("products_fused.zig");
const table = @import("../core/table.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;

/// What a block is made of, as `parameters` have it; handles of biases may be 0. Part of the ABI.
pub const Block = extern struct {
    input_norm: Handle,
    input_epsilon: f32,
    /// Of query, key and value.
    projections: [3]Handle,
    projection_biases: [3]Handle,
    output: Handle,
    output_bias: Handle,
    inner_norm: Handle,
    inner_epsilon: f32,
    gate: Handle,
    up: Handle,
    gate_bias: Handle,
    up_bias: Handle,
    down: Handle,
    down_bias: Handle,
    /// The cache of the block's attention.
    keys: Handle,
    values: Handle,
};

/// Blocks that fit the parameters.
const max_blocks = @typeInfo(@FieldType(context_module.Shared, "parameters")).array.len *
    @sizeOf(u32) / @sizeOf(Block);

/// Where the rows stand: at `places`, or if that is 0 one behind the other from `position` on.
/// Their angles are those of `table`, unless that is 0.
pub const Rows = struct {
    table: Handle,
    style: u32,
    position: u32,
    places: Handle,
};

/// Adds to the residual stream `x [count, columns]` what the blocks of `parameters` compute, each
/// of the sum so far: `x += attention(norm(x))`, then
/// `x += down(silu(gate(norm(x))) * up(norm(x)))`.
pub fn addBlocks(context: *Context, x: Handle, block_count: u32, rows: Rows) Error!void {
    if (block_count > max_blocks) return context.fail(
        error.OutOfRange,
        "{d} blocks are given, at most {d} fit a call",
        .{ block_count, max_blocks },
    );
    const residual = try operands.contiguousFloats(context, x, "x");
    const given = [_]Handle{ rows.table, rows.places };
    for (given, [_][]const u8{ "table", "places" }) |handle, role| {
        if (handle == table.none) continue;
        try operands.forbidOverlap(context, residual, try context.tensor(handle, role), role);
    }
    // The steps use the parameters themselves.
    var blocks: [max_blocks]Block = undefined;
    const parameters = std.mem.asBytes(&context.shared.parameters);
    @memcpy(std.mem.asBytes(&blocks), parameters[0..@sizeOf(@TypeOf(blocks))]);
    for (blocks[0..block_count]) |*block| {
        const scope = try context.enterScope();
        defer context.leaveScope(scope) catch unreachable;
        try addAttention(context, x, block, rows);
        try addFeedForward(context, x, block);
    }
}

fn addAttention(context: *Context, x: Handle, block: *const Block, rows: Rows) Error!void {
    const normed =
        try normalization.rmsnorm(context, x, block.input_norm, block.input_epsilon, table.none);
    // Two projections would be as good for the products.
    _ = try context.tensor(block.projections[2], "value projection");
    const query =
        try products_fused.linears(context, normed, block.projections, block.projection_biases);
    const handles: attention_cached.Handles = .{
        .query = query,
        .key = context.shared.parameters[1],
        .value = context.shared.parameters[2],
        .table = rows.table,
    };
    const keys, const values = .{ block.keys, block.values };
    if (rows.places == table.none) {
        try attention_cached.attend(context, handles, rows.style, keys, values, rows.position);
    } else {
        try attention_cached.attendRows(context, handles, rows.style, keys, values, rows.places);
    }
    try products_fused.addLinear(context, x, query, block.output, block.output_bias);
}

fn addFeedForward(context: *Context, x: Handle, block: *const Block) Error!void {
    const normed =
        try normalization.rmsnorm(context, x, block.inner_norm, block.inner_epsilon, table.none);
    const inner = try products_fused.gatedLinear(
        context,
        normed,
        block.gate,
        block.up,
        block.gate_bias,
        block.up_bias,
    );
    try products_fused.addLinear(context, x, inner, block.down, block.down_bias);
}
