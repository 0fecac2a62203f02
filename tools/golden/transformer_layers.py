"""Layers of transformers and norms, with the gradients of their inputs and parameters."""

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import (
    LlamaDecoderLayer,
    LlamaMLP,
    LlamaRotaryEmbedding,
)

from golden_file import GoldenFile, random
from layers import block_config, fill


def make():
    file = GoldenFile("transformer_layers")
    for name, module, shape in (
        ("linear", nn.Linear(13, 9), [2, 3, 13]),
        ("linear_without_bias", nn.Linear(13, 9, bias=False), [3, 13]),
        ("layer_norm", nn.LayerNorm(11), [2, 4, 11]),
        ("rms_norm", nn.RMSNorm(11, eps=1e-6), [2, 4, 11]),
        ("group_norm", nn.GroupNorm(3, 6), [2, 6, 5]),
        ("group_norm_plain", nn.GroupNorm(2, 6, affine=False), [2, 6, 5]),
        ("batch_norm1d", nn.BatchNorm1d(7), [5, 7]),
        ("batch_norm1d_sequence", nn.BatchNorm1d(7, momentum=None), [5, 7, 3]),
        ("batch_norm2d", nn.BatchNorm2d(3, momentum=0.2, eps=1e-3), [4, 3, 5, 6]),
        ("batch_norm2d_own", nn.BatchNorm2d(3, track_running_stats=False), [4, 3, 5, 6]),
        ("batch_norm2d_eval", nn.BatchNorm2d(3).eval(), [4, 3, 5, 6]),
        ("softmax", nn.Softmax(1), [3, 4, 5]),
        ("feed_forward_gelu", Gelu("none"), [2, 3, 8]),
        ("feed_forward_gelu_tanh", Gelu("tanh"), [2, 3, 8]),
    ):
        add(file, name, module, lambda module, x: module(x), random(f"layer_{name}", shape))
    add(file, "embedding", nn.Embedding(7, 5), lambda module, x: module(x), torch.tensor([4, 0, 4]))
    gated = LlamaMLP(block_config())
    add(file, "feed_forward", gated, lambda module, x: module(x), random("gated", [2, 5, 24]))
    add_multi_head(file)
    add_block(file)
    add_llama(file)
    file.write()


class Gelu(nn.Module):
    def __init__(self, approximate):
        super().__init__()
        self.up_proj = nn.Linear(8, 13)
        self.down_proj = nn.Linear(13, 8)
        self.approximate = approximate

    def forward(self, x):
        return self.down_proj(nn.functional.gelu(self.up_proj(x), approximate=self.approximate))


def add(file, case, module, run, *inputs):
    """A case: state before the call, output, gradients, and buffers after it."""
    with torch.enable_grad():
        fill(case, module)
        fill_running(case, module)
        file.add(case, **{f"state/{name}": v.clone() for name, v in module.state_dict().items()})
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
        expected = run(module, *leaves)
        gradient = random(f"{case}/gradient", list(expected.shape))
        expected.backward(gradient)
    file.add(case, x=inputs[0], expected=expected.detach(), gradient=gradient)
    if leaves[0].grad is not None:
        file.add(case, gradient_x=leaves[0].grad)
    gradients = {f"parameter/{name}": p.grad for name, p in module.named_parameters()}
    buffers = {f"buffer/{name}": v for name, v in module.named_buffers() if "inv_freq" not in name}
    file.add(case, **gradients, **buffers)


def fill_running(case, module):
    """Running statistics other than the initial ones."""
    for name, buffer in module.named_buffers():
        if "running" in name:
            values = random(f"{case}.{name}", list(buffer.shape), scale=0.3)
            buffer.copy_(values if "mean" in name else (values.square() + 0.5).float().double())


def add_multi_head(file):
    for name, bias, causal in (("plain", True, False), ("causal", False, True)):
        module = nn.MultiheadAttention(12, 3, bias=bias, batch_first=True)
        mask = torch.full([5, 5], -float("inf")).double().triu(1) if causal else None

        def run(module, x):
            return module(x, x, x, attn_mask=mask, need_weights=False)[0]

        add(file, f"multi_head_{name}", module, run, random(f"multi_head_{name}", [2, 5, 12]))


def causal_mask(count):
    return torch.full((count, count), float("-inf")).double().triu(1)[None, None]


def add_block(file):
    config = block_config()
    positions = torch.arange(11)[None]
    angles = LlamaRotaryEmbedding(config).double()(torch.zeros(1, dtype=torch.double), positions)

    def run(block, x):
        options = {"position_ids": positions, "position_embeddings": angles}
        result = block(x, attention_mask=causal_mask(11), **options)
        return result[0] if isinstance(result, tuple) else result

    add(file, "block", LlamaDecoderLayer(config, 0), run, random("training_block", [2, 11, 24]))


def add_llama(file):
    config = LlamaConfig(
        vocab_size=19,
        hidden_size=16,
        intermediate_size=28,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        max_position_embeddings=32,
        tie_word_embeddings=False,
    )
    config._attn_implementation = "sdpa"
    ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2], [18, 0, 7, 7, 7, 2, 11]])
    add(file, "llama", LlamaForCausalLM(config), lambda model, ids: model(ids).logits, ids)
