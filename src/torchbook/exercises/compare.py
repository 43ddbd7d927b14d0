"""What the checks share: the forms that an answer may have, comparisons, and a watch on what an answer does.

One rule for all chapters. Where values are asked for, a list, a tuple, an array or a tensor will do, and a number may
be Python's, NumPy's or a tensor with one number. A function that computes with tensors has to return a tensor.
A check yields a sentence and goes on, or raises it as ``Wrong`` where going on makes no sense.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import inspect
import sys
import tracemalloc
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


class Wrong(Exception):
    """A sentence that ends a check."""


def kind(value) -> str:
    """The type of ``value`` in words."""
    return "nothing (None)" if value is None else f"an object of type {type(value).__name__}"


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or the error's name where it has no text."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def named(error: BaseException, line: int = 0) -> str:
    """The error's name, with the first line of its text or another where it has one."""
    name, lines = type(error).__name__, str(error).splitlines()
    return f"{name}: {lines[line].strip()}" if lines else name


def apart(value: float, bar: float, digits: int = 2, form: str = "f") -> str:
    """``value`` with so many digits, or with as many as it takes to tell it from ``bar``."""
    while digits < 17 and value != bar and f"{value:.{digits}{form}}" == f"{bar:.{digits}{form}}":
        digits += 1
    return f"{value:.{digits}{form}}"


def plain(value) -> Any:
    """Arrays, tensors and tuples as lists, NumPy's numbers as Python's; anything else as it is."""
    if isinstance(value, Tensor):
        return value.detach().tolist()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple | range):
        return [plain(part) for part in value]
    return value


def _only(value) -> Any:
    """The number of a tensor or an array that holds one; anything else as it is."""
    alone = isinstance(value, Tensor | np.ndarray) and value.reshape(-1).shape == (1,)
    return value.reshape(-1)[0] if alone else value


def parts(value, count: int, of: str, what: str = "the answer") -> list:
    """The ``count`` parts of ``value``, plain; a tensor with one number counts as that number.

    of: what they are, such as "numbers".
    """
    wanted = f"{what} should be a list or tuple of {count} {of};"
    value = plain([_only(part) for part in value] if isinstance(value, list | tuple) else value)
    if not isinstance(value, list):
        raise Wrong(f"{wanted} yours is {kind(value)}.")
    if len(value) != count:
        raise Wrong(f"{wanted} yours has length {len(value)}.")
    return value


def number(value, what: str) -> int | float:
    """A number of any kind as Python's. what: what it is, such as "the rate"."""
    value = plain(_only(value))
    if not isinstance(value, int | float):
        raise Wrong(f"{what} should be a number; yours is {kind(value)}.")
    return value


def numbers(value, count: int, what: str = "the answer") -> list[int | float]:
    """``count`` numbers in a list, tuple, array or tensor."""
    return [number(part, f"each part of {what}") for part in parts(value, count, "numbers", what)]


def names(value, what: str) -> list[str]:
    """Names in a list, a tuple, a set or the keys of a dictionary, in their order."""
    if isinstance(value, str) or not hasattr(value, "__iter__") or not all(isinstance(name, str) for name in value):
        raise Wrong(f"{what} should be names (strings) in a list or set; yours is {kind(value)}.")
    return list(value)


def function(answer) -> None:
    """The answer has to be something that can be called."""
    if not callable(answer):
        raise Wrong(f"the answer is a function; yours is {kind(answer)}. Hand over its name, without brackets.")


def subclass(answer, base: type) -> None:
    """The answer has to be a class."""
    if not (inspect.isclass(answer) and issubclass(answer, base)):
        raise Wrong(f"the answer is a class derived from {base.__name__} (the class, not an instance).")


def tensor(found, where: str, shape=None, dtype=None) -> Tensor:
    """``found`` itself, which has to be a tensor, of this shape and type where they are given."""
    if not isinstance(found, Tensor):
        raise Wrong(f"{where}: your function returned {kind(found)}, a tensor is asked for.")
    if shape is not None and found.shape != shape:
        raise Wrong(f"{where}: the result should have shape {tuple(shape)}, yours has {tuple(found.shape)}.")
    if dtype is not None and found.dtype != dtype:
        raise Wrong(f"{where}: the result should have type {dtype}, yours has {found.dtype}.")
    return found


def close(found: Tensor, right: Tensor, tolerance: float = 1e-4) -> bool:
    """Equal but for rounding, measured by the largest number of ``right``; an infinity equals itself, nan nothing."""
    found, right = found.detach(), right.detach()
    finite = right[right.isfinite()].abs()
    scale = max(1.0, float(finite.max())) if finite.numel() else 1.0
    return torch.allclose(found.to(right.dtype), right, rtol=tolerance, atol=tolerance * scale)


def unlike(found, right: Tensor, where: str, hint: str = "the shape is right and the values are not.") -> Iterator[str]:
    """Say how the values of ``found`` differ from those of ``right``; another kind, shape or type ends the check."""
    tensor(found, where, right.shape, right.dtype)
    if found.isnan().any():
        yield f"{where}: the result contains nan. Where could zero be divided by zero?"
    elif not close(found, right):
        yield f"{where}: {hint}"


def equal(found, right: Tensor) -> bool:
    """Whether ``found`` is a tensor of the shape, the type and the numbers of ``right``."""
    return isinstance(found, Tensor) and found.dtype == right.dtype and torch.equal(found, right)


def unchanged(now: Tensor, before: Tensor, what: str) -> None:
    """An argument has to be as it was."""
    if not equal(now, before):
        raise Wrong(f"{what} was changed; write into a new tensor.")


class Watch(TorchFunctionMode):
    """What happens inside a ``with`` block: PyTorch's functions in order, lines of Python.

    The lines are those that an answer runs itself, PyTorch's own left out; each turn of a loop counts its lines anew.
    """

    def __init__(self):
        super().__init__()
        self.calls: list[str] = []
        self.modules: set[str] = set()  # from which Python functions were called
        self.lines = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        owner = getattr(getattr(func, "__self__", None), "__name__", "")
        self.calls.append(owner if func.__name__ == "__get__" else func.__name__)  # x.data: the attribute's name
        return result

    def _trace(self, frame, event, argument):
        module = frame.f_globals.get("__name__", "")
        self.modules.add(module)
        if module == __name__ or module.partition(".")[0] == "torch":
            return None
        self.lines += event == "line"
        return self._trace

    def __enter__(self):
        self._earlier = sys.gettrace()  # of a debugger, or of a test
        sys.settrace(self._trace)
        return super().__enter__()

    def __exit__(self, *error):
        sys.settrace(self._earlier)
        return super().__exit__(*error)


class _Sizes(TorchDispatchMode):
    """The largest tensor that comes out of a kernel, those inside ``torch.vmap`` and PyTorch's own functions too."""

    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for one in result if isinstance(result, list | tuple) else [result]:
            if isinstance(one, Tensor):
                self.largest = max(self.largest, one.numel())
        return result


def largest(answer: Callable, *arguments) -> int:
    """Numbers in the largest tensor that ``answer`` makes on its way; what NumPy holds at once counts as float32."""
    with _Sizes() as sizes:
        answer(*arguments)
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        answer(*arguments)
        held = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()
    return max(sizes.largest, held // 4)


def loop_left(small: tuple, large: tuple, answer) -> Iterator[str]:
    """Say so when ``answer`` calls PyTorch more often, or runs more lines, for the ``large`` arguments."""
    seen = []
    for arguments in (small, large):
        with Watch() as watch:
            answer(*arguments)
        seen.append((len(watch.calls), watch.lines))
    if seen[0] != seen[1]:
        (calls, lines), (more_calls, more_lines) = seen
        yield (
            f"a loop is left: {calls} calls of PyTorch and {lines} lines of Python for 4 rows, "
            f"{more_calls} and {more_lines} for 40."
        )
