"""Bars of what a full run measured, and where quick runs with other seeds lie; the table below holds the figures.

Only values that share a unit stand in one chart: a label ends with it in brackets, as in ``LeNet, test accuracy (%)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
import re
from typing import Any

UNIT = re.compile(r"^(?P<what>.*?) \((?P<unit>[^()]+)\)(?P<more>.*)$")
LEAST_ROWS = 2  # a single bar says less than its figure


@dataclass(frozen=True)
class Bar:
    """A value of the full run, as it is shown, and the least and largest of the quick runs, where there are some."""

    label: str
    value: float
    shown: str
    quick: tuple[float, float] | None


def results_chart(rows: Sequence[tuple[str, str, Any, str]], ranges: Mapping[str, Any]) -> str:
    """HTML of one chart for each unit that at least two rows (name, label, value, as shown) share; else empty."""
    groups: dict[str, list[Bar]] = {}
    for name, label, value, shown in rows:
        found = UNIT.match(label)
        if found and isinstance(value, (int, float)):
            row = ranges.get(name)
            quick = (row["min"], row["max"]) if row else None
            groups.setdefault(found["unit"], []).append(Bar(found["what"] + found["more"], value, shown, quick))
    groups = {unit: bars for unit, bars in groups.items() if len(bars) >= LEAST_ROWS}
    if not groups:
        return ""
    charts = [one_chart(unit, bars) for unit, bars in groups.items()]
    quick = any(bar.quick for bars in groups.values() for bar in bars)
    note = "Bars: the full run." + (" Lines: quick runs with other seeds, least to most." if quick else "")
    return f'<div class="results-charts" aria-hidden="true">{"".join(charts)}<p class="chart-note">{note}</p></div>'


def one_chart(unit: str, bars: Sequence[Bar]) -> str:
    """Bars from 0 to 100 %, or to the largest value."""
    top = 100.0 if unit == "%" else max(max(bar.value, *(bar.quick or (0,))) for bar in bars) or 1.0

    def share(value: float) -> str:
        return f"{100 * min(max(value / top, 0), 1):.1f}%"

    rows = []
    for bar in bars:
        line = ""
        if bar.quick:
            low, high = bar.quick
            line = f'<i style="left:{share(low)};right:calc(100% - {share(high)})"></i>'
        rows.append(
            f"<li><span>{escape(bar.label)}</span><b>{escape(bar.shown)}</b>"
            f'<span class="chart-track"><u style="width:{share(bar.value)}"></u>{line}</span></li>'
        )
    return f'<p class="chart-unit">{escape(unit)}</p><ul class="results-chart">{"".join(rows)}</ul>'
