//! Recurrences over whole sequences: per step the product with the state and the cell, fused, one
//! round of the pool; chunks are neighbouring units, so each has the gates that its cells need.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const Kernels = @import("../interface.zig").Kernels;
const rounding = @import("rounding.zig");
const Runner = @import("runner.zig").Runner;
const Weight = @import("recurrent_weight.zig").Weight;
const cells = @import("recurrent_cells.zig");
const Ahead = @import("../matmul_interface.zig").Ahead;

pub const Activation = cells.Activation;
pub const Shape = cells.Shape;
pub const Rnn = cells.Rnn;
pub const RnnGradients = cells.RnnGradients;
pub const Lstm = cells.Lstm;
pub const LstmGradients = cells.LstmGradients;
pub const Gru = cells.Gru;
pub const GruGradients = cells.GruGradients;
const Place = cells.Place;

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
                const ahead = [_]Ahead{job.cell.ahead(place, gate)};
                job.weight.multiply(number, gate, states, job.shape.batch, target, &ahead);
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
            const place: Place = .{
                .shape = job.shape,
                .order = job.left -| 1,
                .unit = units.start,
                .units = units.count,
            };
            if (job.left < job.shape.steps) job.addFromNextStep(number, place);
            if (job.left > 0) job.gradients.differentiate(job.kernels, place);
        }

        /// What the states behind step `left - 1` get through the gates of the step after it; what
        /// that step's cells work on is fetched meanwhile.
        fn addFromNextStep(job: *const @This(), number: u32, place: Place) void {
            const shape_ = job.shape;
            const target: Weight.Target = .{
                .data = job.gradients.state_gradients + shape_.previousAt(job.left) + place.unit,
                .row_stride = shape_.hidden,
                .accumulate = true,
            };
            const ahead = job.gradients.ahead(place);
            job.weight.multiply(number, 0, job.factors.data, shape_.batch, target, &ahead);
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
