"""Losses: values, and gradients of inputs and targets."""

import torch
import torch.nn.functional as F

from golden_file import GoldenFile, random

INFINITY, NAN = float("inf"), float("nan")
REDUCTIONS = ("mean", "sum", "none")


def make():
    file = GoldenFile("losses")
    with torch.enable_grad():
        add_class_losses(file)
        add_pointwise_losses(file)
    file.write()


def add(file, case, loss, x, target, target_gradient=False, **more):
    """A loss of every reduction; without one the losses' gradients are given."""
    for reduction in REDUCTIONS:
        leaf = x.clone().requires_grad_()
        aim = target.clone().requires_grad_(target_gradient)
        result = loss(leaf, aim, reduction)
        gradient = random(f"{case}_upstream", list(result.shape))
        result.backward(gradient)
        results = {"expected": result, "gradient": gradient, "gradient_x": leaf.grad}
        if target_gradient:
            results["gradient_target"] = aim.grad
        file.add(f"{case}_{reduction}", x=x, target=target, **more, **results)


def labels(case, shape, classes):
    return (random(case, shape).abs() * 1000).long() % classes


def add_class_losses(file):
    shapes = {
        "odd": ([7, 37], 37),
        "one": ([1, 1], 1),
        "vector": ([5], 5),
        "many": ([3, 1003], 1003),
        "pixels": ([2, 5, 3, 4], 5),
        "empty": ([0, 3], 3),
    }
    for name, (shape, classes) in shapes.items():
        case = f"cross_entropy_{name}"
        x = random(case, shape, scale=3)
        target = labels(f"{case}_labels", shape[:1] + shape[2:] if len(shape) > 1 else [], classes)
        add(file, case, lambda x, t, r: F.cross_entropy(x, t, reduction=r), x, target)
        log_probabilities = torch.log_softmax(x, 1 if len(shape) > 1 else 0)
        nll = lambda x, t, r: F.nll_loss(x, t, reduction=r)
        add(file, f"nll_{name}", nll, log_probabilities.float().double(), target)

    x = random("cross_entropy", [9, 11], scale=2)
    target = labels("cross_entropy_labels", [9], 11)
    target[2], target[7] = -100, -100
    weight = random("cross_entropy_weight", [11]).abs() + 0.1

    def weighted(x, t, r):
        return F.cross_entropy(x, t, weight=weight, label_smoothing=0.2, reduction=r)

    smooth = lambda x, t, r: F.cross_entropy(x, t, label_smoothing=0.1, reduction=r)
    add(file, "cross_entropy_smooth", smooth, x, target)
    add(file, "cross_entropy_weighted", weighted, x, target, weight=weight)
    other = torch.where(target == -100, torch.tensor(3), target)
    ignore = lambda x, t, r: F.cross_entropy(x, t, weight=weight, ignore_index=3, reduction=r)
    add(file, "cross_entropy_ignore", ignore, x, other, weight=weight)
    ignore = lambda x, t, r: F.nll_loss(x, t, weight=weight, ignore_index=3, reduction=r)
    add(file, "nll_ignore", ignore, x, other, weight=weight)
    all_ignored = torch.full([9], -100)
    plain = lambda x, t, r: F.cross_entropy(x, t, reduction=r)
    add(file, "cross_entropy_all_ignored", plain, x, all_ignored)
    probabilities = torch.softmax(random("cross_entropy_targets", [9, 11]), 1).float().double()
    add(file, "cross_entropy_probabilities", plain, x, probabilities)
    add(file, "cross_entropy_probabilities_weighted", weighted, x, probabilities, weight=weight)
    pixels = random("cross_entropy_soft_pixels", [2, 5, 3], scale=2)
    soft = torch.softmax(random("cross_entropy_soft_targets", [2, 5, 3]), 1).float().double()
    add(file, "cross_entropy_probabilities_pixels", plain, pixels, soft)
    extreme = torch.tensor([[1e4, -1e4, 0.0], [3e38, 3e38, 0.0], [-INFINITY, 1.0, 2.0], [-90, 0, 90]])
    add(file, "cross_entropy_extreme", plain, extreme.double(), torch.tensor([1, 0, 2, 2]))
    special = torch.tensor([[NAN, 1.0], [INFINITY, 0.0], [-INFINITY, -INFINITY], [1.0, 2.0]])
    add(file, "cross_entropy_special", plain, special.double(), torch.tensor([0, 1, 0, 1]))
    nll = lambda x, t, r: F.nll_loss(x, t, reduction=r)
    add(file, "nll_special", nll, special.double(), torch.tensor([0, 0, 1, 1]))


POINTWISE = {
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.huber_loss,
}


def add_pointwise_losses(file):
    special = torch.tensor([0.0, -0.0, 1.0, -2.0, INFINITY, -INFINITY, NAN], dtype=torch.double)
    for name, function in POINTWISE.items():
        loss = lambda x, t, r: function(x, t, reduction=r)
        for size, shape in {"odd": [5, 37], "rank0": [], "one": [1], "empty": [0, 3]}.items():
            case = f"{name}_{size}"
            x, target = random(case, shape, shape, scale=2)
            add(file, case, loss, x, target, target_gradient=True)
        x, target = special[:, None].expand(7, 7), special[None, :].expand(7, 7)
        add(file, f"{name}_special", loss, x.contiguous(), target.contiguous(), True)
    x, target = random("huber_delta", [4, 9], [4, 9], scale=3)
    wide = lambda x, t, r: F.huber_loss(x, t, delta=2.5, reduction=r)
    add(file, "huber_delta", wide, x, target, target_gradient=True)

    x = torch.cat([random("bce", [200], scale=4), torch.tensor([0.0, -0.0, 40, -40, 200, -200])]).double()
    target = torch.cat([torch.rand(200, generator=torch.Generator().manual_seed(5)), torch.ones(6)])
    x, target = x.float().double().reshape(2, 103), target.float().double().reshape(2, 103)
    plain = lambda x, t, r: F.binary_cross_entropy_with_logits(x, t, reduction=r)
    add(file, "bce", plain, x, target)
    weight = random("bce_weight", [2, 1]).abs()
    positive = random("bce_positive", [103]).abs() + 0.5

    def weighted(x, t, r):
        options = {"weight": weight, "pos_weight": positive, "reduction": r}
        return F.binary_cross_entropy_with_logits(x, t, **options)

    add(file, "bce_weighted", weighted, x, target, weight=weight, positive=positive)
    x = torch.tensor([INFINITY, -INFINITY, NAN, 1.0]).double()
    add(file, "bce_special", plain, x, torch.tensor([1.0, 0.0, 1.0, NAN]).double())

    x = torch.log_softmax(random("kl_div", [6, 19]), 1).float().double()
    target = torch.softmax(random("kl_div_target", [6, 19], scale=3), 1).float().double()
    target[1, 3] = 0
    target[2, 0] = 1e-39
    loss = lambda x, t, r: F.kl_div(x, t, reduction=r)
    add(file, "kl_div", loss, x, target)
    special_x = torch.tensor([[0.0, -INFINITY, NAN, -1.0], [-2.0, -INFINITY, -1.0, INFINITY]])
    special_target = torch.tensor([[NAN, 0.5, 0.5, 0.0], [INFINITY, 0.0, 1.0, 0.25]])
    add(file, "kl_div_special", loss, special_x.double(), special_target.double())
    log_target = torch.log_softmax(random("kl_div_target", [6, 19], scale=3), 1).float().double()
    loss = lambda x, t, r: F.kl_div(x, t, reduction=r, log_target=True)
    add(file, "kl_div_log", loss, x, log_target)
    result = F.kl_div(x, target, reduction="batchmean")
    file.add("kl_div_batchmean", x=x, target=target, expected=result)
