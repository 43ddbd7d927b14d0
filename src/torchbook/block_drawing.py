"""Drawings of residual blocks, side by side: which layers the input passes, and what goes round them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torchbook.cell_drawing import RADIUS, Drawing, Point

# pixels: width and height of a layer's box, between layers, between blocks, and down to where the shortcut leaves
BOX, STEP, COLUMN, FORK = (128, 26), 40, 250, 50


@dataclass(frozen=True)
class BlockPlan:
    """A residual block in words: the layers of its branch, of its shortcut (none: the input itself), and of its end."""

    title: str
    branch: Sequence[str]
    shortcut: Sequence[str] = ()
    end: Sequence[str] = ()

    def sentence(self) -> str:
        """What the drawing shows."""
        way = f"goes through {', '.join(self.shortcut)}" if self.shortcut else "stays as it is"
        last = f", and {', '.join(self.end)} follows" if self.end else ""
        return (
            f"{self.title}: on one way the input passes {', '.join(self.branch)}; on the other, the shortcut, "
            f"it {way}; the two are added{last}."
        )


def draw_blocks(*plans: BlockPlan) -> Drawing:
    """Blocks beside each other, the input at the top. Raises ValueError where there is no block or an empty branch."""
    if not plans or not all(plan.branch for plan in plans):
        raise ValueError("Give one block or more, each with the names of its branch's layers.")
    plus = FORK + STEP * (max(len(plan.branch) for plan in plans) + 1)  # height of the additions
    height = plus + STEP * (max(len(plan.end) for plan in plans) + 1)
    drawing = Drawing(COLUMN * len(plans), height, " ".join(plan.sentence() for plan in plans))
    for place, plan in enumerate(plans):
        _draw_block(drawing, plan, COLUMN * place + 84, plus, height)
    return drawing


def _draw_block(drawing: Drawing, plan: BlockPlan, x: float, plus: float, height: float) -> None:
    """One block: its branch goes down at ``x``, its shortcut to the right of it."""
    side, top = x + 118, FORK - 8
    drawing.text((x + 41, 12), plan.title, 14)
    drawing.text((x, 34), "x")
    branch = [FORK + STEP * number for number in range(1, len(plan.branch) + 1)]
    _row(drawing, plan.branch, branch, (x, top), (x, plus - RADIUS))
    middle = (FORK + plus) / 2
    places = [middle + STEP * (number - (len(plan.shortcut) - 1) / 2) for number in range(len(plan.shortcut))]
    drawing.parts.append(f'<path d="M {x:g} {FORK:g} L {side:g} {FORK:g}"/>')
    _row(drawing, plan.shortcut, places, (side, FORK), (side, plus), (x + RADIUS, plus), width=84)
    drawing.operation((x, plus), "+")
    ends = [plus + STEP * number for number in range(1, len(plan.end) + 1)]
    _row(drawing, plan.end, ends, (x, plus + RADIUS), (x, height - 4))


def _row(drawing: Drawing, names: Sequence[str], heights: Sequence[float], first: Point, *last: Point, width=BOX[0]):
    """Boxes under each other, their middles at the heights, an arrow to each from above and one to the last point."""
    x, above = first
    for name, y in zip(names, heights, strict=True):
        top = y - BOX[1] / 2
        drawing.arrow((x, above), (x, top))
        drawing.parts.append(f'<rect x="{x - width / 2:g}" y="{top:g}" width="{width}" height="{BOX[1]}" rx="4"/>')
        drawing.text((x, y), name, 12)
        above = top + BOX[1]
    drawing.arrow((x, above), *last)
