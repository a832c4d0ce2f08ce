"""Questions about the shape of a graph: what is below a vertex, cycles, reachability.

The last two are rustworkx's; it is slow to import, and most loads need no check.
"""

from collections.abc import Iterable

from fluxion_py._core.flatgraph import FlatGraph

Edge = tuple[int, int]


def children(flat: FlatGraph, row: int, subsystem: int = 0) -> list[int]:
    """Return the rows directly below a vertex in one subsystem (0: containment), in edge order."""
    return [target for target, kind in flat.out_edges(row) if kind == subsystem]


def parent(flat: FlatGraph, row: int) -> int:
    """Return the first row directly above a vertex in containment, -1 for a root."""
    return next((source for source, kind in flat.in_edges(row) if kind == 0), -1)


def ancestors(flat: FlatGraph, rows: Iterable[int]) -> set[int]:
    """Return all rows above some rows in containment. O(rows + size found)."""
    found: set[int] = set()
    for row in rows:
        while (row := parent(flat, row)) >= 0 and row not in found:
            found.add(row)
    return found


def below(flat: FlatGraph, rows: Iterable[int], subsystem: int = 0) -> set[int]:
    """Return some rows and all below them in one subsystem (0: containment). O(size found)."""
    stack = list(rows)
    seen = set(stack)
    while stack:
        for target, kind in flat.out_edges(stack.pop()):
            if kind == subsystem and target not in seen:
                seen.add(target)
                stack.append(target)
    return seen


def edges_by_subsystem(flat: FlatGraph) -> dict[str, list[Edge]]:
    """Return the (source row, target row) pairs of every subsystem. O(vertices + edges)."""
    names = flat.subsystems()
    found: list[list[Edge]] = [[] for _ in names]
    for row in flat.rows():
        for target, subsystem in flat.out_edges(row):
            found[subsystem].append((row, target))
    return dict(zip(names, found, strict=True))


def find_cycle(edges: Iterable[Edge]) -> list[int]:
    """Return the rows of one directed cycle in order, an empty list if there is none."""
    import rustworkx

    graph: rustworkx.PyDiGraph[int | None, None] = rustworkx.PyDiGraph()
    graph.extend_from_edge_list(list(edges))
    if rustworkx.is_directed_acyclic_graph(graph):
        return []
    return [source for source, _ in rustworkx.digraph_find_cycle(graph)]


def unreachable(root: int, edges: list[Edge], rows: Iterable[int]) -> list[int]:
    """Return those of `rows` that no path of `edges` leads to from `root`, ascending."""
    import rustworkx

    graph: rustworkx.PyDiGraph[int | None, None] = rustworkx.PyDiGraph()
    graph.extend_from_edge_list(edges)
    reached = {root}
    if root < len(graph):
        reached |= rustworkx.descendants(graph, root)
    return sorted(row for row in rows if row not in reached)
