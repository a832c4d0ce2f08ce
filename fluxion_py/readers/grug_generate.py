"""GRUG recipe nodes -> vertices, by the generation rules of resource-graph.md 3.

Depth first over the recipe: nodes and edges in document order, each node entered once, and on
every edge that enters a new node the action of the edge *before* going on below it. So vertices
come level by level per recipe edge, and whole levels are added in one call.
"""

from array import array
from collections.abc import Sequence
from math import prod

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import ReadError, short
from fluxion_py.readers.grug import INT64, RecipeEdge, RecipeNode
from fluxion_py.readers.limits import MAX_DEPTH, MAX_EDGES, MAX_VERTICES


def generate(nodes: list[RecipeNode], flat: FlatGraph, source: str | None = None) -> None:
    """Grow the vertices of a recipe in `flat`.

    Raises `ReadError` for an unknown generation method, a recipe deeper or larger than the limits,
    ids beyond 64 bits, or vertices that come to contain themselves.
    """
    generator = _Generator(flat, source)
    for node in nodes:
        if node.key not in generator.entered:
            generator.enter(node, 0)
    if len(flat) == 0:
        raise ReadError(
            "the recipe makes no vertex: no node with root=1 has an edge",
            source=source,
            line=nodes[0].line,
        )


class _Generator:
    def __init__(self, flat: FlatGraph, source: str | None) -> None:
        self.flat = flat
        self.source = source
        self.entered: set[str] = set()
        self.made: dict[str, Sequence[int]] = {}
        self.scales: list[int] = []  # of the MULTIPLY edges on the way, the innermost last
        self.next_rank = 0

    def wrong(self, edge: RecipeEdge, message: str) -> ReadError:
        return ReadError(message, source=self.source, line=edge.line)

    def enter(self, node: RecipeNode, depth: int) -> None:
        """Visit one recipe node and everything below it."""
        self.entered.add(node.key)
        for edge in node.out:
            if edge.target.key in self.entered:
                continue
            if depth >= MAX_DEPTH:
                raise self.wrong(edge, f"the recipe is deeper than {MAX_DEPTH} levels")
            self.expand(node, edge)
            self.enter(edge.target, depth + 1)
        if self.scales:
            self.scales.pop()

    def expand(self, node: RecipeNode, edge: RecipeEdge) -> None:
        """Carry out the action of one edge."""
        if node.root and node.key not in self.made:
            self.made[node.key] = [self.make_root(node)]
        parents = self.made.get(node.key, ())
        if edge.method == "MULTIPLY":
            self.made[edge.target.key] = self.multiply(parents, edge)
            self.scales.append(edge.scale)
        elif edge.method == "ASSOCIATE_IN":
            self.made[edge.target.key] = self.associate(parents, edge, by_path=False)
        elif edge.method == "ASSOCIATE_BY_PATH_IN":
            self.made[edge.target.key] = self.associate(parents, edge, by_path=True)
        else:
            raise self.wrong(edge, f"unknown generation method {short(edge.method)}")

    def make_root(self, node: RecipeNode) -> int:
        """Make the root of a subsystem, or return the one that it has."""
        row = self.flat.root(node.subsystem)
        if row >= 0:
            return row
        rank = self.take_ranks(node, 1)
        row = self.flat.add_vertex(
            node.type,
            node.basename,
            0,
            f"{node.basename}0",
            len(self.flat),
            rank,
            node.size,
            node.unit,
        )
        self.flat.set_root(node.subsystem, row)
        self.flat.set_path_under(row, node.subsystem, -1)
        return row

    def take_ranks(self, node: RecipeNode, count: int) -> int:
        """Return the rank of the first of `count` new vertices, -1 if they have none."""
        if node.type != "node":
            return -1
        self.next_rank += count
        return self.next_rank - count

    def multiply(self, parents: Sequence[int], edge: RecipeEdge) -> Sequence[int]:
        """Make `scale` children for every parent, in one call."""
        count = len(parents) * edge.scale
        if len(self.flat) + count > MAX_VERTICES:
            raise self.wrong(edge, f"the recipe makes more than {MAX_VERTICES} vertices")
        if not count:
            return ()
        target = edge.target
        rows = self.flat.add_children(
            parents,
            edge.scale,
            target.type,
            target.basename,
            self.ids(edge, len(parents)),
            target.size,
            target.unit,
            target.subsystem,
            self.take_ranks(target, count),
        )
        if edge.subsystem != target.subsystem:
            for position, row in enumerate(rows):
                self.flat.add_edge(parents[position // edge.scale], row, edge.subsystem)
        return rows

    def ids(self, edge: RecipeEdge, parents: int) -> "array[int]":
        """Return the ids of all children, parent by parent.

        Within `period` neighbouring parents the numbers run on, then they start again.
        """
        if edge.id_scope < 0:
            return array("q", [-1]) * (parents * edge.scale)
        period, stride = 1, 1
        if edge.id_scope > 0:
            period = prod(self.scales[::-1][: edge.id_scope])
            stride = edge.id_stride
        period = max(1, min(period, parents))
        length = period * edge.scale
        last = edge.id_start + (length - 1) * stride
        if not -INT64 <= last < INT64:
            raise self.wrong(edge, f"ids of {edge.target.basename} do not fit 64 bits: {last}")
        if stride:
            pattern = array("q", range(edge.id_start, edge.id_start + length * stride, stride))
        else:
            pattern = array("q", [edge.id_start]) * length
        repeated = pattern * -(-parents // period)
        return repeated[: parents * edge.scale]

    def associate(
        self, parents: Sequence[int], edge: RecipeEdge, *, by_path: bool
    ) -> Sequence[int]:
        """Join parents to existing vertices of the target's type, and return those joined.

        By path: only if both paths agree once some last components are dropped.
        """
        targets = self.flat.rows_of_type(edge.target.type)
        groups: dict[str | None, list[int]] = {None: targets}
        if by_path:
            groups = {}
            for row in targets:
                key = self.prefix(row, edge.match_subsystem, edge.target_levels)
                if key is not None:
                    groups.setdefault(key, []).append(row)
        pairs: list[tuple[int, int]] = []
        for parent in parents:
            key = None
            if by_path:
                key = self.prefix(parent, edge.match_subsystem, edge.source_levels)
                if key is None:
                    continue
            group = groups.get(key, [])
            if len(pairs) + len(group) > MAX_EDGES:
                raise self.wrong(edge, f"the recipe makes more than {MAX_EDGES} edges")
            pairs += [(parent, row) for row in group]
        self.join(pairs, edge)
        return list(dict.fromkeys(row for _, row in pairs))

    def join(self, pairs: list[tuple[int, int]], edge: RecipeEdge) -> None:
        """Add edges, then paths: no path may lead through itself."""
        from fluxion_py.graph.topology import edges_by_subsystem, find_cycle  # rarely needed

        for parent, row in pairs:
            self.flat.add_edge(parent, row, edge.subsystem)
        cycle = find_cycle(edges_by_subsystem(self.flat).get(edge.subsystem, []))
        if cycle:
            names = " -> ".join(self.flat.name(row) for row in (*cycle, cycle[0]))
            raise self.wrong(edge, f"cycle: {names} ({edge.subsystem})")
        for parent, row in pairs:
            self.flat.set_path_under(row, edge.subsystem, parent)

    def prefix(self, row: int, subsystem: str, levels: int) -> str | None:
        """Return the path without its last `levels` components, ending in "/"; "" if none is left.

        None if the vertex is not in the subsystem.
        """
        path = self.flat.path(row, subsystem)
        if path is None:
            return None
        parts = path.split("/")[1:]
        kept = parts[: max(0, len(parts) - levels)]
        return "".join(f"/{part}" for part in kept) + "/" if kept else ""
