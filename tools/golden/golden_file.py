"""A family's cases on their way into a safetensors file."""

import zlib
from pathlib import Path

import numpy
import torch
from safetensors.numpy import save_file

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "golden" / "data"


class GoldenFile:
    """Collects `case/name` tensors of one family."""

    def __init__(self, family):
        self.family = family
        self.tensors = {}

    def add(self, case, **tensors):
        """Adds a case: its inputs, and `expected`, or several results whose names start so."""
        for name, value in tensors.items():
            key = f"{case}/{name}"
            assert key not in self.tensors, f"{key} is there twice"
            self.tensors[key] = as_array(value)

    def add_with_gradients(self, case, function, **inputs):
        """Adds a case with its result `expected`, a random `gradient` of the result, and the
        `gradient_NAME` that it gives each floating input."""
        with torch.enable_grad():
            leaves = {
                name: value.detach().clone().requires_grad_() if value.is_floating_point() else value
                for name, value in inputs.items()
            }
            expected = function(**leaves)
            gradient = random(f"{case}/gradient", list(expected.shape)).to(expected.dtype)
            expected.backward(gradient)
        gradients = {
            f"gradient_{name}": torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            for name, leaf in leaves.items()
            if leaf.is_floating_point()
        }
        self.add(case, **inputs, expected=expected.detach(), gradient=gradient, **gradients)

    def add_special(self, case, function, **inputs):
        """As add_with_gradients, but in single precision: doubles overflow elsewhere."""
        single = {
            name: value.float() if value.is_floating_point() else value
            for name, value in inputs.items()
        }
        self.add_with_gradients(case, function, **single)

    def write(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.family}.safetensors"
        save_file(self.tensors, path)
        print(f"{path.name}: {len(self.tensors)} tensors, {path.stat().st_size} bytes")


def as_array(value):
    """Doubles become f32, integers i32, bf16 and f16 their bits; bytes stay bytes."""
    if isinstance(value, numpy.ndarray):
        return numpy.ascontiguousarray(value)
    if value.dtype == torch.bfloat16:
        return value.contiguous().view(torch.int16).numpy().view(numpy.uint8)
    if value.dtype == torch.float16:
        return value.contiguous().view(torch.int16).numpy().view(numpy.uint8)
    if value.dtype in (torch.int64, torch.int32):
        return value.to(torch.int32).contiguous().numpy()
    return value.detach().to(torch.float32).contiguous().numpy()


def random(case, *shapes, scale=1.0):
    """Normally distributed doubles that are f32 numbers, the same for the same case."""
    generator = torch.Generator().manual_seed(zlib.crc32(case.encode()))
    made = [torch.randn(shape, generator=generator) * scale for shape in shapes]
    made = [tensor.float().double() for tensor in made]
    return made[0] if len(made) == 1 else made
