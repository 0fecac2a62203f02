"""Reductions over dimensions."""

import torch

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")

# Shapes, and the dimensions to reduce; each way of lying in memory once.
CASES = {
    "all": ([3, 5, 7], (0, 1, 2)),
    "rows": ([5, 33], (1,)),
    "columns": ([37, 21], (0,)),
    "narrow": ([101, 3], (0,)),
    "middle": ([3, 17, 5], (1,)),
    "ends": ([4, 5, 9], (0, 2)),
    "inner_two": ([3, 4, 5], (1, 2)),
    "alternating": ([2, 3, 2, 3, 2, 3], (1, 3, 5)),
    "size_one": ([4, 1, 3], (1,)),
    "one": ([1, 1], (0, 1)),
    "rank0": ([], ()),
}

REDUCTIONS = {
    "sum": lambda x, axes, keep: torch.sum(x, axes, keepdim=keep),
    "mean": lambda x, axes, keep: torch.mean(x, axes, keepdim=keep),
    "max": lambda x, axes, keep: torch.amax(x, axes, keepdim=keep),
    "min": lambda x, axes, keep: torch.amin(x, axes, keepdim=keep),
    "variance": lambda x, axes, keep: torch.var(x, axes, keepdim=keep),
    "std": lambda x, axes, keep: torch.std(x, axes, keepdim=keep),
}

CORRECTED = {
    "variance": lambda x, correction: torch.var(x, 1, correction=correction),
    "std": lambda x, correction: torch.std(x, 1, correction=correction),
}


def make():
    file = GoldenFile("reductions")
    for op, function in REDUCTIONS.items():
        for name, (shape, axes) in CASES.items():
            # Estimates from one element are NaN, with NaN gradients.
            case = f"{op}_{name}"
            x = random(case, shape)
            file.add_with_gradients(case, lambda x: function(x, axes, False), x=x)
        x = random(f"{op}_keep", [3, 4, 5])
        file.add_with_gradients(f"{op}_keep", lambda x: function(x, (0, 2), True), x=x)
        add_views(file, op, function)
        add_special(file, op, function)
        if op not in ("max", "min"):
            empty = torch.zeros(2, 0, 3)
            file.add(f"{op}_empty", x=empty, expected=function(empty, (1,), False))
        nothing = torch.zeros(0, 3)
        file.add(f"{op}_nothing", x=nothing, expected=function(nothing, (1,), False))
    for op, function in CORRECTED.items():
        for correction in (0, 2, 5):
            case = f"{op}_correction_{correction}"
            x = random(case, [3, 5])
            file.add_with_gradients(case, lambda x: function(x, correction), x=x)
        # A mean that is large against the deviation.
        x = (random(f"{op}_far", [3, 65]) + 1000).float().double()
        file.add_with_gradients(f"{op}_far", lambda x: function(x, 1), x=x)
    constant = torch.full((2, 3), 0.75, dtype=torch.double)
    file.add_with_gradients("std_constant", lambda x: torch.std(x, 1), x=constant)
    ties = torch.tensor([[1.0, 3, 3, 2], [5, 5, 5, 5]], dtype=torch.double)
    file.add_with_gradients("max_ties", lambda x: torch.amax(x, 1), x=ties)
    file.add_with_gradients("min_ties", lambda x: torch.amin(x, (0, 1)), x=-ties)
    add_indices(file)
    file.write()


def add_views(file, op, function):
    x = random(f"{op}_transposed", [6, 9])
    file.add_with_gradients(f"{op}_transposed", lambda x: function(x.T, (1,), False), x=x)
    x = random(f"{op}_permuted", [3, 4, 5])
    permuted = lambda x: function(x.permute(2, 0, 1), (1,), False)
    file.add_with_gradients(f"{op}_permuted", permuted, x=x)
    x = random(f"{op}_sliced", [5, 14])
    file.add_with_gradients(f"{op}_sliced", lambda x: function(x[:, ::2], (0,), False), x=x)
    x = random(f"{op}_expanded", [4, 1, 3])
    expanded = lambda x: function(x.expand(4, 6, 3), (0,), False)
    file.add_with_gradients(f"{op}_expanded", expanded, x=x)


def add_special(file, op, function):
    rows = torch.arange(6 * 19, dtype=torch.double).reshape(6, 19) % 7
    rows[0, 3] = INFINITY
    rows[1, 17] = -INFINITY
    rows[2, 18] = NAN
    rows[3, 0] = INFINITY
    rows[3, 1] = -INFINITY
    rows[4, 2], rows[4, 5] = NAN, INFINITY
    file.add_special(f"{op}_special", lambda x: function(x, (1,), False), x=rows)
    columns = rows.T.contiguous()
    file.add_special(f"{op}_special_columns", lambda x: function(x, (0,), False), x=columns)


def add_indices(file):
    for op, function in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        for name, (shape, axis) in {
            "rows": ([5, 33], 1),
            "columns": ([33, 21], 0),
            "middle": ([3, 17, 5], 1),
        }.items():
            x = random(f"{op}_{name}", shape)
            file.add(f"{op}_{name}", x=x, expected=function(x, axis))
        x = random(f"{op}_keep", [4, 6])
        file.add(f"{op}_keep", x=x, expected=function(x, 0, keepdim=True))
        file.add(f"{op}_all", x=x, expected=function(x))
        file.add(f"{op}_view", x=x, expected=function(x.T[1:5], 1))
        special = torch.arange(4 * 19, dtype=torch.double).reshape(4, 19) % 7
        special[0, 3], special[1, 17], special[2, 5], special[2, 6] = INFINITY, -INFINITY, NAN, NAN
        file.add(f"{op}_special", x=special, expected=function(special, 1))
        file.add(f"{op}_special_columns", x=special, expected=function(special, 0))
