"""A pytest plugin on top of nbval: recorded values and figures are compared in every cell, ignored ones too.

Kernels are asked to end, where nbval kills them: only so do the temporary folders of a chapter go with it.
"""

from __future__ import annotations

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell
import pytest

from bookkit.differences import cell_differences


def pytest_configure() -> None:
    RunningKernel.stop = _ask_to_end


def _ask_to_end(self: RunningKernel) -> None:
    self.km.shutdown_kernel(now=False)  # killed only if it takes longer than the manager's five seconds
    self.kc.stop_channels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """After nbval has run and compared a cell: fail it where a recorded value or a figure's data differ."""
    result = yield
    if isinstance(item, IPyNbCell) and (differences := cell_differences(item.cell, item.test_outputs)):
        item.raise_cell_error("\n".join(differences))
    return result
