"""The contender of convolution.ts: PyTorch on the same shapes. Every case is measured with images as
they are (NCHW) and in memory format channels_last."""

import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from commands import serve


class Contender:
    def load(self, threads, seconds, cases):
        torch.set_num_threads(threads)
        self.seconds, self.cases = seconds, cases

    def measure(self, index):
        formats = {"nchw": torch.contiguous_format, "channelsLast": torch.channels_last}
        case, seconds = self.cases[index], self.seconds / len(formats)
        return {name: measure(case, seconds, it) for name, it in formats.items()}


def pair(value):
    return value if isinstance(value, list) else [value, value]


def measure(case, seconds, memory_format):
    """Best milliseconds of each direction."""
    options = case["options"]
    steps = [pair(options.get(name, default)) for name, default in
             (("stride", 1), ("padding", 0), ("dilation", 1))]
    x = torch.randn(case["x"]).to(memory_format=memory_format)
    weight = torch.randn(case["weight"]).to(memory_format=memory_format)
    bias = torch.randn(case["weight"][0]) if case["bias"] else None
    rest = (*steps, False, [0, 0], options.get("groups", 1))
    gradient = torch.ones_like(torch.convolution(x, weight, bias, *rest))

    def backward(mask):
        sizes = [case["weight"][0]] if case["bias"] else None
        return torch.ops.aten.convolution_backward(gradient, x, weight, sizes, *rest, mask)

    directions = {
        "forward": lambda: torch.convolution(x, weight, bias, *rest),
        "weight": lambda: backward([False, True, case["bias"]]),
    }
    if case["learnsInput"]:
        directions["input"] = lambda: backward([True, False, False])
    return {name: best(run, seconds / len(directions)) for name, run in directions.items()}


def best(run, seconds):
    least = float("inf")
    run()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - start)
    return least * 1000


if __name__ == "__main__":
    with torch.no_grad():
        serve(Contender())
