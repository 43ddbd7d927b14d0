"""CIFAR-10 batches that ask for more than bytes: each is a pickle that must be refused before it does anything.

Run as a script with a folder, it reads the files there as batches, in this process, and prints a line for each: a
reader that crashes, hangs or stops with a traceback leaves lines out.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
import pickle
import struct
import sys
from typing import Any

import numpy as np
from real_forms import pixels

RECONSTRUCT = np.empty(0).__reduce__()[0]
PLAIN = (3, "|", None, None, None, -1, -1, 0)  # the state of a byte


class Calls:
    """Pickled as a call, with a state where one is given."""

    def __init__(self, function, arguments: tuple, state: Any = None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


def dtype(code="u1", state=PLAIN, rest=(False, True)) -> Calls:
    return Calls(np.dtype, (code, *rest), state)


def array(kind=None, shape=(1, 3072), content=bytes(3072), version=1, by_column=False) -> Calls:
    state = (version, shape, dtype() if kind is None else kind, by_column, content)
    return Calls(RECONSTRUCT, (np.ndarray, (0,), b"b"), state)


def batch(data=None, labels=None) -> bytes:
    return pickle.dumps({b"data": array() if data is None else data, b"labels": [0] if labels is None else labels}, 2)


def fields(inner, offset: int, size: int = 8) -> tuple:
    """The state of a record with one field of another type."""
    return (3, "|", None, ("f",), {"f": (inner, offset)}, size, 1, 27)


OBJECT = np.dtype("O")
DTYPES = {
    "object": dtype("O8", (3, "|", None, None, None, -1, -1, 63)),
    "object by its short name": dtype("O"),
    "bytes with the flags of objects": dtype("u1", (3, "|", None, None, None, -1, -1, 63)),
    "bytes with one flag": dtype("u1", (3, "|", None, None, None, -1, -1, 1)),
    "a field of objects": dtype("V8", fields(OBJECT, 0)),
    "a field of objects in bytes": dtype("u1", fields(OBJECT, 0)),
    "a field beyond the file": dtype("V8", fields(np.dtype("u1"), 1 << 30)),
    "a field before the file": dtype("V8", fields(np.dtype("u1"), -(1 << 20))),
    "a field of objects that is not flagged": dtype("V8", (3, "|", None, ("f",), {"f": (OBJECT, 0)}, 8, 1, 0)),
    "a subarray of objects": dtype("V8", (3, "|", (OBJECT, (1,)), None, None, 8, 1, 27)),
    "a huge subarray": dtype("V8", (3, "|", (np.dtype("u1"), (1 << 40,)), None, None, 8, 1, 0)),
    "a subarray of bytes": dtype("u1", (3, "|", (np.dtype("u1"), (2,)), None, None, 2, 1, 0)),
    "a huge item": dtype("V8", (3, "|", None, None, None, 1 << 31, 1, 0)),
    "bytes with a huge item": dtype("u1", (3, "|", None, None, None, 1 << 31, 1, 0)),
    "an item of no size": dtype("V0", (3, "|", None, None, None, 0, 1, 0)),
    "an alignment of 0": dtype("u1", (3, "|", None, None, None, -1, 0, 0)),
    "names without fields": dtype("u1", (3, "|", None, ("f",), None, -1, -1, 0)),
    "metadata": dtype("u1", (4, "|", None, None, None, -1, -1, 0, {"a": 1})),
    "a state of another version": dtype("u1", (9, "|", None, None, None, -1, -1, 0)),
    "a state that is no tuple": dtype("u1", {"a": 1}),
    "a short state": dtype("u1", (3, "|")),
    "a byte order of text": dtype("u1", (3, ">>", None, None, None, -1, -1, 0)),
    "floats": dtype("f4", (3, "<", None, None, None, -1, -1, 0)),
    "int16": dtype("i2", (3, "<", None, None, None, -1, -1, 0)),
    "signed bytes": dtype("i1"),
    "booleans": dtype("b1"),
    "text": dtype("U8", (3, "<", None, None, None, 32, 4, 0)),
    "bytes of a length": dtype("S8", (3, "|", None, None, None, 8, 1, 0)),
    "dates": dtype("M8", (4, "<", None, None, None, -1, -1, 0, ({}, (b"ns", 1, 1, 1)))),
    "a list of fields": Calls(np.dtype, ([("f", "O")], False, True)),
    "a dict of fields": Calls(np.dtype, ({"names": ["f"], "formats": ["O"], "offsets": [1 << 30]},)),
    "a name with commas": Calls(np.dtype, ("O,O",)),
    "a type inside a type": Calls(np.dtype, (dtype(),)),
    "no type": 7,
}
ARRAYS = {
    "a huge shape": array(shape=(1 << 40, 3072)),
    "a shape that overflows": array(shape=(1 << 32, 1 << 32)),
    "a negative shape": array(shape=(-1, -3072)),
    "a shape of 70 sizes": array(shape=(1,) * 68 + (1, 3072)),
    "a shape of text": array(shape=("1", 3072)),
    "a shape of booleans": array(shape=(True, 3072)),
    "more bytes than the shape": array(content=bytes(3073)),
    "fewer bytes than the shape": array(content=bytes(3071)),
    "a list for bytes": array(content=[1, 2, 3]),
    "one dimension": array(shape=(3072,)),
    "three dimensions": array(shape=(1, 3, 1024)),
    "another width": array(shape=(2, 1536)),
    "no picture": array(shape=(0, 3072), content=b""),
    "an array within an array": array(content=array()),
    "the class for an array": np.ndarray,
    "an array without state": Calls(RECONSTRUCT, (np.ndarray, (0,), b"b")),
    "an array made at a size": Calls(RECONSTRUCT, (np.ndarray, (1 << 40,), b"b"), (1, (1, 3072), dtype(), False, b"")),
    "an array called by its class": Calls(np.ndarray, ((1 << 30,), "O")),
    "a list of bytes": [0] * 3072,
    "bytes alone": bytes(3072),
    "a number": 1,
}
LABELS = {
    "labels of floats": [0.0],
    "labels of text": ["0"],
    "labels of booleans": [True],
    "labels as bytes": b"\0",
    "labels as a tuple": (0,),
    "labels as an array": Calls(RECONSTRUCT, (np.ndarray, (0,), b"b"), (1, (1,), dtype(), False, b"\0")),
    "labels of labels": [[0]],
    "nothing for a label": [None],
    "label 10": [10],
    "label -1": [-1],
    "a huge label": [1 << 70],
    "a label too many": [0, 1],
    "no labels": [],
    "labels by name": {"a": 0},
}


def opcodes(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


def nested(depth: int) -> bytes:
    return opcodes(b"]" * depth, b"a" * (depth - 1))


def name_of(*parts: bytes) -> bytes:
    """A name from the stack, whose first half is what the parts leave there."""
    return b"\x80\x04" + b"".join(parts) + b"\x8c\x01x\x93."


def tuples(depth: int) -> list[bytes]:
    """A tuple of two tuples of two tuples ...: its hash is endless."""
    return [b"Nq\x00", *(b"h" + bytes([k]) + b"h" + bytes([k]) + b"\x86q" + bytes([k + 1]) for k in range(depth))]


def encoded_again(size: int, times: int) -> bytes:
    """One text that is made into bytes again and again, into a list."""
    text = b"X" + struct.pack("<I", size) + b"a" * size
    kept = [b"c_codecs\nencode\nq\x00", text, b"X\x06\x00\x00\x00latin1\x86q\x01"]
    return opcodes(*kept, b"h\x00h\x01R" * times)


def laughs(depth: int) -> bytes:
    """A list of two lists of two lists ...: short on disk, endless to walk through."""
    return opcodes(b"]q\x00", *(b"](h" + bytes([k]) + b"h" + bytes([k]) + b"eq" + bytes([k + 1]) for k in range(depth)))


PICKLES = {
    "os.system": pickle.dumps({b"data": Calls(os.system, ("exit 1",)), b"labels": [0]}, 2),
    "eval": pickle.dumps(Calls(eval, ("1",)), 2),
    "getattr": pickle.dumps(Calls(getattr, (1, "real")), 2),
    "numpy.load": opcodes(b"cnumpy\nload\n"),
    "a name in two parts": opcodes(b"cnumpy\ncore.multiarray._reconstruct\n"),
    "a name from the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "a name by number": opcodes(b"\x82\x01"),
    "an object by its class": opcodes(b"(inumpy\nndarray\n"),
    "an object made anew": opcodes(b"cnumpy\nndarray\n)\x81"),
    "a name of tuples 190,000 deep": name_of(b"N", b"\x85" * 190_000),
    "a name of tuples 190,000 deep as its second half": b"\x80\x04\x8c\x01xN" + b"\x85" * 190_000 + b"\x93.",
    "a name of tuples that double 60 times": name_of(*tuples(60)),
    "a name of a list": name_of(b"]"),
    "a name of a number": name_of(b"K\x01"),
    "a name of bytes": name_of(b"C\x05numpy"),
    "tuples 190,000 deep": opcodes(b"N" + b"\x85" * 190_000),
    "tuples 190,000 deep for a type": opcodes(b"cnumpy\ndtype\nN" + b"\x85" * 190_000 + b"\x85R"),
    "tuples 190,000 deep for a state": batch(data=array(dtype(state=("|", 0)))).replace(
        b"X\x01\x00\x00\x00|", b"N" + b"\x85" * 150_000, 1
    ),
    "a terabyte of one text": encoded_again(20_000_000, 50_000),
    "a call of text": opcodes(b"X\x06\x00\x00\x00encodeX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R"),
    "another codec": pickle.dumps(Calls(__import__("_codecs").encode, ("a", "rot13")), 2),
    "a state for a dict": opcodes(b"}}b"),
    "a memory of 34 GB": opcodes(b"}r\xff\xff\xff\x7f"),
    "a length of 2 GB": opcodes(b"T\xff\xff\xff\x7fabc"),
    "a length below 0": opcodes(b"T\xff\xff\xff\xffabc"),
    "a length of 2**62": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b".",
    "a frame of 2**62": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"}.",
    "a number of a million digits": opcodes(b"\x8b" + struct.pack("<i", 1_000_000) + b"\x7f" * 1_000_000),
    "a number in text": opcodes(b"I" + b"9" * 100_000 + b"\n"),
    "lists 100,000 deep": nested(100_000),
    "lists that double 60 times": laughs(60),
    "300,000 instructions": opcodes(b"N" * 300_000),
    "keys that collide": opcodes(
        b"}(", *(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"N" for k in range(1, 20_000)), b"u"
    ),
    "a key for two values": opcodes(b"}(X\x04\x00\x00\x00dataNX\x06\x00\x00\x00labelsu"),
    "nothing on the stack": opcodes(),
    "no mark": opcodes(b"]e"),
    "a name never kept": opcodes(b"h\x07"),
    "another protocol": b"\x80\xff}.",
    "a list": opcodes(b"]"),
    "an empty dict": opcodes(b"}"),
    "no end": batch()[:-1],
    "html": b"<html></html>",
    "empty": b"",
}
HOSTILE = {
    **{f"dtype: {name}": batch(data=array(kind)) for name, kind in DTYPES.items()},
    **{f"dtype of 8 bytes: {name}": batch(data=array(kind, content=b"A" * 8 * 3072)) for name, kind in DTYPES.items()},
    **{f"array: {name}": batch(data=data) for name, data in ARRAYS.items()},
    **{name: batch(labels=labels) for name, labels in LABELS.items()},
    **{f"pickle: {name}": content for name, content in PICKLES.items()},
    "too many pictures": batch(
        array(shape=(10_001, 3072), content=pixels(1, (10_001 * 3072,)).tobytes()), [0] * 10_001
    ),
}


def main(folder: Path) -> None:
    from torchbook.data.cifar import read_batches
    from torchbook.data.errors import DataError

    for place in sorted(folder.iterdir()):
        try:
            said = "accepted: " + str(read_batches(place, "test")[0].shape)
        except DataError as error:
            said = str(error)
        print(json.dumps([place.name, said]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
