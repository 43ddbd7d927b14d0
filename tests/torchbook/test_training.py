"""The loop against a loop written out, and its properties."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook import training
from torchbook.data.batches import Batches
from torchbook.training import History, evaluate, fit, train_one_epoch


def toy(count=23):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(count, 1, 4, 4, generator=generator)
    return SimpleNamespace(images=images, labels=(images.mean(dim=(1, 2, 3)) > 0.5).long())


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.2), nn.Linear(8, 2))


def test_one_epoch_equals_the_loop_written_out():
    model, oracle = net().eval(), net().eval()
    # dropout differs between runs unless seeded alike
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss, accuracy = train_one_epoch(model, Batches(toy(), 5), optimizer)
    torch.manual_seed(5)
    optimizer = torch.optim.SGD(oracle.parameters(), lr=0.1, momentum=0.9)
    oracle.train()
    losses, hits = [], 0
    for inputs, labels in Batches(toy(), 5):
        optimizer.zero_grad()
        logits = oracle(inputs)
        value = F.cross_entropy(logits, labels)
        value.backward()
        optimizer.step()
        losses += [value.item()] * len(labels)
        hits += (logits.argmax(1) == labels).sum().item()
    for ours, theirs in zip(model.parameters(), oracle.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert loss == pytest.approx(sum(losses) / 23)
    assert accuracy == pytest.approx(hits / 23)


def test_evaluation_weights_a_short_last_batch():
    model = net().eval()
    whole = evaluate(model, Batches(toy(), 23))
    assert evaluate(model, Batches(toy(), 10)) == pytest.approx(whole)
    logits = model(toy().images)
    assert whole[0] == pytest.approx(F.cross_entropy(logits, toy().labels).item())


@pytest.mark.parametrize("mode", [True, False])
def test_evaluation_changes_nothing(mode):
    model = net().train(mode)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, Batches(toy(), 4))
    assert model.training is mode
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_fit_learns_and_records_every_epoch():
    model = net()
    history = fit(
        model, Batches(toy(200), 20, shuffle=True), Batches(toy(50), 50),
        torch.optim.Adam(model.parameters(), lr=0.05), epochs=15,
    )  # fmt: skip
    assert len(history) == 15 == len(history.val_accuracy) == len(history.seconds)
    assert history.val_loss[-1] < history.val_loss[0]
    assert history.val_accuracy[-1] > 0.8
    assert len(str(history).splitlines()) == 16


def test_the_same_seed_repeats_a_run():
    def run():
        model = net()
        return fit(model, Batches(toy(), 5, shuffle=True, seed=3), None,
                   torch.optim.SGD(model.parameters(), lr=0.1), epochs=3).train_loss  # fmt: skip

    assert run() == run()


@pytest.mark.parametrize(("step", "expected"), [("batch", 10), ("epoch", 2)])
def test_the_scheduler_steps_by_batch_or_by_epoch(step, expected):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    fit(model, Batches(toy(), 5), None, optimizer, epochs=2, scheduler=scheduler, scheduler_step=step)
    assert scheduler.last_epoch == expected


def test_clip_bounds_the_step():
    model = net()
    before = [parameter.clone() for parameter in model.parameters()]
    train_one_epoch(model, Batches(toy(), 23), torch.optim.SGD(model.parameters(), lr=1.0), clip=1e-3)
    change = torch.cat([(a - b).flatten() for a, b in zip(before, model.parameters(), strict=True)]).norm()
    assert change.item() == pytest.approx(1e-3, rel=1e-3)


def test_autocast_computes_in_bfloat16():
    seen = []
    model = net()
    train_one_epoch(
        model, Batches(toy(), 23), torch.optim.SGD(model.parameters(), lr=0.1),
        loss_fn=lambda logits, labels: seen.append(logits.dtype) or F.cross_entropy(logits, labels),
        autocast=torch.bfloat16,
    )  # fmt: skip
    assert seen == [torch.bfloat16]


def test_ctrl_c_keeps_the_history_so_far(monkeypatch):
    real, calls = training.train_one_epoch, []

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **options)

    monkeypatch.setattr(training, "train_one_epoch", interrupted)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, Batches(toy(), 5), Batches(toy(), 5), optimizer, epochs=9)
    assert history.interrupted
    assert len(history) == len(history.val_loss) == 2
    assert "stopped by hand" in str(history)


def test_a_history_can_be_continued():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, Batches(toy(), 5), None, optimizer, epochs=1)
    again = History(**history.state_dict())
    assert len(fit(model, Batches(toy(), 5), None, optimizer, epochs=2, history=again)) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "epochs must be 1 or more, got 0"),
        ({"epochs": 1, "clip": 0.0}, "clip must be a positive"),
        ({"epochs": 1, "scheduler_step": "step"}, "'batch' or 'epoch'"),
    ],
)
def test_bad_settings_are_refused(options, sentence):
    model = net()
    with pytest.raises(ValueError, match=sentence):
        fit(model, Batches(toy(), 5), None, torch.optim.SGD(model.parameters(), lr=0.1), **options)


def test_a_negative_rate_is_refused_by_torch():
    with pytest.raises(ValueError, match=r"Invalid learning rate: -0\.1"):
        torch.optim.SGD(net().parameters(), lr=-0.1)


def test_a_loss_that_is_not_finite_stops_the_run():
    model = net()
    data = toy()
    data.images[0] = float("inf")
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        fit(model, Batches(data, 5), None, torch.optim.SGD(model.parameters(), lr=0.1), epochs=1)


@pytest.mark.parametrize("function", [
    lambda model: evaluate(model, []),
    lambda model: train_one_epoch(model, [], torch.optim.SGD(model.parameters(), lr=0.1)),
])  # fmt: skip
def test_no_batch_is_an_error(function):
    with pytest.raises(ValueError, match="no batch"):
        function(net())
