"""What a pass over the batches measures: mean loss and mean score over its examples, or one sentence why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

LossFunction = Callable[[Any, Tensor], Tensor]
Metric = Callable[[Any, Tensor], Tensor]
_SPREADING = (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss)  # stretch (N,) labels over (N, 1) outputs


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Where the largest logit is the label's: logits (N, classes, ...), labels (N, ...) -> bool (N, ...).

    Raises ValueError for anything else: other shapes, one output alone, labels that are not whole numbers.
    """
    tensors = isinstance(logits, Tensor) and isinstance(labels, Tensor)
    whole = tensors and not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if not (whole and logits.ndim > 1 and logits.shape[1] > 1 and labels.shape == logits.shape[:1] + logits.shape[2:]):
        raise ValueError(
            "Accuracy needs logits (N, classes, ...) and labels (N, ...) of whole numbers, got "
            f"{_described(logits)} and {_described(labels)}: pass metric=None to report none, or a function that gives "
            "one score per example, such as metric=lambda outputs, labels: (outputs > 0) == labels for one output."
        )
    return logits.argmax(dim=1) == labels


class Meter:
    """Sums of loss and metric over the batches of a pass; they stay on the device until ``means`` reads them.

    loss_fn: gives the mean over the batch's examples, or one loss per example. Class weights, ignored labels and
    ``reduction="sum"`` of a loss of PyTorch are divided by what they add up to, so that no mean depends on the batch
    size; where a loss is made of several such parts, ValueError. metric: outputs, labels -> one score per example
    (N,), or per label; None for no score. Labels that the loss ignores have no score.
    """

    def __init__(self, loss_fn: LossFunction, metric: Metric | None = accuracy):
        self.loss_fn, self.metric = loss_fn, metric
        self.batches = 0
        self.loss_sum: Any = 0.0  # Python's number until the first batch
        self.loss_count: Any = 0
        self.score_sum: Any = 0.0
        self.score_count: Any = 0

    def __call__(self, outputs, labels: Tensor) -> Tensor:
        """Add a batch; return its loss, a scalar to differentiate."""
        scores = None if self.metric is None else _scores(self.metric, outputs, labels)
        with _LossCalls() as calls:
            loss = self.loss_fn(outputs, labels)
        kept = next((call.kept for call in calls.made if call.target is labels), None)  # not ignored
        mean, total, count = _average(loss, calls.made, labels, kept)
        self.batches += 1
        self.loss_sum = self.loss_sum + total.detach()
        self.loss_count = self.loss_count + count
        if scores is not None:
            if kept is not None and scores.shape == kept.shape:
                self.score_sum = self.score_sum + (scores * kept).sum()
                self.score_count = self.score_count + kept.sum()
            else:
                self.score_sum = self.score_sum + scores.sum()
                self.score_count += scores.numel()
        return mean

    def means(self) -> tuple[float, float | None]:
        """Mean loss and mean score (None without a metric). Raises ValueError when there was nothing to measure."""
        if self.batches == 0:
            raise ValueError(
                "There was no batch: the data set is empty, drop_last left out the only one, or an earlier pass used "
                "up an iterator, which can be gone through only once (give a list, Batches or a DataLoader)."
            )
        if self.loss_count == 0:
            raise ValueError(
                "No example counts: the batches are empty, all labels are ignored, or each label's class has weight 0."
            )
        loss = float(self.loss_sum) / float(self.loss_count)
        return loss, None if self.metric is None else float(self.score_sum) / float(self.score_count)


def _scores(metric: Metric, outputs, labels: Tensor) -> Tensor:
    with torch.no_grad():
        scores = metric(outputs, labels)
    if not isinstance(scores, Tensor) or scores.shape not in (labels.shape, labels.shape[:1]):
        raise ValueError(
            f"metric must give one score per example, a tensor of shape {tuple(labels.shape[:1])} or that of the "
            f"labels, {tuple(labels.shape)}, got {_described(scores)}."
        )
    return scores.detach()


class _Call(NamedTuple):
    """A loss of torch.nn.functional that was called: its result, and over what it averages."""

    result: Tensor
    target: Tensor
    reduction: str
    weighted: bool
    kept: Tensor | None  # bool, of the target's shape; None where every label counts
    divisor: Tensor | None  # of the mean; None for the number of examples


class _LossCalls(TorchFunctionMode):
    """Notes how the losses average that are called inside the ``with`` block, whatever they are wrapped in."""

    def __init__(self):
        super().__init__()
        self.made: list[_Call] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if "reduction" not in kwargs or getattr(func, "__module__", "") != F.__name__:
            return func(*args, **kwargs)
        weight, target = kwargs.get("weight"), args[1]
        if kwargs.get("size_average") is not None or kwargs.get("reduce") is not None:
            raise ValueError("size_average and reduce are of the past: write reduction='mean', 'sum' or 'none'.")
        if func in _SPREADING and args[0].shape != target.shape:
            raise ValueError(
                f"{func.__name__} would spread labels {tuple(target.shape)} over outputs {tuple(args[0].shape)}: "
                "give both the same shape."
            )
        try:
            result = func(*args, **kwargs)
        except IndexError as error:
            raise ValueError(
                f"Labels must be from 0 to {args[0].shape[1] - 1} for logits {tuple(args[0].shape)}, got "
                f"{int(target.min())} to {int(target.max())}."
            ) from error
        kept, divisor, weighted = None, None, func in _SPREADING and weight is not None
        if func in (F.cross_entropy, F.nll_loss) and not target.is_floating_point():
            kept, weighted = target != kwargs["ignore_index"], weight is not None
            divisor = (weight[target.where(kept, 0)] * kept).sum() if weighted else kept.sum()
        self.made.append(_Call(result, target, kwargs["reduction"], weighted, kept, divisor))
        return result


def _average(loss: Tensor, calls: list[_Call], labels: Tensor, kept: Tensor | None) -> tuple[Tensor, Tensor, Any]:
    """Mean loss of a batch to differentiate, the sum of its losses, and what the sum is to be divided by."""
    if not isinstance(loss, Tensor) or (loss.ndim and loss.shape[:1] != labels.shape[:1]):
        raise ValueError(
            f"loss_fn must return the mean over the batch or one loss per example, ({len(labels)}, ...), got "
            f"{_described(loss)}."
        )
    if loss.ndim:  # one per example, or per label
        count = kept.sum() if kept is not None and kept.shape == loss.shape else loss.numel()
        return loss.sum() / count, loss.sum(), count
    if len(calls) == 1 and calls[0].result is loss and not (calls[0].weighted and calls[0].divisor is None):
        count = len(labels) if calls[0].divisor is None else calls[0].divisor
        if calls[0].reduction == "sum":
            return loss, loss, count
        return (
            loss,
            loss * count if calls[0].kept is None else torch.where(torch.as_tensor(count) > 0, loss * count, 0),
            count,
        )
    for call in calls:
        if call.reduction == "sum" or call.weighted or not (call.kept is None or call.kept.all()):
            raise ValueError(
                "The mean loss would depend on the batch size: loss_fn makes its result out of a loss with weights, "
                "ignored labels or reduction='sum'; return that loss itself, or one loss per example."
            )
    return loss, loss * len(labels), len(labels)


def _described(value) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
