"""Figures. Every function takes and returns Matplotlib axes, and never shows or saves."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import font_manager
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

# Okabe and Ito's palette: told apart by people with colour blindness. Line styles tell them apart in grey too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", "-.", ":")
# Of Linux, Windows and macOS, for scripts that Matplotlib's own font lacks: a reader's classes may have Chinese names.
FALLBACKS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Microsoft YaHei", "Malgun Gothic",
             "Nirmala UI", "Hiragino Sans GB", "Arial Unicode MS")  # fmt: skip


def font_families(known: Sequence[str], installed: Sequence[str]) -> list[str]:
    """Font families to look for a letter in, one after the other: the known ones, then what is installed."""
    return [*known, *(name for name in FALLBACKS if name in installed and name not in known)]


plt.rcParams["font.family"] = font_families(plt.rcParams["font.family"], font_manager.get_font_names())


def _to_picture(image: Tensor) -> np.ndarray:
    """(C, H, W) uint8 or float -> (H, W) or (H, W, 3) in the range that imshow expects."""
    image = torch.as_tensor(image).detach().cpu()
    if image.ndim == 2:
        image = image[None]
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"An image has shape (H, W), (1, H, W) or (3, H, W), got {tuple(image.shape)}.")
    if image.dtype != torch.uint8:
        image = image.float().clamp(0, 1)
    return image[0].numpy() if image.shape[0] == 1 else image.permute(1, 2, 0).numpy()


def show_images(images: Tensor, titles: Sequence[str] | None = None, columns: int = 8, axes=None, title_colors=None):
    """Draw images (N, C, H, W), uint8 or float in [0, 1], as a grid; return the axes (one an image)."""
    count = len(images)
    if count == 0:
        raise ValueError("There are no images to show.")
    if titles is not None and len(titles) != count:
        raise ValueError(f"There are {count} images but {len(titles)} titles.")
    if axes is None:
        rows = -(-count // columns)
        columns = min(columns, count)
        size = (1.0 * columns, (1.25 if titles is not None else 1.0) * rows)
        axes = plt.figure(figsize=size, layout="constrained").subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for index, (ax, image) in enumerate(zip(axes, images, strict=False)):
        picture = _to_picture(image)
        top = 255 if picture.dtype == np.uint8 else 1  # grey is not stretched: dark stays dark
        ax.imshow(picture, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
        if titles is not None:
            ax.set_title(titles[index], fontsize=8, color=title_colors[index] if title_colors is not None else "black")
    return axes


def plot_history(histories, labels: Sequence[str] | None = None, axes=None):
    """Draw loss and accuracy by epoch of one ``History``, or of several to compare; return the two axes."""
    histories = list(histories) if isinstance(histories, (list, tuple)) else [histories]
    labels = list(labels) if labels is not None else [""] * len(histories)
    if axes is None:
        axes = plt.figure(figsize=(8, 3.2), layout="constrained").subplots(1, 2)
    loss_axis, accuracy_axis = axes
    for index, (history, label) in enumerate(zip(histories, labels, strict=True)):
        color = COLORS[index % len(COLORS)]
        epochs = range(1, len(history) + 1)
        for part, style in (("train", "--"), ("val", "-")):
            name = f"{label} {'training' if part == 'train' else 'validation'}".strip()
            for axis, values, scale in (
                (loss_axis, getattr(history, f"{part}_loss"), 1),
                (accuracy_axis, getattr(history, f"{part}_accuracy"), 100 if history.metric == "accuracy" else 1),
            ):
                numbers = scale * np.array(values, dtype=float)  # None, not measured, becomes nan: a gap
                if not np.isnan(numbers).all():
                    axis.plot(epochs, numbers, style, color=color, marker=".", label=name)
    loss_axis.set(xlabel="epoch", ylabel="loss (nats)")
    names = {history.metric for history in histories}
    accuracy_axis.set(xlabel="epoch", ylabel="accuracy (%)" if names == {"accuracy"} else ", ".join(sorted(names)))
    for ax in axes:
        ax.grid(alpha=0.3)
        ax.xaxis.get_major_locator().set_params(integer=True)
    (accuracy_axis if accuracy_axis.lines else loss_axis).legend(fontsize=8)
    return axes


def confusion_matrix(labels: Tensor, predictions: Tensor, classes: int) -> Tensor:
    """Count (classes, classes): entry (i, j) is how many examples of class i were predicted as j.

    Raises ValueError where labels and predictions differ in shape or are not among 0 ... classes - 1.
    """
    if labels.shape != predictions.shape:
        raise ValueError(f"{tuple(labels.shape)} labels cannot be held against {tuple(predictions.shape)} predictions.")
    for name, values in (("label", labels), ("prediction", predictions)):
        if ((values < 0) | (values >= classes)).any():
            raise ValueError(f"A {name} is not one of the {classes} classes 0 ... {classes - 1}.")
    flat = labels.long() * classes + predictions.long()
    return torch.bincount(flat.cpu(), minlength=classes**2).reshape(classes, classes)


def plot_confusion(matrix: Tensor, classes: Sequence[str], ax=None):
    """Draw a confusion matrix, each row in per cent of its class; return the axes."""
    if ax is None:
        ax = plt.figure(figsize=(6, 5), layout="constrained").subplots()
    counts = torch.as_tensor(matrix).double()
    percent = (100 * counts / counts.sum(dim=1, keepdim=True).clamp(min=1)).numpy()
    picture = ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    ticks = range(len(classes))
    ax.set_xticks(ticks, classes, rotation=45, ha="right", fontsize=8)
    ax.set_yticks(ticks, classes, fontsize=8)
    if len(classes) <= 12:
        for row in ticks:
            for column in ticks:
                value = percent[row, column]
                ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=7,
                        color="white" if value > 50 else "black")  # fmt: skip
    ax.set(xlabel="predicted", ylabel="true")
    ax.figure.colorbar(picture, ax=ax, label="% of the true class", shrink=0.8)
    return ax
