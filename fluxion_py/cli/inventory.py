"""What a machine consists of: how many of each type, how many of them up, what they are called."""

from dataclasses import asdict, dataclass
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.topology import below, children
from fluxion_py.hostlist import short_hostlist

MAX_NAMED = 100_000
"""Names are not looked at for a type with more vertices."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The vertices of one type. `names` is empty if names repeat, as those of cores do."""

    type: str
    count: int
    up: int
    down: int
    names: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """The root and its type, all other types in order of their first vertex, levels below it."""

    name: str
    type: str
    kinds: list[Kind]
    subsystems: list[str]
    depth: int
    vertices: int
    edges: int

    def to_dict(self) -> dict[str, Any]:
        """Return the inventory as JSON-able values."""
        return asdict(self)


def take_inventory(graph: ResourceGraph) -> Inventory:
    """Count the vertices of a graph. A vertex below one that is down counts as down."""
    flat = graph.flat
    root = flat.root()
    if root < 0:
        raise GraphError("the graph has no containment root", source=graph.source)
    down = below(flat, (row for row in flat.rows() if not flat.up(row)))
    kinds = []
    for name in flat.counts():
        rows = flat.rows_of_type(name)
        if rows == [root]:
            continue
        lost = sum(row in down for row in rows) if down else 0
        kinds.append(Kind(name, len(rows), len(rows) - lost, lost, _names(flat, rows)))
    return Inventory(
        flat.name(root),
        flat.type(root),
        kinds,
        flat.subsystems(),
        _depth(flat, root),
        flat.vertex_count,
        flat.edge_count,
    )


def _depth(flat: FlatGraph, root: int) -> int:
    """Return the number of levels below the root."""
    depth = 0
    seen = {root}
    level = [root]
    while True:
        following = []
        for row in level:
            for child in children(flat, row):
                if child not in seen:
                    seen.add(child)
                    following.append(child)
        if not following:
            return depth
        depth += 1
        level = following


def _names(flat: FlatGraph, rows: list[int]) -> str:
    if len(rows) > MAX_NAMED:
        return ""
    names = [flat.name(row) for row in rows]
    if len(set(names)) < len(names):
        return ""
    return short_hostlist(names)
