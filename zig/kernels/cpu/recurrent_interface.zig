//! Cells of recurrent networks: what happens in one step between two matrix products.
//!
//! A step has `rows` sequences. A call computes `units` neighbouring units of all of them, and its
//! pointers stand at the first of these units: rows of states are `hidden` elements apart, rows of
//! gates as many times `hidden` as the cell has gates, and gates of one row `hidden`.
//!
//! "Gates" hold, one after the other, what goes into the gates' functions (sums of products and
//! biases) before a step, and what comes out of them afterwards. Gradients of gates are those of
//! the sums.

/// What a plain recurrent cell applies. The codes are part of the ABI.
pub const Activation = enum(u32) { tanh = 0, relu = 1 };

/// `state = f(gates)`, one gate.
pub const RnnForward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    activation: Activation,
    gates: [*]const f32,
    states: [*]f32,
};

pub const RnnBackward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    activation: Activation,
    states: [*]const f32,
    state_gradients: [*]const f32,
    /// Written.
    gate_gradients: [*]f32,
};

/// Long short-term memory; gates i, f, g, o:
/// `cell = f previous_cell + i g`, `state = o tanh(cell)`.
pub const LstmForward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    gates: [*]f32,
    previous_cells: [*]const f32,
    cells: [*]f32,
    states: [*]f32,
};

pub const LstmBackward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    gates: [*]const f32,
    previous_cells: [*]const f32,
    cells: [*]const f32,
    state_gradients: [*]const f32,
    /// Of `cells` before, without what the states give them; of `previous_cells` afterwards.
    cell_gradients: [*]f32,
    /// Written.
    gate_gradients: [*]f32,
};

/// Gated recurrent unit; gates r, z, n. With `candidate` the products with the state that n takes:
/// `n = tanh(gate_n + r (candidate + bias_n))`, `state = (1 - z) n + z previous_state`.
pub const GruForward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    gates: [*]f32,
    /// Biases of the products with the state, one for each gate, `hidden` apart; null: zeros.
    bias: ?[*]const f32,
    /// The bias is added to them.
    candidates: [*]f32,
    previous_states: [*]const f32,
    states: [*]f32,
};

pub const GruBackward = extern struct {
    rows: usize,
    units: usize,
    hidden: usize,
    gates: [*]const f32,
    candidates: [*]const f32,
    previous_states: [*]const f32,
    state_gradients: [*]const f32,
    /// What reaches them directly, past the gates, is added.
    previous_state_gradients: [*]f32,
    /// Written.
    gate_gradients: [*]f32,
    /// Written: gradients of the products with the state, as gates.
    hidden_gradients: [*]f32,
};

pub const Table = extern struct {
    rnn_forward: *const fn (step: *const RnnForward) callconv(.c) void,
    rnn_backward: *const fn (step: *const RnnBackward) callconv(.c) void,
    lstm_forward: *const fn (step: *const LstmForward) callconv(.c) void,
    lstm_backward: *const fn (step: *const LstmBackward) callconv(.c) void,
    gru_forward: *const fn (step: *const GruForward) callconv(.c) void,
    gru_backward: *const fn (step: *const GruBackward) callconv(.c) void,
};
