//! What recurrent networks have over whole sequences, and where one step of a chunk of units lies.
//!
//! Everything is [steps][batch][...], contiguous. States and cells have one step more than there
//! are inputs, for the initial ones: in front, or at the end when the sequence is read in reverse.

const Kernels = @import("../interface.zig").Kernels;
const Target = @import("recurrent_weight.zig").Weight.Target;
const Ahead = @import("../matmul_interface.zig").Ahead;
const interface = @import("../recurrent_interface.zig");

pub const Activation = interface.Activation;

/// Sizes of a recurrence. None but `batch` and `hidden` may be 0.
pub const Shape = struct {
    steps: usize,
    batch: usize,
    hidden: usize,
    /// Whether the last input comes first.
    reverse: bool = false,

    /// Elements of one step of states.
    pub fn stateSize(shape: Shape) usize {
        return shape.batch * shape.hidden;
    }

    /// Which input is read as number `order`, counted from the first that is read.
    pub fn timeOf(shape: Shape, order: usize) usize {
        return if (shape.reverse) shape.steps - 1 - order else order;
    }

    /// Where the states behind that input begin.
    pub fn statesAt(shape: Shape, order: usize) usize {
        const slot = if (shape.reverse) shape.timeOf(order) else order + 1;
        return slot * shape.stateSize();
    }

    /// Where the states in front of it begin.
    pub fn previousAt(shape: Shape, order: usize) usize {
        const slot = if (shape.reverse) shape.timeOf(order) + 1 else order;
        return slot * shape.stateSize();
    }
};

/// Where one chunk of one step lies.
pub const Place = struct {
    shape: Shape,
    order: usize,
    unit: usize,
    units: usize,

    pub fn states(place: Place) usize {
        return place.shape.statesAt(place.order) + place.unit;
    }

    pub fn previous(place: Place) usize {
        return place.shape.previousAt(place.order) + place.unit;
    }

    /// In an array with `gates` times as many elements as there are states.
    pub fn gatesAt(place: Place, gates: usize) usize {
        return place.shape.timeOf(place.order) * place.shape.stateSize() * gates + place.unit;
    }

    /// The chunk's rows of one step of such an array, to be fetched.
    pub fn ahead(place: Place, data: [*]const f32, gates: usize) Ahead {
        return .{
            .data = data + place.gatesAt(gates),
            .stride = place.shape.hidden,
            .rows = gates * place.shape.batch,
            .columns = place.units,
        };
    }

    /// The chunk's states behind the step.
    pub fn aheadStates(place: Place, data: [*]const f32) Ahead {
        return .{
            .data = data + place.states(),
            .stride = place.shape.hidden,
            .rows = place.shape.batch,
            .columns = place.units,
        };
    }

    /// The step that a kernel takes, with the fields that all have.
    pub fn step(place: Place, comptime Step: type) Step {
        var made: Step = undefined;
        made.rows = place.shape.batch;
        made.units = place.units;
        made.hidden = place.shape.hidden;
        return made;
    }
};

/// A plain recurrent network; all arrays as in the interface, but over all steps.
pub const Rnn = struct {
    activation: Activation,
    /// [steps][batch][hidden]: the inputs' part of the sums; afterwards whole sums.
    gates: [*]f32,
    /// [steps + 1][batch][hidden], the initial ones in place.
    states: [*]f32,

    pub const gate_count = 1;

    pub fn target(rnn: Rnn, place: Place, _: usize) Target {
        const data = rnn.gates + place.gatesAt(1);
        return .{ .data = data, .row_stride = place.shape.hidden, .accumulate = true };
    }

    pub fn ahead(rnn: Rnn, place: Place, _: usize) Ahead {
        return place.aheadStates(rnn.states);
    }

    pub fn activate(rnn: Rnn, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.RnnForward);
        step.activation = rnn.activation;
        step.gates = rnn.gates + place.gatesAt(1);
        step.states = rnn.states + place.states();
        kernels.recurrent.rnn_forward(&step);
    }
};

pub const RnnGradients = struct {
    activation: Activation,
    states: [*]const f32,
    /// [steps + 1][batch][hidden]: at first what reaches the states from outside.
    state_gradients: [*]f32,
    /// [steps][batch][hidden]: written.
    gate_gradients: [*]f32,

    pub const gate_count = 1;

    pub fn factors(gradients: RnnGradients) [*]const f32 {
        return gradients.gate_gradients;
    }

    pub fn ahead(gradients: RnnGradients, place: Place) [1]Ahead {
        return .{place.ahead(gradients.gate_gradients, 1)};
    }

    pub fn differentiate(gradients: RnnGradients, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.RnnBackward);
        step.activation = gradients.activation;
        step.states = gradients.states + place.states();
        step.state_gradients = gradients.state_gradients + place.states();
        step.gate_gradients = gradients.gate_gradients + place.gatesAt(1);
        kernels.recurrent.rnn_backward(&step);
    }
};

pub const Lstm = struct {
    /// [steps][batch][4][hidden]: the inputs' part of the sums; afterwards the gates.
    gates: [*]f32,
    /// [steps + 1][batch][hidden], the initial ones in place; so are states.
    cells: [*]f32,
    states: [*]f32,

    pub const gate_count = 4;

    pub fn target(lstm_: Lstm, place: Place, gate: usize) Target {
        return .{
            .data = lstm_.gates + place.gatesAt(4) + gate * place.shape.hidden,
            .row_stride = 4 * place.shape.hidden,
            .accumulate = true,
        };
    }

    pub fn ahead(lstm_: Lstm, place: Place, gate: usize) Ahead {
        return place.aheadStates(if (gate == 0) lstm_.cells else lstm_.states);
    }

    pub fn activate(lstm_: Lstm, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.LstmForward);
        step.gates = lstm_.gates + place.gatesAt(4);
        step.previous_cells = lstm_.cells + place.previous();
        step.cells = lstm_.cells + place.states();
        step.states = lstm_.states + place.states();
        kernels.recurrent.lstm_forward(&step);
    }
};

pub const LstmGradients = struct {
    gates: [*]const f32,
    cells: [*]const f32,
    state_gradients: [*]f32,
    /// [batch][hidden]: at first those of the final cells, in the end those of the initial ones.
    cell_gradients: [*]f32,
    /// [steps][batch][4][hidden]: written.
    gate_gradients: [*]f32,

    pub const gate_count = 4;

    pub fn factors(gradients: LstmGradients) [*]const f32 {
        return gradients.gate_gradients;
    }

    pub fn ahead(gradients: LstmGradients, place: Place) [2]Ahead {
        return .{ place.ahead(gradients.gates, 4), place.ahead(gradients.gate_gradients, 4) };
    }

    pub fn differentiate(gradients: LstmGradients, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.LstmBackward);
        step.gates = gradients.gates + place.gatesAt(4);
        step.previous_cells = gradients.cells + place.previous();
        step.cells = gradients.cells + place.states();
        step.state_gradients = gradients.state_gradients + place.states();
        step.cell_gradients = gradients.cell_gradients + place.unit;
        step.gate_gradients = gradients.gate_gradients + place.gatesAt(4);
        kernels.recurrent.lstm_backward(&step);
    }
};

pub const Gru = struct {
    /// [steps][batch][3][hidden]: the inputs' part of the sums; afterwards the gates.
    gates: [*]f32,
    /// [3][hidden] or null.
    bias: ?[*]const f32,
    /// [steps][batch][hidden]: written, see the interface.
    candidates: [*]f32,
    states: [*]f32,

    pub const gate_count = 3;

    pub fn target(gru_: Gru, place: Place, gate: usize) Target {
        const hidden = place.shape.hidden;
        if (gate == 2) {
            const data = gru_.candidates + place.gatesAt(1);
            return .{ .data = data, .row_stride = hidden, .accumulate = false };
        }
        return .{
            .data = gru_.gates + place.gatesAt(3) + gate * hidden,
            .row_stride = 3 * hidden,
            .accumulate = true,
        };
    }

    pub fn ahead(gru_: Gru, place: Place, gate: usize) Ahead {
        return if (gate == 0) place.ahead(gru_.gates, 3) else place.aheadStates(gru_.states);
    }

    pub fn activate(gru_: Gru, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.GruForward);
        step.gates = gru_.gates + place.gatesAt(3);
        step.bias = if (gru_.bias) |bias| bias + place.unit else null;
        step.candidates = gru_.candidates + place.gatesAt(1);
        step.previous_states = gru_.states + place.previous();
        step.states = gru_.states + place.states();
        kernels.recurrent.gru_forward(&step);
    }
};

pub const GruGradients = struct {
    gates: [*]const f32,
    candidates: [*]const f32,
    states: [*]const f32,
    state_gradients: [*]f32,
    /// [steps][batch][3][hidden], both: written.
    gate_gradients: [*]f32,
    hidden_gradients: [*]f32,

    pub const gate_count = 3;

    pub fn factors(gradients: GruGradients) [*]const f32 {
        return gradients.hidden_gradients;
    }

    pub fn ahead(gradients: GruGradients, place: Place) [2]Ahead {
        return .{ place.ahead(gradients.gates, 3), place.ahead(gradients.gate_gradients, 3) };
    }

    pub fn differentiate(gradients: GruGradients, kernels: *const Kernels, place: Place) void {
        var step = place.step(interface.GruBackward);
        step.gates = gradients.gates + place.gatesAt(3);
        step.candidates = gradients.candidates + place.gatesAt(1);
        step.previous_states = gradients.states + place.previous();
        step.state_gradients = gradients.state_gradients + place.states();
        step.previous_state_gradients = gradients.state_gradients + place.previous();
        step.gate_gradients = gradients.gate_gradients + place.gatesAt(3);
        step.hidden_gradients = gradients.hidden_gradients + place.gatesAt(3);
        kernels.recurrent.gru_backward(&step);
    }
};
