"""PyTorch as a contender, in two forms: `fresh` makes every result anew, as people call it;
`ready` writes into buffers that are there, and is started with an allocator that keeps memory for
the operations that cannot."""

import os
import platform
import sys

import torch
from torch import nn
from torch.nn import functional as F

from pytorch_layers import attention, convolution, recurrent

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from commands import repeat, serve

aten = torch.ops.aten

FORWARD = {
    "add": lambda o: torch.add(o.x, o.y),
    "mulRow": lambda o: torch.mul(o.x, o.weight),
    "relu": lambda o: torch.relu(o.x),
    "gelu": lambda o: F.gelu(o.x),
    "silu": lambda o: F.silu(o.x),
    "exp": lambda o: torch.exp(o.x),
    "tanh": lambda o: torch.tanh(o.x),
    "sigmoid": lambda o: torch.sigmoid(o.x),
    "softmax": lambda o: torch.softmax(o.x, -1),
    "logSoftmax": lambda o: torch.log_softmax(o.x, -1),
    "layerNorm": lambda o: F.layer_norm(o.x, o.weight.shape, o.weight, o.bias),
    "rmsNorm": lambda o: F.rms_norm(o.x, o.weight.shape, o.weight, 1e-5),
    "crossEntropy": lambda o: F.cross_entropy(o.x, o.labels),
    "sumRows": lambda o: torch.sum(o.x, -1),
    "sumColumns": lambda o: torch.sum(o.x, 0),
    "mean": lambda o: torch.mean(o.x),
}

FORWARD_READY = {
    "add": lambda o: torch.add(o.x, o.y, out=o.out),
    "mulRow": lambda o: torch.mul(o.x, o.weight, out=o.out),
    "relu": lambda o: torch.clamp_min(o.x, 0, out=o.out),
    "gelu": lambda o: torch._C._nn.gelu(o.x, out=o.out),
    "silu": lambda o: torch._C._nn.silu(o.x, out=o.out),
    "exp": lambda o: torch.exp(o.x, out=o.out),
    "tanh": lambda o: torch.tanh(o.x, out=o.out),
    "sigmoid": lambda o: torch.sigmoid(o.x, out=o.out),
    "softmax": lambda o: torch.softmax(o.x, -1, out=o.out),
    "logSoftmax": lambda o: torch.log_softmax(o.x, -1, out=o.out),
    "sumRows": lambda o: torch.sum(o.x, -1, out=o.row_sums),
    "sumColumns": lambda o: torch.sum(o.x, 0, out=o.column_sums),
}

# The gradients' own functions: `result` is what the forward pass gave.
BACKWARD_READY = {
    "relu": lambda o, g: aten.threshold_backward.grad_input(g, o.result, 0, grad_input=o.out),
    "gelu": lambda o, g: aten.gelu_backward.grad_input(g, o.x, grad_input=o.out),
    "silu": lambda o, g: aten.silu_backward.grad_input(g, o.x, grad_input=o.out),
    "exp": lambda o, g: torch.mul(g, o.result, out=o.out),
    "tanh": lambda o, g: aten.tanh_backward.grad_input(g, o.result, grad_input=o.out),
    "sigmoid": lambda o, g: aten.sigmoid_backward.grad_input(g, o.result, grad_input=o.out),
    "softmax": lambda o, g: aten._softmax_backward_data.out(
        g, o.result, -1, torch.float32, grad_input=o.out),
    "logSoftmax": lambda o, g: aten._log_softmax_backward_data.out(
        g, o.result, -1, torch.float32, out=o.out),
}


class Operands:
    def __init__(self, rows, columns):
        self.x = torch.randn(rows, columns)
        self.y = torch.randn(rows, columns)
        self.weight = torch.randn(columns)
        self.bias = torch.randn(columns)
        self.labels = torch.randint(columns, (rows,))
        self.out = torch.empty(rows, columns)
        self.row_sums = torch.empty(rows)
        self.column_sums = torch.empty(columns)


class Attention(nn.Module):
    """The parameters of a decoder layer; nothing is computed with them here."""

    def __init__(self, width, inner):
        super().__init__()
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2))
        self.qkvo = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)


NETWORKS = {
    "mlp": lambda: nn.Sequential(nn.Linear(784, 512), nn.Linear(512, 256), nn.Linear(256, 10)),
    "transformer": lambda: nn.Sequential(
        nn.Embedding(96, 384), *(Attention(384, 1024) for _ in range(6)), nn.RMSNorm(384),
        nn.Linear(384, 96, bias=False)),
}


def products(item, _):
    m, k, n = item["shape"]
    a = torch.randn(k, m).t() if item["op"] == "tn" else torch.randn(m, k)
    b = torch.randn(n, k).t() if item["op"] == "nt" else torch.randn(k, n)
    out = torch.empty(m, n)
    # What torch.compile makes of linear layers: a product of oneDNN, with the weight transposed.
    onednn = torch.ops.mkldnn._linear_pointwise
    return {
        "MKL": lambda: torch.mm(a, b, out=out),
        "oneDNN": lambda: onednn(a, b.t(), None, "none", [], ""),
    }


def bf16_products(item, _):
    m, k, n = item["shape"]
    a = torch.randn(k, m).t() if item["op"] == "tn" else torch.randn(m, k)
    b = torch.randn(n, k).t() if item["op"] == "nt" else torch.randn(k, n)
    rounded_a, rounded_b = a.bfloat16(), b.bfloat16()
    out = torch.empty(m, n, dtype=torch.bfloat16)

    def autocast():
        with torch.autocast("cpu", torch.bfloat16):
            torch.mm(a, b)

    return {"oneDNN bf16": lambda: torch.mm(rounded_a, rounded_b, out=out), "autocast": autocast}


def operation(item, ready):
    op, passes = item["op"], item["pass"]
    operands = Operands(*item["shape"])
    forward = FORWARD[op]
    name = "ready" if ready else "fresh"
    learned = [operands.x]
    learned += [operands.weight] if op in ("mulRow", "layerNorm", "rmsNorm") else []
    learned += [operands.bias] if op == "layerNorm" else []
    if passes != "forward":
        for tensor in learned:
            tensor.requires_grad_()
    if passes == "both":
        return {name: lambda: torch.autograd.grad(forward(operands), learned)}
    if passes == "forward":
        ready_forward = FORWARD_READY.get(op, forward)
        return {name: lambda: (ready_forward if ready else forward)(operands)}
    result = forward(operands)
    gradient = torch.randn_like(result)
    if ready and op in BACKWARD_READY:
        operands.x, operands.result = operands.x.detach(), result.detach()
        return {name: lambda: BACKWARD_READY[op](operands, gradient)}
    return {name: lambda: torch.autograd.grad(result, learned, gradient, retain_graph=True)}


def optimizer(item, _):
    made = {}
    for name, options in {"fused": {"fused": True}, "foreach": {"foreach": True}}.items():
        parameters = list(NETWORKS[item["op"]]().parameters())
        count = sum(parameter.numel() for parameter in parameters)
        assert count == item["shape"][0], f"{item['op']} has {count} parameters"
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        made[name] = torch.optim.AdamW(parameters, lr=1e-3, **options).step
    return made


def add_few(ready):
    a, b, out = torch.randn(16), torch.randn(16), torch.empty(16)
    if ready:
        return {"ready": lambda: torch.add(a, b, out=out)}
    return {"fresh": lambda: torch.add(a, b)}


def training_step(options):
    model = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))
    adamw = torch.optim.AdamW(model.parameters(), lr=1e-3, **options)
    x, labels = torch.randn(1, 32), torch.randint(10, (1,))

    def step():
        adamw.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        adamw.step()

    return step


def call(item, ready):
    if item["op"] == "add":
        return add_few(ready)
    if ready:
        return {"tuned": training_step({"fused": True})}
    return {"eager": training_step({})}


MAKERS = {
    "products": products,
    "bf16-products": bf16_products,
    "convolutions": convolution,
    "recurrent": recurrent,
    "attention": attention,
    "optimizers": optimizer,
    "calls": call,
}


class Contender:
    def __init__(self, form):
        self.ready = form == "ready"

    def describe(self):
        return {
            "name": f"PyTorch {torch.__version__}",
            "kernels": torch.backends.cpu.get_cpu_capability(),
            "runtime": f"Python {platform.python_version()}",
        }

    def prepare(self, item, threads):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.ways = {}
        self.ways = MAKERS.get(item["group"], operation)(item, self.ready)
        return list(self.ways)

    def measure(self, way, milliseconds):
        return repeat(self.ways[way], milliseconds)


if __name__ == "__main__":
    serve(Contender(sys.argv[1]))
