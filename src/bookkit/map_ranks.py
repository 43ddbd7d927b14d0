"""Ranks of a small graph without cycles: no edge runs upward, and few edges cross.

A graph is a mapping ``after``: each node with the nodes that it comes after. An edge that passes a rank takes a place
of its own there, its lane (Sugiyama, Tagawa and Toda, 1981).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations, pairwise
from statistics import fmean

import networkx as nx

ROUNDS = 24  # sweeps down and up; the map of the book is settled after two

Graph = Mapping[str, Collection[str]]
Edge = tuple[str, str]  # (before, after)
Place = str | tuple[str, str, int]  # a node, or the lane of an edge in a rank
Segment = tuple[Place, Place]  # part of an edge, from a rank to the next


def digraph(after: Graph) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(after)
    graph.add_edges_from((before, node) for node in after for before in after[node])
    return graph


def longest_paths(after: Graph) -> dict[str, int]:
    """The rank of each node: the edges on the longest path to it. Raises networkx.NetworkXUnfeasible for a cycle."""
    return {node: rank for rank, row in enumerate(nx.topological_generations(digraph(after))) for node in row}


def direct_edges(after: Graph) -> list[Edge]:
    """The edges that no longer path implies, sorted. Raises networkx.NetworkXError for a cycle."""
    return sorted(nx.transitive_reduction(digraph(after)).edges)


def ordered_rows(after: Graph) -> tuple[list[list[Place]], dict[Edge, list[Place]]]:
    """The places of each rank from left to right, and the places that each direct edge takes, from top to bottom."""
    ranks = longest_paths(after)
    chains = {edge: _chain(edge, ranks) for edge in direct_edges(after)}
    rows: list[list[Place]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for node in sorted(ranks):
        rows[ranks[node]].append(node)
    for (before, _), chain in chains.items():
        for rank, lane in enumerate(chain[1:-1], ranks[before] + 1):
            rows[rank].append(lane)
    return _ordered(rows, [segment for chain in chains.values() for segment in pairwise(chain)]), chains


def crossings(rows: list[list[Place]], segments: list[Segment]) -> int:
    """How many pairs of segments between neighbouring ranks cross."""
    at = {place: (depth, number) for depth, row in enumerate(rows) for number, place in enumerate(row)}
    ends = [(*at[upper], at[lower][1]) for upper, lower in segments]  # (rank, number above, number below)
    return sum(a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for a, b in combinations(ends, 2))


def _chain(edge: Edge, ranks: dict[str, int]) -> list[Place]:
    before, node = edge
    return [before, *((before, node, rank) for rank in range(ranks[before] + 1, ranks[node])), node]


def _ordered(rows: list[list[Place]], segments: list[Segment]) -> list[list[Place]]:
    """Sort each rank by the mean place of the neighbours above, then below; keep the order with fewest crossings."""
    best = rows
    for number in range(ROUNDS):
        rows = _sweep(rows, segments, downward=number % 2 == 0)
        if crossings(rows, segments) < crossings(best, segments):
            best = rows
    return best


def _sweep(rows: list[list[Place]], segments: list[Segment], downward: bool) -> list[list[Place]]:
    near: dict[Place, list[Place]] = {}
    for upper, lower in segments:
        near.setdefault(lower if downward else upper, []).append(upper if downward else lower)
    share: dict[Place, float] = {}  # a place's share of the way from left to right
    result = []
    for row in rows if downward else reversed(rows):
        wanted = {place: (number + 0.5) / len(row) for number, place in enumerate(row)}
        wanted |= {place: fmean(share[one] for one in near[place]) for place in row if place in near}
        result.append(sorted(row, key=wanted.__getitem__))
        share |= {place: (number + 0.5) / len(row) for number, place in enumerate(result[-1])}
    return result if downward else result[::-1]
