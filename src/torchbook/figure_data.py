"""What a Matplotlib figure shows, in rounded numbers and words: it travels in the metadata of the figure's output.

The figures themselves get twice the pixels that they are shown with, for sharp screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MOST_POINTS = 20  # of a line or a row of bars
BLOCKS = 4  # of an image along each side
DIGITS = 3  # significant
SHARP = {"retina"}  # Jupyter's name for twice the pixels


def register(shell: Any) -> None:
    """From now on every figure that this IPython shows is sharp and carries its data. Without IPython (None): nothing.

    Matplotlib is named, not imported.
    """
    if shell is not None:
        shell.config.InlineBackend.figure_formats = SHARP  # of a backend that comes with the first figure
        for part in shell.configurables:  # of one that is there
            if type(part).__name__ == "InlineBackend":
                part.figure_formats = SHARP
        formatter = shell.display_formatter.mimebundle_formatter
        formatter.for_type("matplotlib.figure.Figure", lambda figure: ({}, {"torchbook": {"figure": describe(figure)}}))


def describe(figure: Any) -> list[dict[str, Any]]:
    """One dictionary of words and rounded numbers for each axes, after one for the figure where it has words itself."""
    own = {
        "title": figure.get_suptitle(),
        "legend": [text.get_text() for legend in figure.legends for text in legend.get_texts()],
        "texts": [text.get_text() for text in figure.texts if text is not getattr(figure, "_suptitle", None)],
    }
    return [kept for kept in (_full(own), *(_axes(axes) for axes in figure.axes)) if kept]


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    titles = [axes.get_title(loc) for loc in ("left", "center", "right")]
    return _full({
        "title": " | ".join(filter(None, titles)),
        "x": _axis(axes.xaxis, axes.get_xlim()),
        "y": _axis(axes.yaxis, axes.get_ylim()),
        "legend": [text.get_text() for text in legend.get_texts()] if legend else [],
        "texts": [text.get_text() for text in axes.texts],
        "lines": [_line(line) for line in axes.lines],
        "bars": [_few(bars.datavalues) for bars in axes.containers if hasattr(bars, "datavalues")],
        "images": [_image(image.get_array()) for image in axes.images],
        "points": [_collection(one) for one in axes.collections],
    })  # fmt: skip


def _axis(axis: Any, limits: tuple[float, float]) -> dict[str, Any]:
    scale = axis.get_scale()
    ticks = [label.get_text() for label in axis.get_ticklabels()] if axis.get_visible() else []
    words = any(letter.isalpha() for tick in ticks for letter in tick if not tick.startswith("$"))
    return _full({
        "label": axis.get_label_text(),
        "ticks": ticks if words else [],
        "scale": scale if scale != "linear" else "",
        "limits": _rounded(limits),
    })  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    label = str(line.get_label())
    x, y = line.get_xydata().T
    return _full({"label": "" if label.startswith("_") else label, "x": _few(x), "y": _few(y)})


def _image(array: Any) -> dict[str, Any]:
    """Shape, and the means of blocks (rows from the top, from left to right); colours are averaged."""
    import numpy as np

    array = np.ma.filled(np.ma.asarray(array).astype(float), np.nan)
    grey = array.mean(axis=2) if array.ndim == 3 else array
    rows = [block for block in np.array_split(grey, BLOCKS, axis=0) if len(block)]
    blocks = [block for row in rows for block in np.array_split(row, BLOCKS, axis=1) if block.size]
    return {"shape": list(array.shape), "means": _rounded([block.mean() for block in blocks])}


def _collection(collection: Any) -> dict[str, Any]:
    """Scattered points, or the corners of filled areas: how many, and the least, mean and largest x and y."""
    import numpy as np

    points = np.ma.filled(np.ma.asarray(collection.get_offsets()).astype(float), np.nan)
    if not points.any():
        paths = [path.vertices for path in collection.get_paths()]
        points = np.concatenate(paths) if paths else points
    label = str(collection.get_label())
    found = {"label": "" if label.startswith("_") else label, "count": len(points)}
    for name, values in zip("xy", points.T, strict=True):
        if len(values):
            found[name] = _rounded([values.min(), values.mean(), values.max()])
    if (colors := collection.get_array()) is not None:
        found["colors"] = _few(np.ravel(colors))
    return _full(found)


def _few(values: Sequence[float] | np.ndarray) -> list[float | str]:
    """At most MOST_POINTS of the values, evenly spaced, the first and the last among them."""
    import numpy as np

    values = np.asarray(values)
    if len(values) > MOST_POINTS:
        values = values[np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(int)]
    return _rounded(values)


def _rounded(values: Sequence[float] | np.ndarray) -> list[float | str]:
    """Rounded to DIGITS significant digits; infinities and not-a-numbers are words, as JSON has none for them."""
    rounded = [float(f"{float(value):.{DIGITS}g}") for value in values]
    return [value if abs(value) < float("inf") else str(value) for value in rounded]


def _full(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: value for key, value in found.items() if value not in ("", [], {})}
