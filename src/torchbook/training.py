"""The one training loop of the book. Taught in chapters 04 and 05."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import math
from operator import length_hint
import time
from typing import Any

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from torchbook.history import History
from torchbook.measures import LossFunction, Meter, Metric, accuracy
from torchbook.progress import progress
from torchbook.schedules import check_length, step_epoch, way_back, when_to_step


@contextmanager
def keeping_modes(model: nn.Module) -> Iterator[None]:
    """At the end, also after an error, every module of ``model`` is back in the mode, training or not, that it had."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def explained_errors() -> Iterator[None]:
    """Name the cure where batch normalisation meets a batch with one value per channel."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise ValueError(
            "A batch of one example met batch normalisation, which needs two values per channel or more: leave out a "
            "short last batch with drop_last=True, or choose another batch_size."
        ) from error


def check_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Raise ValueError where a run of ``optimizer`` would train nothing of ``model``."""
    own = {id(parameter) for parameter in model.parameters()}
    if not own:
        raise ValueError(f"The {type(model).__name__} has no parameters: there is nothing to train.")
    if not any(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
        raise ValueError("The optimizer has no parameter of this model: make it with model.parameters() of this one.")


def to_device(batch, device: torch.device) -> tuple[Tensor, Tensor]:
    """``(inputs, labels)`` on the device; uint8 images become floats in [0, 1], as ``Batches`` makes them."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2 or not all(isinstance(part, Tensor) for part in batch):
        raise TypeError(f"A batch must be a pair of tensors (inputs, labels), got a {type(batch).__name__}.")
    inputs, labels = (part.to(device) for part in batch)
    return inputs.float() / 255 if inputs.dtype == torch.uint8 else inputs, labels


def train_one_epoch(
    model: nn.Module,
    batches,
    optimizer: torch.optim.Optimizer,
    loss_fn: LossFunction = F.cross_entropy,
    *,
    metric: Metric | None = accuracy,
    scheduler=None,
    clip: float | None = None,
    autocast: torch.dtype | None = None,
) -> tuple[float, float | None]:
    """Go through ``batches`` once, one optimiser step a batch; return mean loss and accuracy over the examples.

    batches: iterable of ``(inputs, labels)``. loss_fn, metric: see ``torchbook.measures.Meter``. scheduler: stepped
    after every batch. clip: largest gradient norm, positive, which ``fit`` checks and this function does not. autocast:
    number type of mixed precision, ``torch.bfloat16``.
    A model in evaluation mode is put into training mode for the pass; in one that trains, a layer set to evaluation
    mode stays so. Raises ValueError when there is no batch, and for what cannot be measured.
    """
    if autocast is torch.float16:
        raise ValueError("float16 needs a GradScaler, which this loop does not have: use torch.bfloat16 or None.")
    device = next(model.parameters()).device
    meter = Meter(loss_fn, metric)
    with keeping_modes(model), explained_errors():
        if not model.training:
            model.train()
        for batch in batches:
            inputs, labels = to_device(batch, device)
            with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
                loss = meter(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
    return meter.means()


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches,
    loss_fn: LossFunction = F.cross_entropy,
    *,
    metric: Metric | None = accuracy,
    autocast: torch.dtype | None = None,
) -> tuple[float, float | None]:
    """Mean loss and accuracy over the examples of ``batches``; the model is left as it was, each module in its mode.

    model: has a parameter, on whose device the batches are put.
    loss_fn, metric: see ``torchbook.measures.Meter``. Raises ValueError when there is no batch, and for what cannot be
    measured.
    """
    device = next(model.parameters()).device
    meter = Meter(loss_fn, metric)
    with keeping_modes(model):
        model.eval()
        for batch in batches:
            inputs, labels = to_device(batch, device)
            with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
                meter(model(inputs), labels)
    return meter.means()


def fit(
    model: nn.Module,
    train_batches,
    val_batches,
    optimizer: torch.optim.Optimizer,
    *,
    epochs: int,
    loss_fn: LossFunction = F.cross_entropy,
    metric: Metric | None = accuracy,
    scheduler=None,
    scheduler_step: str | None = None,
    clip: float | None = None,
    autocast: torch.dtype | None = None,
    history: History | None = None,
) -> History:
    """Train for ``epochs`` epochs with a progress bar, evaluating after each; return the ``History``.

    val_batches: None to skip the evaluation. loss_fn, metric: see ``torchbook.measures.Meter``.
    scheduler_step: ``"batch"`` or ``"epoch"``; known for OneCycleLR and CyclicLR (batch), StepLR, MultiStepLR,
    ExponentialLR and ReduceLROnPlateau (epoch), to be said for others. history: one to go on with, filled in place.
    Ctrl-C ends the run with KeyboardInterrupt, so that nothing after it is done, such as saving: the history holds
    the whole epochs (it is also the exception's ``history``), and the schedule is back at the end of the last of them.
    Raises ValueError for settings that cannot be, FloatingPointError when the loss is no longer finite.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be 1 or more, got {epochs}.")
    if clip is not None and not clip > 0:  # also where it is not a number
        raise ValueError(f"clip must be a positive gradient norm, got {clip}.")
    check_optimizer(model, optimizer)
    step_at = when_to_step(scheduler, scheduler_step, optimizer)
    check_length(scheduler, epochs * (length_hint(train_batches) if step_at == "batch" else 1))
    history = history if history is not None else History()
    name = history.metric if metric is None else getattr(metric, "__name__", "score")
    if history.metric != name and any(value is not None for value in history.train_accuracy):
        raise ValueError(f"The history holds {history.metric}: go on with the same metric, or with a new History().")
    history.interrupted, history.metric = False, name
    options: dict[str, Any] = {"metric": metric, "autocast": autocast}
    done, go_back = len(history), way_back(scheduler, optimizer)
    try:
        with progress(epochs, "epochs") as report:
            report(0)
            for epoch in range(1, epochs + 1):
                done, go_back = len(history), way_back(scheduler, optimizer)
                start = time.perf_counter()
                per_batch = scheduler if step_at == "batch" else None
                loss, score = train_one_epoch(
                    model, train_batches, optimizer, loss_fn, scheduler=per_batch, clip=clip, **options
                )  # ends in reading a number, which waits for the device: the time is honest
                seconds = time.perf_counter() - start
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"The training loss is {loss} in epoch {len(history) + 1}: lower the learning rate, "
                        "clip the gradients (clip=1.0) or look for inputs that are not finite."
                    )
                val_loss = val_score = None
                if val_batches is not None:
                    val_loss, val_score = evaluate(model, val_batches, loss_fn, **options)
                if step_at == "epoch":
                    step_epoch(scheduler, loss if val_loss is None else val_loss)
                history.record(loss, score, val_loss, val_score, seconds)
                report(epoch, f"loss {loss if val_loss is None else val_loss:.4f}")
    except KeyboardInterrupt as interrupt:
        history.cut(done)  # all of an epoch or nothing of it
        go_back()
        history.interrupted = True
        interrupt.history = history  # type: ignore[attr-defined]
        interrupt.add_note(
            f"Stopped in epoch {done + 1}. The {done} whole epochs are in the history that was passed to fit, else in "
            "sys.last_value.history."
        )
        raise
    return history
