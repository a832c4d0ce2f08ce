"""What a parent grants a child: an R with every vertex, and the child's graph made from it.

The child's graph is exactly the allocation: what was granted whole with all below it, and the
vertices on the way there. Paths, names and core ids stay the parent's, so a message and a CPU
binding mean the same at every depth; ranks are numbered anew from 0 (queueing.md 14), and
`RankMap` leads back.
"""

import json
from collections.abc import Container, Iterable, Mapping
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.allocation import Allocation
from fluxion_py.errors import GraphError, ReadError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.hostlist import format_hostlist, parse_hostlist
from fluxion_py.idset import IDset
from fluxion_py.outcome import SelectedEdge, SelectedVertex, Selection


class GrantError(GraphError):
    """A resource set is not (any more) what was granted; the text names the vertex."""


class RankMap:
    """The parent's rank of each rank of a child: rank `k` here is `above[k]` there."""

    def __init__(self, above: Iterable[int]) -> None:
        self.above = list(above)

    def up(self, ranks: Iterable[int]) -> IDset:
        """Return ranks of the child as the parent's."""
        return IDset(self.above[rank] for rank in ranks)

    def down(self, ranks: Iterable[int]) -> IDset:
        """Return ranks of the parent as the child's; those that it has not are left out."""
        here = {rank: place for place, rank in enumerate(self.above)}
        return IDset(here[rank] for rank in ranks if rank in here)

    def add(self, ranks: Iterable[int]) -> dict[int, int]:
        """Give further ranks of the parent a number; return the child's of each known then."""
        known = {rank: place for place, rank in enumerate(self.above)}
        for rank in sorted(ranks):
            if rank not in known:
                known[rank] = len(self.above)
                self.above.append(rank)
        return known

    def trim(self, present: Container[int]) -> None:
        """Forget the last ranks that are no more, so that their numbers are given again."""
        while self.above and len(self.above) - 1 not in present:
            self.above.pop()


def whole_selection(
    flat: FlatGraph, rows: Mapping[int, bool], units: Mapping[int, int] | None = None
) -> Selection:
    """Return some rows (row -> owned whole) and all below the owned ones, as a writer wants it.

    `units` says how much is given of divisible vertices of which it is not all. Rows to which no
    way leads down from the root are left out. O(size of the answer).
    """
    part = units or {}
    vertices: list[SelectedVertex] = []
    edges: list[SelectedEdge] = []
    root = flat.root()
    seen = {root}
    stack = [(root, 1, rows.get(root, False))]
    while stack:
        row, depth, owned = stack.pop()
        vertices.append((row, part.get(row) or flat.size(row), owned, depth))
        for target, kind in flat.out_edges(row):
            if kind == 0 and (owned or target in rows):
                edges.append((row, target, kind))
                if target not in seen:
                    seen.add(target)
                    stack.append((target, depth + 1, owned or rows[target]))
    vertices.reverse()
    return Selection(vertices, edges)


def granted(allocation: Allocation) -> Selection:
    """Return all that an allocation gives, what is below whole vertices too."""
    rows = {row: owned for row, _, owned, _ in allocation.selection.vertices}
    return whole_selection(allocation.flat, rows, shared_units(allocation))


def shared_units(allocation: Allocation) -> dict[int, int]:
    """Return how many units are given of each divisible vertex that is not given whole."""
    flat = allocation.flat
    if not flat.divisible_count:
        return {}
    return {
        row: needs
        for row, needs, owned, _ in allocation.selection.vertices
        if not owned and flat.divisible(row)
    }


def grant_text(allocation: Allocation, given: Selection | None = None) -> str:
    """Return the R of an allocation, or of a part of it, with every vertex in it."""
    selection = granted(allocation) if given is None else given
    return allocation.with_selection(selection).write("rv1").strip()


def rows_on(flat: FlatGraph, given: Selection, host: str) -> dict[int, bool]:
    """Return the part of a selection that is one node: it, what is below it, the way there."""
    owned = {row: whole for row, _, whole, _ in given.vertices}
    parent = {target: source for source, target, _ in given.edges}
    found: dict[int, bool] = {}
    for row in owned:
        up = row
        way = [row]
        while flat.type(up) != "node" and up in parent:
            up = parent[up]
            way.append(up)
        if flat.type(up) == "node" and flat.name(up) == host:
            found.update((entry, owned[entry]) for entry in way)
            while up in parent:
                up = parent[up]
                found[up] = False
    return found


def graph_of_grant(text: str) -> tuple[ResourceGraph, RankMap]:
    """Return the graph of a grant, with its ranks numbered from 0, and the way back.

    Raises `ReadError` for a text that is no R, or one without the key `scheduling`.
    """
    import msgspec

    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        inner = bytes(parts.get("scheduling", b""))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ReadError(f"a grant must be an R: {error}") from None
    if not inner:
        return _renumbered(ResourceGraph.from_text(text, "rv1exec"))
    return _renumbered(ResourceGraph.from_text(inner.decode(), "jgf"))


def _renumbered(graph: ResourceGraph) -> tuple[ResourceGraph, RankMap]:
    flat = graph.flat
    ranks = RankMap(rank for rank in sorted(flat.ranks()) if rank >= 0)
    moved = [
        (row, here)
        for here, above in enumerate(ranks.above)
        if here != above
        for row in flat.rows_of_rank(above)
    ]
    for row, here in moved:  # all were found first: an index is made anew after a change
        flat.set_rank(row, here)
    return graph, ranks


def renumbered_jgf(text: str, ranks: RankMap) -> str:
    """Return the JGF of a grant, to be attached to a child whose map is made to know its ranks."""
    graph = json.loads(text)["scheduling"]
    metadata = [node["metadata"] for node in graph["graph"]["nodes"]]
    here = ranks.add({entry.get("rank", -1) for entry in metadata} - {-1})
    for entry in metadata:
        if entry.get("rank", -1) >= 0:
            entry["rank"] = here[entry["rank"]]
    return json.dumps(graph)


def pools_of(text: str) -> dict[str, int]:
    """Return the path of each divisible vertex of a grant, and how many units are given."""
    metadata = (node["metadata"] for node in json.loads(text)["scheduling"]["graph"]["nodes"])
    return {
        entry["paths"]["containment"]: entry.get("size", 1)
        for entry in metadata
        if entry.get("divisible")
    }


def mapped_back(text: str, ranks: RankMap) -> str:
    """Return an R of a child as the parent would have written it, with the ranks it has there."""
    document: dict[str, Any] = json.loads(text)
    execution = document["execution"]
    here: list[int] = []
    for entry in execution["R_lite"]:
        numbers = IDset(entry["rank"])
        here += numbers
        entry["rank"] = str(ranks.up(numbers))
    names = [name for part in execution["nodelist"] for name in parse_hostlist(part)]
    above = sorted(zip((ranks.above[rank] for rank in sorted(here)), names, strict=True))
    execution["nodelist"] = [format_hostlist(name for _, name in above)] if above else []
    properties = execution.get("properties", {})
    for name, idset in properties.items():
        properties[name] = str(ranks.up(IDset(idset)))
    for node in document.get("scheduling", {}).get("graph", {}).get("nodes", ()):
        if node["metadata"].get("rank", -1) >= 0:
            node["metadata"]["rank"] = ranks.above[node["metadata"]["rank"]]
    return json.dumps(document)
