"""Answers to the exercises of chapter 11: right ones of another form, and plausible wrong ones."""

from functools import partial
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


def without_a_text(model, lr, factor):
    raise ValueError


def head_and_rest(model, lr, factor):
    rest = [p for name, p in model.named_parameters() if not name.startswith("fc.")]
    return [{"params": list(model.fc.parameters()), "lr": lr}, {"params": rest, "lr": lr * factor}]


def train_head(
    mode=False,
    which=lambda model: model.fc.parameters(),
    sign=1,
    steps=lambda steps: steps,
    rate=lambda lr: lr,
    make=torch.optim.SGD,
    clear=True,
):
    """The training of the exercise with one thing or another changed."""

    def train(model, images, labels, count, lr):
        model.train(mode)
        optimizer = make(which(model), lr=rate(lr))
        for _ in range(steps(count)):
            if clear:
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


def by_hand(steps=lambda steps: steps):
    def train(model, images, labels, count, lr):
        model.eval()
        for _ in range(steps(count)):
            gradients = torch.autograd.grad(F.cross_entropy(model(images), labels), list(model.fc.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(model.fc.parameters(), gradients, strict=True):
                    parameter -= lr * gradient

    return train


def body_put_back(model, images, labels, steps, lr):
    body = {name: value.clone() for name, value in model.state_dict().items() if not name.startswith("fc.")}
    train_head(mode=True)(model, images, labels, steps, lr)
    model.load_state_dict(body, strict=False)


def not_a_number(model, images, labels, steps, lr):
    for parameter in model.fc.parameters():
        parameter.data.fill_(torch.nan)


def lucky_head(model, images, labels, steps, lr):
    """No training: of a hundred new heads the best."""
    model.eval()
    heads = [torch.nn.Linear(model.fc.in_features, 2) for _ in range(100)]
    losses = []
    for model.fc in heads:
        losses.append(F.cross_entropy(model(images), labels).item())
    model.fc = heads[losses.index(min(losses))]


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


def squeezed(rows, labels, others):
    return labels[torch.cdist(others, rows).topk(1, largest=False).indices.squeeze()]


def alone(change):
    """Right for many rows; ``change`` is made to the answer for one."""
    return lambda rows, labels, others: (change if len(others) == 1 else torch.clone)(nearest(rows, labels, others))


def wrong_for_the_last(count):
    def classify(rows, labels, others):
        found = nearest(rows, labels, others)
        if len(others) > count:
            found[-count:] = (found[-count:] + 1) % (labels.max() + 1)
        return found

    return classify


def too_slow(rows, labels, others):
    end = time.process_time() + 2.01
    while time.process_time() < end:
        pass
    return nearest(rows, labels, others)


def by_rank_in_the_batch(rows, labels, others):
    """Shares out the classes over the rows asked for: one that comes alone gets class 0."""
    return nearest(rows, labels, others) if len(others) > 1 else labels[:1] * 0


RIGHT = {
    "11-1": [[4, 66], torch.tensor([4, 66]), np.array([4, 66])],
    "11-2": [by_name, stem_first],
    "11-3": [
        train_head(),
        on_features,
        by_hand(),
        body_put_back,
        train_head(make=partial(torch.optim.SGD, momentum=0.9)),
        train_head(make=torch.optim.Adam),
        train_head(make=torch.optim.AdamW),
        train_head(make=torch.optim.RMSprop),
    ],
    "11-4": [unfreeze_by_name, lambda model, count: [unfreeze_all(model, 0), unfreeze_by_name(model, count)]],
    "11-5": [
        nearest,
        class_means,
        trained_head,
        lambda rows, labels, others: nearest(rows, labels, others).numpy(),
        lambda rows, labels, others: nearest(rows, labels, others).tolist(),
        wrong_for_the_last(6),
    ],
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
        lambda model, lr, factor: [{**group, "lr": str(group["lr"])} for group in by_name(model, lr, factor)],
        lambda model, lr, factor: [{**group, "lr": None} for group in by_name(model, lr, factor)],
        without_a_text,
    ],
    "11-3": [
        under_no_grad,
        train_head(mode=True),
        train_head(which=lambda model: model.parameters()),
        train_head(which=lambda model: [model.fc.bias]),
        train_head(sign=-1),
        train_head(steps=lambda steps: 1),
        train_head(steps=lambda steps: steps + 1),
        train_head(steps=lambda steps: 2 * steps),
        train_head(steps=lambda steps: 2 * steps, make=torch.optim.Adam),
        by_hand(steps=lambda steps: steps + 1),
        by_hand(steps=lambda steps: 2 * steps),
        train_head(rate=lambda lr: 0.1),
        train_head(rate=lambda lr: 0.05),
        train_head(clear=False),
        not_a_number,
        lucky_head,
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
        squeezed,
        alone(lambda found: None),
        alone(torch.Tensor.item),
        lambda rows, labels, others: nearest(rows, labels, others).to(torch.complex64),
        lambda rows, labels, others: nearest(rows, labels, others)[:, None],
        wrong_for_the_last(7),
        too_slow,
    ],
}
