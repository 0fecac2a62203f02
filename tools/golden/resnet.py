"""Residual networks written with torchvision's names: logits and running statistics of a training
step with the gradients of all parameters, and logits of the same weights in mode `eval`."""

import torch
from torch import nn
from torch.nn.functional import relu

from golden_file import GoldenFile, random


class BasicBlock(nn.Module):
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
        inner = relu(self.bn1(self.conv1(x)))
        around = x if self.downsample is None else self.downsample(x)
        return relu(self.bn2(self.conv2(inner)) + around)


class ResNet(nn.Module):
    def __init__(self, blocks, classes, channels, width, small):
        super().__init__()
        stem = (3, 1, 1) if small else (7, 2, 3)
        self.conv1 = nn.Conv2d(channels, width, *stem, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        for i, count in enumerate(blocks):
            filters = width << i
            before = filters if i == 0 else filters // 2
            layers = [BasicBlock(before, filters, 1 if i == 0 else 2)]
            layers += [BasicBlock(filters, filters, 1) for _ in range(count - 1)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x):
        x = self.maxpool(relu(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(x.mean((2, 3)))


NETWORKS = {
    "resnet18": ([3, 3, 75, 66], lambda: ResNet([2, 2, 2, 2], 7, 3, 2, small=False)),
    "resnet34_small": ([4, 1, 17, 16], lambda: ResNet([3, 4, 6, 3], 5, 1, 2, small=True)),
}


def make():
    golden = GoldenFile("resnet")
    for case, (shape, build) in NETWORKS.items():
        with torch.enable_grad():
            network = build().double()
            for name, parameter in network.named_parameters():
                fans = parameter[0].numel() if parameter.dim() > 1 else 4
                values = random(f"{case}.{name}", list(parameter.shape), scale=fans**-0.5)
                around = 1 if "bn" in name and name.endswith("weight") else 0
                parameter.data = (values + around).float().double()
            golden.add(case, **tensors("state", network.state_dict()))
            x = random(case, shape).requires_grad_()
            expected = network(x)
            gradient = random(f"{case}/gradient", list(expected.shape), scale=0.1)
            expected.backward(gradient)
        golden.add(case, x=x.detach(), expected=expected.detach(), gradient=gradient)
        golden.add(case, gradient_x=x.grad)
        gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
        golden.add(case, **tensors("grad", gradients))
        golden.add(case, **tensors("seen", network.state_dict(), "run"))
        golden.add(case, expected_eval=network.eval()(x).detach())
    golden.write()


def tensors(prefix, named, part=""):
    return {f"{prefix}/{name}": value.clone() for name, value in named.items() if part in name}
