"""What a training run measured, epoch by epoch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import zip_longest


@dataclass
class History:
    """What ``fit`` measured, one entry an epoch, None where it was not measured.

    Losses and accuracies are means over examples; the accuracies hold what ``metric`` names, should that be another
    measure. Seconds are training time alone.
    """

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float | None] = field(default_factory=list)
    val_loss: list[float | None] = field(default_factory=list)
    val_accuracy: list[float | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    metric: str = "accuracy"
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.train_loss)

    def __str__(self) -> str:
        share = self.metric == "accuracy"
        score = ("acc", "9.1%") if share else ("score", "11.4f")
        forms = {"train loss": "10.4f", f"train {score[0]}": score[1], "val loss": "9.4f", f"val {score[0]}": score[1],
                 "seconds": "7.1f"}  # fmt: skip
        lines = ["   ".join(["epoch", *(f"{name:>{form.split('.')[0]}}" for name, form in forms.items())])]
        for epoch, row in enumerate(zip_longest(*self._lists()), start=1):
            cells = (_cell(value, form) for value, form in zip(row, forms.values(), strict=True))
            lines.append("   ".join([f"{epoch:5d}", *cells]))
        return "\n".join(lines + ["stopped by hand"] * self.interrupted)

    def state_dict(self) -> dict:
        """Plain lists, as a checkpoint stores them."""
        return asdict(self)

    def record(self, *measured: float | None) -> None:
        """Add an epoch: training loss and accuracy, validation loss and accuracy, seconds."""
        for values, value in zip(self._lists(), measured, strict=True):
            values.append(value)

    def cut(self, epochs: int) -> None:
        """Keep the first ``epochs`` epochs."""
        for values in self._lists():
            del values[epochs:]

    def _lists(self) -> tuple[list, ...]:
        return self.train_loss, self.train_accuracy, self.val_loss, self.val_accuracy, self.seconds


def _cell(value: float | None, form: str) -> str:
    """A number of the table in the column's width; a dash where nothing was measured."""
    width = form.split(".")[0]
    text = "-" if value is None else format(value, form if abs(value) < 1e4 else f"{width}.2e")
    return f"{text:>{width}}"
