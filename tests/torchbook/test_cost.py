"""The cost of a chapter as it is recorded."""

import re

from torchbook.cost import record_cost


def test_time_and_memory_are_shown_with_their_units(capsys):
    record_cost("ch03")
    time, memory = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"time since the imports: \d+ s", time)
    assert int(re.fullmatch(r"peak memory: (\d+) MB", memory)[1]) > 50


def test_the_names_are_the_chapters_own(monkeypatch):
    names = []
    monkeypatch.setattr("torchbook.cost.record", lambda name, *rest, **options: names.append((name, options["factor"])))
    record_cost("ch12")
    assert names == [("ch12_seconds", 10), ("ch12_memory_mb", 10)]
