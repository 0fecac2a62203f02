"""Matrix products and look-up of rows."""

import numpy
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType, quants

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")

# Shapes of a and b; values are scaled so that results are of the size of 1.
MATMUL = {
    "odd": ([5, 7], [7, 3]),
    "one": ([1, 1], [1, 1]),
    "tiles": ([33, 65], [65, 35]),
    "row": ([1, 129], [129, 35]),
    "column": ([35, 129], [129, 1]),
    "long": ([3, 1001], [1001, 5]),
    "outer_product": ([17, 1], [1, 19]),
    "batched": ([3, 5, 7], [3, 7, 4]),
    "broadcast": ([2, 1, 5, 7], [3, 7, 4]),
    "matrix_repeated": ([4, 5, 7], [7, 6]),
    "six": ([2, 1, 1, 2, 3, 5], [1, 2, 3, 1, 5, 2]),
    "empty_inner": ([3, 0], [0, 4]),
    "empty_rows": ([0, 5], [5, 4]),
    "empty_batch": ([0, 3, 5], [5, 4]),
}


def make():
    file = GoldenFile("products")
    for name, (a_shape, b_shape) in MATMUL.items():
        case = f"matmul_{name}"
        a, b = random(case, a_shape, b_shape)
        b = scaled(b, max(a_shape[-1], 1))
        file.add_with_gradients(case, product, a=a, b=b)
    add_matmul_views(file)
    add_linear(file)
    add_quantized(file)
    add_embedding(file)
    file.write()


def scaled(b, inner):
    """b over the square root of the inner size, again as f32 numbers."""
    return (b / inner**0.5).float().double()


def product(a, b):
    return a @ b


def affine(x, weight, bias=None):
    return F.linear(x, weight, bias)


def add_matmul_views(file):
    add = file.add_with_gradients
    a, b = random("matmul_transposed", [37, 21], [18, 37])
    b = scaled(b, 37)
    add("matmul_transposed", lambda a, b: a.T @ b.T, a=a, b=b)
    a, b = random("matmul_heads", [5, 3, 8], [6, 3, 8])
    b = scaled(b, 8)
    add("matmul_heads", lambda a, b: a.permute(1, 0, 2) @ b.permute(1, 2, 0), a=a, b=b)
    a, b = random("matmul_steps", [9, 20], [14, 12])
    b = scaled(b, 7)
    add("matmul_steps", lambda a, b: a[1::3, 4:18:2] @ b[::2, 1::5], a=a, b=b)
    a, b = random("matmul_expanded", [1, 4, 6], [3, 6, 5])
    b = scaled(b, 6)
    add("matmul_expanded", lambda a, b: a.expand(3, 4, 6) @ b, a=a, b=b)
    a = torch.tensor([[1.0, INFINITY, 0.0], [NAN, 0.0, 1.0], [1.0, 2.0, 3.0]], dtype=torch.double)
    b = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, -INFINITY]], dtype=torch.double)
    file.add_special("matmul_special", product, a=a, b=b)


def add_linear(file):
    sizes = {"row": [67], "matrix": [5, 67], "batched": [2, 3, 67], "many": [41, 67], "empty": [0, 67]}
    for name, shape in sizes.items():
        case = f"linear_{name}"
        x, weight, bias = random(case, shape, [19, 67], [19])
        weight = scaled(weight, 67)
        file.add_with_gradients(case, affine, x=x, weight=weight, bias=bias)
    x, weight = random("linear_one", [3, 1], [1, 1])
    file.add_with_gradients("linear_one", affine, x=x, weight=weight)
    x, weight, bias = random("linear_special", [5, 35], [19, 35], [19])
    x[1, 3], x[2, 34], weight[7, 0], bias[4] = NAN, INFINITY, -INFINITY, NAN
    file.add_special("linear_special", affine, x=x, weight=weight, bias=bias)
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
        for rows in (1, 3, 19):
            case = f"linear_{name}_{rows}"
            x, weight, bias = random(case, [rows, 131], [29, 131], [29])
            if dtype == torch.bfloat16:
                # Where processors multiply bf16, x is rounded as well: a number that bf16 has
                # stays what it is, and one bound holds for all instruction sets.
                x = x.to(dtype).to(x.dtype)
            weight = scaled(weight, 131).to(dtype)
            expected = F.linear(x, weight.double(), bias)
            file.add(case, x=x, weight=weight, bias=bias, expected=expected)


def add_quantized(file):
    """Products as Qorus defines them: rows of x in 8 bits per block of 32, then exact."""
    for kind, name in ((GGMLQuantizationType.Q8_0, "q8_0"), (GGMLQuantizationType.Q4_0, "q4_0")):
        for rows in (1, 2, 9):
            case = f"linear_{name}_{rows}"
            x, weight, bias = random(case, [rows, 96], [35, 96], [35])
            weight = quants.quantize(scaled(weight, 96).float().numpy(), kind)
            file.add(
                case,
                x=x,
                weight=weight,
                bias=bias,
                expected=F.linear(rounded(x), opened(weight, kind), bias),
            )


def rounded(x):
    """x as the products see it: -127 to 127 times an f32 scale for each block of 32 columns."""
    blocks = x.float().reshape(-1, 32)
    largest = blocks.abs().amax(1, keepdim=True)
    numbers = torch.round(blocks * (127 / largest))
    return (numbers.double() * (largest / 127).double()).reshape(x.shape)


def opened(blocks, kind):
    """The doubles that blocks stand for."""
    return torch.from_numpy(quants.dequantize(blocks, kind).astype(numpy.float64))


def add_embedding(file):
    ids = torch.tensor([3, 0, 10, 3, 7])
    weight = random("embedding", [11, 5])
    file.add("embedding", weight=weight, ids=ids, expected=F.embedding(ids, weight))
    none = torch.zeros(0, dtype=torch.long)
    file.add("embedding_empty", weight=weight, ids=none, expected=F.embedding(none, weight))
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16")):
        weight = random(f"embedding_{name}", [11, 21]).to(dtype)
        expected = F.embedding(ids, weight.double())
        file.add(f"embedding_{name}", weight=weight, ids=ids, expected=expected)
    for kind, name in ((GGMLQuantizationType.Q8_0, "q8_0"), (GGMLQuantizationType.Q4_0, "q4_0")):
        weight = quants.quantize(random(f"embedding_{name}", [11, 64]).float().numpy(), kind)
        expected = F.embedding(ids, opened(weight, kind))
        file.add(f"embedding_{name}", weight=weight, ids=ids, expected=expected)
