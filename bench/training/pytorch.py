"""PyTorch as a contender: obeys commands from stdin, one JSON object a line, answers on stdout."""

import json
import math
import resource
import sys
import time
import traceback

import torch
from torch import nn, optim
from torch.nn import functional


class Char(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, num_layers=layers, batch_first=True)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, ids):
        return self.head(self.lstm(self.embed(ids))[0]).flatten(0, 1)


class Block(nn.Module):
    """A decoder layer of Llama; the position table comes with the input."""

    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.input_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.post_attention_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.qkvo = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x, cosine, sine):
        batch, length, width = x.shape
        normed = self.input_layernorm(x)
        split = [
            layer(normed).view(batch, length, self.heads, -1).transpose(1, 2)
            for layer in self.qkvo[:3]
        ]
        query, key = (turn(part, cosine, sine) for part in split[:2])
        mixed = functional.scaled_dot_product_attention(query, key, split[2], is_causal=True)
        x = x + self.qkvo[3](mixed.transpose(1, 2).reshape(batch, length, width))
        normed = self.post_attention_layernorm(x)
        return x + self.down(functional.silu(self.gate(normed)) * self.up(normed))


def turn(x, cosine, sine):
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class Decoder(nn.Module):
    def __init__(self, vocabulary, width, heads, inner, layers, context):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, inner) for _ in range(layers))
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.head = nn.Linear(width, vocabulary, bias=False)
        size = width // heads
        angles = torch.outer(
            torch.arange(context), 10000.0 ** (-torch.arange(0, size, 2) / size))
        angles = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine)
        return self.head(self.norm(x)).flatten(0, 1)


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, torch.randn(128, 784), torch.randint(10, (128,))


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, torch.randn(128, 1, 28, 28), torch.randint(10, (128,))


def lstm():
    ids = torch.randint(96, (32, 129))
    return Char(96, 256, 2), ids[:, :-1].contiguous(), ids[:, 1:].flatten()


def transformer():
    ids = torch.randint(96, (16, 257))
    model = Decoder(96, 384, 6, 1024, 6, 256)
    return model, ids[:, :-1].contiguous(), ids[:, 1:].flatten()


class Contender:
    def load(self, workload, threads):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.model, self.x, self.y = globals()[workload]()
        self.optimizer = optim.AdamW(self.model.parameters(), lr=1e-3)
        return {
            "name": f"PyTorch {torch.__version__}",
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "runtime": f"Python {sys.version.split()[0]}",
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }

    def steps(self, count):
        before = time.process_time()
        start = time.perf_counter()
        for _ in range(count):
            self.optimizer.zero_grad()
            loss = functional.cross_entropy(self.model(self.x), self.y)
            loss.backward()
            self.optimizer.step()
        value = loss.item()
        return {
            "milliseconds": (time.perf_counter() - start) * 1000,
            "processorMilliseconds": (time.process_time() - before) * 1000,
            "loss": value if math.isfinite(value) else None,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def serve():
    contender = Contender()
    for line in sys.stdin:
        try:
            fields = json.loads(line)
            answer = {"result": getattr(contender, fields.pop("command"))(**fields)}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
