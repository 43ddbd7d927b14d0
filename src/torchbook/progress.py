"""One line that says how far a loop is: there while it runs, gone when it ends, in a notebook and in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
import sys

from tqdm import tqdm

WIDTH = 30  # characters of the bar


@contextmanager
def progress(total: int, label: str) -> Iterator[Callable[..., None]]:
    """Yield ``report(done, words)``, which shows how many of ``total`` are done; nothing is left when the block ends.

    In a notebook an output of the cell is updated and emptied in the end: no red box, and no output for tools that run
    notebooks. In a terminal tqdm writes to standard error; elsewhere, and where TQDM_DISABLE is set, nothing is shown.
    """
    show = _in_notebook() if "ipykernel" in sys.modules else None
    if show is not None:
        try:

            def update(done: int, words: str = "") -> None:
                show(f"{label} {bar(done, total)} {done} of {total}  {words}".rstrip())

            yield update
        finally:
            show("")
    else:
        with tqdm(total=total, desc=label, leave=False, disable=True if _silent() else None) as line:

            def report(done: int, words: str = "") -> None:
                line.set_postfix_str(words, refresh=False)
                line.update(done - line.n)
                line.refresh()

            yield report


def bar(done: int, total: int) -> str:
    filled = round(WIDTH * done / total) if total else WIDTH
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}]"


def _silent() -> bool:
    return os.environ.get("TQDM_DISABLE", "") not in ("", "0")


def _in_notebook() -> Callable[[str], None] | None:
    """What shows a text in one output of the running cell; None outside of a Jupyter kernel."""
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel") or _silent():
        return None
    handle = None

    def show(text: str) -> None:
        nonlocal handle
        if handle is None and text:
            handle = display({}, raw=True, display_id=True)  # empty: tools that take no updates keep nothing
        if handle is not None:
            handle.update({"text/plain": text} if text else {}, raw=True)

    return show
