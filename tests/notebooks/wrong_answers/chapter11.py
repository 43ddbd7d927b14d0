"""Answers to the exercises of chapter 11: right ones of another form, and plausible wrong ones."""

import time

import numpy as np
import torch
import torch.nn.functional as F


def by_name(model, lr, factor):
    order = ["fc", *reversed(model.stages)]
    depths = {name: depth for depth, name in enumerate(order)}
    return [
        {"params": [parameter], "lr": lr * factor ** depths.get(name.split(".")[0], len(order))}
        for name, parameter in model.named_parameters()
    ]


def stem_first(model, lr, factor):
    parts = [[model.conv1, model.bn1], *([model.get_submodule(name)] for name in model.stages), [model.fc]]
    return [
        {
            "params": [p for module in modules for p in module.parameters()],
            "lr": lr * factor ** (len(parts) - 1 - place),
        }
        for place, modules in enumerate(parts)
    ]


def head_and_rest(model, lr, factor):
    rest = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return [{"params": list(model.fc.parameters()), "lr": lr}, {"params": rest, "lr": lr * factor}]


def train_head(mode=False, which=lambda model: model.fc.parameters(), sign=1, steps=None):
    """The training of the exercise in another mode, of other parameters, uphill, with other steps."""

    def train(model, images, labels, count, lr):
        model.train(mode)
        optimizer = torch.optim.SGD(which(model), lr=lr)
        for _ in range(count if steps is None else steps):
            optimizer.zero_grad()
            (sign * F.cross_entropy(model(images), labels)).backward()
            optimizer.step()

    return train


def on_features(model, images, labels, steps, lr):
    seen = []
    model.eval()
    hook = model.fc.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    with torch.no_grad():
        model(images)
    hook.remove()
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model.fc(seen[0]), labels).backward()
        optimizer.step()


def under_no_grad(model, images, labels, steps, lr):
    """The body without gradient, but still in training mode."""
    with torch.no_grad():
        model.train()(images)
    train_head()(model, images, labels, steps, lr)


def unfreeze_by_name(model, count):
    order = ["fc", *reversed(model.stages)]
    free = order[: count + 1]
    for name, parameter in model.named_parameters():
        part = name.split(".")[0]
        parameter.requires_grad = part in free or (part not in order and count > len(model.stages))


def never_freezes(model, count):
    model.fc.requires_grad_(True)
    for name in model.stages[len(model.stages) - count :]:
        model.get_submodule(name).requires_grad_(True)


def slice_of_minus_zero(model, count):
    model.requires_grad_(count > len(model.stages))
    model.fc.requires_grad_(True)
    for name in model.stages[-count:]:
        model.get_submodule(name).requires_grad_(True)


def three_stages_only(model, count):
    model.requires_grad_(count > 3)
    for name in ("fc", "layer3", "layer2", "layer1")[: count + 1]:
        if hasattr(model, name):
            model.get_submodule(name).requires_grad_(True)


def one_after_another(model, count):
    model.requires_grad_(False)
    for child in list(model.children())[::-1][: count + 1]:
        child.requires_grad_(True)


def unfreeze_all(model, count):
    model.requires_grad_(True)


def nearest(rows, labels, others):
    return labels[torch.cdist(others, rows).argmin(1)]


def class_means(rows, labels, others):
    means = torch.stack([rows[labels == label].mean(0) for label in labels.unique()])
    return torch.cdist(others, means).argmin(1)


def trained_head(rows, labels, others):
    head = torch.nn.Linear(rows.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(head(rows), labels).backward()
        optimizer.step()
    return head(others).argmax(1)


def too_slow(rows, labels, others):
    time.sleep(2.01)
    return nearest(rows, labels, others)


def by_rank_in_the_batch(rows, labels, others):
    """Shares out the classes over the rows asked for: one that comes alone gets class 0."""
    return nearest(rows, labels, others) if len(others) > 1 else labels[:1] * 0


RIGHT = {
    "11-1": [[4, 66], torch.tensor([4, 66]), np.array([4, 66])],
    "11-2": [by_name, stem_first],
    "11-3": [train_head(), on_features],
    "11-4": [unfreeze_by_name, lambda model, count: [unfreeze_all(model, 0), unfreeze_by_name(model, count)]],
    "11-5": [nearest, class_means, trained_head],
}
WRONG = {
    "11-1": [(2, 32), (6, 98), (4, 98), (4, 66, 0), 66],
    "11-2": [
        head_and_rest,
        lambda model, lr, factor: by_name(model, lr, factor)[3:],
        lambda model, lr, factor: by_name(model, lr * factor, factor),
        lambda model, lr, factor: by_name(model, lr, 1 / factor),
        lambda model, lr, factor: by_name(model, lr, factor) * 2,
        lambda model, lr, factor: [{"lr": lr}],
    ],
    "11-3": [
        under_no_grad,
        train_head(mode=True),
        train_head(which=lambda model: model.parameters()),
        train_head(which=lambda model: [model.fc.bias]),
        train_head(sign=-1),
        train_head(steps=1),
    ],
    "11-4": [never_freezes, slice_of_minus_zero, three_stages_only, one_after_another, unfreeze_all],
    "11-5": [
        lambda rows, labels, others: torch.zeros(len(others), dtype=torch.int64),
        lambda rows, labels, others: labels,
        lambda rows, labels, others: F.one_hot(nearest(rows, labels, others)).float(),
        lambda rows, labels, others: nearest(rows, labels, others).float(),
        lambda rows, labels, others: nearest(rows, labels, others) + 1,
        lambda rows, labels, others: nearest(rows, labels.flip(0), others),
        by_rank_in_the_batch,
        too_slow,
    ],
}
