"""The contender of convolution.ts: PyTorch on the same shapes, one line per case on stdout."""

import json
import sys
import time

import torch
import torch.nn.functional as F


def main():
    request = json.loads(sys.stdin.readline())
    torch.set_num_threads(request["threads"])
    cases = [prepared(case) for case in request["cases"]]
    print("ready", flush=True)
    for line in sys.stdin:
        forward, backward = measure(cases[int(line)], request["seconds"])
        print(json.dumps({"forward": forward, "backward": backward}), flush=True)


def prepared(case):
    x = torch.randn(case["x"], requires_grad=case["learnsInput"])
    weight = torch.randn(case["weight"], requires_grad=True)
    bias = torch.randn(case["weight"][0], requires_grad=True)
    return x, weight, bias, case["options"]


def measure(case, seconds):
    """Best seconds of a forward and of a backward pass."""
    x, weight, bias, options = case
    best = [float("inf"), float("inf")]
    end = time.perf_counter() + seconds
    gradient = None
    while time.perf_counter() < end:
        start = time.perf_counter()
        result = F.conv2d(x, weight, bias, **options)
        middle = time.perf_counter()
        gradient = torch.ones_like(result) if gradient is None else gradient
        backward_start = time.perf_counter()
        result.backward(gradient)
        best = [min(best[0], middle - start), min(best[1], time.perf_counter() - backward_start)]
        x.grad = weight.grad = bias.grad = None
    return best


if __name__ == "__main__":
    main()
