"""When fit steps a schedule: as its kind says, as the caller says, or refused."""

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as kinds
from torchbook.training import fit

INPUTS, LABELS = torch.randn(10, 3, generator=torch.Generator().manual_seed(0)), torch.arange(10) % 2
BATCHES = [(INPUTS[start : start + 2], LABELS[start : start + 2]) for start in range(0, 10, 2)]  # five


def parts(momentum: float = 0.9):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    return model, torch.optim.SGD(model.parameters(), lr=1.0, momentum=momentum)


@pytest.mark.parametrize(
    ("make", "step", "expected"),
    [
        (lambda optimizer: kinds.OneCycleLR(optimizer, 1.0, total_steps=10), None, 10),
        (lambda optimizer: kinds.CyclicLR(optimizer, 0.1, 1.0), None, 10),
        (lambda optimizer: kinds.StepLR(optimizer, 7), None, 2),
        (lambda optimizer: kinds.MultiStepLR(optimizer, [1]), None, 2),
        (lambda optimizer: kinds.ExponentialLR(optimizer, 0.5), None, 2),
        (lambda optimizer: kinds.ExponentialLR(optimizer, 0.5), "batch", 10),
        (lambda optimizer: kinds.OneCycleLR(optimizer, 1.0, total_steps=2), "epoch", 2),
        (lambda optimizer: kinds.ReduceLROnPlateau(optimizer), None, 2),
        (lambda optimizer: kinds.CosineAnnealingLR(optimizer, 10), "batch", 10),
        (lambda optimizer: kinds.LambdaLR(optimizer, lambda epoch: 0.5), "epoch", 2),
    ],
)
def test_a_schedule_steps_by_batch_or_by_epoch(make, step, expected):
    model, optimizer = parts()
    scheduler = make(optimizer)
    fit(model, BATCHES, None, optimizer, epochs=2, scheduler=scheduler, scheduler_step=step)
    assert scheduler.last_epoch == expected


@pytest.mark.parametrize("val_batches", [None, BATCHES])
def test_a_plateau_is_judged_by_the_loss(val_batches):
    model, optimizer = parts()
    scheduler = kinds.ReduceLROnPlateau(optimizer, patience=0)
    history = fit(model, BATCHES, val_batches, optimizer, epochs=3, scheduler=scheduler)
    assert scheduler.best == min(history.train_loss if val_batches is None else history.val_loss)


@pytest.mark.parametrize(
    ("make", "step", "sentence"),
    [
        (lambda optimizer: kinds.LambdaLR(optimizer, lambda epoch: 0.5), None, "Say when LambdaLR steps: "),
        (lambda optimizer: kinds.CosineAnnealingLR(optimizer, 10), None, "scheduler_step='batch' or "),
        (lambda optimizer: kinds.ReduceLROnPlateau(optimizer), "batch", "follows the loss of each epoch"),
        (lambda optimizer: kinds.ReduceLROnPlateau(optimizer, mode="max"), None, "use mode='min'"),
        (lambda optimizer: kinds.StepLR(parts()[1], 7), None, "the rate of another optimizer"),
        (lambda optimizer: kinds.OneCycleLR(optimizer, 1.0, total_steps=9), None,
         r"has 9 of 9 steps left, and this run takes 10: make it with total_steps=epochs \* len\(batches\)"),
        (lambda optimizer: kinds.StepLR(optimizer, 7), "step", "must be 'batch' or 'epoch', got 'step'"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_before_the_first_step(make, step, sentence):
    model, optimizer = parts()
    scheduler = make(optimizer)
    before = model.weight.clone()
    with pytest.raises(ValueError, match=sentence):
        fit(model, BATCHES, None, optimizer, epochs=2, scheduler=scheduler, scheduler_step=step)
    assert torch.equal(model.weight, before)


def test_a_loader_without_length_is_no_hindrance():
    class Endless(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(zip(INPUTS, LABELS, strict=True))

    model, optimizer = parts()
    scheduler = kinds.OneCycleLR(optimizer, 1.0, total_steps=10)
    loader = torch.utils.data.DataLoader(Endless(), batch_size=2)
    fit(model, loader, None, optimizer, epochs=2, scheduler=scheduler)
    assert scheduler.last_epoch == 10


@pytest.mark.parametrize("at", range(1, 6))
def test_a_run_that_was_stopped_goes_on_to_the_end_of_the_schedule(at):
    class StoppedBatches(list):
        passes = 0

        def __iter__(self):
            self.passes += 1
            for number, batch in enumerate(super().__iter__(), start=1):
                yield batch
                if (self.passes, number) == (2, at):
                    raise KeyboardInterrupt

    model, optimizer = parts()
    scheduler = kinds.OneCycleLR(optimizer, 1.0, total_steps=15)
    batches = StoppedBatches(BATCHES)
    with pytest.raises(KeyboardInterrupt) as stopped:
        fit(model, batches, None, optimizer, epochs=3, scheduler=scheduler)
    history = stopped.value.history
    assert (len(history), history.interrupted, scheduler.last_epoch) == (1, True, 5)
    oracle = kinds.OneCycleLR(parts()[1], 1.0, total_steps=15)
    for _ in range(5):
        oracle.optimizer.step()
        oracle.step()
    for name in ("lr", "momentum"):  # the cycle moves both
        assert optimizer.param_groups[0][name] == oracle.optimizer.param_groups[0][name]
    fit(model, batches, None, optimizer, epochs=2, scheduler=scheduler, history=history)
    assert (len(history), history.interrupted, scheduler.last_epoch) == (3, False, 15)
