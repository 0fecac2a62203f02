"""Changes of dtype, bit by bit: GGML's formats by the gguf package, 16-bit floats by PyTorch."""

import zlib

import numpy
import torch
from gguf import GGMLQuantizationType, quants

from golden_file import GoldenFile, random


def make():
    file = GoldenFile("quantization")
    for kind, name in ((GGMLQuantizationType.Q8_0, "q8_0"), (GGMLQuantizationType.Q4_0, "q4_0")):
        x = numpy.concatenate([random(name, [5, 96]).float().numpy(), special_rows()])
        blocks = quants.quantize(x, kind)
        file.add(name, x=x, expected=blocks, expected_values=quants.dequantize(blocks, kind))
    for kind, name in K_QUANTS:
        blocks = k_quant_blocks(kind, name)
        file.add(name, expected=blocks, expected_values=quants.dequantize(blocks, kind))
    values = torch.cat([random("narrow", [301]).float(), edges()])
    file.add("f16", x=values, expected=values.half(), expected_values=values.half().float())
    file.add("bf16", x=values, expected=values.bfloat16(), expected_values=values.bfloat16().float())
    file.write()


K_QUANTS = (
    (GGMLQuantizationType.Q4_K, "q4_k"),
    (GGMLQuantizationType.Q5_K, "q5_k"),
    (GGMLQuantizationType.Q6_K, "q6_k"),
)


def k_quant_blocks(kind, name):
    """Rows of two blocks of random bytes: any scales, mins and numbers. The scales of the blocks,
    of 16 bits, are random too, large and subnormal ones among them, but finite."""
    size = quants.GGML_QUANT_SIZES[kind][1]
    generator = numpy.random.default_rng(zlib.crc32(name.encode()))
    blocks = generator.integers(0, 256, [6, 2 * size], dtype=numpy.uint8)
    blocks[0] = 0
    blocks[1] = 255
    highest = [208] if kind == GGMLQuantizationType.Q6_K else [0, 2]
    for start in (0, size):
        for offset in highest:
            # The sign stays; an exponent of 31 would be an infinity or NaN.
            blocks[:, start + offset + 1] &= 0xFB
    return blocks


def special_rows():
    """Blocks of zeros, of equal extremes, of ties, of tiny and of large numbers."""
    rows = numpy.zeros((6, 96), dtype=numpy.float32)
    rows[0, 40] = 5
    rows[1] = numpy.arange(96) - 47.5
    rows[2] = numpy.where(numpy.arange(96) % 2 == 0, 1, -1)
    rows[3] = (numpy.arange(96) % 33 - 16) * numpy.float32(0.5)
    rows[4] = numpy.arange(96) * numpy.float32(1e-7)
    rows[5] = (numpy.arange(96) - 50) * numpy.float32(1000)
    return rows


def edges():
    """Ties, the ends of the ranges, subnormal numbers, infinities."""
    numbers = [0.0, -0.0, 65504.0, 65519.0, 65520.0, -65520.0, 1e5, 3.4e38, 5.9e-8, 2.9e-8, 6e-5]
    numbers += [1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 2**-24, 2**-25, 1.5 * 2**-25]
    numbers += [1e-40, float("inf"), float("-inf"), float("nan")]
    return torch.tensor(numbers, dtype=torch.float32)
