"""Ctrl-C at every point of a run: no half-trained epoch is saved, and going on from the file is bit-equal."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchbook.checkpoint import load_checkpoint, save_checkpoint
from torchbook.data.batches import Batches
from torchbook.training import History, fit

pytestmark = pytest.mark.faults("Ctrl-C in the taught loop")

EPOCHS, TRAIN, VAL = 3, 3, 2  # batches of an epoch
GENERATOR = torch.Generator().manual_seed(7)
DATA = SimpleNamespace(images=torch.rand(11, 1, 2, 3, generator=GENERATOR), labels=torch.arange(11) % 2)


class Interrupts:
    """Raises KeyboardInterrupt at the ``at``-th place where one may come."""

    def __init__(self, at: int):
        self.at, self.count = at, 0

    def __call__(self, *_):
        self.count += 1
        if self.count == self.at:
            raise KeyboardInterrupt


def run(path, seed: int, interrupts: Interrupts, epochs: int = EPOCHS) -> tuple[nn.Module, History]:
    """The loop of chapter 06, with places to interrupt: before and after each batch's forward pass, step and epoch."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))
    model[2].eval()  # frozen
    batches = Batches(DATA, 4, shuffle=True, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=epochs * len(batches))
    parts = {"model": model, "optimizer": optimizer, "scheduler": schedule, "batches": batches}
    history, done = History(), 0
    if path.exists():
        rest = load_checkpoint(path, **parts)
        history, done = History(**rest["history"]), rest["epoch"]
    model.register_forward_pre_hook(interrupts)
    model.register_forward_hook(interrupts)
    optimizer.register_step_post_hook(interrupts)
    for epoch in range(done, epochs):
        try:
            fit(model, batches, Batches(DATA, 6), optimizer, epochs=1, scheduler=schedule, history=history)
        except KeyboardInterrupt:
            if interrupts.at:  # at one of the places, within fit; a real signal may come before it begins
                assert (len(history), history.interrupted) == (epoch, True)
            assert len({len(values) for values in (history.train_loss, history.val_loss, history.seconds)}) == 1
            assert [module.training for module in model.modules()] == [True, True, True, False, True, True]
            raise
        interrupts()
        save_checkpoint(path, **parts, epoch=epoch + 1, history=history.state_dict())
        interrupts()
    return model, history


PLACES = EPOCHS * (TRAIN * 3 + VAL * 2 + 2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    counter = Interrupts(0)
    result = run(tmp_path_factory.mktemp("whole") / "last.pt", 0, counter)
    assert counter.count == PLACES
    return result


@pytest.mark.parametrize("at", range(1, PLACES + 1))
def test_going_on_from_the_file_is_bit_equal(tmp_path, whole, at):
    path = tmp_path / "last.pt"
    with pytest.raises(KeyboardInterrupt):
        run(path, 0, Interrupts(at))
    before = path.read_bytes() if path.exists() else None
    model, history = run(path, 99 if before else 0, Interrupts(0))  # another seed: all must come from the file
    for name, tensor in whole[0].state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor)
    assert history.train_loss == whole[1].train_loss
    assert history.val_loss == whole[1].val_loss


def test_the_history_of_a_stopped_run_is_in_the_exception_and_in_place():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    model.register_forward_hook(Interrupts(8))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    history = History()
    with pytest.raises(KeyboardInterrupt) as stopped:
        fit(model, Batches(DATA, 4), None, optimizer, epochs=9, history=history)
    assert stopped.value.history is history
    assert stopped.value.__notes__[0].startswith("Stopped in epoch 3. The 2 whole epochs are in the history")
    assert len(history) == len(history.seconds) == 2
    assert str(history).endswith("stopped by hand")
    fit(model, Batches(DATA, 4), None, optimizer, epochs=1, history=history)
    assert "stopped" not in str(history)
