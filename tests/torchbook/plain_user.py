"""A folder of a user whom the rights of files bind: for root every folder is open."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import os
from pathlib import Path
import tempfile

import pytest

NOBODY = 65534


@contextlib.contextmanager
def plain_user() -> Iterator[Path]:
    """An empty folder that is this user's own; root becomes another user as long as the block lasts."""
    if os.name != "posix":
        pytest.skip("no rights of this kind here")
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as place:
        if is_root:
            os.chown(place, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(place)
        finally:
            if is_root:
                os.seteuid(0)
            os.chmod(place, 0o700)
            for folder, inner, _ in os.walk(place):  # so that it can be removed
                for name in inner:
                    os.chmod(Path(folder, name), 0o700)
