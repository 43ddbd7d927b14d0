"""The results tables: made from the recorded files, and an error where a page asks for what is not there."""

import json

import pytest

from bookkit import pages

RECORD = {
    "date": "2026-01-02T03:04:05+00:00",
    "hardware": {"cpu": "a processor", "threads": 2, "gpu": None},
    "torch": "2.13.0",
    "minutes": 4.25,
    "commit": "abc1234",
    "values": {"ch05_accuracy": 64.25, "ch05_epochs": 16, "ch05_note": "as found"},
}


def test_rows_are_read():
    assert pages.parse_rows(["ch05_accuracy : Test accuracy (%) : .1f"]) == [
        ("ch05_accuracy", "Test accuracy (%)", ".1f")
    ]


@pytest.mark.parametrize("line", ["ch05_accuracy", "a : b", "a : b : c : d"])
def test_a_row_of_another_form_is_refused(line):
    with pytest.raises(pages.ResultsError, match="name : label : format"):
        pages.parse_rows([line])


@pytest.mark.parametrize(
    ("name", "spec", "shown"),
    [("ch05_accuracy", ".1f", "64.2"), ("ch05_epochs", "d", "16"), ("ch05_note", "", "as found")],
)
def test_values_are_formatted(name, spec, shown):
    assert pages.format_value(RECORD, "05_x", name, spec) == shown


def test_a_value_that_was_not_recorded_is_an_error():
    with pytest.raises(pages.ResultsError, match="no value 'ch05_loss'; it has ch05_accuracy"):
        pages.format_value(RECORD, "05_x", "ch05_loss", ".1f")


def test_the_stamp_says_when_where_and_with_what():
    assert pages.stamp(RECORD) == (
        "Full run of 2026-01-02 on a processor, 2 threads, torch 2.13.0, 4.2 minutes, commit abc1234. "
        "Data: not recorded."
    )


DATA = {"name": "test", "source": "real CIFAR-10", "count": 10000, "unit": "images", "digest": "0123456789abcdef"}


def test_the_stamp_names_data_versions_seed_and_changes():
    more = {
        "commit": "abc1234-dirty",
        "torchvision": "0.28",
        "python": "3.11.7",
        "parameters": {"seed": 0},
        "data": [DATA],
    }
    assert pages.stamp({**RECORD, **more}) == (
        "Full run of 2026-01-02 on a processor, 2 threads, torch 2.13.0, torchvision 0.28, python 3.11.7, seed 0, "
        "4.2 minutes, commit abc1234 with changes that were not committed. "
        "Data: test, 10,000 images, real CIFAR-10, digest 0123456789abcdef."
    )


def test_the_table_has_a_row_for_each_value():
    table = pages.results_table(RECORD, "05_x", [("ch05_accuracy", "Test accuracy (%)", ".1f")])
    assert [entry.astext() for entry in table.findall(pages.nodes.entry)] == [
        "Measured", "Value", "Test accuracy (%)", "64.2"
    ]  # fmt: skip


def test_a_chapter_names_its_own_results(tmp_path):
    block = (
        "| Measured in the full run | Value |\n| --- | ---: |\n"
        "| Test accuracy (%) | 64.2<!-- full ch05_accuracy:.1f --> |\n| Start | two words<!-- full ch05_start:s --> |\n"
        "\n*Full run of 2026-01-02 on a laptop.*<!-- full stamp -->\n"
    )
    cells = [
        {"cell_type": "markdown", "source": ['<a id="ch-x"></a>\n', "# The title\n"]},
        {"cell_type": "code", "source": ["# not a title"]},
        {"cell_type": "markdown", "source": [block]},
    ]
    path = tmp_path / "05_x.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    rows = ["ch05_accuracy : Test accuracy (%) : .1f", "ch05_start : Start : s"]
    assert pages.results_blocks(path) == ("The title", [("05_x", rows)])
