"""What must hold in every resource graph (resource-graph.md 1, 2).

Flows in: a graph. Flows out: a list of sentences, one per thing that is wrong; none if all is
well. Readers accept some of these (as the reference does), so that a wrong file can be looked at.
"""

from collections import Counter
from collections.abc import Iterator

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.topology import Edge, edges_by_subsystem, find_cycle, unreachable

SHOWN = 5
"""The most vertices that one sentence lists."""


def problems(flat: FlatGraph) -> list[str]:
    """Return everything that is wrong with a graph, the worst first.

    Checked: at least one vertex; one root per subsystem; no cycle in a subsystem; every vertex
    reachable from a root of a subsystem that it is in; paths that lead through a parent; ids unique
    per parent; node ranks unique.
    """
    if flat.vertex_count == 0:
        return ["the graph has no vertex"]
    edges = edges_by_subsystem(flat)
    found: list[str] = []
    for subsystem, pairs in edges.items():
        members = _members(flat, subsystem, pairs)
        if members:
            found += _check_subsystem(flat, subsystem, pairs, members)
    found += _check_membership(flat, edges)
    found += _check_siblings(flat)
    found += _check_ranks(flat)
    return found


def _members(flat: FlatGraph, subsystem: str, edges: list[Edge]) -> set[int]:
    """Return the rows that have an edge or, in containment, a path of this subsystem."""
    members = {row for edge in edges for row in edge}
    if subsystem == "containment":
        members.update(row for row in flat.rows() if flat.path(row) is not None)
    return members


def _check_subsystem(
    flat: FlatGraph, subsystem: str, edges: list[Edge], members: set[int]
) -> Iterator[str]:
    cycle = find_cycle(edges)
    if cycle:
        names = [_label(flat, row) for row in (*cycle, cycle[0])]
        yield f"cycle: {' -> '.join(names)} ({subsystem})"
        return
    heads = sorted(members - {target for _, target in edges})
    root = flat.root(subsystem)
    if root < 0:
        yield f"{subsystem} has no root: no vertex has a {subsystem} path with a single '/'"
        return
    if root not in heads:
        yield f"the root of {subsystem}, {_label(flat, root)}, has a parent"
    tops = [row for row in heads if row != root and _is_top(flat, row, subsystem)]
    if tops:
        yield f"{len(tops) + 1} roots in {subsystem}: {_list(flat, [root, *tops])}"
    lost = [row for row in unreachable(root, edges, members) if row not in tops]
    if lost:
        yield f"{len(lost)} vertices cannot be reached in {subsystem}: {_list(flat, lost)}"
    yield from _check_paths(flat, subsystem, edges)


def _is_top(flat: FlatGraph, row: int, subsystem: str) -> bool:
    path = flat.path(row, subsystem)
    return path is not None and path.count("/") == 1


def _check_paths(flat: FlatGraph, subsystem: str, edges: list[Edge]) -> Iterator[str]:
    """Find vertices whose path does not lead through a parent.

    The last word of a path may differ from the name: JGF gives both.
    """
    led: set[int] = set()
    for source, target in edges:
        above, path = flat.path(source, subsystem), flat.path(target, subsystem)
        if path is None:
            yield f"{_label(flat, target)} has an edge but no path in {subsystem}"
            return
        if target not in led and above is not None and path.rpartition("/")[0] == above:
            led.add(target)
    stray = sorted({target for _, target in edges} - led)
    if stray:
        yield f"{len(stray)} {subsystem} paths lead through no parent: {_list(flat, stray)}"


def _check_membership(flat: FlatGraph, edges: dict[str, list[Edge]]) -> Iterator[str]:
    """Every vertex is in a subsystem: it has an edge, or it is a root."""
    joined = {row for pairs in edges.values() for edge in pairs for row in edge}
    joined.update(flat.root(subsystem) for subsystem in edges)
    alone = [row for row in flat.rows() if row not in joined and flat.path(row) is None]
    if alone:
        yield f"{len(alone)} vertices have no edge and no path: {_list(flat, alone)}"


def _check_siblings(flat: FlatGraph) -> Iterator[str]:
    """Under one parent no two vertices have the same type, basename, id, name and rank."""
    for row in flat.rows():
        edges = flat.out_edges(row)
        if len(edges) < 2:
            continue
        kinds = Counter(
            (flat.type(child), flat.basename(child), flat.id(child), flat.name(child), subsystem)
            for child, subsystem in edges
        )
        twice = [kind for kind, count in kinds.items() if count > 1]
        if twice and not _told_apart_by_rank(flat, row):
            kind, _, number, name, _ = twice[0]
            yield f"{kind} id {number} ({name}) occurs twice under {_label(flat, row)}"
            return


def _told_apart_by_rank(flat: FlatGraph, row: int) -> bool:
    """One host name may serve several ranks (resource-graph.md 5)."""
    children = [child for child, _ in flat.out_edges(row)]
    return len({(flat.name(child), flat.rank(child)) for child in children}) == len(children)


def _check_ranks(flat: FlatGraph) -> Iterator[str]:
    """Each node is an execution target of its own."""
    ranks = Counter(flat.rank(row) for row in flat.rows_of_type("node"))
    twice = sorted(rank for rank, count in ranks.items() if count > 1 and rank >= 0)
    if twice:
        rows = [row for row in flat.rows_of_type("node") if flat.rank(row) == twice[0]]
        yield f"rank {twice[0]} belongs to {len(rows)} nodes: {_list(flat, rows)}"


def _label(flat: FlatGraph, row: int) -> str:
    return next(iter(flat.paths(row).values()), flat.name(row))


def _list(flat: FlatGraph, rows: list[int]) -> str:
    shown = ", ".join(_label(flat, row) for row in rows[:SHOWN])
    return shown if len(rows) <= SHOWN else f"{shown}, ... ({len(rows) - SHOWN} more)"
