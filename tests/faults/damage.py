"""Bytes damaged at random, and a count of the tries that did not end as they should."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random


def damaged(data: bytes, rng: Random) -> bytes:
    """The bytes with one fault of a kind that disks, networks and editors make; never the bytes themselves."""
    kind = rng.choice(["cut", "flip", "zeros", "noise", "insert", "delete", "repeat", "swap"])
    start = rng.randrange(len(data))
    length = min(rng.choice([1, 2, 8, 100, 1000]), len(data) - start)
    end = start + length
    new = bytearray(data)
    if kind == "cut":
        new = new[:start]
    elif kind == "flip":
        new[start] ^= 1 << rng.randrange(8)
    elif kind == "zeros":
        new[start:end] = bytes(length)
    elif kind == "noise":
        new[start:end] = rng.randbytes(length)
    elif kind == "insert":
        new[start:start] = rng.randbytes(length)
    elif kind == "delete":
        del new[start:end]
    elif kind == "repeat":
        new[end:end] = new[start:end]
    else:
        other = rng.randrange(len(data))
        new[start], new[other] = new[other], new[start]
    return bytes(new) if new != data else data[:-1]


def count_wrong(record_property: Callable, outcomes: Iterable[str]) -> None:
    """Count what was tried, one word of praise or blame each: an empty one is right. Fails with the first three."""
    tries, wrong = 0, []
    for outcome in outcomes:
        tries += 1
        if outcome:
            wrong.append(outcome)
    record_property("tries", (tries, len(wrong)))
    assert tries
    assert not wrong, f"{len(wrong)} of {tries}: " + " | ".join(wrong[:3])
