"""Plausible wrong answers to the exercises of chapter 11; each must be refused."""

import torch
import torch.nn.functional as F


def head_and_rest(model, lr, factor):
    rest = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return [{"params": list(model.fc.parameters()), "lr": lr}, {"params": rest, "lr": lr * factor}]


def without_stem(model, lr, factor):
    parts = [model.fc, *(model.get_submodule(name) for name in reversed(model.stages))]
    return [{"params": list(part.parameters()), "lr": lr * factor**depth} for depth, part in enumerate(parts)]


def first_stage_first(model, lr, factor):
    parts = [[model.fc], *([model.get_submodule(name)] for name in model.stages), [model.conv1, model.bn1]]
    return [
        {"params": [p for module in modules for p in module.parameters()], "lr": lr * factor**depth}
        for depth, modules in enumerate(parts)
    ]


def under_no_grad(model, images, labels, steps, lr):
    """The features without gradient, but still in training mode."""
    seen = []
    hook = model.fc.register_forward_pre_hook(lambda module, arguments: seen.append(arguments[0]))
    model.train()
    with torch.no_grad():
        model(images)
    hook.remove()
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model.fc(seen[0]), labels).backward()
        optimizer.step()


def trains_all_in_eval(model, images, labels, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    model.eval()
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


def never_freezes(model, count):
    model.fc.requires_grad_(True)
    for name in model.stages[len(model.stages) - count :]:
        model.get_submodule(name).requires_grad_(True)


def slice_of_minus_zero(model, count):
    model.requires_grad_(count > len(model.stages))
    model.fc.requires_grad_(True)
    for name in model.stages[-count:]:
        model.get_submodule(name).requires_grad_(True)


WRONG = {
    "11-1": [(2, 32), (6, 98), (4, 98)],
    "11-2": [head_and_rest, without_stem, first_stage_first],
    "11-3": [under_no_grad, trains_all_in_eval],
    "11-4": [never_freezes, slice_of_minus_zero],
}
