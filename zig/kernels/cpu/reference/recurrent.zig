//! Scalar references of recurrent networks, one step of one sequence at a time, in f64. Tests only.

const std = @import("std");

fn sigmoid(x: f64) f64 {
    return 1 / (1 + @exp(-x));
}

/// `sum(weight[row][j] state[j])`.
fn dot(weight: []const f32, row: usize, state: []const f32) f64 {
    var sum: f64 = 0;
    for (state, 0..) |s, j| sum += @as(f64, weight[row * state.len + j]) * s;
    return sum;
}

/// One step of tanh or relu; `sums` is the inputs' part.
pub fn rnn(
    relu: bool,
    sums: []const f32,
    weight: []const f32,
    previous: []const f32,
    state: []f32,
) void {
    for (state, 0..) |*s, unit| {
        const sum = sums[unit] + dot(weight, unit, previous);
        s.* = @floatCast(if (relu) @max(sum, 0) else std.math.tanh(sum));
    }
}

/// One step; `sums` and `gates` are [4][hidden].
pub fn lstm(
    sums: []const f32,
    weight: []const f32,
    previous: []const f32,
    previous_cell: []const f32,
    gates: []f32,
    cell: []f32,
    state: []f32,
) void {
    const hidden = state.len;
    for (0..hidden) |unit| {
        var values: [4]f64 = undefined;
        for (&values, 0..) |*value, gate| {
            const row = gate * hidden + unit;
            const sum = sums[row] + dot(weight, row, previous);
            value.* = if (gate == 2) std.math.tanh(sum) else sigmoid(sum);
            gates[row] = @floatCast(value.*);
        }
        const c = values[1] * previous_cell[unit] + values[0] * values[2];
        cell[unit] = @floatCast(c);
        state[unit] = @floatCast(values[3] * std.math.tanh(c));
    }
}

/// One step; `sums`, `bias` and `gates` are [3][hidden]. `candidates` are the third products.
pub fn gru(
    sums: []const f32,
    weight: []const f32,
    bias: ?[]const f32,
    previous: []const f32,
    candidates: []f32,
    gates: []f32,
    state: []f32,
) void {
    const hidden = state.len;
    for (0..hidden) |unit| {
        var products: [3]f64 = undefined;
        for (&products, 0..) |*product, gate| {
            const row = gate * hidden + unit;
            product.* = dot(weight, row, previous) + if (bias) |b| b[row] else 0;
        }
        const r = sigmoid(sums[unit] + products[0]);
        const z = sigmoid(sums[hidden + unit] + products[1]);
        const n = std.math.tanh(sums[2 * hidden + unit] + r * products[2]);
        for ([_]f64{ r, z, n }, 0..) |value, gate| gates[gate * hidden + unit] = @floatCast(value);
        candidates[unit] = @floatCast(products[2]);
        state[unit] = @floatCast((1 - z) * n + z * previous[unit]);
    }
}

/// The way back of one step of tanh or relu.
pub fn rnnBackward(relu: bool, state: []const f32, gradient: []const f32, gates: []f32) void {
    for (gates, state, gradient) |*out, s, g| {
        const slope: f64 = if (!relu) 1 - @as(f64, s) * s else if (s > 0) 1 else 0;
        out.* = @floatCast(g * slope);
    }
}

/// The way back of one step; `cell_gradient` and `gate_gradients` are written.
pub fn lstmBackward(
    gates: []const f32,
    previous_cell: []const f32,
    cell: []const f32,
    gradient: []const f32,
    cell_gradient: []f32,
    gate_gradients: []f32,
) void {
    const hidden = cell.len;
    for (0..hidden) |unit| {
        const i: f64 = gates[unit];
        const f: f64 = gates[hidden + unit];
        const g: f64 = gates[2 * hidden + unit];
        const o: f64 = gates[3 * hidden + unit];
        const squashed = std.math.tanh(@as(f64, cell[unit]));
        const dc = cell_gradient[unit] + gradient[unit] * o * (1 - squashed * squashed);
        gate_gradients[unit] = @floatCast(dc * g * i * (1 - i));
        gate_gradients[hidden + unit] = @floatCast(dc * previous_cell[unit] * f * (1 - f));
        gate_gradients[2 * hidden + unit] = @floatCast(dc * i * (1 - g * g));
        gate_gradients[3 * hidden + unit] = @floatCast(gradient[unit] * squashed * o * (1 - o));
        cell_gradient[unit] = @floatCast(dc * f);
    }
}

/// The way back of one step; adds to `previous_gradient`.
pub fn gruBackward(
    gates: []const f32,
    candidates: []const f32,
    previous: []const f32,
    gradient: []const f32,
    previous_gradient: []f32,
    gate_gradients: []f32,
    hidden_gradients: []f32,
) void {
    const hidden = previous.len;
    for (0..hidden) |unit| {
        const r: f64 = gates[unit];
        const z: f64 = gates[hidden + unit];
        const n: f64 = gates[2 * hidden + unit];
        const d: f64 = gradient[unit];
        const dn = d * (1 - z) * (1 - n * n);
        const dr = dn * candidates[unit] * r * (1 - r);
        const dz = d * (previous[unit] - n) * z * (1 - z);
        for ([_]f64{ dr, dz, dn }, [_]f64{ dr, dz, dn * r }, 0..) |of_gate, of_hidden, gate| {
            gate_gradients[gate * hidden + unit] = @floatCast(of_gate);
            hidden_gradients[gate * hidden + unit] = @floatCast(of_hidden);
        }
        previous_gradient[unit] += @floatCast(d * z);
    }
}

/// `gradient[j] += sum(gates[row] weight[row][j])`: what reaches a state through the next gates.
pub fn addProducts(gates: []const f32, weight: []const f32, gradient: []f32) void {
    for (gradient, 0..) |*out, j| {
        var sum: f64 = 0;
        for (gates, 0..) |gate, row| sum += @as(f64, gate) * weight[row * gradient.len + j];
        out.* += @floatCast(sum);
    }
}
