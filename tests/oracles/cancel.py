"""Giving back: a whole job, ranks of it, single vertices (matching.md 10, errata G4, G14)."""

from collections.abc import Iterable, Mapping, Sequence

from fluxion_py.outcome import Release

from .machine import Machine


def cancel(machine: Machine, jobid: int) -> Release:
    """Give a whole job back; raise KeyError if nothing is held by it.

    Preorder counts the root and every dominant child of a tagged vertex, postorder the tagged
    vertices (errata G14). A job without tag at the root (from another dominant subsystem) only
    has plans.
    """
    if jobid not in machine.jobs:
        raise KeyError(jobid)
    machine.topology.refresh()
    release = Release(full=True)
    root = machine.topology.root
    if jobid in machine.state(root).tags:
        _cancel_below(machine, root, jobid, release)
    else:
        for row in list(machine.states):
            free_plans(machine, row, jobid)
    del machine.jobs[jobid]
    return release


def _cancel_below(machine: Machine, row: int, jobid: int, release: Release) -> None:
    release.preorder += 1
    state = machine.states.get(row)
    if state is None or jobid not in state.tags:
        return
    for child in machine.topology.children(row):
        _cancel_below(machine, child, jobid, release)
    free_vertex(machine, row, jobid)
    release.postorder += 1


def free_vertex(machine: Machine, row: int, jobid: int) -> int:
    """Take a job off a vertex completely; return the units that it held exclusively."""
    state = machine.states[row]
    state.x_checker.rem_span(state.x_spans.pop(jobid))
    if jobid in state.job2span and state.filter is not None:
        state.filter.rem_span(state.job2span.pop(jobid))
    return free_plans(machine, row, jobid)


def free_plans(machine: Machine, row: int, jobid: int) -> int:
    """Free the vertex's own units and drop the record; return the vertex's size if there were.

    The size is what the exclusive vertex had passed up to the filters above (matching.md 8).
    """
    state = machine.states[row]
    state.holdings.pop(jobid, None)
    freed = 0
    for records in (state.allocations, state.reservations):
        if jobid in records and machine.divisible(row):
            freed = records.pop(jobid)
        elif jobid in records:
            state.plans.rem_span(records.pop(jobid))
            freed = machine.graph.size(row)
    return freed


def cancel_ranks(machine: Machine, jobid: int, ranks: Iterable[int]) -> Release:
    """Give back every tagged vertex of the ranks; ValueError if a rank holds nothing (G4 c)."""
    if jobid not in machine.jobs:
        raise KeyError(jobid)
    held = {}
    for rank in sorted(set(ranks)):
        held[rank] = [
            row for row in machine.graph.rows_of_rank(rank) if _is_tagged(machine, row, jobid)
        ]
        if not held[rank]:
            raise ValueError(f"{rank} not found in rank_to_counts.")
    return _cancel_partly(machine, jobid, held)


def cancel_vertices(machine: Machine, jobid: int, rows: Iterable[int]) -> Release:
    """Give back exactly these vertices; ValueError, and no change, if one is not held whole."""
    if jobid not in machine.jobs:
        raise KeyError(jobid)
    held: dict[int, list[int]] = {}
    for row in dict.fromkeys(rows):
        state = machine.states.get(row)
        if state is None or jobid not in state.tags or jobid not in state.allocations:
            raise ValueError("partial_cancel returned error.")
        held.setdefault(machine.graph.rank(row), []).append(row)
    return _cancel_partly(machine, jobid, held)


def _is_tagged(machine: Machine, row: int, jobid: int) -> bool:
    state = machine.states.get(row)
    return state is not None and jobid in state.tags


def _cancel_partly(machine: Machine, jobid: int, held: Mapping[int, Sequence[int]]) -> Release:
    """Free the vertices; subtract the sums per rank from every ancestor above the rank.

    The visit counts of a partial cancel are always 0 (errata G4 e).
    """
    machine.topology.refresh()
    for rank, rows in held.items():
        freed: dict[str, int] = {}
        for row in rows:
            own = machine.topology.type(row)
            freed[own] = freed.get(own, 0) + free_vertex(machine, row, jobid)
        for ancestor in machine.topology.ancestors(top_of_rank(machine, rank)):
            reduce_ancestor(machine, ancestor, jobid, freed)
    full = jobid not in machine.state(machine.topology.root).tags
    if full:
        del machine.jobs[jobid]
    return Release(full)


def top_of_rank(machine: Machine, rank: int) -> int:
    """Return the root of a rank's sub-tree: the vertex of the rank with the shortest path."""
    dominant = machine.topology.dominant
    rows = machine.graph.rows_of_rank(rank)
    return min(rows, key=lambda row: (machine.graph.path(row, dominant) or "").count("/"))


def reduce_ancestor(machine: Machine, row: int, jobid: int, freed: Mapping[str, int]) -> None:
    """Subtract from a job's aggregate span; at 0 in all types the tag goes too (G4 a, b).

    An ancestor without such a span keeps its tag; its own plans and records stay always.
    """
    state = machine.states.get(row)
    if state is None or state.filter is None or jobid not in state.job2span:
        return
    if state.filter.reduce_span(state.job2span[jobid], freed):
        del state.job2span[jobid]
        state.x_checker.rem_span(state.x_spans.pop(jobid))
