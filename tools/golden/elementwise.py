"""Operations element by element."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")

BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "pow": torch.pow,
}

COMPARISONS = {
    "equal": torch.eq,
    "not_equal": torch.ne,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
}

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
    "log": torch.log,
    "abs": torch.abs,
    "leaky_relu": F.leaky_relu,
    "leaky_relu_steep": lambda x: F.leaky_relu(x, 0.3),
    "elu": F.elu,
    "elu_half": lambda x: F.elu(x, alpha=0.5),
    "softplus": F.softplus,
    "softplus_sharp": lambda x: F.softplus(x, beta=3, threshold=5),
    "clamp": lambda x: torch.clamp(x, -1, 0.75),
    "clamp_below": lambda x: torch.clamp(x, min=0.5),
    "square": lambda x: torch.pow(x, 2),
    "cube": lambda x: torch.pow(x, 3),
    "reciprocal": lambda x: torch.pow(x, -1),
    "power_zero": lambda x: torch.pow(x, 0),
    "power_half": lambda x: torch.pow(x, 0.5),
    "power_uneven": lambda x: torch.pow(x, 1.7),
    "two_to": lambda x: torch.pow(2, x),
}

# Functions of positive numbers.
POSITIVE = ("sqrt", "log", "power_half", "power_uneven")

# Where functions have corners, and gradients conventions.
CORNERS = {
    "relu": [0.0],
    "abs": [0.0],
    "leaky_relu": [0.0],
    "elu": [0.0],
    "clamp": [-1.0, 0.75],
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
        add_binary(file, op, function)
    special = torch.tensor([0.0, -0.0, 1.0, -2.0, INFINITY, -INFINITY, NAN], dtype=torch.double)
    for op, function in COMPARISONS.items():
        a, b = special[:, None], special[None, :]
        file.add(op, a=a, b=b, expected=function(a, b).double())
        file.add(f"{op}_number", x=special, expected=function(special, 1).double())
    for op, function in UNARY.items():
        add_unary(file, op, function)
    special = torch.tensor([0.0, 1.0, -2.0, INFINITY, -INFINITY, NAN])
    gate, up = special[:, None].expand(6, 6).contiguous(), special.expand(6, 6).contiguous()
    file.add_special("silu_mul_special", lambda gate, up: F.silu(gate) * up, gate=gate, up=up)
    gate, up = random("silu_mul", [3, 5, 13], [3, 5, 13])
    file.add_with_gradients("silu_mul", lambda gate, up: F.silu(gate) * up, gate=gate, up=up)
    ties = torch.tensor([1.0, 2, 2, 3], dtype=torch.double)
    others = torch.tensor([2.0, 2, 1, 3], dtype=torch.double)
    for op in ("maximum", "minimum"):
        file.add_with_gradients(f"{op}_ties", BINARY[op], input=ties, other=others)
    bases = torch.tensor([0.0, 0, 0, 2], dtype=torch.double)
    exponents = torch.tensor([0.0, 1, 2, 0], dtype=torch.double)
    file.add_with_gradients("pow_zeros", torch.pow, input=bases, exponent=exponents)
    add_where(file)
    file.write()


def add_binary(file, op, function):
    def numbers(case, *shapes):
        made = random(case, *shapes)
        a, b = made if len(shapes) > 1 else (made, made)
        # Divisors away from zero: quotients stay where the absolute bound means something.
        b = b + torch.sign(b) if op == "div" else b
        return (a.abs() + 0.1 if op == "pow" else a), b

    def call(a, b):
        return function(a, b)

    for name, shapes in SHAPES.items():
        a, b = numbers(f"{op}_{name}", *shapes)
        file.add_with_gradients(f"{op}_{name}", call, a=a, b=b)
    a, b = numbers(f"{op}_views", [7, 5], [5, 14])
    b = b + torch.sign(b)
    file.add_with_gradients(f"{op}_views", lambda a, b: function(a.T, b[:, ::2]), a=a, b=b)
    a, b = numbers(f"{op}_expanded", [4, 1, 3], [2, 6, 3])
    b = b + torch.sign(b)
    expanded = lambda a, b: function(a.expand(4, 6, 3)[1:3], b)
    file.add_with_gradients(f"{op}_expanded", expanded, a=a, b=b)
    x = numbers(f"{op}_scalar", [3, 11])[0]
    x = x + torch.sign(x)
    number = torch.tensor(0.75)
    file.add_with_gradients(f"{op}_scalar", lambda x: function(x, number), x=x)
    file.add_with_gradients(f"{op}_scalar_first", lambda x: function(number, x), x=x)
    special = torch.tensor([0.0, -0.0, 1.0, -2.0, INFINITY, -INFINITY, NAN], dtype=torch.double)
    a, b = special[:, None], special[None, :]
    file.add_special(f"{op}_special", call, a=a, b=b)


def add_where(file):
    condition, a, b = random("where", [4, 5, 7], [4, 5, 7], [4, 5, 7])
    condition = (condition > 0).double()
    choose = lambda a, b: torch.where(condition != 0, a, b)
    add_with_condition(file, "where", condition, choose, a=a, b=b)
    add_with_condition(file, "where_broadcast", condition[:, :1], lambda a, b: torch.where(
        condition[:, :1] != 0, a, b), a=a[:1, :, :1], b=b[0])
    add_with_condition(file, "where_number", condition, lambda a: torch.where(
        condition != 0, a, torch.tensor(-2.5).double()), a=a)
    special = torch.tensor([0.0, -0.0, 1.0, INFINITY, NAN], dtype=torch.double)
    a, b = torch.full((5,), NAN).double(), torch.arange(5).double()
    add_with_condition(file, "where_special", special, lambda a, b: torch.where(
        special != 0, a, b), a=a, b=b)


def add_with_condition(file, case, condition, function, **inputs):
    file.add_with_gradients(case, function, **inputs)
    file.add(case, condition=condition)


def add_unary(file, op, function):
    positive = op in POSITIVE

    def numbers(x):
        return x.abs() if positive else x

    x = numbers(random(op, [3, 7, 11], scale=3))
    file.add_with_gradients(op, lambda x: function(x), x=x)
    view = numbers(random(f"{op}_view", [9, 6]))
    file.add_with_gradients(f"{op}_view", lambda x: function(x.T[1:5]), x=view)
    file.add_with_gradients(f"{op}_empty", lambda x: function(x), x=x[:, :0])
    wide = torch.cat([torch.linspace(-20, 20, 83), torch.tensor([1e-6, -1e-6, 1e-30, 0.0, -0.0])])
    wide = numbers(wide.double())
    file.add(f"{op}_wide", x=wide, expected=function(wide))
    # Far out every f32 result is a limit: 0, 1, x or infinity.
    special = torch.tensor([120.0, 1e10, 3e38, INFINITY, NAN, -120.0, -1e10, -3e38], dtype=torch.double)
    # PyTorch's gelu of 3e38 overflows in single precision, though the result is 3e38.
    add = file.add_with_gradients if op == "gelu" else file.add_special
    add(f"{op}_special", lambda x: function(x), x=special)
    if op in CORNERS:
        corners = torch.tensor(CORNERS[op] * 2, dtype=torch.double)
        file.add_with_gradients(f"{op}_corners", lambda x: function(x), x=corners)
