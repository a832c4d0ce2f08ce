"""JGF records -> vertices: load into an empty graph, or attach to a growing one.

Rules: resource-graph.md 4.2 and 7. Everything is checked before anything is changed, so a refused
attach leaves the graph as it was.
"""

from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.topology import edges_by_subsystem, find_cycle
from fluxion_py.readers.failure import (
    MAX_EDGES,
    MAX_SUBSYSTEMS,
    MAX_TYPES,
    MAX_VERTICES,
    ReadError,
    short,
)
from fluxion_py.readers.jgf_document import Document, Edge, Node, parse_jgf


@dataclass(slots=True)
class Growth:
    """What a JGF text added to a graph: the new rows, and how many vertices were there before."""

    rows: range
    merged: int


def read_jgf(
    text: str, flat: FlatGraph, source: str | None = None, *, keep_units: bool = False
) -> Growth:
    """Add the vertices and edges of a JGF text to `flat` (formats jgf and jgf_shorthand).

    In a graph that has vertices already this is *attach*: a JGF node with a (path, rank) that
    exists stands for that vertex, whose attributes stay; an edge is added only if one end is new.
    `keep_units` false drops the units, as the reference does (resource-graph.md 4.2). Raises
    `ReadError`; then nothing was changed.
    """
    return _Merge(parse_jgf(text, source), flat, source).commit(keep_units)


@dataclass(slots=True)
class _Merge:
    """The checked plan: which JGF node is which row; new rows follow those of the graph."""

    document: Document
    flat: FlatGraph
    source: str | None
    rows: dict[str, int] = field(default_factory=dict)
    fresh: list[Node] = field(default_factory=list)
    roots: dict[str, int] = field(default_factory=dict)

    def commit(self, keep_units: bool) -> Growth:
        """Check all, then add all."""
        self.resolve_nodes()
        edges = self.resolve_edges()
        flat, first = self.flat, len(self.flat)
        flat.reserve(len(self.fresh))
        for node in self.fresh:
            meta = node.metadata
            flat.add_vertex(
                meta.type,
                meta.basename,
                meta.id,
                meta.name,
                meta.uniq_id,
                meta.rank,
                meta.size,
                meta.unit if keep_units else "",
                meta.properties,
                meta.status == 0,
            )
        for subsystem, row in self.roots.items():
            flat.set_root(subsystem, row)
        self.add_edges(edges, first)
        return Growth(range(first, len(flat)), len(self.rows) - len(self.fresh))

    def resolve_nodes(self) -> None:
        """Find the row of every node; refuse what the graph cannot take."""
        nodes = self.document.graph.nodes
        if len(nodes) > MAX_VERTICES:
            raise self.wrong("graph.nodes", f"more than {MAX_VERTICES} vertices")
        attaching = len(self.flat) > 0
        types: set[str] = set()
        for position, node in enumerate(nodes):
            existing = self.existing(node) if attaching else -1
            if existing >= 0:
                self.rows[node.id] = existing
                continue
            row = len(self.flat) + len(self.fresh)
            self.rows[node.id] = row
            self.fresh.append(node)
            types.add(node.metadata.type)
            for subsystem, path in node.metadata.paths.items():
                if path.count("/") == 1:
                    self.claim_root(subsystem, row, position, path)
        if len(types) + len(self.flat.types()) > MAX_TYPES:
            raise self.wrong("graph.nodes", f"more than {MAX_TYPES} resource types")
        if not self.rows:
            raise self.wrong("graph.nodes", "the graph has no vertex")
        if not attaching and not self.roots:
            raise self.wrong("graph.nodes", "no vertex is a root: no path has a single '/'")

    def existing(self, node: Node) -> int:
        """Return the row of the vertex that has one of the paths and the rank, else -1."""
        for path in node.metadata.paths.values():
            for row in self.flat.rows_at(path):
                if self.flat.rank(row) == node.metadata.rank:
                    return row
        return -1

    def claim_root(self, subsystem: str, row: int, position: int, path: str) -> None:
        known = self.roots.setdefault(subsystem, row)
        if known != row or self.flat.root(subsystem) >= 0:
            raise ReadError(
                f"{path} would be a second root of {subsystem}",
                source=self.source,
                where=f"graph.nodes[{position}]",
                reference_text="add_graph_metadata: failed to add root metadata for "
                f"{subsystem} subsystem. Possible duplicate root.",
            )

    def resolve_edges(self) -> list[Edge]:
        """Return the edges to add: both ends are known, one is new, and none closes a circle."""
        edges = self.document.graph.edges
        if len(edges) > MAX_EDGES:
            raise self.wrong("graph.edges", f"more than {MAX_EDGES} edges")
        rows, first = self.rows, len(self.flat)
        kept = []
        for position, edge in enumerate(edges):
            source, target = rows.get(edge.source, -1), rows.get(edge.target, -1)
            if source < 0 or target < 0:
                lost = edge.source if source < 0 else edge.target
                raise self.wrong(
                    f"graph.edges[{position}]",
                    f"source and/or target vertex not found: {short(lost)} is no id of a node",
                )
            if source >= first or target >= first:
                kept.append(edge)
        subsystems = {edge.subsystem for edge in kept}.union(
            *(n.metadata.paths for n in self.fresh)
        )
        if len(subsystems | set(self.flat.subsystems())) > MAX_SUBSYSTEMS:
            raise self.wrong("graph", f"more than {MAX_SUBSYSTEMS} subsystems")
        if first:
            self.refuse_unreached(kept)
        self.refuse_cycles(kept)
        return kept

    def refuse_unreached(self, edges: list[Edge]) -> None:
        """Every attached vertex must hang below something."""
        reached = {self.rows[edge.target] for edge in edges} | set(self.roots.values())
        for offset, node in enumerate(self.fresh):
            if len(self.flat) + offset not in reached:
                path = next(iter(node.metadata.paths.values()))
                raise self.wrong("graph.edges", f"{path} (id {node.id}) has no edge from a parent")

    def refuse_cycles(self, edges: list[Edge]) -> None:
        """Look for circles in subsystems where an edge does not lead down the paths."""
        nodes = {node.id: node.metadata for node in self.document.graph.nodes}
        doubtful = {
            edge.subsystem
            for edge in edges
            if not _goes_down(
                nodes[edge.source].paths.get(edge.subsystem),
                nodes[edge.target].paths.get(edge.subsystem),
            )
        }
        if not doubtful:
            return
        existing = edges_by_subsystem(self.flat) if len(self.flat) else {}
        for subsystem in sorted(doubtful):
            pairs = existing.get(subsystem, [])
            pairs += [
                (self.rows[e.source], self.rows[e.target])
                for e in edges
                if e.subsystem == subsystem
            ]
            cycle = find_cycle(pairs)
            if cycle:
                names = " -> ".join(self.label(row) for row in (*cycle, cycle[0]))
                raise self.wrong("graph.edges", f"cycle: {names} ({subsystem})")

    def label(self, row: int) -> str:
        if row >= len(self.flat):
            return next(iter(self.fresh[row - len(self.flat)].metadata.paths.values()))
        return next(iter(self.flat.paths(row).values()), self.flat.name(row))

    def add_edges(self, edges: list[Edge], first: int) -> None:
        """Add the edges, and give every new vertex its paths.

        A containment path that leads through a parent is kept as a link to it (a few bytes);
        any other is kept as text.
        """
        flat, rows = self.flat, self.rows
        nodes = {node.id: node.metadata for node in self.document.graph.nodes}
        linked = bytearray(len(self.fresh))
        for edge in edges:
            source, target, subsystem = rows[edge.source], rows[edge.target], edge.subsystem
            flat.add_edge(source, target, subsystem)
            if subsystem != "containment" or target < first or linked[target - first]:
                continue
            above, below = nodes[edge.source].paths, nodes[edge.target]
            path = below.paths.get(subsystem)
            if path is not None and path == f"{above.get(subsystem)}/{below.name}":
                flat.set_path_under(target, subsystem, source)
                linked[target - first] = 1
        for offset, node in enumerate(self.fresh):
            for subsystem, path in node.metadata.paths.items():
                if subsystem != "containment" or not linked[offset]:
                    flat.set_path(first + offset, subsystem, path)

    def wrong(self, where: str, message: str) -> ReadError:
        return ReadError(message, source=self.source, where=where)


def _goes_down(above: str | None, below: str | None) -> bool:
    return above is not None and below is not None and below.count("/") > above.count("/")
