"""A description of its own (a rack in a file) -> the JGF that attaches it below a vertex."""

import json
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.topology import children, parent


def placed_under(
    graph: ResourceGraph, text: str, under: str, source: str | None = None
) -> tuple[str, list[str]]:
    """Return the JGF that adds a machine, or what is below its cluster, and the paths of its tops.

    The text is of any format. Nodes get the next free ranks, in their order. Raises `GraphError` if
    there is no vertex `under`, or it has a child with such a name.
    """
    flat = graph.flat
    if under not in graph:
        raise GraphError(f"--under {graph.missing(under)}")
    new = ResourceGraph.from_text(text, source=source).flat
    root = new.root()
    tops = children(new, root) if new.type(root) == "cluster" else [root]
    builder = _Builder(flat, new)
    above = builder.way_to(graph[under].row)
    paths = []
    for top in tops:
        path = f"{under}/{new.name(top)}"
        if path in graph:
            raise GraphError(f"{path} is there already", source=source)
        builder.add_below(top, above, under)
        paths.append(path)
    return json.dumps({"graph": {"nodes": builder.nodes, "edges": builder.edges}}), paths


class _Builder:
    """Collects the nodes and edges of the JGF."""

    def __init__(self, flat: FlatGraph, new: FlatGraph) -> None:
        self.flat = flat
        self.new = new
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, str]] = []
        self._next_rank = max(flat.ranks(), default=-1) + 1
        self._ranks: dict[int, int] = {}

    def way_to(self, row: int) -> str:
        """Add the vertices from the root down to a row; return the key of the last."""
        way = [row]
        while (row := parent(self.flat, row)) >= 0:
            way.append(row)
        above = ""
        for entry in reversed(way):
            path = self.flat.path(entry) or ""
            above = self._add(self.flat, entry, path, self.flat.rank(entry), above)
        return above

    def add_below(self, top: int, above: str, under: str) -> None:
        """Add a vertex and all below it."""
        stack = [(top, above, under)]
        while stack:
            row, key, path = stack.pop()
            path = f"{path}/{self.new.name(row)}"
            inner = self._add(self.new, row, path, self._rank(row), key)
            stack += [(child, inner, path) for child in reversed(children(self.new, row))]

    def _rank(self, row: int) -> int:
        old = self.new.rank(row)
        if self.new.type(row) == "node" or (old >= 0 and old not in self._ranks):
            self._ranks[old] = self._next_rank
            self._next_rank += 1
        return self._ranks[old] if old >= 0 or self.new.type(row) == "node" else -1

    def _add(self, flat: FlatGraph, row: int, path: str, rank: int, above: str) -> str:
        key = str(len(self.flat) + len(self.nodes))
        metadata = {
            "type": flat.type(row),
            "basename": flat.basename(row),
            "name": flat.name(row),
            "id": flat.id(row),
            "uniq_id": int(key),
            "rank": rank,
            "size": flat.size(row),
            "unit": flat.unit(row),
            "properties": flat.properties(row),
            "paths": {"containment": path},
        }
        self.nodes.append({"id": key, "metadata": metadata})
        if above:
            self.edges.append({"source": above, "target": key})
        return key
