"""Convolutions and transposed convolutions, with gradients."""

import torch.nn.functional as F

from golden_file import GoldenFile, random

# Name: shapes of x and weight, whether there is a bias, options.
CONV2D = {
    "conv2d": ([2, 3, 9, 7], [5, 3, 3, 3], True, {}),
    "conv2d_without_bias": ([2, 3, 5, 6], [6, 3, 2, 2], False, {}),
    "conv2d_padding": ([2, 4, 7, 9], [6, 4, 3, 3], True, {"padding": 1}),
    "conv2d_padding_pair": ([1, 3, 6, 5], [7, 3, 3, 5], True, {"padding": (2, 3)}),
    "conv2d_stride": ([2, 3, 11, 10], [8, 3, 3, 3], True, {"stride": 2, "padding": 1}),
    "conv2d_stride_pair": ([1, 2, 12, 13], [5, 2, 3, 2], True, {"stride": (3, 2)}),
    "conv2d_stride_beyond_kernel": ([2, 3, 10, 11], [6, 3, 2, 2], True, {"stride": 4}),
    "conv2d_stride_of_points": ([2, 6, 7, 8], [5, 6, 1, 1], True, {"stride": 2}),
    "conv2d_dilation": ([1, 3, 12, 11], [6, 3, 3, 3], True, {"dilation": (2, 3), "padding": 2}),
    "conv2d_dilation_stride": (
        [1, 3, 14, 15], [6, 3, 3, 3], True, {"dilation": (3, 2), "stride": (2, 3), "padding": (1, 2)}
    ),
    "conv2d_groups": ([2, 6, 7, 6], [15, 2, 3, 3], True, {"groups": 3, "padding": 1}),
    "conv2d_depthwise": ([2, 5, 8, 7], [5, 1, 3, 3], True, {"groups": 5, "padding": 1}),
    "conv2d_depthwise_stride": ([1, 4, 9, 9], [8, 1, 3, 3], True, {"groups": 4, "stride": 2}),
    "conv2d_points": ([2, 7, 5, 6], [9, 7, 1, 1], True, {}),
    "conv2d_one_pixel": ([3, 4, 1, 1], [6, 4, 1, 1], True, {}),
    "conv2d_one_pixel_padded": ([2, 3, 1, 1], [5, 3, 3, 3], True, {"padding": 1}),
    "conv2d_one_channel": ([2, 1, 8, 8], [1, 1, 5, 5], True, {"padding": 2}),
    "conv2d_whole_kernel": ([2, 3, 6, 7], [10, 3, 6, 7], True, {}),
    "conv2d_larger_kernel": ([1, 2, 3, 4], [5, 2, 9, 7], True, {"padding": (4, 3)}),
    "conv2d_many": ([2, 11, 21, 18], [19, 11, 3, 3], True, {"padding": 1}),
    "conv2d_tiles": ([2, 16, 12, 11], [18, 16, 3, 3], True, {"padding": 1}),
    "conv2d_gathered": ([2, 16, 9, 8], [32, 16, 3, 3], True, {"stride": 2, "padding": 1}),
    "conv2d_huge_kernel": ([1, 1, 25, 26], [5, 1, 24, 23], True, {"padding": 1}),
    "conv2d_no_images": ([0, 3, 5, 5], [6, 3, 3, 3], True, {}),
}

CONV_TRANSPOSE2D = {
    "conv_transpose2d": ([2, 5, 4, 6], [5, 7, 3, 3], True, {}),
    "conv_transpose2d_without_bias": ([2, 3, 4, 3], [3, 6, 2, 2], False, {"stride": 2}),
    "conv_transpose2d_stride": ([2, 4, 5, 4], [4, 6, 3, 3], True, {"stride": 2, "padding": 1}),
    "conv_transpose2d_output_padding": (
        [1, 4, 4, 5], [4, 5, 3, 3], True, {"stride": (3, 2), "padding": 1, "output_padding": (2, 1)}
    ),
    "conv_transpose2d_gaps": ([2, 3, 3, 4], [3, 5, 2, 2], True, {"stride": 3}),
    "conv_transpose2d_gaps_without_bias": ([1, 3, 3, 4], [3, 5, 1, 2], False, {"stride": (3, 4)}),
    "conv_transpose2d_dilation": (
        [1, 3, 5, 4], [3, 5, 3, 2], True, {"dilation": (2, 3), "output_padding": (1, 2)}
    ),
    "conv_transpose2d_groups": ([2, 6, 4, 4], [6, 3, 3, 3], True, {"groups": 2, "stride": 2}),
    "conv_transpose2d_depthwise": ([1, 4, 5, 5], [4, 1, 3, 3], True, {"groups": 4, "padding": 1}),
    "conv_transpose2d_one_pixel": ([2, 5, 1, 1], [5, 3, 4, 4], True, {}),
}

CONV1D = {
    "conv1d": ([2, 3, 17], [6, 3, 5], True, {"padding": 2}),
    "conv1d_stride": ([3, 4, 20], [5, 4, 3], True, {"stride": 3, "dilation": 2}),
    "conv1d_depthwise": ([2, 6, 19], [6, 1, 4], False, {"groups": 6}),
    "conv1d_one_element": ([2, 3, 1], [5, 3, 1], True, {}),
    "conv1d_long": ([1, 2, 3301], [5, 2, 3], True, {"padding": 1}),
}


def make():
    golden = GoldenFile("convolution")
    for cases, function in (
        (CONV2D, F.conv2d), (CONV_TRANSPOSE2D, F.conv_transpose2d), (CONV1D, F.conv1d)
    ):
        for case, (x, weight, has_bias, options) in cases.items():
            add(golden, case, function, x, weight, has_bias, options)
    x, weight = random("views", [3, 2, 8, 6], [3, 5, 3, 3])
    golden.add_with_gradients(
        "conv2d_views",
        lambda x, weight: F.conv2d(
            x.transpose(0, 1)[:, :, 1::2], weight.transpose(0, 1), padding=1
        ).permute(0, 2, 3, 1),
        x=x,
        weight=weight,
    )
    add_special(golden)
    golden.write()


def add_special(golden):
    """NaN and infinities in x. With an infinite weight, PyTorch's results depend on the algorithm
    that it chooses: whether zeros of the padding are multiplied by it."""
    for case, function, x_shape, weight_shape in (
        ("conv1d_special", F.conv1d, [3, 2, 9], [4, 2, 3]),
        ("conv2d_special", F.conv2d, [3, 2, 6, 7], [5, 2, 3, 3]),
        ("conv_transpose2d_special", F.conv_transpose2d, [3, 2, 4, 5], [2, 3, 2, 2]),
    ):
        x, weight = random(case, x_shape, weight_shape)
        x[0, 0, 1], x[1, 1, -1] = float("nan"), float("inf")
        convolve = lambda x, weight: function(x, weight)
        golden.add_special(case, convolve, x=x, weight=weight)


def add(golden, case, function, x, weight, has_bias, options):
    is_transposed = function is F.conv_transpose2d
    filters = weight[1] * options.get("groups", 1) if is_transposed else weight[0]
    x, weight = random(case, x, weight)
    inputs = {"x": x, "weight": weight * 0.5}
    if has_bias:
        inputs["bias"] = random(f"{case}/bias", [filters])
    golden.add_with_gradients(case, lambda **given: function(**named(given), **options), **inputs)


def named(given):
    """The functions call their first argument `input`."""
    return {"input" if name == "x" else name: value for name, value in given.items()}
