"""Views, picking, joining and padding, with gradients."""

import torch

from golden_file import GoldenFile, random


def indices(*values, shape=None):
    made = torch.tensor(values, dtype=torch.int64)
    return made if shape is None else made.reshape(shape)


def make():
    golden = GoldenFile("shapes")
    add = golden.add_with_gradients

    x = random("view", [3, 4, 5])
    add("reshape", lambda x: x.reshape(5, 12), x=x)
    add("reshape_of_view", lambda x: x.transpose(0, 2).reshape(10, 6), x=x)
    add("view", lambda x: x.view(6, 10), x=x)
    add("transpose", lambda x: x.transpose(0, 2) * 3, x=x)
    add("contiguous", lambda x: x.permute(1, 2, 0).contiguous(), x=x)
    add("permute", lambda x: x.permute(2, 0, 1) * 2, x=x)
    add("slice", lambda x: x[:, 1:4:2, -3:] * 2, x=x)
    add("slice_twice", lambda x: x[1:, :2] + x[:2, 2:], x=x)
    add("expand", lambda x: x.expand(2, 3, 4), x=random("expand", [3, 1]))

    add("gather_rows", lambda x, index: x.gather(0, index), x=random("gather", [4, 3]),
        index=indices(3, 0, 0, 1, 1, 1, shape=(2, 3)))
    add("gather_columns", lambda x, index: x.gather(2, index), x=random("gather3", [2, 3, 5]),
        index=indices(*[i * 7 % 5 for i in range(2 * 2 * 3)], shape=(2, 2, 3)))
    add("gather_none", lambda x, index: x.gather(1, index), x=random("gather0", [2, 3]),
        index=torch.zeros([2, 0], dtype=torch.int64))
    add("index_select_0", lambda x, index: x.index_select(0, index), x=random("select", [5, 2, 3]),
        index=indices(4, 1, 1, 0))
    add("index_select_1", lambda x, index: x.index_select(1, index), x=random("select1", [3, 4]),
        index=indices(2, 2, 3))

    parts = random("concat", [2, 3], [2, 1], [2, 4])
    add("concat_1", lambda a, b, c: torch.cat([a, b, c], 1), a=parts[0], b=parts[1], c=parts[2])
    rows = random("concat0", [1, 3], [0, 3], [2, 3])
    add("concat_0", lambda a, b, c: torch.cat([a, b, c], 0), a=rows[0], b=rows[1], c=rows[2])
    pair = random("stack", [3, 2], [3, 2])
    for dimension in (0, 1, 2):
        add(f"stack_{dimension}", lambda a, b: torch.stack([a, b], dimension), a=pair[0], b=pair[1])
    add("split", lambda x: x.split(3, 1)[0] * x.split(3, 1)[1], x=random("split", [2, 6]))
    add("split_sizes", lambda x: torch.split(x, [1, 4, 2])[1] * 3, x=random("split2", [7, 2]))
    add("pad", lambda x: torch.nn.functional.pad(x, (2, 0, 1, 3)), x=random("pad", [2, 3]))
    add("pad_value", lambda x: torch.nn.functional.pad(x, (1, 1), value=-1.5), x=random("padv", [4]))
    add("repeat", lambda x: x.repeat(2, 3), x=random("repeat", [2, 3]))
    add("repeat_new", lambda x: x.repeat(2, 1, 2), x=random("repeat2", [3, 2]))
    golden.write()
