"""The one training loop of the book. Taught in chapters 04 and 05."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
import math
import time

import torch
from torch import Tensor, nn
import torch.nn.functional as F
from tqdm import tqdm

LossFunction = Callable[[Tensor, Tensor], Tensor]


@dataclass
class History:
    """What ``fit`` measured, one entry an epoch. Losses are means over examples; seconds are training time alone."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.train_loss)

    def __str__(self) -> str:
        lines = ["epoch   train loss   train acc    val loss     val acc   seconds"]
        for epoch in range(len(self)):
            val = ("      -           -     " if not self.val_loss
                   else f"{self.val_loss[epoch]:10.4f}   {self.val_accuracy[epoch]:9.1%}")  # fmt: skip
            lines.append(
                f"{epoch + 1:5d}   {self.train_loss[epoch]:10.4f}   {self.train_accuracy[epoch]:9.1%}  {val}"
                f"   {self.seconds[epoch]:7.1f}"
            )
        return "\n".join(lines + ["stopped by hand"] * self.interrupted)

    def state_dict(self) -> dict:
        """Plain lists, as a checkpoint stores them."""
        return asdict(self)


def train_one_epoch(
    model: nn.Module,
    batches,
    optimizer: torch.optim.Optimizer,
    loss_fn: LossFunction = F.cross_entropy,
    *,
    scheduler=None,
    clip: float | None = None,
    autocast: torch.dtype | None = None,
) -> tuple[float, float]:
    """Go through ``batches`` once, one optimiser step a batch; return mean loss and accuracy over the examples.

    batches: iterable of ``(inputs, labels)``. scheduler: stepped after every batch. clip: largest gradient norm.
    autocast: number type of mixed precision, for example ``torch.bfloat16``. Raises ValueError when there is no batch.
    """
    device = next(model.parameters()).device
    model.train()
    total_loss = torch.zeros((), device=device)  # stays on the device: reading it would wait at every batch
    correct = torch.zeros((), device=device)
    examples = 0
    for inputs, labels in batches:
        inputs, labels = inputs.to(device), labels.to(device)
        with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
            logits = model(inputs)
            loss = loss_fn(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total_loss += loss.detach() * len(labels)  # the mean of a batch times its size: the last one may be short
        correct += (logits.argmax(dim=-1) == labels).sum()
        examples += len(labels)
    if examples == 0:
        raise ValueError("There was no batch: the data set is empty, or drop_last left out the only one.")
    return total_loss.item() / examples, correct.item() / examples


@torch.no_grad()
def evaluate(
    model: nn.Module, batches, loss_fn: LossFunction = F.cross_entropy, *, autocast: torch.dtype | None = None
) -> tuple[float, float]:
    """Mean loss and accuracy over the examples of ``batches``; the model is left as it was, in its mode too.

    Raises ValueError when there is no batch.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    total_loss = torch.zeros((), device=device)
    correct = torch.zeros((), device=device)
    examples = 0
    for inputs, labels in batches:
        inputs, labels = inputs.to(device), labels.to(device)
        with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
            logits = model(inputs)
            total_loss += loss_fn(logits, labels) * len(labels)
        correct += (logits.argmax(dim=-1) == labels).sum()
        examples += len(labels)
    model.train(was_training)
    if examples == 0:
        raise ValueError("There was no batch: the data set is empty, or drop_last left out the only one.")
    return total_loss.item() / examples, correct.item() / examples


def fit(
    model: nn.Module,
    train_batches,
    val_batches,
    optimizer: torch.optim.Optimizer,
    *,
    epochs: int,
    loss_fn: LossFunction = F.cross_entropy,
    scheduler=None,
    scheduler_step: str = "batch",
    clip: float | None = None,
    autocast: torch.dtype | None = None,
    history: History | None = None,
) -> History:
    """Train for ``epochs`` epochs with a progress bar, evaluating after each; return the ``History``.

    val_batches: None to skip the evaluation. scheduler_step: ``"batch"`` (OneCycleLR) or ``"epoch"`` (StepLR).
    history: one to go on with, after a resume. Ctrl-C stops and keeps the history so far.
    Raises ValueError for epochs < 1, a clip that is not positive or an unknown ``scheduler_step``, FloatingPointError
    when the loss is no longer finite.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be 1 or more, got {epochs}.")
    if clip is not None and clip <= 0:
        raise ValueError(f"clip must be a positive gradient norm, got {clip}.")
    if scheduler_step not in ("batch", "epoch"):
        raise ValueError(f"scheduler_step must be 'batch' or 'epoch', got {scheduler_step!r}.")
    history = history if history is not None else History()
    per_batch = scheduler if scheduler_step == "batch" else None
    bar = tqdm(range(epochs), desc="epochs", leave=False)
    try:
        for _ in bar:
            start = time.perf_counter()
            loss, accuracy = train_one_epoch(
                model, train_batches, optimizer, loss_fn, scheduler=per_batch, clip=clip, autocast=autocast
            )  # ends in .item(), which waits for the device: the time is honest
            seconds = time.perf_counter() - start
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"The training loss is {loss} in epoch {len(history) + 1}: lower the learning rate, "
                    "clip the gradients (clip=1.0) or look for inputs that are not finite."
                )
            if scheduler is not None and scheduler_step == "epoch":
                scheduler.step()
            measured = {"train_loss": loss, "train_accuracy": accuracy, "seconds": seconds}
            if val_batches is not None:
                val_loss, val_accuracy = evaluate(model, val_batches, loss_fn, autocast=autocast)
                measured |= {"val_loss": val_loss, "val_accuracy": val_accuracy}
                bar.set_postfix(val_accuracy=f"{val_accuracy:.1%}")
            for name, value in measured.items():  # all of an epoch or nothing of it
                getattr(history, name).append(value)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        bar.close()
    return history
