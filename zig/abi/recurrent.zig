//! Recurrent networks: reverse 1 reads the sequence from its end.

const call = @import("call.zig").call;
const recurrent = @import("../ops/recurrent.zig");

/// A plain recurrent network; activation is a code of kernels/cpu/recurrent_interface.zig.
export fn q_rnn(activation: u32, reverse: u32, gates: u32, weight: u32, states: u32) i32 {
    return call(recurrent.rnn, .{ activation, reverse, gates, weight, states });
}

/// The way back of q_rnn.
export fn q_rnn_backward(
    activation: u32,
    reverse: u32,
    states: u32,
    weight: u32,
    state_gradients: u32,
    gate_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, gate_gradients };
    return call(recurrent.rnnBackward, .{ activation, reverse, states, weight } ++ gradients);
}

/// Long short-term memory.
export fn q_lstm(reverse: u32, gates: u32, weight: u32, states: u32, cells: u32) i32 {
    return call(recurrent.lstm, .{ reverse, gates, weight, states, cells });
}

/// The way back of q_lstm.
export fn q_lstm_backward(
    reverse: u32,
    gates: u32,
    cells: u32,
    weight: u32,
    state_gradients: u32,
    cell_gradients: u32,
    gate_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, cell_gradients, gate_gradients };
    return call(recurrent.lstmBackward, .{ reverse, gates, cells, weight } ++ gradients);
}

/// Gated recurrent units; bias may be 0.
export fn q_gru(
    reverse: u32,
    gates: u32,
    weight: u32,
    bias: u32,
    states: u32,
    candidates: u32,
) i32 {
    return call(recurrent.gru, .{ reverse, gates, weight, bias, states, candidates });
}

/// The way back of q_gru.
export fn q_gru_backward(
    reverse: u32,
    gates: u32,
    candidates: u32,
    states: u32,
    weight: u32,
    state_gradients: u32,
    gate_gradients: u32,
    hidden_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, gate_gradients, hidden_gradients };
    return call(recurrent.gruBackward, .{ reverse, gates, candidates, states, weight } ++ gradients);
}
