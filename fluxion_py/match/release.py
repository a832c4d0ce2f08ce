"""Giving back a part of what a job has: which rows go, and what is left (matching.md 10)."""

from collections.abc import Collection, Iterable

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError, MatchError
from fluxion_py.graph.topology import below
from fluxion_py.outcome import Selection


def rows_of_paths(flat: FlatGraph, paths: Iterable[str], subsystem: int) -> dict[str, set[int]]:
    """Return, for each path, its vertices and all below them. Raises `GraphError`."""
    found = {}
    for path in paths:
        rows = flat.rows_at(path)
        if not rows:
            raise GraphError(f"{path}: no such vertex")
        found[path] = below(flat, rows, subsystem)
    return found


def rows_of_ranks(flat: FlatGraph, ranks: Iterable[int], subsystem: int) -> dict[str, set[int]]:
    """Return, for each rank, its vertices and all below them. Raises `GraphError`."""
    found = {}
    for rank in ranks:
        rows = flat.rows_of_rank(rank) if rank >= 0 else []
        if not rows:
            raise GraphError(f"no vertex has rank {rank}")
        found[f"rank {rank}"] = below(flat, rows, subsystem)
    return found


def check_owned(
    flat: FlatGraph, jobid: int, selection: Selection, parts: dict[str, set[int]]
) -> set[int]:
    """Return all rows to give back. Raises `MatchError` if the job cannot give a part back.

    It must own something there, and must not own a vertex above it that it keeps: that would
    leave a hole nobody can use.
    """
    owned = held(selection)
    gone = set().union(*parts.values())
    for name, rows in parts.items():
        if owned.isdisjoint(rows):
            raise MatchError(f"job {jobid} has nothing of its own on {name}")
    for source, target, _ in selection.edges:
        if target in gone and source in owned and source not in gone:
            above, part = flat.path(source), flat.path(target)
            raise MatchError(
                f"job {jobid} owns {above} whole, so {part} cannot be given back alone"
            )
    return gone


def held(selection: Selection) -> set[int]:
    """Return the rows that are there for themselves: owned whole, or the end of a branch.

    A shared vertex at an end is a pool of which a part is taken, or was asked for as shared.
    """
    inner = {source for source, _, _ in selection.edges}
    return {
        row
        for row, _, whole, _ in selection.vertices
        if whole or (selection.edges and row not in inner)
    }


def remaining(selection: Selection, gone: Collection[int]) -> Selection:
    """Return a selection without some rows, and without shared vertices that then hold nothing."""
    children: dict[int, list[int]] = {}
    for source, target, _ in selection.edges:
        children.setdefault(source, []).append(target)
    kept: set[int] = set()
    own = held(selection)
    for row, _, _, _ in selection.vertices:  # children come before their parents
        if row not in gone and (row in own or not kept.isdisjoint(children.get(row, ()))):
            kept.add(row)
    return Selection(
        [vertex for vertex in selection.vertices if vertex[0] in kept],
        [edge for edge in selection.edges if edge[0] in kept and edge[1] in kept],
        {row: label for row, label in selection.labels.items() if row in kept},
    )
