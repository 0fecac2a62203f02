"""NumPy as a contender: matrix products of OpenBLAS into a ready array."""

import os
import platform
import sys
import time

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from commands import repeat, serve


class Contender:
    def describe(self):
        return {
            "name": f"NumPy {numpy.__version__}",
            "kernels": "OpenBLAS",
            "runtime": f"Python {platform.python_version()}",
        }

    def prepare(self, item, threads):
        m, k, n = item["shape"]
        random = numpy.random.default_rng(1)
        normal = lambda *shape: random.standard_normal(shape, dtype=numpy.float32)
        a = normal(k, m).T if item["op"] == "tn" else normal(m, k)
        b = normal(n, k).T if item["op"] == "nt" else normal(k, n)
        out = numpy.empty((m, n), numpy.float32)
        self.run = lambda: numpy.matmul(a, b, out=out)
        return ["OpenBLAS"]

    def measure(self, way, milliseconds):
        measured = repeat(self.run, milliseconds)
        # OpenBLAS's threads spin for some 25 ms before they sleep: into the next one's turn.
        time.sleep(0.05)
        return measured


serve(Contender())
