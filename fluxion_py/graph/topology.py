"""Questions about the shape of a graph that rustworkx answers: cycles and reachability."""

from collections.abc import Iterable

from fluxion_py._core.flatgraph import FlatGraph

Edge = tuple[int, int]


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
    import rustworkx  # slow to import, and most loads need no check

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
