"""Checks of the exercises of chapter 11, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
import math
import time

import torch
from torch import nn
import torch.nn.functional as F
from torchbook.exercises.compare import Wrong, function, numbers, tensor
from torchbook.models import ResNet


def check_1(answer) -> Iterator[str]:
    """Tensors and numbers that the optimiser can change."""
    model = ResNet((1, 1), (8, 16), classes=10).requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, 2)
    model.layer2[0].bn2.requires_grad_(True)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    tensors, count = numbers(answer, 2)
    if tensors != len(trained):
        yield (
            f"{tensors} tensors is not right: does a layer made after the loop ask for gradients, and which tensors "
            "of a normalisation layer are parameters?"
        )
    if count != sum(parameter.numel() for parameter in trained):
        yield f"{count} numbers is not right: a head (16 inputs, 2 outputs) and scale and shift of 16 channels."


def check_2(answer: Callable) -> None:
    """groups_by_depth(model, lr, factor): head, stages from the last to the first, stem."""
    function(answer)
    for blocks, widths, lr, factor in (
        ((1, 1), (4, 8), 0.1, 0.5),
        ((1, 2, 1), (4, 4, 8), 0.02, 0.1),
        ((1,), (4,), 1, 1),
    ):
        model = ResNet(blocks, widths, classes=2, stem="cifar")
        where = f"with {len(blocks)} stages, lr={lr} and factor={factor}"
        try:
            optimizer = torch.optim.SGD(answer(model, lr, factor), lr=123.0)
        except (ValueError, TypeError, KeyError) as error:
            raise Wrong(f"{where} the optimiser refuses the groups: {str(error).splitlines()[0]}") from None
        found = {id(p): float(group["lr"]) for group in optimizer.param_groups for p in group["params"]}
        for name, parameter in model.named_parameters():
            part = name.split(".")[0]
            depth = {"fc": 0, "conv1": len(blocks) + 1, "bn1": len(blocks) + 1}.get(part)
            depth = len(blocks) + 1 - int(part.removeprefix("layer")) if depth is None else depth
            if id(parameter) not in found:
                raise Wrong(f"{where} {name} is in no group, so it would never be trained.")
            rate = found[id(parameter)]
            if not math.isclose(rate, lr * factor**depth, rel_tol=1e-6):
                raise Wrong(f"{where} {name} has the rate {rate:.4g}; it should be lr * factor**{depth}.")


def check_3(answer: Callable) -> None:
    """train_head(model, images, labels, steps, lr): the head learns, the body stays to the last bit."""
    function(answer)
    images, labels = torch.randn(12, 3, 8, 8), torch.arange(12) % 2

    def loss(model) -> float:
        with torch.no_grad():
            return F.cross_entropy(copy.deepcopy(model).eval()(images), labels).item()

    for start_mode in (True, False):
        model = ResNet((1, 1), (4, 8), classes=2, stem="cifar").train(start_mode)
        before, start, once = copy.deepcopy(model.state_dict()), loss(model), copy.deepcopy(model)
        answer(model, images.clone(), labels.clone(), 5, 0.05)
        changed = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
        body = [name for name in changed if not name.startswith("fc.")]
        if body:
            raise Wrong(f"{len(body)} entries of the body changed, first {body[0]}: what moves without any gradient?")
        if sorted(changed) != ["fc.bias", "fc.weight"]:
            raise Wrong("the head did not change: weight and bias of fc have to be trained.")
        if loss(model) >= start:
            raise Wrong(f"the loss went from {start:.3f} to {loss(model):.3f}: the head changed, but it did not learn.")
        answer(once, images.clone(), labels.clone(), 1, 0.05)
        if torch.equal(once.fc.weight, model.fc.weight):
            raise Wrong("one step and five steps end at the same weights: is the argument steps used?")


def check_4(answer: Callable) -> None:
    """unfreeze(model, count): exactly the head and the last stages ask for gradients."""
    function(answer)
    for blocks in ((1, 1, 2), (1, 1)):
        stages = len(blocks)
        model = ResNet(blocks, (4, 4, 8)[:stages], classes=2, stem="cifar")
        for count in (0, 1, 2, stages, stages + 1, 2, 0):
            answer(model, count)
            free = {"fc", *[f"layer{place}" for place in range(stages, stages - min(count, stages), -1)]}
            free |= {"conv1", "bn1"} if count > stages else set()
            for name, parameter in model.named_parameters():
                if parameter.requires_grad != (name.split(".")[0] in free):
                    state = "asks for a gradient" if parameter.requires_grad else "asks for no gradient"
                    raise Wrong(
                        f"of {stages} stages, after unfreeze(model, {count}), {name} {state}, and it should not be so."
                    )


def check_5(answer: Callable) -> Iterator[str]:
    """classify(rows, labels, others): class numbers of features, by any method, each row by itself, in two seconds."""
    function(answer)
    for classes, size in ((2, 16), (3, 8)):
        centres = 2 * torch.randn(classes, size)
        labels, asked = torch.arange(20) % classes, torch.arange(60) % classes
        rows, others = (centres[which] + 0.5 * torch.randn(len(which), size) for which in (labels, asked))
        where = f"with 20 rows of {classes} classes"
        began = time.perf_counter()
        found = tensor(answer(rows.clone(), labels.clone(), others.clone()), where, asked.shape)
        seconds = time.perf_counter() - began
        if found.is_floating_point() or found.min() < 0 or found.max() >= classes:
            raise Wrong(f"{where}: the answer has class numbers, whole and from 0 to {classes - 1}.")
        if seconds > 2:
            raise Wrong(f"{where}: the call took {seconds:.1f} seconds; the budget is 2.")
        right = (found == asked).float().mean().item()
        if right < 0.9:
            yield f"{where}, in clouds that lie well apart, {100 * right:.0f} % are right; 90 should be."
            return
        alone = torch.cat([answer(rows.clone(), labels.clone(), other[None]) for other in others[:6]])
        if not torch.equal(alone, found[:6]):
            yield f"{where}: a row gets another class when it comes alone; judge each by itself."
            return
