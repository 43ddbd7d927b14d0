"""CIFAR-10 as its authors publish it: pickles of one array and one list, read without running what they ask for."""

from __future__ import annotations

from collections.abc import Callable
import math
from pathlib import Path
import pickletools
from typing import Any
import warnings

import numpy as np
from torchbook.data.cache import Decoded
from torchbook.data.catalog import card
from torchbook.data.errors import DataError
from torchbook.data.folders import exists, readable

MOST_BYTES = 50_000_000  # of one file; a real one has 31 million
MOST_STEPS = 200_000  # of one pickle; a real one has about 41,000
MOST_PICTURES = 10_000  # of one file
NAMES = {  # what a batch may name, and what this reader takes it for
    ("numpy.core.multiarray", "_reconstruct"): "array",  # its module has another name in NumPy 1 and 2
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",  # how Python 3 writes bytes with protocol 2
}


class _Name(str):
    """A value of NAMES on the stack: no string that the file holds is one."""


class _Built:
    """The array or the dtype that a batch makes, before and after it gets its state."""

    def __init__(self, kind: str):
        self.kind = kind
        self.array: np.ndarray | None = None


def read_batches(folder: Path, split: str) -> Decoded:
    """Read the five training files or the test file; DataError for one that is absent or is no such batch."""
    names = [f"data_batch_{number}" for number in range(1, 6)] if split == "train" else ["test_batch"]
    images, labels = zip(*(_read_batch(folder / name) for name in names), strict=True)
    return Decoded(np.concatenate(images), np.concatenate(labels), list(card("cifar10").classes))


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, 3, 32, 32) and labels int64 (N,) of one file."""
    with readable(path.parent):
        is_there = exists(path)
    if not is_there:
        raise DataError(f"{path.parent} has no file {path.name}: unpack cifar-10-python.tar.gz again.")
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 10**6} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python, about escapes in damaged strings
            batch = _load(path.read_bytes())
        if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
            raise ValueError("it has no parts named data and labels")
        pictures = _pictures(batch[b"data"])
        return pictures, _labels(batch[b"labels"], len(pictures))
    except Exception as error:  # a damaged pickle stops in many ways: IndexError, TypeError, UnicodeDecodeError ...
        reason = str(error).split("\n")[0] or type(error).__name__
        raise DataError(f"{path} is not a CIFAR-10 batch ({reason}): unpack the archive again.") from error


def _pictures(data) -> np.ndarray:
    array = data.array if isinstance(data, _Built) and data.kind == "array" else None
    if array is None or array.ndim != 2 or array.shape[1] != 3072 or not 1 <= len(array) <= MOST_PICTURES:
        raise ValueError(f"its data are not 1 to {MOST_PICTURES:,} rows of 3,072 bytes")
    return array.reshape(-1, 3, 32, 32)


def _labels(labels, count: int) -> np.ndarray:
    if not isinstance(labels, list) or any(type(label) is not int for label in labels):
        raise ValueError("its labels are not a list of whole numbers")
    if len(labels) != count:
        raise ValueError(f"{count} images but {len(labels)} labels")
    if not all(0 <= label <= 9 for label in labels):
        raise ValueError("a label is not one of 0 ... 9")
    return np.array(labels, dtype=np.int64)


def _load(content: bytes):
    """What a pickle holds, with the few instructions that a batch needs; ValueError for any other.

    ``pickle`` would call what the file names, with NumPy's own dtypes and arrays at its end: a dtype may carry a state
    that makes pointers of the file's bytes. Here bytes, numbers, lists, dicts and uint8 arrays are all there is.
    """
    stack: list = []
    marks: list[int] = []  # heights of the stack
    memo: dict[int, object] = {}
    encoded = 0  # bytes made of text
    for steps, (code, value, _) in enumerate(pickletools.genops(content)):
        name = code.name
        if steps > MOST_STEPS:
            raise ValueError(f"it has more than {MOST_STEPS:,} instructions")
        if name == "STOP":
            return stack.pop()
        if name in ("PROTO", "FRAME"):
            continue
        if name == "MARK":
            marks.append(len(stack))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else value] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        elif name in ("BININT", "BININT1", "BININT2", "LONG1"):
            stack.append(value)
        elif name in ("BINSTRING", "SHORT_BINSTRING"):  # Python 2's bytes
            stack.append(value.encode("latin1"))
        elif name in ("BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"):
            stack.append(value)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name]())
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(_taken(stack, len(stack) - int(name[-1]))))
        elif name == "TUPLE":
            stack.append(tuple(_taken(stack, marks.pop())))
        elif name in ("APPEND", "APPENDS"):
            items = _taken(stack, marks.pop() if name == "APPENDS" else len(stack) - 1)
            if not isinstance(stack[-1], list):
                raise ValueError("it appends to what is no list")
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            _set_items(stack, _taken(stack, marks.pop() if name == "SETITEMS" else len(stack) - 2))
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            names = tuple(value.split(" ", 1)) if name == "GLOBAL" else tuple(_taken(stack, len(stack) - 2))
            if any(type(part) is not str for part in names):  # first: the hash of nested tuples is endless, or crashes
                raise ValueError("it asks for a name that is no text")
            if names not in NAMES:
                raise ValueError(f"it asks for {'.'.join(names)}"[:100])
            stack.append(_Name(NAMES[names]))
        elif name == "REDUCE":
            function, arguments = _taken(stack, len(stack) - 2)
            made = _called(function, arguments)
            encoded += len(made) if isinstance(made, bytes) else 0
            if encoded > len(content):  # one text, encoded again and again, would fill the memory
                raise ValueError("it has more bytes than its text")
            stack.append(made)
        elif name == "BUILD":
            (state,) = _taken(stack, len(stack) - 1)
            _build(stack[-1], state)
        else:
            raise ValueError(f"it has the instruction {name}")
    raise ValueError("it ends too early")


CONSTANTS: dict[str, Callable[[], Any]] = {"NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
             "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}  # fmt: skip


def _taken(stack: list, height: int) -> list:
    """Take what lies above ``height`` off the stack."""
    if not 0 <= height <= len(stack):
        raise ValueError("it takes more than it has")
    items = stack[height:]
    del stack[height:]
    return items


def _set_items(stack: list, items: list) -> None:
    keys, values = items[::2], items[1::2]
    if not isinstance(stack[-1], dict) or any(type(key) not in (bytes, str) for key in keys):
        raise ValueError("it has a dict with keys that are no names")
    stack[-1].update(zip((key.encode() if type(key) is str else key for key in keys), values, strict=True))


def _called(function, arguments):
    """What one of the NAMES returns."""
    if not isinstance(function, _Name) or not isinstance(arguments, tuple):
        raise ValueError("it calls what is no function")
    if function == "encode" and len(arguments) == 2 and type(arguments[0]) is str and arguments[1] == "latin1":
        return arguments[0].encode("latin1")
    if function == "array" and len(arguments) == 3 and isinstance(arguments[0], _Name) and arguments[0] == "ndarray":
        return _Built("array")
    if function == "dtype" and 1 <= len(arguments) <= 3 and arguments[0] in ("u1", b"u1", "|u1", b"|u1"):
        return _Built("dtype")
    raise ValueError("it has an array of something else than bytes" if function == "dtype" else "it calls a function")


def _build(target, state) -> None:
    """Give a dtype or an array its state; a dtype has none but that of a plain byte."""
    if not isinstance(target, _Built) or not isinstance(state, tuple):
        raise ValueError("it gives a state to what has none")
    if target.kind == "dtype":
        version, order, *rest = state
        if version not in (3, 4) or order not in ("|", b"|") or rest != [None, None, None, -1, -1, 0]:
            raise ValueError("it has an array of something else than bytes")
        return
    _, shape, dtype, by_column, content = state
    if not isinstance(dtype, _Built) or dtype.kind != "dtype" or type(content) is not bytes:
        raise ValueError("it has an array of something else than bytes")
    if type(shape) is not tuple or len(shape) > 4 or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError("it has an array without a shape")
    if math.prod(shape) != len(content):
        raise ValueError(f"it has {len(content):,} bytes for an array of {'x'.join(map(str, shape))}"[:100])
    target.array = np.frombuffer(content, dtype=np.uint8).reshape(shape, order="F" if by_column else "C")
