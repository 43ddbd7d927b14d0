"""A pytest plugin on top of nbval: recorded values and figures are compared in every cell, ignored ones too."""

from __future__ import annotations

from nbval.plugin import IPyNbCell
import pytest

from bookkit.differences import cell_differences


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """After nbval has run and compared a cell: fail it where a recorded value or a figure's data differ."""
    result = yield
    if isinstance(item, IPyNbCell) and (differences := cell_differences(item.cell, item.test_outputs)):
        item.raise_cell_error("\n".join(differences))
    return result
