"""Attention of whole sequences with gradients."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

# Batch, query heads, key/value heads, queries, keys, head size.
SHAPES = {
    "plain": (2, 2, 2, 7, 7, 16),
    "grouped": (2, 6, 2, 9, 9, 12),
    "one_key_head": (1, 3, 1, 5, 11, 5),
    "one": (1, 1, 1, 1, 1, 1),
    "more_queries": (1, 2, 1, 13, 4, 8),
    "tiles": (1, 2, 1, 70, 131, 9),
    "ranges": (1, 2, 2, 67, 261, 4),
    "wide": (1, 2, 1, 19, 19, 80),
    "no_queries": (1, 2, 1, 0, 5, 4),
}


def make():
    file = GoldenFile("scaled_attention")
    for name, shape in SHAPES.items():
        add(file, name, shape)
        add(file, f"{name}_causal", shape, causal=True)
    add(file, "scaled", SHAPES["grouped"], scale=0.9)
    batch, heads, _, queries, keys, _ = SHAPES["grouped"]
    masks = {
        "keys": [keys],
        "matrix": [queries, keys],
        "heads": [heads, 1, keys],
        "batch": [batch, 1, queries, keys],
        "full": [batch, heads, queries, keys],
        "queries": [queries, 1],
    }
    for name, shape in masks.items():
        add(file, f"mask_{name}", SHAPES["grouped"], mask=random(f"mask_{name}", shape))
    hidden = torch.zeros([queries, keys]).double()
    hidden[:, 2] = -float("inf")
    hidden[3, :5] = -float("inf")
    add(file, "mask_hidden", SHAPES["grouped"], mask=hidden)
    blind = hidden.clone()
    blind[4] = -float("inf")
    add(file, "mask_blind", SHAPES["grouped"], mask=blind)
    add(file, "mask_causal", SHAPES["grouped"], mask=random("mask_matrix", masks["matrix"]), causal=True)
    add_special(file)
    file.write()


def add_special(file):
    """NaN and infinities in a query, a key and a value, each of another head."""
    query, key, value = random("scaled_attention_special", [1, 4, 5, 6], [1, 4, 7, 6], [1, 4, 7, 6])
    query[0, 0, 1, 2] = float("nan")
    query[0, 0, 3, 0] = float("inf")
    key[0, 1, 4, 1] = float("nan")
    value[0, 2, 5, 3] = float("nan")
    value[0, 2, 6, 0] = -float("inf")
    # PyTorch's fused kernel gives zeros for a query with NaN; its formula gives NaN.
    formula = lambda query, key, value: torch.softmax(query @ key.mT / 6**0.5, -1) @ value
    file.add_special("special", formula, query=query, key=key, value=value)


def add(file, name, shape, mask=None, causal=False, scale=None):
    batch, heads, kv_heads, queries, keys, size = shape
    query, key, value = random(
        f"scaled_attention_{name}",
        [batch, heads, queries, size],
        [batch, kv_heads, keys, size],
        [batch, kv_heads, keys, size],
    )
    inputs = {"query": query, "key": key, "value": value}
    if mask is not None:
        inputs["mask"] = mask

    def attend(query, key, value, mask=None):
        total = mask
        if mask is not None:
            total = mask.expand(torch.broadcast_shapes(mask.shape, [queries, keys]))
        if causal:
            order = torch.arange(keys)[None] > torch.arange(queries)[:, None]
            hidden = torch.zeros([queries, keys]).double().masked_fill(order, -float("inf"))
            total = hidden if mask is None else hidden + mask
        if total is not None and (total == -float("inf")).all(-1).any():
            return blind_attention(query, key, value, total)
        options = {"scale": scale, "enable_gqa": True}
        return F.scaled_dot_product_attention(query, key, value, total, **options)

    file.add_with_gradients(name, attend, **inputs)


def blind_attention(query, key, value, mask):
    """Queries that see nothing get zeros and no gradient, as with PyTorch's own masks."""
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5 + mask
    sees = (mask > -float("inf")).any(-1, keepdim=True)
    weights = torch.softmax(torch.where(sees, scores, 0.0), -1)
    return (weights * sees) @ value
