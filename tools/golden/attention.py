"""Attention with a key/value cache, filled in steps as generation does."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

# Positions at which a sequence is cut: prefill in chunks, then single steps.
CUTS = (0, 9, 16, 17, 18)
CAPACITY = 21

# Query heads, key/value heads, head size.
SHAPES = {
    "plain": (2, 2, 16),
    "grouped": (4, 2, 8),
    "single_group": (3, 1, 64),
    "odd": (2, 1, 10),
    "wide": (4, 1, 80),
    "one": (1, 1, 1),
}


def make():
    file = GoldenFile("attention")
    for name, (heads, kv_heads, head_size) in SHAPES.items():
        for cache in (torch.float32, torch.float16):
            label = "f32" if cache == torch.float32 else "f16"
            add_sequence(file, f"attention_{name}_{label}", heads, kv_heads, head_size, cache)
    add_long(file)
    file.write()


def attend(query, keys, values, start, cache):
    """[count, heads, size] in, the same out; query i sees keys up to start + i."""
    keys, values = keys.to(cache).double(), values.to(cache).double()
    count, total = query.shape[0], keys.shape[0]
    mask = torch.arange(total)[None, :] <= start + torch.arange(count)[:, None]
    mixed = F.scaled_dot_product_attention(
        query.transpose(0, 1)[None],
        keys.transpose(0, 1)[None],
        values.transpose(0, 1)[None],
        attn_mask=mask,
        enable_gqa=True,
    )
    return mixed[0].transpose(0, 1)


def add_sequence(file, case, heads, kv_heads, head_size, cache):
    total = CUTS[-1]
    shapes = [total, heads, head_size], [total, kv_heads, head_size], [total, kv_heads, head_size]
    query, keys, values = random(case, *shapes)
    expected = attend(query, keys, values, 0, cache)
    file.add(case, query=query, keys=keys, values=values, expected=expected)


def add_long(file):
    """More positions than any tile of keys or queries."""
    query, keys, values = random("attention_long", [5, 2, 8], [203, 1, 8], [203, 1, 8])
    expected = attend(query, keys, values, 198, torch.float32)
    file.add("attention_long", query=query, keys=keys, values=values, expected=expected)
    query, keys, values = random("attention_prefill", [101, 2, 4], [101, 1, 4], [101, 1, 4])
    expected = attend(query, keys, values, 0, torch.float32)
    file.add("attention_prefill", query=query, keys=keys, values=values, expected=expected)
