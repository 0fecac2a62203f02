"""Pooling, with gradients."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

MAX = {
    "max_pool": ([2, 3, 8, 6], 2, {}),
    "max_pool_wide": ([1, 2, 5, 71], 2, {}),
    "max_pool_odd": ([2, 2, 7, 9], 2, {}),
    "max_pool_ceil": ([2, 2, 7, 9], 2, {"ceil_mode": True}),
    "max_pool_stride": ([1, 3, 9, 11], 3, {"stride": 2, "padding": 1}),
    "max_pool_pairs": ([1, 2, 10, 9], (3, 2), {"stride": (1, 3), "padding": (1, 0)}),
    "max_pool_dilation": ([1, 2, 11, 9], 3, {"stride": 2, "dilation": 2, "padding": 1}),
    "max_pool_one_pixel": ([2, 3, 1, 1], 1, {}),
    "max_pool_no_images": ([0, 3, 4, 4], 2, {}),
}

AVERAGE = {
    "avg_pool": ([2, 3, 8, 6], 2, {}),
    "avg_pool_padding": ([2, 2, 7, 9], 3, {"stride": 2, "padding": 1}),
    "avg_pool_without_padding": (
        [2, 2, 7, 9], 3, {"stride": 2, "padding": 1, "count_include_pad": False}
    ),
    "avg_pool_ceil": ([1, 2, 8, 9], 3, {"stride": 2, "padding": 1, "ceil_mode": True}),
    "avg_pool_pairs": ([1, 2, 9, 40], (2, 33), {"stride": (3, 2), "ceil_mode": True}),
    "avg_pool_one_pixel": ([2, 3, 1, 1], 1, {}),
}

ADAPTIVE = {
    "adaptive": ([2, 3, 7, 10], (3, 4)),
    "adaptive_whole": ([2, 3, 7, 37], 1),
    "adaptive_larger": ([1, 2, 3, 4], (5, 4)),
}


def make():
    golden = GoldenFile("pooling")
    add = golden.add_with_gradients
    for case, (shape, size, options) in MAX.items():
        add(case, lambda x: F.max_pool2d(x, size, **options), x=random(case, shape))
    for case, (shape, size, options) in AVERAGE.items():
        add(case, lambda x: F.avg_pool2d(x, size, **options), x=random(case, shape))
    for case, (shape, size) in ADAPTIVE.items():
        add(case, lambda x: F.adaptive_avg_pool2d(x, size), x=random(case, shape))
    add("max_pool_view", lambda x: F.max_pool2d(x.transpose(2, 3), 2), x=random("view", [1, 2, 6, 8]))
    special = torch.arange(4 * 70, dtype=torch.double).reshape(1, 1, 4, 70) % 7
    special[0, 0, 0, 3] = float("nan")
    special[0, 0, 0, 5] = float("nan")
    special[0, 0, 1, 4] = float("nan")
    special[0, 0, 2, 8] = float("inf")
    special[0, 0, 2:4, 10:12] = float("-inf")
    special[0, 0, 1, 69] = float("nan")
    add("max_pool_special", lambda x: F.max_pool2d(x, 2), x=special)
    golden.add_special("avg_pool_special", lambda x: F.avg_pool2d(x, 2), x=special)
    whole = lambda x: F.adaptive_avg_pool2d(x, (2, 5))
    golden.add_special("adaptive_special", whole, x=special)
    golden.write()
