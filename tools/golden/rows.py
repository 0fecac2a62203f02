"""Softmax, causal mask, norms and rotary embedding."""

import torch
import torch.nn.functional as F
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")


def make():
    file = GoldenFile("rows")
    add_softmax(file)
    add_causal_mask(file)
    add_norms(file)
    add_rope(file)
    file.write()
    frequencies = GoldenFile("rope_frequencies")
    add_rope_frequencies(frequencies)
    frequencies.write()


def add_softmax(file):
    shapes = {"odd": [3, 5, 7], "vector": [33], "one": [4, 1], "long": [2, 1003], "empty": [0, 5]}
    for name, shape in shapes.items():
        x = random(f"softmax_{name}", shape, scale=3)
        file.add(f"softmax_{name}", x=x, expected=F.softmax(x, -1))
    x = random("softmax_scaled", [4, 19], scale=20)
    scale = torch.tensor(0.3).double()
    file.add("softmax_scaled", x=x, expected=F.softmax(x * scale, -1))
    masked = random("softmax_masked", [5, 9])
    masked[1, 4:] = -INFINITY
    masked[2, :8] = -INFINITY
    masked[3, :] = -INFINITY
    masked[4, 3] = NAN
    file.add("softmax_masked", x=masked, expected=F.softmax(masked, -1))
    large = random("softmax_large", [3, 17], scale=1e4)
    file.add("softmax_large", x=large, expected=F.softmax(large, -1))


def add_causal_mask(file):
    for name, shape, position in (
        ("square", [5, 5], 0),
        ("cached", [2, 3, 7], 4),
        ("narrow", [4, 3], 1),
        ("wide", [2, 2, 3, 9], 2),
    ):
        x = random(f"causal_mask_{name}", shape)
        queries, keys = shape[-2:]
        allowed = torch.arange(keys)[None, :] <= position + torch.arange(queries)[:, None]
        expected = x.masked_fill(~allowed, -INFINITY)
        file.add(f"causal_mask_{name}", x=x, expected=expected)


def add_norms(file):
    epsilon = 1e-5
    for name, shape in {"one": [3, 1], "odd": [2, 3, 7], "vector": [65], "long": [3, 515], "empty": [0, 6]}.items():
        x, weight, bias = random(f"norm_{name}", shape, shape[-1:], shape[-1:])
        dim = shape[-1:]
        file.add(
            f"norm_{name}",
            x=x,
            weight=weight,
            bias=bias,
            expected_rms=F.rms_norm(x, dim, weight, epsilon),
            expected_layer=F.layer_norm(x, dim, weight, bias, epsilon),
            expected_layer_without_bias=F.layer_norm(x, dim, weight, None, epsilon),
        )
    x, weight, bias = random("norm_flat", [2, 9], [9], [9])
    x = torch.zeros_like(x)
    x[1] = 3
    file.add(
        "norm_flat",
        x=x,
        weight=weight,
        bias=bias,
        expected_rms=F.rms_norm(x, [9], weight, epsilon),
        expected_layer=F.layer_norm(x, [9], weight, bias, epsilon),
    )
    offset = (random("norm_offset", [2, 40]) + 100).float().double()
    ones, zeros = torch.ones(40).double(), torch.zeros(40).double()
    expected = F.layer_norm(offset, [40], ones, zeros, epsilon)
    file.add("norm_offset", x=offset, weight=ones, bias=zeros, expected_layer=expected)
    residual, x, weight = random("add_norm", [4, 37], [4, 37], [37])
    total = (residual + x).float().double()
    file.add(
        "add_norm",
        residual=residual,
        x=x,
        weight=weight,
        expected=F.rms_norm(total, [37], weight, epsilon),
        expected_residual=total,
    )


def angles(frequencies, start, count):
    """Radians [count, half]."""
    positions = torch.arange(start, start + count).double()
    return positions[:, None] * frequencies[None, :]


def add_rope(file):
    for name, start, count, heads, head_size in (
        ("first", 0, 5, 3, 8),
        ("later", 4090, 3, 2, 6),
        ("smallest", 1, 1, 1, 2),
        ("wide", 100, 4, 2, 130),
    ):
        frequencies = (10000.0 ** (-torch.arange(0, head_size, 2).double() / head_size)).float()
        turned = angles(frequencies.double(), start, count)
        x = random(f"rope_{name}", [count, heads, head_size])
        file.add(
            f"rope_{name}",
            frequencies=frequencies,
            x=x,
            expected_table=torch.stack([turned.cos(), turned.sin()]),
            expected_half=rope_half(x, turned),
            expected_neighbouring=rope_neighbouring(x, turned),
        )


def rope_half(x, turned):
    """transformers' own function; it wants [batch, heads, count, head_size]."""
    doubled = torch.cat([turned, turned], -1)[None]
    query = x.permute(1, 0, 2)[None]
    turned_query, _ = apply_rotary_pos_emb(query, query, doubled.cos(), doubled.sin())
    return turned_query[0].permute(1, 0, 2)


def rope_neighbouring(x, turned):
    """Llama's first formula: neighbours as complex numbers, times e^(i angle)."""
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
    turn = torch.polar(torch.ones_like(turned), turned)
    return torch.view_as_real(pairs * turn[:, None, :]).flatten(-2)


def add_rope_frequencies(file):
    plain = LlamaConfig(hidden_size=96, num_attention_heads=2, rope_theta=10000.0)
    llama3 = {
        "rope_type": "llama3",
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
        "rope_theta": 500000.0,
    }
    scaled = LlamaConfig(
        hidden_size=128,
        num_attention_heads=2,
        max_position_embeddings=131072,
        rope_theta=500000.0,
        rope_scaling=llama3,
    )
    linear = LlamaConfig(
        hidden_size=96,
        num_attention_heads=2,
        rope_theta=10000.0,
        rope_scaling={"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0},
    )
    half = torch.arange(0, 48, 2).double()
    file.add("plain", expected=10000.0 ** (-half / 48))
    assert plain.head_dim == 48
    for name, config, kind in (("llama3", scaled, "llama3"), ("linear", linear, "linear")):
        frequencies, attention_factor = ROPE_INIT_FUNCTIONS[kind](config, "cpu")
        assert attention_factor == 1.0
        file.add(name, expected=frequencies)
