"""Recurrent networks: layers over sequences, and cells."""

import torch
from torch import nn
from torch.func import functional_call

from golden_file import GoldenFile, random

LAYERS = {
    "rnn_tanh": (nn.RNN, {}),
    "rnn_relu": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
    "gru": (nn.GRU, {}),
}
CELLS = {
    "rnn_cell": (nn.RNNCell, {}),
    "rnn_relu_cell": (nn.RNNCell, {"nonlinearity": "relu"}),
    "lstm_cell": (nn.LSTMCell, {}),
    "gru_cell": (nn.GRUCell, {}),
}

# Options of the layer, inputs and units, shape of x without its last size, shape of a state.
CASES = {
    "plain": ({}, (7, 5), (6, 3), None),
    "initial": ({}, (3, 17), (5, 2), (1, 2, 17)),
    "wide": ({}, (4, 33), (7, 10), None),
    "without_bias": ({"bias": False}, (3, 4), (5, 2), (1, 2, 4)),
    "batch_first": ({"batch_first": True}, (5, 6), (3, 4), (1, 3, 6)),
    "both_ways": ({"num_layers": 2, "bidirectional": True}, (3, 5), (4, 3), (4, 3, 5)),
    "both_ways_batch_first": (
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
        (2, 3),
        (3, 5),
        None,
    ),
    "unbatched": ({"num_layers": 2}, (3, 4), (5,), (2, 4)),
    "one": ({}, (1, 1), (1, 1), (1, 1, 1)),
    "empty_batch": ({}, (3, 4), (2, 0), None),
}


def flat(result):
    """Every result in one vector, so that a case's gradient reaches all of them."""
    parts = result if isinstance(result, tuple) else (result,)
    return torch.cat([flat(part) if isinstance(part, tuple) else part.reshape(-1) for part in parts])


def make():
    file = GoldenFile("recurrent")
    for kind, (layer, more) in LAYERS.items():
        for name, (options, sizes, batch, state) in CASES.items():
            module = layer(*sizes, **options, **more).double()
            add(file, f"{kind}_{name}", module, (*batch, sizes[0]), state, kind == "lstm")
    for kind, (cell, more) in CELLS.items():
        is_lstm = kind == "lstm_cell"
        add(file, kind, cell(3, 5, **more).double(), (4, 3), (4, 5), is_lstm)
        add(file, f"{kind}_unbatched", cell(3, 5, **more).double(), (3,), None, is_lstm)
    add_special(file)
    file.write()


def parameters_of(case, module):
    """Random parameters, small enough that states neither grow nor become chaotic."""
    scale = 0.8 / module.hidden_size**0.5
    return {
        name: random(f"{case}.{name}", list(parameter.shape), scale=scale)
        for name, parameter in module.named_parameters()
    }


def add(file, case, module, x_shape, state_shape, is_lstm):
    tensors = parameters_of(case, module)
    tensors["x"] = random(f"{case}.x", list(x_shape))
    if state_shape is not None:
        tensors["hidden"] = random(f"{case}.hidden", list(state_shape))
        if is_lstm:
            tensors["cell"] = random(f"{case}.cell", list(state_shape))

    def function(x, hidden=None, cell=None, **parameters):
        state = hidden if cell is None else (hidden, cell)
        return flat(functional_call(module, parameters, (x, state)))

    file.add_with_gradients(case, function, **tensors)


def add_special(file):
    """NaN and infinities in one step of one sequence."""
    for kind, (layer, more) in LAYERS.items():
        case = f"{kind}_special"
        module = layer(2, 3, **more).double()
        tensors = parameters_of(case, module)
        x = random(f"{case}.x", [4, 4, 2])
        x[1, 0, 0] = float("nan")
        x[1, 1, 0] = float("inf")
        x[2, 2, 1] = float("-inf")

        def function(x, **parameters):
            return flat(functional_call(module, parameters, (x,)))

        file.add_special(case, function, x=x, **tensors)
