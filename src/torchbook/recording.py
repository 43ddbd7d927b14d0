"""Values that a run measured, shown where they are made and kept so that another run can be compared with them.

Under IPython the line carries the value in the output's metadata, beside it how far another run may lie from it. On
import, figures get their data into their outputs' metadata too (`torchbook.figure_data`).
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from textwrap import fill
from typing import Any

from torchbook import figure_data

Value = float | int | bool | str
WIDTH = 88  # columns, as in every output of the book


def record(
    name: str,
    value: Any,
    label: str,
    unit: str = "",
    *,
    form: str = "",
    within: float | None = None,
    factor: float | None = None,
) -> None:
    """Show ``label: value unit`` and record the value under ``name``.

    value: a number, a text, a truth value, or a scalar of PyTorch or NumPy. form: how it is shown (``".1f"``, ``","``);
    of a float those digits are recorded that are shown. Another run must give the same, unless it may lie ``within`` so
    much of it (in the value's own unit) or be larger or smaller by a ``factor`` (above 1).
    Raises TypeError and ValueError for anything else.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"The name of a recorded value has letters, digits and underscores alone, got {name!r}.")
    value = plain(name, value)
    _check_tolerance(name, value, within, factor)
    try:
        shown = format(value, form or (".6g" if isinstance(value, float) else ""))
    except ValueError as error:
        raise ValueError(f"{name} cannot be shown in the form {form!r}, as it is {value!r}: {error}.") from None
    stored = _as_shown(value, shown) if isinstance(value, float) else value
    line = f"{label}: {shown} {unit}".rstrip()
    _emit(line, {"record": {"name": name, "value": stored, "within": within, "factor": factor}})


def _as_shown(value: float, shown: str) -> float | str:
    """The number that the reader sees; infinity and not-a-number as words, as JSON has none for them."""
    if not math.isfinite(value):
        return str(value)
    try:
        return float(shown.replace(",", "").replace("_", ""))
    except ValueError:  # a form with a percent sign, say
        return value


def plain(name: str, value: Any) -> Value:
    """A scalar of any library as a Python number, text or truth value. Raises TypeError for what is none."""
    if callable(getattr(value, "item", None)) and math.prod(getattr(value, "shape", ())) == 1:
        value = value.item()
    if not isinstance(value, (bool, int, float, str)):
        shape = f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""
        raise TypeError(f"{name} must be one number, text or truth value, got {type(value).__name__}{shape}.")
    return value


def _check_tolerance(name: str, value: Value, within: float | None, factor: float | None) -> None:
    if within is None and factor is None:
        return
    if within is not None and factor is not None:
        raise ValueError(f"{name} has both within={within} and factor={factor}: give one of them.")
    if isinstance(value, (bool, str)):
        raise ValueError(f"{name} is {value!r}, which is compared exactly: leave within and factor out.")
    if within is not None and not within > 0:
        raise ValueError(f"{name} has within={within}: it must be above 0, or left out where the value is exact.")
    if factor is not None and not factor > 1:
        raise ValueError(f"{name} has factor={factor}: it must be above 1, such as 2 for half to double.")
    if factor is not None and isinstance(value, int):
        raise ValueError(f"{name} is {value}, and a count cannot have a factor: record a float, or leave factor out.")


def record_data(name: str, data: Any) -> None:
    """Show where a data set came from and how large it is, and record that with a digest of what it holds."""
    found = describe_data(name, data)
    line = f"{name}: {found['count']:,} {found['unit']}, {found['source']}"
    _emit(fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False), {"data": found})


def describe_data(name: str, data: Any) -> dict[str, Any]:
    """Name, source, count, unit and digest of an ``ImageSet``, ``TextSource`` or ``NamesSet``, and an image set's role.

    Raises TypeError for what has other attributes than those.
    """
    if hasattr(data, "images"):
        unit, count, parts = "images", len(data.images), (data.images, data.labels)
    elif hasattr(data, "text"):
        unit, count, parts = "characters", len(data.text), (data.text,)
    elif hasattr(data, "names"):
        unit, count = "names", sum(map(len, data.names.values()))
        parts = (json.dumps(data.names, ensure_ascii=False),)
    else:
        raise TypeError(f"{name} must hold images and labels, a text, or names; got {type(data).__name__}.")
    found = {"name": name, "source": data.source, "count": count, "unit": unit, "digest": digest(*parts)}
    return {**found, "role": data.role} if getattr(data, "role", None) else found


def digest(*parts: Any) -> str:
    """The first 16 hexadecimal digits of SHA-256 over shape, type and bytes of tensors and arrays, and over texts."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(part.encode("utf-8"))
            continue
        array = part.detach().cpu().contiguous().numpy() if hasattr(part, "detach") else part
        total.update(f"{array.dtype} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()[:16]


def bits_per_character(nats: float) -> float:
    """A mean loss in nats (PyTorch's cross-entropy) in bits a character: nats / ln 2."""
    return nats / math.log(2)


def ratio(a: float, b: float) -> float:
    """How many times b goes into a. Raises ValueError for b = 0."""
    if b == 0:
        raise ValueError(f"There is no ratio of {a} to 0.")
    return a / b


def percent(part: float, whole: float) -> float:
    """``part`` of ``whole`` in percent. Raises ValueError unless 0 <= part <= whole and whole > 0."""
    if not (0 <= part <= whole and whole > 0):
        raise ValueError(f"A share needs 0 <= part <= whole, got {part} of {whole}.")
    return 100 * part / whole


def _shell():
    """The running IPython, or None outside of it; IPython is not imported for the question."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _emit(line: str, metadata: dict[str, Any]) -> None:
    """One output with a line of text and what machines read of it; outside IPython the line is printed."""
    if _shell() is None:
        print(line)
        return
    from IPython.display import display

    display({"text/plain": line}, raw=True, metadata={"torchbook": metadata})


figure_data.register(_shell())
