"""The networks that are trained, the same as in networks.ts."""

import torch
from torch import nn
from torch.nn import functional


class Char(nn.Module):
    def __init__(self, vocabulary, width, layers):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, num_layers=layers, batch_first=True)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, ids):
        return self.head(self.lstm(self.embed(ids))[0]).flatten(0, 1)


class Block(nn.Module):
    """A decoder layer of Llama; the position table comes with the input."""

    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.input_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.post_attention_layernorm = nn.RMSNorm(width, eps=1e-5)
        self.qkvo = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x, cosine, sine):
        batch, length, width = x.shape
        normed = self.input_layernorm(x)
        split = [
            layer(normed).view(batch, length, self.heads, -1).transpose(1, 2)
            for layer in self.qkvo[:3]
        ]
        query, key = (turn(part, cosine, sine) for part in split[:2])
        mixed = functional.scaled_dot_product_attention(query, key, split[2], is_causal=True)
        x = x + self.qkvo[3](mixed.transpose(1, 2).reshape(batch, length, width))
        normed = self.post_attention_layernorm(x)
        return x + self.down(functional.silu(self.gate(normed)) * self.up(normed))


def turn(x, cosine, sine):
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class Decoder(nn.Module):
    def __init__(self, vocabulary, width, heads, inner, layers, context):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, inner) for _ in range(layers))
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.head = nn.Linear(width, vocabulary, bias=False)
        size = width // heads
        angles = torch.outer(
            torch.arange(context), 10000.0 ** (-torch.arange(0, size, 2) / size))
        angles = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cosine, self.sine)
        return self.head(self.norm(x)).flatten(0, 1)


class Residual(nn.Module):
    """Two convolutions with batch norm around which a connection goes."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        inner = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        around = x if self.downsample is None else self.downsample(x)
        outer = self.bn2(self.conv2(inner))
        outer += around
        return functional.relu(outer, inplace=True)


class ResNet18(nn.Module):
    """As torchvision's, with the stem for images of 32 x 32: 3x3, no pooling."""

    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        stages = []
        for i in range(4):
            filters = 64 << i
            before = filters if i == 0 else filters // 2
            stages += [Residual(before, filters, 1 if i == 0 else 2), Residual(filters, filters, 1)]
        self.stages = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return self.fc(self.avgpool(self.stages(x)).flatten(1))


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, torch.randn(128, 784), torch.randint(10, (128,))


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, torch.randn(128, 1, 28, 28), torch.randint(10, (128,))


def lstm():
    ids = torch.randint(96, (32, 129))
    return Char(96, 256, 2), ids[:, :-1].contiguous(), ids[:, 1:].flatten()


def transformer():
    ids = torch.randint(96, (16, 257))
    model = Decoder(96, 384, 6, 1024, 6, 256)
    return model, ids[:, :-1].contiguous(), ids[:, 1:].flatten()


def resnet18():
    return ResNet18(10), torch.randn(32, 3, 32, 32), torch.randint(10, (32,))


def tiny_mlp():
    model = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.randn(1, 32), torch.randint(10, (1,))


NETWORKS = {
    "mlp": mlp,
    "cnn": cnn,
    "lstm": lstm,
    "transformer": transformer,
    "resnet18": resnet18,
    "tiny-mlp": tiny_mlp,
}
CONVOLUTIONAL = ("cnn", "resnet18")
