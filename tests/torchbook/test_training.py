"""The loop against a loop written out, and its properties."""

import contextlib
from types import SimpleNamespace

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchbook.data.batches import Batches
from torchbook.data.images import ImageSet
from torchbook.training import History, evaluate, fit, keeping_modes, train_one_epoch


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


class Stops(nn.Module):
    """Raises an error in its ``at``-th forward pass."""

    def __init__(self, at: int, error: BaseException):
        super().__init__()
        self.at, self.error, self.calls = at, error, 0

    def forward(self, x):
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return x


def frozen_net(*last: nn.Module) -> nn.Sequential:
    """The batch normalisation is frozen: it stays in evaluation mode while the rest trains."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8).eval(), nn.Dropout(0.2), *last)
    return model.append(nn.Linear(8, 2))


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize("use", [
    lambda model: evaluate(model, Batches(toy(), 4)),
    lambda model: train_one_epoch(model, Batches(toy(), 4), torch.optim.SGD(model.parameters(), 0.1)),
    lambda model: fit(model, Batches(toy(), 4), Batches(toy(), 9), torch.optim.SGD(model.parameters(), 0.1), epochs=2),
], ids=["evaluate", "train_one_epoch", "fit"])  # fmt: skip
@pytest.mark.parametrize("error", [None, RuntimeError("mine"), KeyboardInterrupt()], ids=["whole", "error", "ctrl-c"])
def test_every_module_keeps_its_mode(use, error):
    model = frozen_net(Stops(2, error)) if error else frozen_net()
    before = modes(model)
    assert before.count(False) == 1
    with pytest.raises(type(error)) if error else contextlib.nullcontext():
        use(model)
    assert modes(model) == before


def test_a_frozen_layer_stays_frozen_and_a_model_in_evaluation_mode_trains():
    seen = []
    model = frozen_net()
    model.register_forward_hook(lambda *_: seen.append(modes(model)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    train_one_epoch(model, Batches(toy(), 23), optimizer)
    model.eval()
    train_one_epoch(model, Batches(toy(), 23), optimizer)
    assert seen == [[True, True, True, False, True, True], [True] * 6]
    assert not any(modes(model))


def test_modes_come_back_from_any_change():
    model = frozen_net()
    before = modes(model)
    with contextlib.suppress(ZeroDivisionError), keeping_modes(model):
        model.train()
        assert all(modes(model))
        raise ZeroDivisionError
    assert modes(model) == before


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


def test_float16_is_refused_because_it_needs_a_scaler():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=r"float16 needs a GradScaler.*torch\.bfloat16 or None"):
        train_one_epoch(model, Batches(toy(), 23), optimizer, autocast=torch.float16)


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
        ({"epochs": 1, "clip": -1.0}, "clip must be a positive"),
        ({"epochs": 1, "clip": float("nan")}, "clip must be a positive gradient norm, got nan"),
        ({"epochs": 1, "scheduler_step": "step"}, "'batch' or 'epoch'"),
    ],
)
def test_bad_settings_are_refused(options, sentence):
    model = net()
    with pytest.raises(ValueError, match=sentence):
        fit(model, Batches(toy(), 5), None, torch.optim.SGD(model.parameters(), lr=0.1), **options)


@pytest.mark.parametrize(
    ("model", "other", "sentence"),
    [
        (net(), net(), "has no parameter of this model"),
        (nn.Flatten(), net(), "The Flatten has no parameters"),
    ],
)
def test_an_optimizer_that_trains_nothing_of_the_model_is_refused(model, other, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit(model, Batches(toy(), 5), None, torch.optim.SGD(other.parameters(), lr=0.1), epochs=1)


def test_an_optimizer_of_a_part_or_of_more_than_the_model_is_accepted():
    model = net()
    for parameters in (model[3].parameters(), [*model.parameters(), *net().parameters()]):
        fit(model, Batches(toy(), 23), None, torch.optim.SGD(parameters, lr=0.1), epochs=1)


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


def test_an_iterator_that_is_used_up_is_named():
    model = net()
    batches = (batch for batch in list(Batches(toy(), 5)))
    with pytest.raises(ValueError, match=r"no batch: .* an earlier pass used up an iterator"):
        fit(model, batches, None, torch.optim.SGD(model.parameters(), lr=0.1), epochs=2)


def uint8_images(count: int) -> ImageSet:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 1, 4, 4), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.arange(count) % 2, ("a", "b"), "made here")


def test_a_data_loader_over_an_image_set_trains_like_batches():
    losses = []
    for batches in (Batches(uint8_images(10), 4), DataLoader(uint8_images(10), 4)):
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2, bias=False))
        nn.init.ones_(model[1].weight)
        history = fit(model, batches, batches, torch.optim.SGD(model.parameters(), 0.01), epochs=2)
        losses.append(history.train_loss + history.val_loss + history.val_accuracy)
    assert losses[0] == pytest.approx(losses[1])


@pytest.mark.parametrize("batch", [{"images": 1}, torch.zeros(3), [torch.zeros(2, 16)], (torch.zeros(2, 16), [0, 1])])
def test_a_batch_that_is_no_pair_of_tensors_is_refused(batch):
    with pytest.raises(TypeError, match=r"pair of tensors \(inputs, labels\)"):
        evaluate(net(), [batch])


def test_a_last_batch_of_one_names_the_cure():
    model = frozen_net()
    model[2].train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="drop_last=True, or choose another batch_size"):
        fit(model, Batches(uint8_images(9), 4), None, optimizer, epochs=1)
    fit(model, Batches(uint8_images(9), 4, drop_last=True), None, optimizer, epochs=1)


def test_a_wide_number_does_not_widen_the_table():
    history = History([1e30, 0.5], [0.1, None], [None, 123456.0], [None, 1.0], [1.0, 9999.9])
    assert str(history).splitlines()[1:] == [
        "    1     1.00e+30       10.0%           -           -       1.0",
        "    2       0.5000           -    1.23e+05      100.0%    9999.9",
    ]
    assert max(map(len, str(history).splitlines())) <= 88


def test_validation_may_begin_later():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, Batches(toy(), 5), None, optimizer, epochs=1)
    fit(model, Batches(toy(), 5), Batches(toy(), 5), optimizer, epochs=1, history=history)
    assert history.val_loss[0] is None
    assert history.val_loss[1] > 0
    assert len(str(history).splitlines()) == 3


def test_another_metric_has_another_name_in_the_table_and_its_own_history():
    def mistake(outputs, labels):
        return (outputs - labels).abs()

    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1), nn.Flatten(0))
    data = SimpleNamespace(images=toy().images, labels=torch.full((23,), 7.0))
    options = {"loss_fn": F.mse_loss, "epochs": 1}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = fit(model, Batches(data, 5), Batches(data, 9), optimizer, metric=mistake, **options)
    expected = (model(data.images) - 7).abs().mean().item()
    assert history.train_accuracy + history.val_accuracy == pytest.approx([expected] * 2, rel=1e-5)
    assert history.metric == "mistake"
    assert "train score" in str(history)
    assert "%" not in str(history)
    with pytest.raises(ValueError, match="holds mistake: go on with the same metric"):
        fit(model, Batches(toy(), 5), None, optimizer, epochs=1, history=history)
