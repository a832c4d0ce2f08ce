"""A small machine by hand, and selections of it, for tests of writers."""

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.outcome import Selection


def mini() -> FlatGraph:
    """The graph of matching.md 15: cluster, 2 nodes, 2 sockets each, 3 cores and 1 memory each."""
    graph = FlatGraph()
    root = graph.add_vertex("cluster", "mini", 0, "mini0", 0)
    graph.set_root("containment", root)
    graph.set_path_under(root, "containment", -1)
    below = {"node": (2, [0, 1]), "socket": (2, [0, 1] * 2), "core": (3, [*range(6)] * 2)}
    parents = [root]
    for kind, (count, ids) in below.items():
        first_rank = 0 if kind == "node" else -1
        rows = graph.add_children(parents, count, kind, kind, ids, 1, "", "containment", first_rank)
        if kind == "core":
            graph.add_children(parents, 1, "memory", "memory", [0, 1] * 2, 4, "GB", "containment")
        parents = list(rows)
    return graph


def chosen(graph: FlatGraph, *marks: str) -> Selection:
    """Return a selection from marks such as "/mini0/node0:s"; depth and edges follow the paths.

    A "*" behind x or s takes 4 units instead of 1. Marks stand in emission order.
    """
    selection = Selection()
    for mark in marks:
        path, _, how = mark.partition(":")
        (row,) = graph.rows_at(path)
        needs = 4 if how.endswith("*") else 1
        selection.vertices.append((row, needs, how.startswith("x"), path.count("/")))
        parents = graph.rows_at(path.rpartition("/")[0])
        if parents:
            selection.edges.append((parents[0], row, 0))
    return selection
