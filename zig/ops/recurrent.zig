//! Recurrent networks over whole sequences, f32; every array is [steps][batch][...], contiguous.
//!
//! The products of the inputs, biases included, are an ordinary linear layer: they come in as
//! `gates`.

const std = @import("std");
const context_module = @import("../core/context.zig");
const operands = @import("operands.zig");
const table = @import("../core/table.zig");
const tensor_module = @import("../core/tensor.zig");
const threaded = @import("../kernels/cpu/threaded/recurrent.zig");

const Context = context_module.Context;
const Error = context_module.Error;
const Handle = context_module.Handle;
const Tensor = tensor_module.Tensor;

/// What a call was given: each role of the call, whose tensors may not overlap those written.
const Call = struct {
    context: *Context,
    shape: threaded.Shape,
    gate_count: u32,
    weight: [*]const f32,
    given: [8]Given = undefined,
    given_count: usize = 0,

    const Given = struct { tensor: *const Tensor, role: []const u8, written: bool };

    /// Takes the sizes from `states`, [steps + 1, batch, hidden], and checks the weight.
    fn init(
        context: *Context,
        gate_count: u32,
        reverse: u32,
        states_role: []const u8,
        states_handle: Handle,
        weight_handle: Handle,
    ) Error!Call {
        if (reverse > 1) return context.fail(
            error.InvalidArgument,
            "reverse is {d}, expected 0 or 1",
            .{reverse},
        );
        const states = try operands.contiguousFloats(context, states_handle, states_role);
        try operands.requireRank(context, states, states_role, 3);
        const hidden = states.ne[2];
        if (states.ne[0] < 2) return context.fail(
            error.InvalidShape,
            "a sequence must have at least one step",
            .{},
        );
        const rows = std.math.mul(u32, gate_count, hidden) catch return context.fail(
            error.InvalidShape,
            "{s} has {d} hidden units, which is too many",
            .{ states_role, hidden },
        );
        var call: Call = .{
            .context = context,
            .gate_count = gate_count,
            .weight = undefined,
            .shape = .{
                .steps = states.ne[0] - 1,
                .batch = states.ne[1],
                .hidden = hidden,
                .reverse = reverse == 1,
            },
        };
        call.weight = try call.read(weight_handle, "weight", &.{ rows, hidden });
        return call;
    }

    fn take(
        call: *Call,
        handle: Handle,
        role: []const u8,
        sizes: []const u32,
        written: bool,
    ) Error![*]f32 {
        const tensor = try operands.contiguousFloats(call.context, handle, role);
        try operands.requireShape(call.context, tensor, role, sizes);
        if (written) try operands.requireWritable(call.context, tensor, role);
        call.given[call.given_count] = .{ .tensor = tensor, .role = role, .written = written };
        call.given_count += 1;
        return tensor.pointer(f32);
    }

    fn read(call: *Call, handle: Handle, role: []const u8, sizes: []const u32) Error![*]const f32 {
        return call.take(handle, role, sizes, false);
    }

    fn sizesOf(call: *const Call, extra_steps: u32, gates: u32) [3]u32 {
        const shape = call.shape;
        return .{
            @intCast(shape.steps + extra_steps),
            @intCast(shape.batch),
            @intCast(gates * shape.hidden),
        };
    }

    fn readStates(call: *Call, handle: Handle, role: []const u8) Error![*]const f32 {
        return call.read(handle, role, &call.sizesOf(1, 1));
    }

    fn writeStates(call: *Call, handle: Handle, role: []const u8) Error![*]f32 {
        return call.take(handle, role, &call.sizesOf(1, 1), true);
    }

    fn readGates(call: *Call, handle: Handle, role: []const u8, gates: u32) Error![*]const f32 {
        return call.read(handle, role, &call.sizesOf(0, gates));
    }

    fn writeGates(call: *Call, handle: Handle, role: []const u8, gates: u32) Error![*]f32 {
        return call.take(handle, role, &call.sizesOf(0, gates), true);
    }

    /// Refuses what shares memory with something that is written.
    fn forbidOverlaps(call: *const Call) Error!void {
        const given = call.given[0..call.given_count];
        for (given, 0..) |one, i| for (given[i + 1 ..]) |other| {
            if (!(one.written or other.written) or !one.tensor.overlaps(other.tensor)) continue;
            return call.context.fail(
                error.Aliasing,
                "{s} shares memory with {s}",
                .{ one.role, other.role },
            );
        };
    }

    fn forward(call: *const Call, cell: anytype) Error!void {
        try call.forbidOverlaps();
        const runner = call.context.runner();
        threaded.forward(&runner, call.shape, call.weight, cell) catch |failure|
            return operands.workspaceFailure(call.context, failure);
    }

    fn backward(call: *const Call, gradients: anytype) Error!void {
        try call.forbidOverlaps();
        const runner = call.context.runner();
        threaded.backward(&runner, call.shape, call.weight, gradients) catch |failure|
            return operands.workspaceFailure(call.context, failure);
    }
};

fn activationOf(context: *Context, code: u32) Error!threaded.Activation {
    return std.enums.fromInt(threaded.Activation, code) orelse
        context.fail(error.InvalidArgument, "{d} is no activation", .{code});
}

/// Fills `states` behind the initial ones; `gates` become the whole sums.
pub fn rnn(
    context: *Context,
    activation: u32,
    reverse: u32,
    gates: Handle,
    weight: Handle,
    states: Handle,
) Error!void {
    const function = try activationOf(context, activation);
    var call = try Call.init(context, 1, reverse, "states", states, weight);
    try call.forward(threaded.Rnn{
        .activation = function,
        .gates = try call.writeGates(gates, "gates", 1),
        .states = try call.writeStates(states, "states"),
    });
}

/// Completes `state_gradients`, writes `gate_gradients`.
pub fn rnnBackward(
    context: *Context,
    activation: u32,
    reverse: u32,
    states: Handle,
    weight: Handle,
    state_gradients: Handle,
    gate_gradients: Handle,
) Error!void {
    const function = try activationOf(context, activation);
    var call = try Call.init(context, 1, reverse, "states", states, weight);
    try call.backward(threaded.RnnGradients{
        .activation = function,
        .states = try call.readStates(states, "states"),
        .state_gradients = try call.writeStates(state_gradients, "state_gradients"),
        .gate_gradients = try call.writeGates(gate_gradients, "gate_gradients", 1),
    });
}

/// Fills `states` and `cells` behind the initial ones; `gates` become those of the cells.
pub fn lstm(
    context: *Context,
    reverse: u32,
    gates: Handle,
    weight: Handle,
    states: Handle,
    cells: Handle,
) Error!void {
    var call = try Call.init(context, 4, reverse, "states", states, weight);
    try call.forward(threaded.Lstm{
        .gates = try call.writeGates(gates, "gates", 4),
        .states = try call.writeStates(states, "states"),
        .cells = try call.writeStates(cells, "cells"),
    });
}

/// Completes `state_gradients` and `cell_gradients`, writes `gate_gradients`.
pub fn lstmBackward(
    context: *Context,
    reverse: u32,
    gates: Handle,
    cells: Handle,
    weight: Handle,
    state_gradients: Handle,
    cell_gradients: Handle,
    gate_gradients: Handle,
) Error!void {
    var call = try Call.init(context, 4, reverse, "cells", cells, weight);
    const cell_sizes = call.sizesOf(0, 1)[1..].*;
    try call.backward(threaded.LstmGradients{
        .gates = try call.readGates(gates, "gates", 4),
        .cells = try call.readStates(cells, "cells"),
        .state_gradients = try call.writeStates(state_gradients, "state_gradients"),
        .cell_gradients = try call.take(cell_gradients, "cell_gradients", &cell_sizes, true),
        .gate_gradients = try call.writeGates(gate_gradients, "gate_gradients", 4),
    });
}

/// Fills `states` behind the initial ones and `candidates`; `gates` become those of the cells.
pub fn gru(
    context: *Context,
    reverse: u32,
    gates: Handle,
    weight: Handle,
    bias: Handle,
    states: Handle,
    candidates: Handle,
) Error!void {
    var call = try Call.init(context, 3, reverse, "states", states, weight);
    const bias_sizes = [_]u32{@intCast(3 * call.shape.hidden)};
    try call.forward(threaded.Gru{
        .gates = try call.writeGates(gates, "gates", 3),
        .bias = if (bias == table.none) null else try call.read(bias, "bias", &bias_sizes),
        .states = try call.writeStates(states, "states"),
        .candidates = try call.writeGates(candidates, "candidates", 1),
    });
}

/// Completes `state_gradients`, writes `gate_gradients` and `hidden_gradients`.
pub fn gruBackward(
    context: *Context,
    reverse: u32,
    gates: Handle,
    candidates: Handle,
    states: Handle,
    weight: Handle,
    state_gradients: Handle,
    gate_gradients: Handle,
    hidden_gradients: Handle,
) Error!void {
    var call = try Call.init(context, 3, reverse, "states", states, weight);
    try call.backward(threaded.GruGradients{
        .gates = try call.readGates(gates, "gates", 3),
        .candidates = try call.readGates(candidates, "candidates", 1),
        .states = try call.readStates(states, "states"),
        .state_gradients = try call.writeStates(state_gradients, "state_gradients"),
        .gate_gradients = try call.writeGates(gate_gradients, "gate_gradients", 3),
        .hidden_gradients = try call.writeGates(hidden_gradients, "hidden_gradients", 3),
    });
}
