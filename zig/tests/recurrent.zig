//! Recurrences: every instruction set and thread count against the references, step by step.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const reference = @import("../kernels/cpu/reference/recurrent.zig");
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");
const threaded = @import("../kernels/cpu/threaded/recurrent.zig");

const Shape = threaded.Shape;

/// Odd sizes, whole registers, several chunks, depths of more than one packed block, weights that
/// are read as they lie (few rows) and that are packed.
const shapes = [_]Shape{
    .{ .steps = 1, .batch = 1, .hidden = 1 },
    .{ .steps = 3, .batch = 2, .hidden = 5 },
    .{ .steps = 4, .batch = 3, .hidden = 16, .reverse = true },
    .{ .steps = 30, .batch = 3, .hidden = 33 },
    .{ .steps = 2, .batch = 9, .hidden = 131, .reverse = true },
    .{ .steps = 2, .batch = 33, .hidden = 70 },
    .{ .steps = 2, .batch = 17, .hidden = 530 },
    .{ .steps = 2, .batch = 0, .hidden = 3 },
};

// Bounds of the project; sums over several hundred products are relative to 1.
const absolute = 1e-5;
const relative = 1e-4;

/// Every array that one kind of layer reads or writes, ending at inaccessible pages.
const Arrays = struct {
    shape: Shape,
    gates_per_unit: usize,
    gates: Guarded(f32),
    weight: Guarded(f32),
    bias: Guarded(f32),
    states: Guarded(f32),
    /// Cells of an LSTM.
    cells: Guarded(f32),
    /// Candidates of a GRU.
    candidates: Guarded(f32),
    state_gradients: Guarded(f32),
    cell_gradients: Guarded(f32),
    gate_gradients: Guarded(f32),
    hidden_gradients: Guarded(f32),

    /// The same numbers for the same shape.
    fn init(shape: Shape, gates_per_unit: usize) !Arrays {
        const state = shape.batch * shape.hidden;
        const steps = shape.steps * state;
        const arrays: Arrays = .{
            .shape = shape,
            .gates_per_unit = gates_per_unit,
            .gates = try .init(gates_per_unit * steps),
            .weight = try .init(gates_per_unit * shape.hidden * shape.hidden),
            .bias = try .init(gates_per_unit * shape.hidden),
            .states = try .init(steps + state),
            .cells = try .init(steps + state),
            .candidates = try .init(steps),
            .state_gradients = try .init(steps + state),
            .cell_gradients = try .init(state),
            .gate_gradients = try .init(gates_per_unit * steps),
            .hidden_gradients = try .init(gates_per_unit * steps),
        };
        var random = std.Random.DefaultPrng.init(shape.hidden);
        inline for (std.meta.fields(Arrays)[2..]) |field| {
            support.fillNormal(random.random(), @field(arrays, field.name).items);
        }
        const scale = 1 / @sqrt(@as(f32, @floatFromInt(shape.hidden)));
        for (arrays.weight.items) |*weight| weight.* *= scale;
        for (arrays.cell_gradients.items) |*gradient| gradient.* *= scale;
        for (arrays.state_gradients.items) |*gradient| gradient.* *= scale;
        return arrays;
    }

    fn deinit(arrays: Arrays) void {
        inline for (std.meta.fields(Arrays)[2..]) |field| @field(arrays, field.name).deinit();
    }

    fn expectClose(expected: Arrays, actual: Arrays) !void {
        inline for (std.meta.fields(Arrays)[2..]) |field| {
            const want = @field(expected, field.name).items;
            try support.expectClose(want, @field(actual, field.name).items, absolute, relative);
        }
    }

    /// The vectors of one sequence at one step.
    fn at(arrays: Arrays, order: usize, row: usize) Row {
        const shape = arrays.shape;
        const time = if (shape.reverse) shape.steps - 1 - order else order;
        const slot = if (shape.reverse) time else time + 1;
        const previous = if (shape.reverse) time + 1 else time;
        return .{ .arrays = arrays, .time = time, .slot = slot, .previous = previous, .row = row };
    }
};

const Row = struct {
    arrays: Arrays,
    time: usize,
    slot: usize,
    previous: usize,
    row: usize,

    fn of(row: Row, items: []f32, step: usize, vectors: usize) []f32 {
        const size = vectors * row.arrays.shape.hidden;
        return items[(step * row.arrays.shape.batch + row.row) * size ..][0..size];
    }

    fn state(row: Row, items: []f32) []f32 {
        return row.of(items, row.slot, 1);
    }

    fn previousState(row: Row, items: []f32) []f32 {
        return row.of(items, row.previous, 1);
    }

    fn gates(row: Row, items: []f32) []f32 {
        return row.of(items, row.time, row.arrays.gates_per_unit);
    }
};

/// Compares forward and backward of one kind; `Kind` has `gate_count`, `forward`, `backward`
/// (threaded) and `step`, `stepBackward` (reference, one sequence and step).
fn check(comptime Kind: type, runner: *Runner) !void {
    for (shapes) |shape| {
        const expected = try Arrays.init(shape, Kind.gate_count);
        defer expected.deinit();
        const actual = try Arrays.init(shape, Kind.gate_count);
        defer actual.deinit();
        try threaded.forward(runner, shape, actual.weight.items.ptr, Kind.forward(actual));
        for (0..shape.steps) |order| for (0..shape.batch) |row| Kind.step(expected.at(order, row));
        if (!Kind.keeps_sums) @memcpy(expected.gates.items, actual.gates.items);
        try Arrays.expectClose(expected, actual);

        try threaded.backward(runner, shape, actual.weight.items.ptr, Kind.backward(actual));
        var order = shape.steps;
        while (order > 0) {
            order -= 1;
            for (0..shape.batch) |row| {
                const place = expected.at(order, row);
                Kind.stepBackward(place);
                const gates = if (Kind.gate_count == 3)
                    expected.hidden_gradients.items
                else
                    expected.gate_gradients.items;
                const previous = place.previousState(expected.state_gradients.items);
                reference.addProducts(place.gates(gates), expected.weight.items, previous);
            }
        }
        try Arrays.expectClose(expected, actual);
    }
}

fn Rnn(comptime activation: threaded.Activation) type {
    return struct {
        const gate_count = 1;
        // The sums that it leaves behind are of no use.
        const keeps_sums = false;

        fn forward(arrays: Arrays) threaded.Rnn {
            return .{
                .activation = activation,
                .gates = arrays.gates.items.ptr,
                .states = arrays.states.items.ptr,
            };
        }

        fn backward(arrays: Arrays) threaded.RnnGradients {
            return .{
                .activation = activation,
                .states = arrays.states.items.ptr,
                .state_gradients = arrays.state_gradients.items.ptr,
                .gate_gradients = arrays.gate_gradients.items.ptr,
            };
        }

        fn step(row: Row) void {
            const arrays = row.arrays;
            const states = arrays.states.items;
            const gates = row.gates(arrays.gates.items);
            const previous = row.previousState(states);
            const weight = arrays.weight.items;
            reference.rnn(activation == .relu, gates, weight, previous, row.state(states));
        }

        fn stepBackward(row: Row) void {
            const arrays = row.arrays;
            reference.rnnBackward(
                activation == .relu,
                row.state(arrays.states.items),
                row.state(arrays.state_gradients.items),
                row.gates(arrays.gate_gradients.items),
            );
        }
    };
}

const Lstm = struct {
    const gate_count = 4;
    const keeps_sums = true;

    fn forward(arrays: Arrays) threaded.Lstm {
        return .{
            .gates = arrays.gates.items.ptr,
            .cells = arrays.cells.items.ptr,
            .states = arrays.states.items.ptr,
        };
    }

    fn backward(arrays: Arrays) threaded.LstmGradients {
        return .{
            .gates = arrays.gates.items.ptr,
            .cells = arrays.cells.items.ptr,
            .state_gradients = arrays.state_gradients.items.ptr,
            .cell_gradients = arrays.cell_gradients.items.ptr,
            .gate_gradients = arrays.gate_gradients.items.ptr,
        };
    }

    fn step(row: Row) void {
        const arrays = row.arrays;
        const gates = row.gates(arrays.gates.items);
        reference.lstm(
            gates,
            arrays.weight.items,
            row.previousState(arrays.states.items),
            row.previousState(arrays.cells.items),
            gates,
            row.state(arrays.cells.items),
            row.state(arrays.states.items),
        );
    }

    fn stepBackward(row: Row) void {
        const arrays = row.arrays;
        reference.lstmBackward(
            row.gates(arrays.gates.items),
            row.previousState(arrays.cells.items),
            row.state(arrays.cells.items),
            row.state(arrays.state_gradients.items),
            row.of(arrays.cell_gradients.items, 0, 1),
            row.gates(arrays.gate_gradients.items),
        );
    }
};

fn Gru(comptime has_bias: bool) type {
    return struct {
        const gate_count = 3;
        const keeps_sums = true;

        fn forward(arrays: Arrays) threaded.Gru {
            return .{
                .gates = arrays.gates.items.ptr,
                .bias = if (has_bias) arrays.bias.items.ptr else null,
                .candidates = arrays.candidates.items.ptr,
                .states = arrays.states.items.ptr,
            };
        }

        fn backward(arrays: Arrays) threaded.GruGradients {
            return .{
                .gates = arrays.gates.items.ptr,
                .candidates = arrays.candidates.items.ptr,
                .states = arrays.states.items.ptr,
                .state_gradients = arrays.state_gradients.items.ptr,
                .gate_gradients = arrays.gate_gradients.items.ptr,
                .hidden_gradients = arrays.hidden_gradients.items.ptr,
            };
        }

        fn step(row: Row) void {
            const arrays = row.arrays;
            const gates = row.gates(arrays.gates.items);
            reference.gru(
                gates,
                arrays.weight.items,
                if (has_bias) arrays.bias.items else null,
                row.previousState(arrays.states.items),
                row.of(arrays.candidates.items, row.time, 1),
                gates,
                row.state(arrays.states.items),
            );
        }

        fn stepBackward(row: Row) void {
            const arrays = row.arrays;
            reference.gruBackward(
                row.gates(arrays.gates.items),
                row.of(arrays.candidates.items, row.time, 1),
                row.previousState(arrays.states.items),
                row.state(arrays.state_gradients.items),
                row.previousState(arrays.state_gradients.items),
                row.gates(arrays.gate_gradients.items),
                row.gates(arrays.hidden_gradients.items),
            );
        }
    };
}

fn checkAll(_: void, runner: *Runner, _: u32) !void {
    try check(Rnn(.tanh), runner);
    try check(Rnn(.relu), runner);
    try check(Lstm, runner);
    try check(Gru(true), runner);
    try check(Gru(false), runner);
}

test "recurrent: states and gradients, all kinds, both directions" {
    try support.forRunners({}, checkAll);
}

test "recurrent: results do not depend on the number of threads" {
    const shape: Shape = .{ .steps = 5, .batch = 12, .hidden = 150 };
    const first = try Arrays.init(shape, 4);
    defer first.deinit();
    try support.forRunners(first, checkThreads);
}

fn checkThreads(first: Arrays, runner: *Runner, threads: u32) !void {
    const arrays = try Arrays.init(first.shape, 4);
    defer arrays.deinit();
    const weight = arrays.weight.items.ptr;
    try threaded.forward(runner, first.shape, weight, Lstm.forward(arrays));
    try threaded.backward(runner, first.shape, weight, Lstm.backward(arrays));
    inline for (std.meta.fields(Arrays)[2..]) |field| {
        const items = @field(arrays, field.name).items;
        const kept = @field(first, field.name).items;
        if (threads == 1) @memcpy(kept, items);
        try std.testing.expectEqualSlices(f32, kept, items);
    }
}
