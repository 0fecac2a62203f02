//! Recurrences over whole sequences: per step the product with the state and the cell, fused, one
//! round of the pool; chunks are neighbouring units, so each has the gates that its cells need.
//!
//! Everything is [steps][batch][...], contiguous. States and cells have one step more than there
//! are inputs, for the initial ones: in front, or at the end when the sequence is read in reverse.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Kernels = @import("../interface.zig").Kernels;
const rounding = @import("rounding.zig");
const Runner = @import("runner.zig").Runner;
const Weight = @import("recurrent_weight.zig").Weight;
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
    fn stateSize(shape: Shape) usize {
        return shape.batch * shape.hidden;
    }

    /// Which input is read as number `order`, counted from the first that is read.
    fn timeOf(shape: Shape, order: usize) usize {
        return if (shape.reverse) shape.steps - 1 - order else order;
    }

    /// Where the states behind that input begin.
    fn statesAt(shape: Shape, order: usize) usize {
        const slot = if (shape.reverse) shape.timeOf(order) else order + 1;
        return slot * shape.stateSize();
    }

    /// Where the states in front of it begin.
    fn previousAt(shape: Shape, order: usize) usize {
        const slot = if (shape.reverse) shape.timeOf(order) + 1 else order;
        return slot * shape.stateSize();
    }
};

/// Where one chunk of one step lies.
const Place = struct {
    shape: Shape,
    order: usize,
    unit: usize,
    units: usize,

    fn states(place: Place) usize {
        return place.shape.statesAt(place.order) + place.unit;
    }

    fn previous(place: Place) usize {
        return place.shape.previousAt(place.order) + place.unit;
    }

    /// In an array with `gates` times as many elements as there are states.
    fn gatesAt(place: Place, gates: usize) usize {
        return place.shape.timeOf(place.order) * place.shape.stateSize() * gates + place.unit;
    }

    /// The step that a kernel takes, with the fields that all have.
    fn step(place: Place, comptime Step: type) Step {
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

    const gate_count = 1;

    fn target(rnn: Rnn, place: Place, _: usize) Weight.Target {
        const data = rnn.gates + place.gatesAt(1);
        return .{ .data = data, .row_stride = place.shape.hidden, .accumulate = true };
    }

    fn activate(rnn: Rnn, kernels: *const Kernels, place: Place) void {
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

    const gate_count = 1;

    fn factors(gradients: RnnGradients) [*]const f32 {
        return gradients.gate_gradients;
    }

    fn differentiate(gradients: RnnGradients, kernels: *const Kernels, place: Place) void {
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

    const gate_count = 4;

    fn target(lstm_: Lstm, place: Place, gate: usize) Weight.Target {
        return .{
            .data = lstm_.gates + place.gatesAt(4) + gate * place.shape.hidden,
            .row_stride = 4 * place.shape.hidden,
            .accumulate = true,
        };
    }

    fn activate(lstm_: Lstm, kernels: *const Kernels, place: Place) void {
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

    const gate_count = 4;

    fn factors(gradients: LstmGradients) [*]const f32 {
        return gradients.gate_gradients;
    }

    fn differentiate(gradients: LstmGradients, kernels: *const Kernels, place: Place) void {
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

    const gate_count = 3;

    fn target(gru_: Gru, place: Place, gate: usize) Weight.Target {
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

    fn activate(gru_: Gru, kernels: *const Kernels, place: Place) void {
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

    const gate_count = 3;

    fn factors(gradients: GruGradients) [*]const f32 {
        return gradients.hidden_gradients;
    }

    fn differentiate(gradients: GruGradients, kernels: *const Kernels, place: Place) void {
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

/// Reads a sequence; `cell` is an Rnn, Lstm or Gru, `weight` [gates][hidden][hidden], applied to
/// states. Workspace (the packed weights) comes from `runner.scratch`; when it is full nothing has
/// been written.
pub fn forward(
    runner: *const Runner,
    shape: Shape,
    weight: [*]const f32,
    cell: anytype,
) Arena.Error!void {
    const Cell = @TypeOf(cell);
    const Job = struct {
        kernels: *const Kernels,
        shape: Shape,
        weight: Weight,
        cell: Cell,
        order: usize = 0,
        /// The states that the next step multiplies.
        factors: rounding.Factors,

        fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
            const job: *const @This() = @ptrCast(@alignCast(pointer));
            const units = job.weight.columnsOf(number);
            const place: Place = .{
                .shape = job.shape,
                .order = job.order,
                .unit = units.start,
                .units = units.count,
            };
            const states = job.factors.data;
            for (0..Cell.gate_count) |gate| {
                const target = job.cell.target(place, gate);
                job.weight.multiply(number, gate, states, job.shape.batch, target);
            }
            job.cell.activate(job.kernels, place);
        }
    };
    if (shape.stateSize() == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const weight_count = Cell.gate_count * shape.hidden * shape.hidden;
    const factor = try rounding.forProducts(runner, weight, weight_count);
    var job: Job = .{
        .kernels = runner.kernels,
        .shape = shape,
        .cell = cell,
        .factors = try .init(runner, shape.stateSize()),
        .weight = .{
            .kernels = runner.products(),
            .matrix = .{ .data = factor, .row_stride = 1, .column_stride = shape.hidden },
            .group_stride = shape.hidden * shape.hidden,
            .groups = Cell.gate_count,
            .depth = shape.hidden,
            .columns = shape.hidden,
            .columns_per_chunk = 0,
        },
    };
    try job.weight.prepare(runner, shape.batch, shape.steps);
    while (job.order < shape.steps) : (job.order += 1) {
        job.factors.set(runner, cell.states + shape.previousAt(job.order));
        runner.pool.run(job.weight.chunkCount(), &job, Job.chunk);
    }
}

/// Goes back through a sequence; `gradients` are RnnGradients, LstmGradients or GruGradients. In
/// the end `state_gradients` are those of all states, the initial ones included.
pub fn backward(
    runner: *const Runner,
    shape: Shape,
    weight: [*]const f32,
    gradients: anytype,
) Arena.Error!void {
    const Gradients = @TypeOf(gradients);
    const Job = struct {
        kernels: *const Kernels,
        shape: Shape,
        weight: Weight,
        gradients: Gradients,
        /// Steps that are still to be gone back through; at 0 the initial states are left.
        left: usize,
        /// The gradients of gates that the next step multiplies.
        factors: rounding.Factors,

        fn chunk(pointer: *const anyopaque, number: u32, _: u32) void {
            const job: *const @This() = @ptrCast(@alignCast(pointer));
            const units = job.weight.columnsOf(number);
            if (job.left < job.shape.steps) job.addFromNextStep(number, units.start);
            if (job.left == 0) return;
            job.gradients.differentiate(job.kernels, .{
                .shape = job.shape,
                .order = job.left - 1,
                .unit = units.start,
                .units = units.count,
            });
        }

        /// What the states behind step `left - 1` get through the gates of the step after it.
        fn addFromNextStep(job: *const @This(), number: u32, unit: usize) void {
            const shape_ = job.shape;
            job.weight.multiply(number, 0, job.factors.data, shape_.batch, .{
                .data = job.gradients.state_gradients + shape_.previousAt(job.left) + unit,
                .row_stride = shape_.hidden,
                .accumulate = true,
            });
        }
    };
    if (shape.stateSize() == 0) return;
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const gate_size = Gradients.gate_count * shape.stateSize();
    const weight_count = Gradients.gate_count * shape.hidden * shape.hidden;
    const factor = try rounding.forProducts(runner, weight, weight_count);
    var job: Job = .{
        .kernels = runner.kernels,
        .shape = shape,
        .gradients = gradients,
        .left = shape.steps,
        .factors = try .init(runner, gate_size),
        .weight = .{
            .kernels = runner.products(),
            .matrix = .{ .data = factor, .row_stride = shape.hidden, .column_stride = 1 },
            .group_stride = 0,
            .groups = 1,
            .depth = Gradients.gate_count * shape.hidden,
            .columns = shape.hidden,
            .columns_per_chunk = 0,
        },
    };
    try job.weight.prepare(runner, shape.batch, shape.steps);
    while (true) : (job.left -= 1) {
        if (job.left < shape.steps) {
            job.factors.set(runner, gradients.factors() + gate_size * shape.timeOf(job.left));
        }
        runner.pool.run(job.weight.chunkCount(), &job, Job.chunk);
        if (job.left == 0) break;
    }
}
