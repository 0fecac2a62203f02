//! Cells of recurrent networks; see recurrent_interface.zig.

const simd = @import("simd.zig");
const math = @import("math.zig");
const interface = @import("recurrent_interface.zig");

const V = simd.V;
const lanes = simd.lanes;
const one: V = @splat(1);
const zero: V = @splat(0);

pub const table: interface.Table = .{
    .rnn_forward = Rows(interface.RnnForward, rnnForward).run,
    .rnn_backward = Rows(interface.RnnBackward, rnnBackward).run,
    .lstm_forward = Rows(interface.LstmForward, lstmForward).run,
    .lstm_backward = Rows(interface.LstmBackward, lstmBackward).run,
    .gru_forward = Rows(interface.GruForward, gruForward).run,
    .gru_backward = Rows(interface.GruBackward, gruBackward).run,
};

/// Neighbouring units of one row: a whole register of them, or fewer at the end.
fn Units(comptime whole: bool) type {
    return struct {
        row: usize,
        unit: usize,
        count: usize,

        const Self = @This();

        inline fn load(units: Self, pointer: [*]const f32, offset: usize) V {
            const source = pointer + offset + units.unit;
            return if (whole) simd.load(source) else simd.loadPart(source, units.count, 0);
        }

        inline fn store(units: Self, pointer: [*]f32, offset: usize, value: V) void {
            const target = pointer + offset + units.unit;
            if (whole) simd.store(target, value) else simd.storePart(target, value, units.count);
        }
    };
}

/// Calls `cell(step, units)` for all units of all rows of a step.
fn Rows(
    comptime Step: type,
    comptime cell: fn (*const Step, anytype) callconv(.@"inline") void,
) type {
    return struct {
        fn run(step: *const Step) callconv(.c) void {
            for (0..step.rows) |row| {
                var unit: usize = 0;
                while (unit + lanes <= step.units) : (unit += lanes) {
                    cell(step, Units(true){ .row = row, .unit = unit, .count = lanes });
                }
                if (unit == step.units) continue;
                cell(step, Units(false){ .row = row, .unit = unit, .count = step.units - unit });
            }
        }
    };
}

inline fn rnnForward(step: *const interface.RnnForward, units: anytype) void {
    const at = units.row * step.hidden;
    const sum = units.load(step.gates, at);
    units.store(step.states, at, switch (step.activation) {
        .tanh => math.tanh(sum),
        // The comparison is false for NaN, which stays.
        .relu => @select(f32, sum < zero, zero, sum),
    });
}

inline fn rnnBackward(step: *const interface.RnnBackward, units: anytype) void {
    const at = units.row * step.hidden;
    const state = units.load(step.states, at);
    const gradient = units.load(step.state_gradients, at);
    units.store(step.gate_gradients, at, switch (step.activation) {
        .tanh => gradient * (one - state * state),
        .relu => @select(f32, state <= zero, zero, gradient),
    });
}

inline fn lstmForward(step: *const interface.LstmForward, units: anytype) void {
    const at = units.row * step.hidden;
    const gates = 4 * at;
    const input = math.sigmoid(units.load(step.gates, gates));
    const forget = math.sigmoid(units.load(step.gates, gates + step.hidden));
    const candidate = math.tanh(units.load(step.gates, gates + 2 * step.hidden));
    const output = math.sigmoid(units.load(step.gates, gates + 3 * step.hidden));
    const cell = simd.mulAdd(forget, units.load(step.previous_cells, at), input * candidate);
    units.store(step.gates, gates, input);
    units.store(step.gates, gates + step.hidden, forget);
    units.store(step.gates, gates + 2 * step.hidden, candidate);
    units.store(step.gates, gates + 3 * step.hidden, output);
    units.store(step.cells, at, cell);
    units.store(step.states, at, output * math.tanh(cell));
}

inline fn lstmBackward(step: *const interface.LstmBackward, units: anytype) void {
    const at = units.row * step.hidden;
    const gates = 4 * at;
    const input = units.load(step.gates, gates);
    const forget = units.load(step.gates, gates + step.hidden);
    const candidate = units.load(step.gates, gates + 2 * step.hidden);
    const output = units.load(step.gates, gates + 3 * step.hidden);
    const squashed = math.tanh(units.load(step.cells, at));
    const gradient = units.load(step.state_gradients, at);
    const from_state = gradient * output * (one - squashed * squashed);
    const cell_gradient = units.load(step.cell_gradients, at) + from_state;
    const previous = units.load(step.previous_cells, at);
    const out = step.gate_gradients;
    units.store(out, gates, cell_gradient * candidate * input * (one - input));
    units.store(out, gates + step.hidden, cell_gradient * previous * forget * (one - forget));
    const slope = one - candidate * candidate;
    units.store(out, gates + 2 * step.hidden, cell_gradient * input * slope);
    units.store(out, gates + 3 * step.hidden, gradient * squashed * output * (one - output));
    units.store(step.cell_gradients, at, cell_gradient * forget);
}

inline fn gruForward(step: *const interface.GruForward, units: anytype) void {
    const at = units.row * step.hidden;
    const gates = 3 * at;
    var biases: [3]V = @splat(zero);
    if (step.bias) |bias| {
        inline for (&biases, 0..) |*value, gate| value.* = units.load(bias, gate * step.hidden);
    }
    const reset = math.sigmoid(units.load(step.gates, gates) + biases[0]);
    const update = math.sigmoid(units.load(step.gates, gates + step.hidden) + biases[1]);
    const candidate = units.load(step.candidates, at) + biases[2];
    const sum = simd.mulAdd(reset, candidate, units.load(step.gates, gates + 2 * step.hidden));
    const new = math.tanh(sum);
    units.store(step.gates, gates, reset);
    units.store(step.gates, gates + step.hidden, update);
    units.store(step.gates, gates + 2 * step.hidden, new);
    units.store(step.candidates, at, candidate);
    const previous = units.load(step.previous_states, at);
    units.store(step.states, at, simd.mulAdd(update, previous - new, new));
}

inline fn gruBackward(step: *const interface.GruBackward, units: anytype) void {
    const at = units.row * step.hidden;
    const gates = 3 * at;
    const reset = units.load(step.gates, gates);
    const update = units.load(step.gates, gates + step.hidden);
    const new = units.load(step.gates, gates + 2 * step.hidden);
    const gradient = units.load(step.state_gradients, at);
    const previous = units.load(step.previous_states, at);
    const of_new = gradient * (one - update) * (one - new * new);
    const of_reset = of_new * units.load(step.candidates, at) * reset * (one - reset);
    const of_update = gradient * (previous - new) * update * (one - update);
    inline for (.{ of_reset, of_update, of_new }, 0..) |value, gate| {
        units.store(step.gate_gradients, gates + gate * step.hidden, value);
    }
    inline for (.{ of_reset, of_update, of_new * reset }, 0..) |value, gate| {
        units.store(step.hidden_gradients, gates + gate * step.hidden, value);
    }
    const direct = units.load(step.previous_state_gradients, at);
    units.store(step.previous_state_gradients, at, simd.mulAdd(gradient, update, direct));
}
