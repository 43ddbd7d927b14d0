"""The means of a pass: right for every batch size, or refused with a sentence."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.data.batches import Batches
from torchbook.measures import accuracy
from torchbook.training import evaluate, fit, train_one_epoch

WEIGHT = torch.tensor([9.0, 1.0, 3.0])
GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(40, 1, 2, 2, generator=GENERATOR)
LABELS = torch.arange(40) * 3 // 40  # sorted: a small batch has one class alone
MAPS = torch.randint(3, (40, 2, 2), generator=GENERATOR)


class Focal(nn.Module):
    """Cross-entropy within a module of one's own."""

    def forward(self, logits, labels):
        return F.cross_entropy(logits, labels, weight=WEIGHT)


def by_hand(logits, labels):
    """One loss per example."""
    return (logits.logsumexp(1) - logits.gather(1, labels[:, None]).squeeze(1)) * WEIGHT[labels]


def data(labels):
    return SimpleNamespace(images=IMAGES, labels=labels)


def classifier(*last: nn.Module, outputs: int = 3) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, outputs), *last)


def ignored(labels, index=-100):
    return torch.where(torch.arange(len(labels)) % 3 == 0, index, labels)


@pytest.mark.parametrize(
    ("loss_fn", "labels"),
    [
        (nn.CrossEntropyLoss(weight=WEIGHT), LABELS),
        (partial(F.cross_entropy, weight=WEIGHT), LABELS),
        (partial(F.cross_entropy, weight=WEIGHT, label_smoothing=0.2), LABELS),
        (lambda logits, labels: F.cross_entropy(logits, labels, weight=WEIGHT), LABELS),
        (Focal(), LABELS),
        (lambda logits, labels: F.nll_loss(logits.log_softmax(1), labels, WEIGHT), LABELS),
        (nn.CrossEntropyLoss(), ignored(LABELS)),
        (nn.CrossEntropyLoss(ignore_index=1), LABELS),
        (nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2), LABELS),
        (nn.CrossEntropyLoss(label_smoothing=0.1), LABELS),
        (nn.CrossEntropyLoss(weight=WEIGHT), F.one_hot(LABELS, 3).float()),
        (nn.MultiMarginLoss(weight=WEIGHT), LABELS),
        (nn.BCEWithLogitsLoss(pos_weight=WEIGHT), F.one_hot(LABELS, 3).float()),
        (nn.BCEWithLogitsLoss(weight=WEIGHT), F.one_hot(LABELS, 3).float()),
        (nn.MSELoss(), F.one_hot(LABELS, 3).float()),
        (lambda outputs, labels: F.mse_loss(outputs, labels) + 0.5 * F.l1_loss(outputs, labels), torch.rand(40, 3)),
    ],
)  # fmt: skip
def test_the_mean_is_that_of_the_whole_set_whatever_the_batch_size(loss_fn, labels):
    model = classifier()
    whole = loss_fn(model(IMAGES), labels).item()
    for size in (1, 7, 20, 40):
        assert evaluate(model, Batches(data(labels), size), loss_fn, metric=None)[0] == pytest.approx(whole, rel=1e-5)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        trained = train_one_epoch(model, Batches(data(labels), size), optimizer, loss_fn, metric=None)
        assert trained[0] == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("size", [7, 40])
@pytest.mark.parametrize(
    ("loss_fn", "expected"),
    [
        (partial(F.cross_entropy, reduction="sum"), lambda logits: F.cross_entropy(logits, LABELS)),
        (partial(F.cross_entropy, reduction="none"), lambda logits: F.cross_entropy(logits, LABELS)),
        (nn.CrossEntropyLoss(WEIGHT, reduction="sum"), lambda logits: F.cross_entropy(logits, LABELS, WEIGHT)),
        (by_hand, lambda logits: by_hand(logits, LABELS).mean()),
        (lambda logits, labels: F.mse_loss(logits, F.one_hot(labels, 3).float(), reduction="sum"),
         lambda logits: (logits - F.one_hot(LABELS, 3)).square().sum() / 40),
    ],
)  # fmt: skip
def test_sums_and_losses_of_each_example_become_means(loss_fn, expected, size):
    model = classifier()
    assert evaluate(model, Batches(data(LABELS), size), loss_fn)[0] == pytest.approx(expected(model(IMAGES)).item())


@pytest.mark.parametrize(
    "loss_fn",
    [
        lambda logits, labels: F.cross_entropy(logits, labels, WEIGHT) + 0.1,
        lambda logits, labels: 2 * F.cross_entropy(logits, labels, reduction="sum"),
        lambda logits, labels: F.cross_entropy(logits, labels) + F.cross_entropy(logits, labels, ignore_index=0),
    ],
)
def test_a_mean_that_would_depend_on_the_batch_size_is_refused(loss_fn):
    with pytest.raises(ValueError, match=r"would depend on the batch size.*one loss per example"):
        evaluate(classifier(), Batches(data(LABELS), 40), loss_fn)


@pytest.mark.parametrize("bad", [lambda logits, labels: 1.0, lambda logits, labels: logits.sum(0)])
def test_a_loss_of_another_shape_is_refused(bad):
    with pytest.raises(ValueError, match=r"mean over the batch or one loss per example, \(40, \.\.\.\), got"):
        evaluate(classifier(), Batches(data(LABELS), 40), bad)


def test_the_gradient_is_that_of_the_loss():
    ours, theirs = classifier(), classifier()
    loss_fn = nn.CrossEntropyLoss(WEIGHT, ignore_index=1)
    train_one_epoch(ours, Batches(data(LABELS), 40), torch.optim.SGD(ours.parameters(), 0.1), loss_fn)
    loss_fn(theirs(IMAGES), LABELS).backward()
    torch.optim.SGD(theirs.parameters(), 0.1).step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("size", [7, 40])
@pytest.mark.parametrize(("labels", "index"), [(ignored(LABELS), -100), (LABELS, 1), (ignored(LABELS, 255), 255)])
def test_ignored_labels_have_no_share_in_the_accuracy(labels, index, size):
    model = classifier()
    kept = labels != index
    expected = (model(IMAGES).argmax(1) == labels)[kept].float().mean().item()
    found = evaluate(model, Batches(data(labels), size), nn.CrossEntropyLoss(ignore_index=index))[1]
    assert found == pytest.approx(expected)


def test_accuracy_of_maps_counts_pixels():
    model = nn.Conv2d(1, 3, 1)
    expected = (model(IMAGES).argmax(1) == MAPS).float().mean().item()
    assert evaluate(model, Batches(data(MAPS), 7))[1] == pytest.approx(expected)


ONE_HOT = F.one_hot(LABELS, 3).float()
YES = (LABELS > 0).float()


@pytest.mark.parametrize(
    ("last", "outputs", "labels", "loss_fn"),
    [
        ((nn.Flatten(0),), 1, YES, F.binary_cross_entropy_with_logits),
        ((), 1, YES[:, None], F.binary_cross_entropy_with_logits),
        ((), 3, ONE_HOT, F.mse_loss),
        ((), 3, ONE_HOT, F.cross_entropy),
        ((), 3, LABELS[:, None], F.cross_entropy),
        ((), 3, LABELS.float(), F.cross_entropy),
        ((), 1, LABELS, lambda outputs, labels: outputs.mean()),
        ((), 2, LABELS > 0, lambda outputs, labels: outputs.mean()),
        ((nn.Unflatten(1, (2, 2)),), 4, MAPS[:, 0].view(40, 2), lambda outputs, labels: outputs[:, :, 0].mean()),
    ],
    ids=["(N,)", "(N, 1)", "mse", "soft", "(N, 1) classes", "float classes", "one output", "bool", "tokens"],
)
def test_what_has_no_accuracy_is_refused_before_a_step(last, outputs, labels, loss_fn):
    model = classifier(*last, outputs=outputs)
    if labels.ndim == 2 and labels.shape[1] == 2:  # (N, T, V) and (N, T) need T = V to be taken for classes
        labels = torch.cat([labels, labels], dim=1)
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(ValueError, match=r"Accuracy needs logits .* got \(20,.*metric=None"):
        fit(model, Batches(data(labels), 20), None, torch.optim.SGD(model.parameters(), 0.1), epochs=1, loss_fn=loss_fn)
    assert all(torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True))


def test_dictionaries_as_outputs_need_a_metric():
    class Named(nn.Sequential):
        def forward(self, images):
            return {"out": super().forward(images)}

    model = Named(*classifier())
    options = {"loss_fn": lambda outputs, labels: F.cross_entropy(outputs["out"], labels)}
    with pytest.raises(ValueError, match="got a dict and"):
        evaluate(model, Batches(data(LABELS), 9), **options)
    score = evaluate(model, Batches(data(LABELS), 9), metric=lambda o, labels: accuracy(o["out"], labels), **options)[1]
    assert score == pytest.approx((model(IMAGES)["out"].argmax(1) == LABELS).float().mean().item())


def test_the_metric_of_one_output_is_the_share_of_right_answers():
    model = classifier(nn.Flatten(0), outputs=1)
    metric = lambda outputs, labels: (outputs > 0) == labels  # noqa: E731  as a reader writes it
    found = evaluate(model, Batches(data(YES), 7), F.binary_cross_entropy_with_logits, metric=metric)[1]
    assert found == pytest.approx(((model(IMAGES) > 0) == YES).float().mean().item())


@pytest.mark.parametrize(
    "metric",
    [
        lambda outputs, labels: (outputs > 0)[:, None] == labels,  # (N, N)
        lambda outputs, labels: ((outputs > 0) == labels).float().mean(),
        lambda outputs, labels: 0.5,
    ],
)
def test_a_metric_without_one_score_per_example_is_refused(metric):
    model = classifier(nn.Flatten(0), outputs=1)
    with pytest.raises(ValueError, match=r"one score per example, a tensor of shape \(7,\)"):
        evaluate(model, Batches(data(YES), 7), F.binary_cross_entropy_with_logits, metric=metric)


def test_no_metric_no_number():
    model = classifier()
    batches = Batches(data(ONE_HOT), 7)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    history = fit(model, batches, batches, optimizer, epochs=2, loss_fn=F.mse_loss, metric=None)
    assert history.train_accuracy == history.val_accuracy == [None, None]
    assert "%" not in str(history)
    fit(model, Batches(data(LABELS), 7), None, optimizer, epochs=1, history=history)
    fit(model, batches, None, optimizer, epochs=1, loss_fn=F.mse_loss, metric=None, history=history)
    assert str(history).count("%") == 1


@pytest.mark.parametrize("wrong", [3, -1, 99])
def test_labels_out_of_range_are_named(wrong):
    labels = LABELS.clone()
    labels[5] = wrong
    with pytest.raises(ValueError, match=rf"Labels must be from 0 to 2 .* got {min(wrong, 0)} to {max(wrong, 2)}"):
        evaluate(classifier(), Batches(data(labels), 40))


@pytest.mark.parametrize(
    ("loss_fn", "labels"),
    [
        (nn.CrossEntropyLoss(weight=torch.zeros(3)), LABELS),
        (nn.CrossEntropyLoss(), torch.full((40,), -100)),
        (nn.CrossEntropyLoss(weight=torch.tensor([0.0, 1.0, 1.0])), LABELS * 0),
    ],
)
def test_examples_that_do_not_count_are_not_called_an_empty_set(loss_fn, labels):
    with pytest.raises(ValueError, match=r"No example counts: .* ignored, or each label's class has weight 0"):
        evaluate(classifier(), Batches(data(labels), 7), loss_fn)


def test_labels_that_would_be_spread_are_refused():
    with pytest.raises(ValueError, match=r"mse_loss would spread labels \(40,\) over outputs \(40, 1\)"):
        evaluate(classifier(outputs=1), Batches(data(YES), 40), F.mse_loss, metric=None)


def test_settings_of_the_past_are_refused():
    with pytest.raises(ValueError, match="write reduction='mean'"):
        evaluate(classifier(), Batches(data(LABELS), 40), partial(F.cross_entropy, size_average=False))
