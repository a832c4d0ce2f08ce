"""The part of a graph that an allocation is, as a graph of its own.

It is exactly the allocation: what was given whole with all below it, and the vertices on the way
there. Paths, names and core ids stay, so a message and a CPU binding mean the same at every depth;
ranks are numbered anew from 0 (queueing.md 14), and `RankMap` leads back.
"""

from collections.abc import Container, Iterable, Mapping

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.idset import IDset
from fluxion_py.outcome import SelectedEdge, SelectedVertex, Selection


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


def completed(flat: FlatGraph, selection: Selection) -> Selection:
    """Return all that a selection gives, what is below whole vertices too."""
    rows = {row: owned for row, _, owned, _ in selection.vertices}
    return whole_selection(flat, rows, shared_units(flat, selection))


def shared_units(flat: FlatGraph, selection: Selection) -> dict[int, int]:
    """Return how many units are given of each divisible vertex that is not given whole."""
    if not flat.divisible_count:
        return {}
    return {
        row: needs
        for row, needs, owned, _ in selection.vertices
        if not owned and flat.divisible(row)
    }


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
