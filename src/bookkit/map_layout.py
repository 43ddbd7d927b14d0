"""Where the boxes and edges of a ranked graph stand: edges short and straight, nothing on top of anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from bookkit.map_ranks import Edge, Graph, Place, Segment, ordered_rows

ROUNDS = 24  # down and up
STRAIGHT = 4  # how much more a lane wants to stand under its neighbour than a box does


@dataclass(frozen=True)
class Layout:
    """Where the boxes stand; lengths in the unit of the box widths."""

    ranks: dict[str, int]
    middles: dict[str, float]
    routes: dict[Edge, list[float]]  # where an edge leaves its box, its lane in each rank it passes, where it arrives
    width: float


def lay_out(after: Graph, widths: Mapping[str, float], gap: float, port: float) -> Layout:
    """Place boxes of these widths in a picture as wide as its widest rank. Raises networkx.NetworkXError for a cycle.

    gap: between neighbours in a rank, at least; port: between two edges at the same side of a box, at most.
    """
    rows, chains = ordered_rows(after)
    ports = _ports(rows, chains, widths, port)
    halves = {place: _width(place, widths) / 2 for row in rows for place in row}
    width = max((2 * sum(halves[place] for place in row) + gap * (len(row) - 1) for row in rows), default=0)
    middles = _settled(rows, ports, halves, gap, width)
    routes = {}
    for edge, chain in chains.items():
        (leave, _), (_, reach) = ports[chain[0], chain[1]], ports[chain[-2], chain[-1]]
        lanes = [middles[place] for place in chain[1:-1]]
        routes[edge] = [middles[edge[0]] + leave, *lanes, middles[edge[1]] + reach]
    ranks = {node: rank for rank, row in enumerate(rows) for node in row if isinstance(node, str)}
    return Layout(ranks, {node: middles[node] for node in after}, routes, width)


def _width(place: Place, widths: Mapping[str, float]) -> float:
    return widths.get(place, 0) if isinstance(place, str) else 0  # a lane has none


def _ports(
    rows: list[list[Place]], chains: Mapping[Edge, list[Place]], widths: Mapping[str, float], step: float
) -> dict[Segment, tuple[float, float]]:
    """How far from the middle a segment leaves the place above and reaches the one below, side by side with others."""
    number = {place: number for row in rows for number, place in enumerate(row)}
    segments = [segment for chain in chains.values() for segment in pairwise(chain)]

    def offset(segment: Segment, end: int) -> float:
        beside = sorted((one for one in segments if one[end] == segment[end]), key=lambda one: number[one[1 - end]])
        room = min(step, _width(segment[end], widths) / len(beside))
        return room * (beside.index(segment) - (len(beside) - 1) / 2)

    return {segment: (offset(segment, 0), offset(segment, 1)) for segment in segments}


def _settled(
    rows: list[list[Place]],
    ports: Mapping[Segment, tuple[float, float]],
    halves: Mapping[Place, float],
    gap: float,
    width: float,
) -> dict[Place, float]:
    """Move every place towards its neighbours, rank by rank: first for short edges (means), then for straight ones."""
    near: dict[Place, list[tuple[Place, float]]] = {place: [] for place in halves}
    for (upper, lower), (leave, reach) in ports.items():
        pull = STRAIGHT if isinstance(upper, tuple) or isinstance(lower, tuple) else 1
        near[lower] += [(upper, leave - reach)] * (pull + isinstance(lower, tuple))  # a lane turns late, and once
        near[upper] += [(lower, reach - leave)] * pull
    middles = dict.fromkeys(halves, width / 2)
    for centre in (fmean, median):
        for row in (rows + rows[::-1]) * ROUNDS:
            wanted = [[middles[one] + shift for one, shift in near[place]] or [middles[place]] for place in row]
            middles |= zip(row, _apart(wanted, [halves[place] for place in row], gap, width, centre), strict=True)
    return middles


def _apart(
    wanted: list[list[float]],
    halves: list[float],
    gap: float,
    width: float,
    centre: Callable[[list[float]], float],
) -> list[float]:
    """The middles nearest to the centres of the wanted ones that keep order, gap and the picture's edges.

    centre: `fmean` for least squares, `median` for least distance (isotonic regression, pooling adjacent violators).
    """
    offsets = [0.0]
    for left, right in pairwise(halves):
        offsets.append(offsets[-1] + left + gap + right)
    blocks: list[tuple[list[float], int]] = []  # (wanted by all, how many places)
    for some, offset in zip(wanted, offsets, strict=True):
        pool, length = [want - offset for want in some], 1
        while blocks and centre(blocks[-1][0]) > centre(pool):
            other, more = blocks.pop()
            pool, length = other + pool, more + length
        blocks.append((pool, length))
    low, high = halves[0], width - halves[-1] - offsets[-1]
    starts = [min(max(centre(pool), low), high) for pool, length in blocks for _ in range(length)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
