"""Softmax, norms, rotary embedding and look-up with their gradients."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")


def make():
    file = GoldenFile("normalization")
    add_softmax(file)
    add_row_norms(file)
    add_channel_norms(file)
    add_special_norms(file)
    add_rope(file)
    add_embedding(file)
    file.write()


def add_softmax(file):
    shapes = {"odd": [3, 5, 37], "vector": [19], "one": [4, 1], "wide": [2, 1030], "empty": [0, 4]}
    for name, shape in shapes.items():
        x = random(f"softmax_{name}", shape, scale=2.0)
        file.add_with_gradients(f"softmax_{name}", lambda x: torch.softmax(x, -1), x=x)
        file.add_with_gradients(f"log_softmax_{name}", lambda x: torch.log_softmax(x, -1), x=x)
    x = random("softmax_dims", [3, 4, 7])
    file.add_with_gradients("softmax_scaled", lambda x: torch.softmax(0.3 * x, -1), x=x)
    file.add_with_gradients("softmax_first", lambda x: torch.softmax(x, 0), x=x)
    file.add_with_gradients("softmax_middle", lambda x: torch.softmax(x, 1), x=x)
    file.add_with_gradients("log_softmax_middle", lambda x: torch.log_softmax(x, 1), x=x)
    special = torch.tensor(
        [[-INFINITY, 1.0, 2.0], [-INFINITY] * 3, [INFINITY, 0.0, 1.0], [NAN, 0.0, 1.0]]
    ).double()
    file.add_special("softmax_special", lambda x: torch.softmax(x, -1), x=special)
    file.add_special("log_softmax_special", lambda x: torch.log_softmax(x, -1), x=special)
    large = torch.tensor([[3e38, 3e38, 1e38], [1e4, 1e4 + 1, 1e4 - 1]]).double()
    file.add_special("log_softmax_large", lambda x: torch.log_softmax(x, -1), x=large)


def special_rows(case, shape):
    """Random numbers, with NaN, infinities and zeros in the first rows."""
    x = random(case, shape)
    x[0, 1], x[1, 0], x[2, 2] = NAN, INFINITY, -INFINITY
    x[3] = 0
    return x


def add_special_norms(file):
    weight, bias = random("special_norms", [5], [5])
    x = special_rows("special_norms", [6, 5])
    file.add_special(
        "rms_norm_special", lambda x, weight: F.rms_norm(x, [5], weight, 1e-5), x=x, weight=weight
    )
    file.add_special(
        "layer_norm_special",
        lambda x, weight, bias: F.layer_norm(x, [5], weight, bias, 1e-5),
        x=x,
        weight=weight,
        bias=bias,
    )
    x = special_rows("special_channels", [6, 6]).reshape(3, 2, 6)
    weight, bias = random("special_channels", [2], [2])
    file.add_special(
        "group_norm_special",
        lambda x, weight, bias: F.group_norm(x, 2, weight, bias),
        x=x,
        weight=weight,
        bias=bias,
    )
    x = random("special_batch", [3, 5, 4])
    x[0, 0, 1], x[1, 1, 2], x[2, 2, 0] = NAN, INFINITY, -INFINITY
    x[:, 3] = 0
    file.add_special(
        "batch_norm_special", lambda x: F.batch_norm(x, None, None, training=True), x=x
    )


def add_row_norms(file):
    shapes = {"odd": [3, 5, 37], "vector": [11], "one": [4, 1], "many": [301, 18], "empty": [0, 4]}
    for name, shape in shapes.items():
        count = shape[-1:]
        x, weight, bias = random(f"row_norm_{name}", shape, count, count)
        file.add_with_gradients(
            f"rms_norm_{name}",
            lambda x, weight: F.rms_norm(x, count, weight, 1e-5),
            x=x,
            weight=weight,
        )
        file.add_with_gradients(
            f"layer_norm_{name}",
            lambda x, weight, bias: F.layer_norm(x, count, weight, bias, 1e-5),
            x=x,
            weight=weight,
            bias=bias,
        )
    x, weight = random("layer_norm_plain", [4, 9], [9])
    file.add_with_gradients(
        "layer_norm_without_bias",
        lambda x, weight: F.layer_norm(x, [9], weight, None, 1e-5),
        x=x,
        weight=weight,
    )


def add_channel_norms(file):
    shapes = {
        "vectors": [13, 37],
        "one_channel": [5, 1],
        "sequence": [3, 5, 7],
        "images": [4, 6, 5, 3],
        "pixels": [2, 18, 1, 1],
        "long": [2, 3, 33, 17],
    }
    for name, shape in shapes.items():
        add_batch_norm(file, name, shape)
        for groups in {1, shape[1], 3 if shape[1] % 3 == 0 else 1}:
            add_group_norm(file, f"{name}_{groups}", shape, groups)
    x = random("channel_norm_plain", [4, 6, 5])
    file.add_with_gradients("group_norm_plain", lambda x: F.group_norm(x, 2), x=x)
    file.add_with_gradients(
        "batch_norm_plain", lambda x: F.batch_norm(x, None, None, training=True), x=x
    )


def add_batch_norm(file, name, shape):
    channels = shape[1:2]
    case = f"batch_norm_{name}"
    x, weight, bias, mean, variance = random(case, shape, *[channels] * 4)
    x = x * 3 + 1
    x, variance = x.float().double(), variance.square().float().double() + 0.5
    running = {"running_mean": mean.clone(), "running_variance": variance.clone()}
    inputs = {"x": x, "weight": weight, "bias": bias}

    def train(x, weight, bias):
        own = [value for value in running.values()]
        return F.batch_norm(x, *own, weight, bias, training=True, momentum=0.3)

    file.add_with_gradients(f"{case}_train", train, **inputs)
    file.add(
        f"{case}_train",
        running_mean=mean,
        running_variance=variance,
        expected_mean=running["running_mean"],
        expected_variance=running["running_variance"],
    )
    file.add_with_gradients(
        f"{case}_eval",
        lambda x, weight, bias: F.batch_norm(x, mean, variance, weight, bias),
        **inputs,
    )
    file.add(f"{case}_eval", running_mean=mean, running_variance=variance)


def add_group_norm(file, name, shape, groups):
    channels = shape[1:2]
    x, weight, bias = random(f"group_norm_{name}", shape, channels, channels)
    if groups == shape[1] and len(shape) == 2 or shape[2:] == [1, 1] and groups == shape[1]:
        return
    file.add_with_gradients(
        f"group_norm_{name}",
        lambda x, weight, bias: F.group_norm(x, groups, weight, bias),
        x=(x * 2 + 1).float().double(),
        weight=weight,
        bias=bias,
    )


def half_rope(x, angles):
    """Turns elements i and i + half of [..., count, heads, size] by angles [count, half]."""
    cosine, sine = angles.cos()[:, None], angles.sin()[:, None]
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)


def neighbouring_rope(x, angles):
    cosine, sine = angles.cos()[:, None], angles.sin()[:, None]
    first, second = x[..., 0::2], x[..., 1::2]
    pairs = [first * cosine - second * sine, second * cosine + first * sine]
    return torch.stack(pairs, -1).flatten(-2)


def add_rope(file):
    for name, shape in {"batch": [2, 5, 3, 12], "plain": [4, 2, 38], "one": [3, 1, 1, 2]}.items():
        half = shape[-1] // 2
        x = random(f"rope_gradient_{name}", shape)
        frequencies = (100.0 ** (-torch.arange(half).double() / half)).float().double()
        angles = torch.arange(shape[-3]).double()[:, None] * frequencies
        for style, turn in (("half", half_rope), ("neighbouring", neighbouring_rope)):
            case = f"rope_{name}_{style}"
            file.add_with_gradients(case, lambda x: turn(x, angles), x=x)
            file.add(case, frequencies=frequencies)


def add_embedding(file):
    for name, ids, shape in (
        ("matrix", torch.tensor([[4, 0, 6], [4, 4, 1]]), [7, 70]),
        ("vector", torch.tensor([2, 2, 0]), [3, 5]),
        ("none", torch.zeros([0], dtype=torch.int64), [3, 5]),
    ):
        weight = random(f"embedding_{name}", shape)
        file.add_with_gradients(
            f"embedding_{name}", lambda weight, ids: F.embedding(ids, weight), weight=weight, ids=ids
        )
