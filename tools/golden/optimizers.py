"""Optimizers: 20 steps with given gradients; schedules: 50 steps; clipping."""

import torch
from torch import optim
from transformers import get_cosine_schedule_with_warmup

from golden_file import GoldenFile, random

STEPS = 20
SHAPES = {"matrix": [5, 13], "vector": [37], "scalar": []}


class Lion(optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023; PyTorch has none."""

    def __init__(self, parameters, lr, betas, weight_decay):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                mean = state.setdefault("exp_avg", torch.zeros_like(p))
                update = torch.sign(beta1 * mean + (1 - beta1) * p.grad)
                p.data -= group["lr"] * (update + group["weight_decay"] * p.data)
                state["exp_avg"] = beta2 * mean + (1 - beta2) * p.grad


OPTIMIZERS = {
    "sgd": (optim.SGD, {"lr": 0.1}),
    "sgd_decay": (optim.SGD, {"lr": 0.1, "weight_decay": 0.05}),
    "sgd_momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "sgd_dampening": (optim.SGD, {"lr": 0.05, "momentum": 0.9, "dampening": 0.3}),
    "sgd_nesterov": (
        optim.SGD,
        {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
    ),
    "adam": (optim.Adam, {"lr": 0.01}),
    "adam_decay": (optim.Adam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    "adamw": (optim.AdamW, {"lr": 0.01}),
    "adamw_decay": (optim.AdamW, {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.3}),
    "rmsprop": (optim.RMSprop, {"lr": 0.01}),
    "rmsprop_centered": (optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "centered": True, "eps": 1e-3}),
    "rmsprop_momentum": (optim.RMSprop, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.02}),
    "rmsprop_all": (
        optim.RMSprop,
        {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "centered": True, "eps": 1e-3},
    ),
    "lion": (Lion, {"lr": 0.01, "betas": (0.9, 0.99), "weight_decay": 0.1}),
}


def make():
    file = GoldenFile("optimizers")
    for name, shape in SHAPES.items():
        start = random(f"optimizer_start_{name}", shape)
        file.add("start", **{name: start})
        file.add("gradients", **{name: gradients_of(name, shape)})
    for case, (kind, options) in OPTIMIZERS.items():
        add_optimizer(file, case, kind, options)
    add_groups(file)
    add_clipping(file)
    add_schedules(file)
    file.write()


def gradients_of(name, shape):
    return random(f"optimizer_gradient_{name}", [STEPS, *shape])


def parameters():
    return {
        name: torch.nn.Parameter(random(f"optimizer_start_{name}", shape))
        for name, shape in SHAPES.items()
    }


def add_optimizer(file, case, kind, options):
    """The vector has no gradient in every third step: it is left as it is, its count too."""
    parameter = parameters()
    optimizer = kind(list(parameter.values()), **options)
    run(optimizer, parameter, skip="vector" if kind is not Lion else None)
    file.add(case, **{f"expected_{name}": p.data for name, p in parameter.items()})


def run(optimizer, parameter, skip):
    gradients = {name: gradients_of(name, shape) for name, shape in SHAPES.items()}
    for step in range(STEPS):
        for name, p in parameter.items():
            p.grad = None if name == skip and step % 3 == 1 else gradients[name][step]
        optimizer.step()


def add_groups(file):
    """Groups with options of their own."""
    parameter = parameters()
    groups = [
        {"params": [parameter["matrix"]], "lr": 0.03, "weight_decay": 0.2},
        {"params": [parameter["vector"], parameter["scalar"]], "weight_decay": 0.0},
    ]
    run(optim.AdamW(groups, lr=0.01), parameter, skip=None)
    file.add("groups", **{f"expected_{name}": p.data for name, p in parameter.items()})


def add_clipping(file):
    for name, bound, norm in (
        ("two", 1.5, 2.0),
        ("one", 10.0, 1.0),
        ("largest", 0.5, float("inf")),
        ("within", 1e3, 2.0),
    ):
        parameter = with_gradients()
        total = torch.nn.utils.clip_grad_norm_(list(parameter.values()), bound, norm_type=norm)
        add_gradients(file, f"clip_norm_{name}", parameter, expected_norm=total)
    parameter = with_gradients()
    torch.nn.utils.clip_grad_value_(list(parameter.values()), 0.3)
    add_gradients(file, "clip_value", parameter)


def with_gradients():
    parameter = parameters()
    for name, p in parameter.items():
        p.grad = gradients_of(name, SHAPES[name])[0].clone()
    return parameter


def add_gradients(file, case, parameter, **more):
    file.add(case, **{f"expected_{name}": p.grad for name, p in parameter.items()}, **more)


def add_schedules(file):
    schedules = optim.lr_scheduler
    made = {
        "step_lr": lambda o: schedules.StepLR(o, step_size=7, gamma=0.5),
        "multi_step_lr": lambda o: schedules.MultiStepLR(o, milestones=[3, 11, 11, 30], gamma=0.3),
        "exponential_lr": lambda o: schedules.ExponentialLR(o, gamma=0.93),
        "cosine_annealing_lr": lambda o: schedules.CosineAnnealingLR(o, T_max=20, eta_min=0.001),
        "cosine_warmup_lr": lambda o: get_cosine_schedule_with_warmup(o, 8, 51),
        "linear_lr": lambda o: schedules.LinearLR(o, start_factor=0.2, end_factor=0.8, total_iters=13),
        "linear_lr_defaults": lambda o: schedules.LinearLR(o),
        "one_cycle_lr": lambda o: schedules.OneCycleLR(o, max_lr=[0.4, 0.7], total_steps=51),
        "one_cycle_lr_linear": lambda o: schedules.OneCycleLR(
            o,
            max_lr=0.4,
            total_steps=60,
            pct_start=0.4,
            anneal_strategy="linear",
            three_phase=True,
            base_momentum=0.8,
            max_momentum=0.9,
            div_factor=10,
            final_div_factor=100,
        ),
    }
    for case, make_schedule in made.items():
        optimizer = two_groups()
        schedule = make_schedule(optimizer)
        add_schedule(file, case, optimizer, lambda step: schedule.step())
    metrics = plateau_metrics()
    file.add("plateau", metrics=metrics)
    for case, options in {
        "plateau_min": {"factor": 0.5, "patience": 3, "cooldown": 2, "min_lr": 0.01},
        "plateau_max": {"mode": "max", "factor": 0.3, "patience": 1, "threshold": 0.05},
        "plateau_absolute": {"threshold_mode": "abs", "threshold": 0.1, "patience": 2},
    }.items():
        optimizer = two_groups()
        schedule = schedules.ReduceLROnPlateau(optimizer, **options)
        add_schedule(file, case, optimizer, lambda step: schedule.step(metrics[step].item()))


def two_groups():
    first, second = torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    groups = [{"params": [first]}, {"params": [second], "lr": 0.3}]
    return optim.SGD(groups, lr=0.1, momentum=0.9)


def plateau_metrics():
    falling = 1 / torch.arange(1, 51).double().sqrt()
    return (falling + random("plateau_metrics", [50]).abs() * 0.2).float().double()


def add_schedule(file, case, optimizer, step):
    """Learning rates and momenta [51, 2] before the first step and after each."""
    rates, momenta = [], []
    for index in range(51):
        rates.append([group["lr"] for group in optimizer.param_groups])
        momenta.append([group["momentum"] for group in optimizer.param_groups])
        optimizer.step()
        if index < 50:
            step(index)
    rates, momenta = torch.tensor(rates).double(), torch.tensor(momenta).double()
    file.add(case, expected_lr=rates, expected_momentum=momenta)
