"""Checks of the exercises of chapter 11, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import copy
import math
import time

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torch.optim.optimizer import register_optimizer_step_post_hook
from torchbook.exercises.compare import Wrong, close, function, named, number, numbers, plain
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
        groups = answer(model, lr, factor)
        try:
            optimizer = torch.optim.SGD(groups, lr=123.0)
        except (ValueError, TypeError, KeyError) as error:
            raise Wrong(f"{where} the optimiser refuses the groups: {named(error)}") from None
        rates = [number(group["lr"], f"{where} the rate of each group") for group in optimizer.param_groups]
        found = {
            id(p): rate for group, rate in zip(optimizer.param_groups, rates, strict=True) for p in group["params"]
        }
        for name, parameter in model.named_parameters():
            part = name.split(".")[0]
            depth = {"fc": 0, "conv1": len(blocks) + 1, "bn1": len(blocks) + 1}.get(part)
            depth = len(blocks) + 1 - int(part.removeprefix("layer")) if depth is None else depth
            if id(parameter) not in found:
                raise Wrong(f"{where} {name} is in no group, so it would never be trained.")
            rate = found[id(parameter)]
            if not math.isclose(rate, lr * factor**depth, rel_tol=1e-6):
                raise Wrong(f"{where} {name} has the rate {rate:.4g}; it should be lr * factor**{depth}.")


def _descended(model: nn.Module, images: Tensor, labels: Tensor, steps: int, lr: float, clear=True) -> Tensor:
    """The head's weight after so many steps of plain gradient descent, or of one that never clears the gradients."""
    model = copy.deepcopy(model).eval().requires_grad_(False)
    model.fc.requires_grad_(True)
    optimizer = torch.optim.SGD(model.fc.parameters(), lr=lr)
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model.fc.weight.detach()


def check_3(answer: Callable) -> None:
    """train_head(model, images, labels, steps, lr): the head learns, the body stays to the last bit."""
    function(answer)
    labels = torch.arange(12) % 2
    images = 0.5 * torch.randn(12, 3, 8, 8) + torch.tensor([-1.0, 1.0])[labels].view(-1, 1, 1, 1)  # dark and light
    steps, lr = 5, 0.05

    def loss(model) -> float:
        with torch.no_grad():
            return F.cross_entropy(copy.deepcopy(model).eval()(images), labels).item()

    for start_mode in (True, False):
        model = ResNet((1, 1), (4, 8), classes=2, stem="cifar")
        with torch.no_grad():
            for _ in range(20):
                model(images)  # the normalisations get to know the pictures
        model.train(start_mode)
        before, start = copy.deepcopy(model.state_dict()), loss(model)
        first, once, still = (copy.deepcopy(model) for _ in range(3))
        taken: list = []
        handle = register_optimizer_step_post_hook(lambda *_, taken=taken: taken.append(1))
        try:
            answer(model, images.clone(), labels.clone(), steps, lr)
        finally:
            handle.remove()
        changed = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
        body = [name for name in changed if not name.startswith("fc.")]
        if trained := [name for name, _ in model.named_parameters() if name in body]:
            raise Wrong(f"{len(trained)} weights of the body changed, first {trained[0]}: only fc is to be trained.")
        if body:
            raise Wrong(f"{len(body)} entries of the body changed, first {body[0]}: what moves without any gradient?")
        if sorted(changed) != ["fc.bias", "fc.weight"]:
            raise Wrong("the head did not change: weight and bias of fc have to be trained.")
        if not loss(model) < start:
            raise Wrong(f"the loss went from {start:.4f} to {loss(model):.4f}: the head changed, but it did not learn.")
        answer(once, images.clone(), labels.clone(), 1, lr)
        if torch.equal(once.fc.weight, model.fc.weight):
            raise Wrong("one step and five steps end at the same weights: is the argument steps used?")
        answer(still, images.clone(), labels.clone(), steps, 0.0)
        if not torch.equal(still.fc.weight, before["fc.weight"]):
            raise Wrong("with lr=0 the head changed as well: is it trained with the argument lr, and not replaced?")
        if taken and len(taken) != steps:
            raise Wrong(f"the optimiser took {len(taken)} steps where steps={steps} were asked for.")
        for count in (1, steps + 1, 2 * steps):
            if close(model.fc.weight, _descended(first, images, labels, count, lr), 1e-5):
                raise Wrong(f"the head is where {count} steps of gradient descent lead; steps={steps} were asked for.")
        if close(model.fc.weight, _descended(first, images, labels, steps, lr, clear=False), 1e-5):
            raise Wrong("the gradients of all steps so far add up: what is in .grad before backward()?")


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


def _classes(found, count: int, classes: int, where: str) -> list[int]:
    """``count`` class numbers in a list, an array or a tensor."""
    found = plain(found)
    if not isinstance(found, list) or len(found) != count:
        raise Wrong(f"{where}, asked for {count} of others, it should give a list or tensor of length {count}.")
    if not all(isinstance(one, int) and 0 <= one < classes for one in found):
        raise Wrong(f"{where}: the answer has class numbers, whole and from 0 to {classes - 1}.")
    return found


def check_5(answer: Callable) -> Iterator[str]:
    """classify(rows, labels, others): class numbers of features, by any method, each row by itself, in two seconds."""
    function(answer)
    torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)  # the first one loads much, which no answer has to pay for
    for classes, size in ((2, 16), (3, 8)):
        centres = 2 * torch.randn(classes, size)
        labels, asked = torch.arange(20) % classes, torch.arange(60) % classes
        rows, others = (centres[which] + 0.5 * torch.randn(len(which), size) for which in (labels, asked))
        where = f"with 20 rows of {classes} classes"
        began = time.process_time()
        found = _classes(answer(rows.clone(), labels.clone(), others.clone()), len(asked), classes, where)
        seconds = time.process_time() - began
        if seconds > 2:
            raise Wrong(f"{where}: the call took {seconds:.1f} seconds of processor time; the budget is 2.")
        right, least = sum(map(int.__eq__, found, asked.tolist())), len(asked) * 9 // 10
        if right < least:
            yield f"{where}, in clouds that lie well apart, {right} of {len(asked)} are right; {least} should be."
            return
        alone = [
            _classes(answer(rows.clone(), labels.clone(), other[None].clone()), 1, classes, where)[0]
            for other in others[:6]
        ]
        if alone != found[:6]:
            yield f"{where}: a row gets another class when it comes alone; judge each by itself."
            return
