"""Loads what save_models.ts saved into PyTorch's models and compares their outputs:

    bun tools/golden/save_models.ts FOLDER
    python tools/golden/check_saved_models.py FOLDER
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

import models

folder = Path(sys.argv[1])
torch.set_grad_enabled(False)
for name, build in models.MODELS.items():
    model = build().double()
    # strict: every name of PyTorch's state dict is there, and no other.
    model.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)
    model.eval()
    example = load_file(folder / f"{name}_output.safetensors")
    x = example["x"]
    output = model(x.double() if x.is_floating_point() else x.long())
    output = getattr(output, "logits", output)
    difference = (output - example["output"]).abs().max().item()
    largest = output.abs().max().item()
    assert difference < 1e-5 and difference < 1e-4 * largest, f"{name}: differs by {difference}"
    print(f"{name}: largest difference {difference:.1e} of {largest:.2f}")
