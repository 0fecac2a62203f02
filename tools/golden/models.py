"""Whole models: initial weights, batches and the losses of 50 training steps, in double precision;
then the trained weights and what the trained model computes."""

import zlib

import torch
from torch import nn, optim
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, get_cosine_schedule_with_warmup

from golden_file import GoldenFile, random

STEPS = 50
BATCHES = 5


class CharLSTM(nn.Module):
    """Next character of a sequence."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 7)
        self.lstm = nn.LSTM(7, 12, num_layers=2, batch_first=True)
        self.head = nn.Linear(12, 11)

    def forward(self, ids):
        return self.head(self.lstm(self.embed(ids))[0])


def mlp():
    return nn.Sequential(
        nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 17), nn.GELU(), nn.Linear(17, 5),
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 9, 3, stride=2, bias=False), nn.BatchNorm2d(9), nn.ReLU(),
        nn.Flatten(), nn.Linear(36, 5),
    )


def llama():
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=19, hidden_size=24, intermediate_size=40, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-5,
        max_position_embeddings=64, rope_theta=10000.0, tie_word_embeddings=False,
        attn_implementation="eager", use_cache=False,
    ))


MODELS = {"mlp": mlp, "cnn": cnn, "lstm": CharLSTM, "llama": llama}


def make():
    file = GoldenFile("models")
    add_all(file, train)
    file.write()


def add_all(file, train):
    """Trains each model: `train` as the one below."""
    for add in (add_mlp, add_cnn, add_lstm, add_llama):
        add(file, train)


def add_mlp(file, train):
    model = seeded("mlp")
    x = random("models/mlp/x", [BATCHES, 16, 20])
    y = labels("models/mlp/y", [BATCHES, 16], 5)
    optimizer = optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.05)
    train(file, "mlp", model, optimizer, x, y, lambda x, y: cross_entropy(model(x), y))


def add_cnn(file, train):
    model = seeded("cnn")
    x = random("models/cnn/x", [BATCHES, 8, 2, 11, 11])
    y = labels("models/cnn/y", [BATCHES, 8], 5)
    optimizer = optim.SGD(
        model.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3)
    train(file, "cnn", model, optimizer, x, y, lambda x, y: cross_entropy(model(x), y))


def add_lstm(file, train):
    model = seeded("lstm")
    ids = labels("models/lstm/ids", [BATCHES, 6, 14], 11)
    x, y = ids[:, :, :-1].contiguous(), ids[:, :, 1:].contiguous()
    optimizer = optim.Adam(model.parameters(), lr=0.03)

    def loss(x, y):
        return cross_entropy(model(x).flatten(0, 1), y.flatten())

    def clip():
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)

    train(file, "lstm", model, optimizer, x, y, loss, before=clip)


def add_llama(file, train):
    model = seeded("llama")
    ids = labels("models/llama/ids", [BATCHES, 4, 16], 19)
    x, y = ids[:, :, :-1].contiguous(), ids[:, :, 1:].contiguous()
    optimizer = optim.AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.95), weight_decay=0.1)
    schedule = get_cosine_schedule_with_warmup(optimizer, 10, STEPS)

    def loss(x, y):
        return cross_entropy(model(x).logits.flatten(0, 1), y.flatten())

    train(file, "llama", model, optimizer, x, y, loss, after=schedule.step,
          output=lambda x: model(x).logits)


def seeded(case):
    """A model in double precision whose first weights are f32 numbers."""
    torch.manual_seed(zlib.crc32(case.encode()))
    model = MODELS[case]().float().double()
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(tensor.float().double())
    return model


def labels(case, shape, count):
    generator = torch.Generator().manual_seed(zlib.crc32(case.encode()))
    return torch.randint(0, count, shape, generator=generator)


def train(file, case, model, optimizer, x, y, loss, before=None, after=None, output=None):
    file.add(case, x=x, y=y, **state(model, "start"))
    model.train()
    losses = []
    with torch.enable_grad():
        for step in range(STEPS):
            optimizer.zero_grad()
            value = loss(x[step % BATCHES], y[step % BATCHES])
            value.backward()
            if before:
                before()
            optimizer.step()
            if after:
                after()
            losses.append(value.item())
    print(f"{case}: loss {losses[0]:.4f} to {losses[-1]:.4f}")
    model.eval()
    result = (output or model)(x[0])
    file.add(case, expected_losses=torch.tensor(losses, dtype=torch.float64),
             expected_output=result, **state(model, "trained"))


def state(model, prefix):
    return {f"{prefix}/{name}": tensor.clone() for name, tensor in model.state_dict().items()}
