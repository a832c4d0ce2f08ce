"""Machines, requests and selections that tests share; `strategies` has the random ones."""

from pathlib import Path

from fluxion_py import Jobspec, ResourceGraph
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.outcome import Selection
from tests.conftest import ROOT

RESOURCES = ROOT / "resources"
JOBSPECS = ROOT / "jobspec"


def elk() -> ResourceGraph:
    """4 racks, 10 nodes each, 2 sockets, 18 cores: the machine of the slides."""
    return ResourceGraph.from_file(RESOURCES / "elk.yaml")


def tiny() -> ResourceGraph:
    """1 rack, 2 nodes, 2 sockets; 4 cores, 1 gpu and 2 memory pools of 8 GB per socket."""
    return ResourceGraph.from_file(RESOURCES / "tiny.yaml")


def recipe(contains: dict[str, object], cluster: str = "c") -> ResourceGraph:
    """A machine of a recipe."""
    return ResourceGraph.from_recipe({"version": 1, "cluster": cluster, "contains": contains})


def nodes(count: int = 4, cores: int = 4) -> ResourceGraph:
    """Nodes directly below the root, cores directly below nodes."""
    return recipe({"node": {"count": count, "contains": {"core": cores}}})


def example(name: str) -> Path:
    """The path of a jobspec of the gallery."""
    return JOBSPECS / "examples" / name


def slide() -> Jobspec:
    """The request of the slides: 2 racks, 3 whole nodes in each, for an hour."""
    return Jobspec.from_file(example("slide.yaml"))


def shape(text: str, duration: float = 100) -> Jobspec:
    """A request in one line, for 100 seconds unless told."""
    return Jobspec.from_shape(text, duration=duration)


def entry(
    kind: str, count: int | Count, *children: Resource, exclusive: bool | None = None
) -> Resource:
    """One entry of a request; a slot has the label "task"."""
    amount = Count(count, count) if isinstance(count, int) else count
    return Resource(kind, amount, children, "task" if kind == "slot" else None, exclusive)


def add_below(
    flat: FlatGraph, parent: int, kind: str, number: int, rank: int = -1, size: int = 1
) -> int:
    """Add one vertex, called by its type and number, below another (-1: as root); its row."""
    row = flat.add_vertex(kind, kind, number, f"{kind}{number}", len(flat), rank, size)
    flat.set_path_under(row, "containment", parent)
    if parent < 0:
        flat.set_root("containment", row)
    else:
        flat.add_edge(parent, row)
    return row


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
