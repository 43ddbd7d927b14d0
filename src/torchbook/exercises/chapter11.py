"""Checks of the exercises of chapter 11, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
import math

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import ResNet


def check_1(answer) -> Iterator[str]:
    """Tensors and numbers that the optimiser can change."""
    model = ResNet((1, 1), (8, 16), classes=10).requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, 2)
    model.layer2[0].bn2.requires_grad_(True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not isinstance(answer, tuple) or len(answer) != 2:
        yield "the answer is a tuple of two numbers: tensors, and numbers in all of them together."
        return
    if answer[0] != len(trained):
        yield (
            f"{answer[0]} tensors is not right: does a layer made after the loop ask for gradients, and which tensors "
            "of a normalisation layer are parameters?"
        )
    if answer[1] != sum(parameter.numel() for parameter in trained):
        yield f"{answer[1]} numbers is not right: a head (16 inputs, 2 outputs) and scale and shift of 16 channels."


def check_2(answer: Callable) -> Iterator[str]:
    """groups_by_depth(model, lr, factor): head, stages from the last to the first, stem."""
    for blocks, widths, lr, factor in (
        ((1, 1), (4, 8), 0.1, 0.5),
        ((1, 2, 1), (4, 4, 8), 0.02, 0.1),
        ((1,), (4,), 1, 1),
    ):
        model = ResNet(blocks, widths, classes=2, stem="cifar")
        where = f"with {len(blocks)} stages, lr={lr} and factor={factor}"
        try:
            optimizer = torch.optim.SGD(answer(model, lr, factor), lr=123.0)
        except (ValueError, TypeError) as error:
            yield f"{where} the optimiser refuses the groups: {str(error).splitlines()[0]}"
            return
        found = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
        for name, parameter in model.named_parameters():
            part = name.split(".")[0]
            depth = {"fc": 0, "conv1": len(blocks) + 1, "bn1": len(blocks) + 1}.get(part)
            depth = len(blocks) + 1 - int(part.removeprefix("layer")) if depth is None else depth
            if id(parameter) not in found:
                yield f"{where} {name} is in no group, so it would never be trained."
                return
            if not math.isclose(found[id(parameter)], lr * factor**depth, rel_tol=1e-6):
                yield f"{where} {name} has the rate {found[id(parameter)]:.4g}; it should be lr * factor**{depth}."
                return


def check_3(answer: Callable) -> Iterator[str]:
    """train_head(model, images, labels, steps, lr): the head learns, the body stays to the last bit."""
    for start_mode in (True, False):
        torch.manual_seed(0)
        model = ResNet((1, 1), (4, 8), classes=2, stem="cifar").train(start_mode)
        images, labels = torch.randn(12, 3, 8, 8), torch.arange(12) % 2
        before = copy.deepcopy(model.state_dict())
        with torch.no_grad():
            start = F.cross_entropy(copy.deepcopy(model).eval()(images), labels).item()
        answer(model, images, labels, 5, 0.05)
        changed = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
        body = [name for name in changed if not name.startswith("fc.")]
        if body:
            yield f"{len(body)} entries of the body changed, first {body[0]}: what moves without any gradient?"
            return
        if sorted(changed) != ["fc.bias", "fc.weight"]:
            yield "the head did not change: it has to be trained."
            return
        with torch.no_grad():
            end = F.cross_entropy(copy.deepcopy(model).eval()(images), labels).item()
        if end >= start:
            yield f"the loss went from {start:.3f} to {end:.3f}: the head changed, but it did not learn."
            return


def check_4(answer: Callable) -> Iterator[str]:
    """unfreeze(model, count): exactly the head and the last stages ask for gradients."""
    model = ResNet((1, 1, 2), (4, 4, 8), classes=2, stem="cifar")
    for count in (0, 1, 2, 3, 4, 2, 0):
        answer(model, count)
        free = {"fc", *[f"layer{number}" for number in range(3, 3 - min(count, 3), -1)]}
        free |= {"conv1", "bn1"} if count > 3 else set()
        for name, parameter in model.named_parameters():
            if parameter.requires_grad != (name.split(".")[0] in free):
                state = "asks for a gradient" if parameter.requires_grad else "asks for no gradient"
                yield f"of three stages, after unfreeze(model, {count}), {name} {state}, and it should not be so."
                return
