"""The values and the figures' data that outputs hold, as they are read back."""

from __future__ import annotations

import nbformat
import pytest
from tiny_books import code, figure, glued, notebook, printed, recorded

from bookkit.notebooks import BookError
from bookkit.recorded import Recorded, figure_data, parse_value, recorded_values


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("0.93", 0.93),
        ("12", 12),
        ("-1e-05", -1e-05),
        ("np.float64(0.5)", 0.5),
        ("tensor(0.2500)", 0.25),
        ("tensor(3., dtype=torch.float64)", 3.0),
        ("tensor(2.5000, device='cuda:0')", 2.5),
        ("'cpu'", "cpu"),
        ("True", "True"),
        ("nan", "nan"),
        ("1e999", "1e999"),
        ("[1, 2]", "[1, 2]"),
        ("a sentence", "a sentence"),
    ],
)
def test_a_value_is_read_from_its_repr(shown, value):
    read = parse_value(shown)
    assert read == value
    assert type(read) is type(value)


def test_values_are_read_with_their_label_and_how_far_another_run_may_lie():
    outputs = [printed("seen"), recorded("ch01_a", 98.6, "test: accuracy: 98.6 %", within=0.5), glued("ch01_b", "3")]
    read = recorded_values(notebook(code("a = 1", "injected-parameters"), code("f()"), code("g()", outputs=outputs)))
    assert read == {
        "ch01_a": Recorded("ch01_a", 98.6, "test: accuracy", within=0.5, cell="id-3", number=2, unit="%"),
        "ch01_b": Recorded("ch01_b", 3, cell="id-3", number=2),
    }


def test_a_name_recorded_twice_is_refused_with_both_cells():
    cells = [code("f()", outputs=[recorded("ch01_a", 1, "a: 1")]), code("g()", outputs=[glued("ch01_a", "2")])]
    with pytest.raises(BookError, match="ch01_a is recorded in cell 1 and again in cell 2"):
        recorded_values(notebook(*cells))


def test_the_data_of_figures_are_read_by_cell():
    first, second = figure(), figure()
    first.metadata["torchbook"] = nbformat.from_dict({"figure": {"axes": [{"lines": [[1, 2]]}]}})
    second.metadata["torchbook"] = nbformat.from_dict({"figure": {"axes": []}})
    read = figure_data(notebook(code("f()", outputs=[figure()]), code("g()", outputs=[first, second])))
    assert read == {"id-2": [{"axes": [{"lines": [[1, 2]]}]}, {"axes": []}]}
