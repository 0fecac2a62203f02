"""Operations element by element."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")

BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}

UNARY = {
    "relu": F.relu,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "neg": torch.neg,
    "sqrt": torch.sqrt,
}

# Pairs of shapes to broadcast; every operation gets every pair.
SHAPES = {
    "same": ([3, 5, 7], [3, 5, 7]),
    "row": ([2, 3, 37], [37]),
    "column": ([5, 33], [5, 1]),
    "outer": ([4, 1, 5], [3, 1]),
    "missing": ([7], [3, 1, 7]),
    "six": ([2, 1, 3, 1, 2, 1], [1, 2, 1, 3, 1, 5]),
    "rank0": ([], [2, 3]),
    "both_rank0": ([], []),
    "one": ([1, 1, 1], [1]),
    "empty": ([0, 3], [3]),
    "empty_inner": ([4, 0], [1, 1]),
}


def make():
    file = GoldenFile("elementwise")
    for op, function in BINARY.items():
        for name, shapes in SHAPES.items():
            case = f"{op}_{name}"
            a, b = random(case, *shapes)
            # Divisors away from zero: quotients stay where the absolute bound means something.
            b = b + torch.sign(b) if op == "div" else b
            file.add(case, a=a, b=b, expected=function(a, b))
        a, b = random(f"{op}_views", [7, 5], [5, 14])
        b = b + torch.sign(b)
        expected = function(a.T, b[:, ::2])
        file.add(f"{op}_views", a=a, b=b, expected=expected)
        a, b = random(f"{op}_expanded", [4, 1, 3], [2, 6, 3])
        b = b + torch.sign(b)
        expected = function(a.expand(4, 6, 3)[1:3], b)
        file.add(f"{op}_expanded", a=a, b=b, expected=expected)
        x = random(f"{op}_scalar", [3, 11])
        x = x + torch.sign(x)
        file.add(f"{op}_scalar", x=x, expected=function(x, torch.tensor(0.75)))
        file.add(f"{op}_scalar_first", x=x, expected=function(torch.tensor(0.75), x))
        special = torch.tensor([0.0, -0.0, 1.0, -2.0, INFINITY, -INFINITY, NAN], dtype=torch.double)
        a, b = special[:, None], special[None, :]
        file.add(f"{op}_special", a=a, b=b, expected=function(a, b))
    for op, function in UNARY.items():
        add_unary(file, op, function)
    gate, up = random("silu_mul", [3, 5, 13], [3, 5, 13])
    file.add("silu_mul", gate=gate, up=up, expected=F.silu(gate) * up)
    file.write()


def add_unary(file, op, function):
    positive = op == "sqrt"
    x = random(op, [3, 7, 11], scale=3)
    x = x.abs() if positive else x
    file.add(op, x=x, expected=function(x))
    view = random(f"{op}_view", [9, 6])
    view = view.abs() if positive else view
    file.add(f"{op}_view", x=view, expected=function(view.T[1:5]))
    file.add(f"{op}_empty", x=x[:, :0], expected=function(x[:, :0]))
    wide = torch.cat([torch.linspace(-20, 20, 83), torch.tensor([1e-6, -1e-6, 1e-30, 0.0, -0.0])])
    wide = wide.double()
    wide = wide.abs() if positive else wide
    file.add(f"{op}_wide", x=wide, expected=function(wide))
    # Far out every f32 result is a limit: 0, 1, x or infinity.
    special = torch.tensor([120.0, 1e10, 3e38, INFINITY, NAN, -120.0, -1e10, -3e38], dtype=torch.double)
    file.add(f"{op}_special", x=special, expected=function(special))
