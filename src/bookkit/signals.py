"""What ends bookkit ends what it started: signals as exceptions, and the processes below this one."""

from __future__ import annotations

import os
import signal

from ipykernel.parentpoller import ParentPollerUnix
import psutil


class Stopped(BaseException):
    """A signal that asks for an end, raised where the main thread is; `code`: the exit code that tells it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


def raise_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise Stopped, so that `finally` runs; what nohup ignores stays so."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def pytest_configure() -> None:
    """A plugin of the pytest that bookkit starts (`-p bookkit.signals`): it and its workers end with their parent."""
    if os.name == "posix":
        ParentPollerUnix(os.getppid()).start()


def kill_children(of: str = "") -> None:
    """Kill the processes that this one started, those alone with `of` in their command, and all that they started."""
    for child in psutil.Process().children():
        try:
            if of in " ".join(child.cmdline()):
                for process in (child, *child.children(recursive=True)):
                    process.kill()
        except psutil.NoSuchProcess:  # it ended by itself
            continue
