"""Writes tests/golden/data/: see README.md beside this file."""

import torch

import attention
import autocast
import convolution
import elementwise
import image_layers
import layers
import losses
import models
import normalization
import optimizers
import pooling
import products
import quantization
import recurrent
import reductions
import resnet
import rows
import scaled_attention
import shapes
import train_bpe
import transformer_layers

FAMILIES = (
    elementwise,
    products,
    rows,
    attention,
    quantization,
    layers,
    reductions,
    losses,
    models,
    autocast,
    optimizers,
    shapes,
    normalization,
    scaled_attention,
    convolution,
    transformer_layers,
    recurrent,
    pooling,
    image_layers,
    resnet,
    train_bpe,
)

if __name__ == "__main__":
    torch.set_grad_enabled(False)
    for family in FAMILIES:
        family.make()
