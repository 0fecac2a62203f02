"""Trains the Llama that qorus.ts wrote down, on the same batches, and prints validation losses.

    python pytorch.py FOLDER [THREADS]
"""

import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn, optim
from torch.nn import functional


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config["headCount"]
        width = config["hiddenSize"]
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(width, width, bias=False))

    def forward(self, x, cosine, sine):
        batch, length, width = x.shape
        query, key, value = (
            layer(x).view(batch, length, self.heads, -1).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        query, key = (turn(part, cosine, sine) for part in (query, key))
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width))


def turn(x, cosine, sine):
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, inner = config["hiddenSize"], config["intermediateSize"]
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config["hiddenSize"], eps=config["normEpsilon"])
        self.self_attn = Attention(config)
        self.post_attention_layernorm = nn.RMSNorm(config["hiddenSize"], eps=config["normEpsilon"])
        self.mlp = FeedForward(config)

    def forward(self, x, cosine, sine):
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    """Parameters have the names of Qorus's, and the output matrix is the embedding."""

    def __init__(self, config):
        super().__init__()
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(config["vocabSize"], config["hiddenSize"])
        self.model.layers = nn.ModuleList(Block(config) for _ in range(config["layerCount"]))
        self.model.norm = nn.RMSNorm(config["hiddenSize"], eps=config["normEpsilon"])
        size = config["headSize"]
        frequencies = config["ropeBase"] ** (-torch.arange(0, size, 2) / size)
        angles = torch.outer(torch.arange(config["contextLength"]), frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)

    def forward(self, ids):
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, self.cosine, self.sine)
        return functional.linear(self.model.norm(x), self.model.embed_tokens.weight)


def next_token_loss(model, windows, is_bf16):
    """Mean cross-entropy; each window has one id more than the network reads."""
    ids = windows.long()
    with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
        return functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def learning_rate(step, recipe):
    """Linear rise from 0, then half a cosine wave down to `lastRate`."""
    highest, lowest = recipe["learningRate"], recipe["lastRate"]
    if step < recipe["warmupSteps"]:
        return highest * step / recipe["warmupSteps"]
    progress = (step - recipe["warmupSteps"]) / (recipe["steps"] - recipe["warmupSteps"])
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * progress)) / 2


def validate(model, windows, batch_size, is_bf16):
    with torch.no_grad():
        total = sum(
            next_token_loss(model, part, is_bf16).item() * len(part)
            for part in windows.split(batch_size))
    return total / len(windows)


def main(folder, threads, is_bf16):
    torch.set_num_threads(threads)
    recipe = json.loads((folder / "recipe.json").read_text())
    model = Llama(recipe["config"])
    model.load_state_dict(load_file(folder / "start.safetensors"))
    data = load_file(folder / "data.safetensors")
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    optimizer = optim.AdamW([
        {"params": matrices, "weight_decay": recipe["weightDecay"]},
        {"params": vectors, "weight_decay": 0.0},
    ], lr=0.0, betas=(0.9, 0.95))
    for step in range(recipe["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe)
        optimizer.zero_grad()
        loss = next_token_loss(model, data["batches"][step], is_bf16)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe["clipNorm"])
        optimizer.step()
        if (step + 1) % recipe["validateEverySteps"] == 0 or step + 1 == recipe["steps"]:
            value = validate(model, data["validation"], recipe["batchSize"], is_bf16)
            print(json.dumps({"step": step + 1, "loss": value}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "bf16")
