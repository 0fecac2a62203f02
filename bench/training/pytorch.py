"""PyTorch as a contender: obeys commands from stdin, one JSON object a line, answers on stdout.

Variants: `eager` is what people write; `tuned` adds the fused AdamW and, for convolutional networks,
channels_last; `compile` adds torch.compile to that."""

import math
import os
import resource
import statistics
import sys
import time

import torch
from torch import optim
from torch.nn import functional

from pytorch_networks import CONVOLUTIONAL, NETWORKS

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from commands import serve


def missing_compiler():
    """Why torch.compile cannot work here, or None."""
    try:
        from torch._inductor.cpp_builder import get_cpp_compiler
        get_cpp_compiler()
    except Exception as error:
        return f"torch.compile: no C++ compiler ({first_line(error)})"
    return None


def first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


class Contender:
    def load(self, workload, threads, precision, variant):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.model, self.x, self.y = NETWORKS[workload]()
        if variant != "eager" and workload in CONVOLUTIONAL:
            self.model = self.model.to(memory_format=torch.channels_last)
            self.x = self.x.to(memory_format=torch.channels_last)
        fused = {} if variant == "eager" else {"fused": True}
        self.optimizer = optim.AdamW(self.model.parameters(), lr=1e-3, **fused)
        self.is_bf16 = precision == "bf16"
        loaded = {
            "name": f"PyTorch {torch.__version__}",
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "runtime": f"Python {sys.version.split()[0]}",
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }
        if variant == "compile":
            reason = self.compile()
            if reason is not None:
                loaded["unavailable"] = reason
        return loaded

    def compile(self):
        """Compiles the model and takes a step, which says whether it works. Gives why not."""
        reason = missing_compiler()
        if reason is not None:
            return reason
        try:
            self.model = torch.compile(self.model)
            self.step()
        except Exception as error:
            return f"torch.compile: {first_line(error)}"
        return None

    def loss(self):
        return functional.cross_entropy(self.model(self.x), self.y)

    def step(self):
        self.optimizer.zero_grad()
        if self.is_bf16:
            with torch.autocast("cpu", torch.bfloat16):
                loss = self.loss()
        else:
            loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss

    def product(self):
        """As fixed_product.ts: GFLOPS of [512, 512] f32 matrices, the median of 15 products."""
        a, b, out = torch.randn(512, 512), torch.randn(512, 512), torch.empty(512, 512)
        times = []
        for _ in range(15):
            start = time.perf_counter()
            torch.mm(a, b, out=out)
            times.append(time.perf_counter() - start)
        return 2 * 512 ** 3 / statistics.median(times) / 1e9

    def steps(self, count):
        before = time.process_time()
        start = time.perf_counter()
        for _ in range(count):
            loss = self.step()
        value = loss.item()
        return {
            "milliseconds": (time.perf_counter() - start) * 1000,
            "processorMilliseconds": (time.process_time() - before) * 1000,
            "loss": value if math.isfinite(value) else None,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


if __name__ == "__main__":
    serve(Contender())
