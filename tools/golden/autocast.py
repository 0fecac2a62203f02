"""The models of models.py in mixed precision: the losses of their training steps with f32 weights and
`torch.autocast` to bf16, from the same initial weights and batches."""

import torch

from golden_file import GoldenFile
from models import BATCHES, STEPS, add_all


def make():
    file = GoldenFile("autocast")
    add_all(file, train)
    file.write()


def train(file, case, model, optimizer, x, y, loss, before=None, after=None, output=None):
    model.float()
    if x.is_floating_point():
        x = x.float()
    model.train()
    losses = []
    with torch.enable_grad():
        for step in range(STEPS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                value = loss(x[step % BATCHES], y[step % BATCHES])
            value.backward()
            if before:
                before()
            optimizer.step()
            if after:
                after()
            losses.append(value.item())
    print(f"{case}: loss {losses[0]:.4f} to {losses[-1]:.4f}")
    file.add(case, expected_losses=torch.tensor(losses, dtype=torch.float64))
