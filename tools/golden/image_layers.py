"""Layers for images and sequences in small networks, with the gradients of all parameters."""

import torch
from torch import nn

from golden_file import GoldenFile, random

NETWORKS = {
    "cnn": (
        [2, 3, 11, 9],
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=2, bias=False),
            nn.SiLU(),
            nn.AvgPool2d(2, stride=1, padding=1),
            nn.AdaptiveAvgPool2d((2, 1)),
            nn.Flatten(),
            nn.Linear(24, 5),
        ),
    ),
    "generator": (
        [2, 6, 3, 4],
        lambda: nn.Sequential(
            nn.ConvTranspose2d(6, 8, 3, stride=2, output_padding=1),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(8, 4, (2, 3), groups=2, bias=False),
            nn.Tanh(),
        ),
    ),
    "sequence": (
        [3, 4, 20],
        lambda: nn.Sequential(
            nn.Conv1d(4, 6, 5, padding=2, dilation=1, stride=2),
            nn.GELU(),
            nn.Conv1d(6, 6, 3, groups=6),
            nn.Sigmoid(),
        ),
    ),
}


def make():
    golden = GoldenFile("image_layers")
    for case, (shape, build) in NETWORKS.items():
        with torch.enable_grad():
            network = build().double()
            for name, parameter in network.named_parameters():
                parameter.data = random(f"{case}.{name}", list(parameter.shape), scale=0.3)
            x = random(case, shape).requires_grad_()
            expected = network(x)
            gradient = random(f"{case}/gradient", list(expected.shape))
            expected.backward(gradient)
        golden.add(case, x=x.detach(), expected=expected.detach(), gradient=gradient)
        golden.add(case, gradient_x=x.grad)
        for name, parameter in network.named_parameters():
            golden.add(case, **{f"state/{name}": parameter.data, f"grad/{name}": parameter.grad})
    golden.write()
