"""Convolutions, recurrent layers and attention as PyTorch computes them."""

import torch
from torch import nn
from torch.nn import functional as F


def convolution(item, _):
    """Images and weights as they are (NCHW), and in memory format channels_last."""
    formats = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}
    return {name: convolution_in(item, memory_format) for name, memory_format in formats.items()}


def convolution_in(item, memory_format):
    sizes, has_bias = item["convolution"]["weight"], item["convolution"]["bias"]
    options = item["convolution"]["options"]
    stride, padding = options.get("stride", 1), options.get("padding", 0)
    x = torch.randn(item["shape"]).to(memory_format=memory_format)
    weight = torch.randn(sizes).to(memory_format=memory_format)
    bias = torch.randn(sizes[0]) if has_bias else None
    rest = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], options.get("groups", 1))
    if item["pass"] == "forward":
        return lambda: torch.convolution(x, weight, bias, *rest)
    gradient = torch.randn_like(torch.convolution(x, weight, bias, *rest))
    mask = [True, False, False] if item["pass"] == "input" else [False, True, has_bias]
    bias_sizes = [sizes[0]] if has_bias else None
    backward = torch.ops.aten.convolution_backward
    return lambda: backward(gradient, x, weight, bias_sizes, *rest, mask)


def recurrent(item, _):
    kind = {"lstm": nn.LSTM, "gru": nn.GRU}[item["op"]]
    steps, batch, inputs = item["shape"]
    layer = kind(inputs, item["hidden"])
    x = torch.randn(steps, batch, inputs)
    gradient = torch.randn(steps, batch, item["hidden"])
    name = f"nn.{kind.__name__}"
    return {name: of_pass(item, lambda: layer(x)[0], [x, *layer.parameters()], gradient)}


def attention(item, _):
    """Heads lie side by side, as layers make them."""
    batch, heads, positions, size = item["shape"]
    make = lambda: torch.randn(batch, positions, heads, size)
    operands = [make() for _ in range(3)]

    def compute():
        query, key, value = (operand.transpose(1, 2) for operand in operands)
        return F.scaled_dot_product_attention(query, key, value, is_causal=item["causal"])

    return {"sdpa": of_pass(item, compute, operands, make().transpose(1, 2))}


def of_pass(item, compute, learned, gradient):
    """The forward pass alone, or both passes."""
    if item["pass"] == "forward":
        return torch.no_grad()(compute)
    for tensor in learned:
        tensor.requires_grad_()
    return lambda: torch.autograd.grad(compute(), learned, gradient)
