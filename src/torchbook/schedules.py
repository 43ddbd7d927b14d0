"""When a learning-rate schedule steps, whether it is long enough, and how to take back an epoch of it."""

from __future__ import annotations

from collections.abc import Callable
import copy

import torch
from torch.optim import lr_scheduler

_BY_BATCH = (lr_scheduler.OneCycleLR, lr_scheduler.CyclicLR)
_BY_EPOCH = (
    lr_scheduler.StepLR, lr_scheduler.MultiStepLR, lr_scheduler.ExponentialLR, lr_scheduler.ReduceLROnPlateau,
)  # fmt: skip


def when_to_step(scheduler, stated: str | None, optimizer: torch.optim.Optimizer) -> str | None:
    """``"batch"`` or ``"epoch"``, as stated or as the kind of scheduler says; None without a scheduler.

    Raises ValueError where neither says it, or where the scheduler belongs to another optimizer.
    """
    if stated not in (None, "batch", "epoch"):
        raise ValueError(f"scheduler_step must be 'batch' or 'epoch', got {stated!r}.")
    if scheduler is None:
        return None
    kind = type(scheduler).__name__
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError(f"The {kind} sets the rate of another optimizer: make it with the one that is given here.")
    if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) and (stated == "batch" or scheduler.mode != "min"):
        raise ValueError("ReduceLROnPlateau follows the loss of each epoch: use mode='min' and scheduler_step='epoch'.")
    known = "batch" if isinstance(scheduler, _BY_BATCH) else "epoch" if isinstance(scheduler, _BY_EPOCH) else None
    if (stated or known) is None:
        raise ValueError(f"Say when {kind} steps: scheduler_step='batch' or scheduler_step='epoch'.")
    return stated or known


def check_length(scheduler, steps: int) -> None:
    """Raise ValueError where a OneCycleLR ends before ``steps`` more steps."""
    if isinstance(scheduler, lr_scheduler.OneCycleLR) and scheduler.last_epoch + steps > scheduler.total_steps:
        raise ValueError(
            f"OneCycleLR has {scheduler.total_steps - scheduler.last_epoch} of {scheduler.total_steps} steps left, and "
            f"this run takes {steps}: make it with total_steps=epochs * len(batches) of the whole run."
        )


def step_epoch(scheduler, loss: float) -> None:
    """Step at the end of an epoch; ReduceLROnPlateau is told the loss."""
    if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
        scheduler.step(loss)
    else:
        scheduler.step()


def way_back(scheduler, optimizer: torch.optim.Optimizer) -> Callable[[], None]:
    """Remember where the schedule is; the function returned puts it, and the optimizer's rates, back there."""
    state = copy.deepcopy(scheduler.state_dict()) if scheduler is not None else None
    settings = [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]

    def go_back() -> None:
        if scheduler is not None:
            scheduler.load_state_dict(state)
            for group, before in zip(optimizer.param_groups, settings, strict=True):
                group.update(before)

    return go_back
