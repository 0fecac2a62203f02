"""The same network in PyTorch: makes the files that main.ts reads, and checks those it writes.

    python interop.py make FOLDER    writes pytorch.safetensors and pytorch-sample.safetensors
    python interop.py check FOLDER   reads qorus.safetensors and qorus-sample.safetensors

Needs: pip install torch safetensors
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

STROKES = ["horizontal", "vertical", "diagonal"]


class StrokeNetwork(nn.Module):
    """Says which way a stroke runs, in images of 8 x 8 points."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.classifier = nn.Linear(6 * 4 * 4, len(STROKES))

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def strokes(count, generator):
    """Noisy images [count, 1, 8, 8] and the kind of stroke in each."""
    kinds = torch.randint(len(STROKES), [count], generator=generator)
    places = torch.randint(8, [count], generator=generator)
    images = 0.2 * torch.randn([count, 1, 8, 8], generator=generator)
    for image, kind, place in zip(images, kinds.tolist(), places.tolist()):
        for i in range(8):
            row, column = [(place, i), (i, place), (i, (i + place) % 8)][kind]
            image[0, row, column] += 1
    return images, kinds


def make(folder):
    generator = torch.manual_seed(1)
    model = StrokeNetwork()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(100):
        images, kinds = strokes(64, generator)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), kinds).backward()
        optimizer.step()
    model.eval()
    images, _ = strokes(5, generator)
    with torch.no_grad():
        sample = {"input": images, "output": model(images)}
    save_file(model.state_dict(), folder / "pytorch.safetensors")
    save_file(sample, folder / "pytorch-sample.safetensors")


def check(folder):
    model = StrokeNetwork()
    model.load_state_dict(load_file(folder / "qorus.safetensors"))
    model.eval()
    sample = load_file(folder / "qorus-sample.safetensors")
    with torch.no_grad():
        difference = (model(sample["input"]) - sample["output"]).abs().max().item()
    print(f"largest difference between PyTorch's outputs and Qorus's: {difference:.1e}")
    if difference > 1e-5:
        sys.exit("error: that is more than rounding")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("make", "check"):
        sys.exit("usage: interop.py make FOLDER | check FOLDER")
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
