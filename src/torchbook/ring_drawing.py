"""A drawing of an all-reduce around a ring of processes, step by step, with the numbers that each of them holds."""

from __future__ import annotations

from collections.abc import Sequence
import math

from torchbook.cell_drawing import Drawing, Point

BOX, ROW, COLUMN = (84, 26), 64, 142  # width and height of a process's box; distances, in pixels
LEFT, TOP = 62, 52


def _slanted(drawing: Drawing, start: Point, end: Point) -> None:
    """A line of any direction with a head at its end."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    along, across = ((x1 - x0) / length, (y1 - y0) / length), (-(y1 - y0) / length, (x1 - x0) / length)
    left, right = ((x1 - 8 * along[0] + s * 4 * across[0], y1 - 8 * along[1] + s * 4 * across[1]) for s in (1, -1))
    drawing.parts.append(
        f'<path d="M {x0:.1f} {y0:.1f} L {x1:.1f} {y1:.1f} M {left[0]:.1f} {left[1]:.1f} '
        f'L {x1:.1f} {y1:.1f} L {right[0]:.1f} {right[1]:.1f}"/>'
    )


def draw_ring(states: Sequence[Sequence[Sequence[float]]]) -> Drawing:
    """What each of n processes holds before a ring's all-reduce and after each of its 2 (n - 1) steps.

    states: n numbers for each process, at each time. A finished sum has a thick frame; a line leads from the process
    that sends a number to the one that gets it. Raises ValueError for another count of states than 2 (n - 1) + 1.
    """
    ranks = len(states[0])
    if len(states) != 2 * ranks - 1:
        raise ValueError(f"The ring of {ranks} processes has {2 * ranks - 1} states, got {len(states)}.")
    sums = [f"{value:g}" for value in states[-1][0]]
    drawing = Drawing(
        LEFT + COLUMN * (len(states) - 1) + BOX[0] + 8,
        TOP + ROW * (ranks - 1) + 24,
        f"An all-reduce around a ring of {ranks} processes in {len(states) - 1} steps. In each step every process "
        f"sends one of its {ranks} numbers to the next. In the first {ranks - 1} steps numbers are added on the way, "
        f"until each process holds one finished sum; in the others the sums travel on. At the end all hold "
        f"{', '.join(sums)}.",
    )
    for time, state in enumerate(states):
        x = LEFT + COLUMN * time
        title = "start" if time == 0 else f"{'add' if time < ranks else 'copy'}, step {time}"
        drawing.text((x + BOX[0] / 2, 14), title)
        for rank, numbers in enumerate(state):
            y = TOP + ROW * rank
            if time == 0:
                drawing.text((28, y), f"rank {rank}")
            for place, number in enumerate(numbers):
                left, shown = x + BOX[0] * place / ranks, f"{number:g}"
                width = 3 if shown == sums[place] else 1
                drawing.parts.append(
                    f'<rect x="{left:.1f}" y="{y - BOX[1] / 2:g}" width="{BOX[0] / ranks - 3:.1f}" '
                    f'height="{BOX[1]}" stroke-width="{width}"/>'
                )
                drawing.text((left + BOX[0] / ranks / 2 - 1.5, y), shown, 11)
            if time + 1 < len(states):
                to = TOP + ROW * ((rank + 1) % ranks)
                _slanted(drawing, (x + BOX[0] + 2, y), (x + COLUMN - 5, to))
    return drawing
