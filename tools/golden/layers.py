"""Layers with their state dicts."""

import torch
from torch import nn
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import (
    LlamaDecoderLayer,
    LlamaMLP,
    LlamaRotaryEmbedding,
)

from golden_file import GoldenFile, random


def make():
    file = GoldenFile("layers")
    ids = torch.tensor([4, 0, 6, 4])
    add(file, "linear", nn.Linear(13, 9), random("layer_linear", [2, 3, 13]))
    add(file, "linear_without_bias", nn.Linear(13, 9, bias=False), random("layer_plain", [3, 13]))
    add(file, "layer_norm", nn.LayerNorm(11, eps=1e-5), random("layer_norm", [4, 11]))
    add(file, "layer_norm_without_bias", nn.LayerNorm(11, bias=False), random("layer_nb", [4, 11]))
    add(file, "rms_norm", nn.RMSNorm(11, eps=1e-6), random("layer_rms", [4, 11]))
    add(file, "embedding", nn.Embedding(7, 5), ids)
    config = block_config()
    add(file, "feed_forward", LlamaMLP(config), random("layer_mlp", [5, 24], scale=0.5))
    add_block(file, "block", block_config())
    add_block(file, "block_with_bias", block_config(attention_bias=True))
    file.write()


def block_config(**options):
    config = LlamaConfig(
        hidden_size=24,
        intermediate_size=40,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=6,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        max_position_embeddings=64,
        **options,
    )
    config._attn_implementation = "sdpa"
    return config


def fill(case, module):
    """Random parameters instead of the initial ones, f32 numbers in double precision."""
    module.double()
    for name, parameter in module.named_parameters():
        values = random(f"{case}.{name}", list(parameter.shape), scale=0.3)
        parameter.data = values + 1 if parameter.ndim == 1 and "norm" in f"{case}{name}" else values
        parameter.data = parameter.data.float().double()


def add_state(file, case, module):
    state = {f"state/{name}": value for name, value in module.state_dict().items()}
    # Attention's output projection has no bias in Qorus; transformers' has one with the others.
    file.add(case, **{name: value for name, value in state.items() if "o_proj.bias" not in name})


def add(file, case, module, x):
    fill(case, module)
    add_state(file, case, module)
    file.add(case, x=x, expected=module(x))


def add_block(file, case, config):
    """A decoder layer over a whole sequence; the test feeds it in two pieces."""
    block = LlamaDecoderLayer(config, 0)
    fill(case, block)
    bias = block.self_attn.o_proj.bias
    if bias is not None:
        bias.data.zero_()
    add_state(file, case, block)
    count = 11
    x = random(f"{case}_x", [count, config.hidden_size])
    positions = torch.arange(count)[None]
    angles = LlamaRotaryEmbedding(config).double()(x[None], positions)
    mask = torch.full((count, count), float("-inf")).double().triu(1)[None, None]
    result = block(x[None], attention_mask=mask, position_ids=positions, position_embeddings=angles)
    output = result[0] if isinstance(result, tuple) else result
    file.add(case, x=x, expected=output.reshape(count, -1))
