"""JGF records -> vertices: load into an empty graph, or attach to a growing one.

Rules: resource-graph.md 4.2 and 7. Everything is checked before anything is changed, so a refused
attach leaves the graph as it was. The usual text of a whole machine never becomes Python objects:
`load_jgf` scans it into the columns, 7 times faster, or leaves it to `read_completely`.
"""

import gc
from array import array

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.jgf_load import load_jgf
from fluxion_py.errors import ReadError, short
from fluxion_py.readers.jgf_document import Document, Metadata, parse_jgf
from fluxion_py.readers.limits import MAX_EDGES, MAX_SUBSYSTEMS, MAX_TYPES, MAX_VERTICES


def read_jgf(
    text: str, flat: FlatGraph, source: str | None = None, *, keep_units: bool = False
) -> range:
    """Add the vertices and edges of a JGF text to `flat` (formats jgf and jgf_shorthand).

    In a graph that has vertices already this is *attach*: a JGF node with a (path, rank) that
    exists stands for that vertex, whose attributes stay; an edge is added only if one end is new.
    `keep_units` false drops the units, as the reference does (resource-graph.md 4.2). Returns the
    rows of the new vertices. Raises `ReadError`; then nothing was changed.
    """
    if load_jgf(flat, text, keep_units):
        return range(len(flat))
    return read_completely(text, flat, source, keep_units=keep_units)


def read_completely(
    text: str, flat: FlatGraph, source: str | None = None, *, keep_units: bool = False
) -> range:
    """As `read_jgf`, by way of records in Python: for a graph that grows, and for all messages."""
    collecting = gc.isenabled()
    gc.disable()  # millions of records live until the end: looking through them frees nothing
    try:
        return _Merge(parse_jgf(text, source), flat, source).commit(keep_units)
    finally:
        if collecting:
            gc.enable()


class _Merge:
    """The checked plan of a load.

    `rows[i]` is the row of JGF node i, found or to be made; new rows follow those of the graph, in
    file order. Kept edges are three parallel columns. `links[k]` is the containment parent of new
    vertex k if its path leads through that parent, else -1: then the path is kept as that link, a
    few bytes, instead of as text.
    """

    def __init__(self, document: Document, flat: FlatGraph, source: str | None) -> None:
        self.flat = flat
        self.source = source
        self.nodes = document.graph.nodes
        self.edges = document.graph.edges
        self.first = len(flat)
        self.rows = array("q")
        self.fresh: list[Metadata] = []
        self.roots: dict[str, int] = {}
        self.sources = array("q")
        self.targets = array("q")
        self.subsystems: list[str] = []
        self.links = array("q")

    def commit(self, keep_units: bool) -> range:
        """Check all, then add all."""
        self.resolve_nodes()
        self.resolve_edges()
        flat = self.flat
        flat.reserve(len(self.fresh))
        for meta in self.fresh:
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
                meta.divisible,
            )
        for source, target, name in zip(self.sources, self.targets, self.subsystems, strict=True):
            flat.add_edge(source, target, name)
        for name, row in self.roots.items():
            flat.set_root(name, row)
        self.set_paths()
        return range(self.first, len(flat))

    def set_paths(self) -> None:
        for offset, meta in enumerate(self.fresh):
            row = self.first + offset
            for name, path in meta.paths.items():
                if name == "containment" and self.links[offset] >= 0:
                    self.flat.set_path_under(row, name, self.links[offset])
                elif path == f"/{meta.name}":
                    self.flat.set_path_under(row, name, -1)
                else:
                    self.flat.set_path(row, name, path)

    def resolve_nodes(self) -> None:
        """Find the row of every node; refuse what the graph cannot take."""
        if not 0 < len(self.nodes) <= MAX_VERTICES:
            raise self.wrong("graph.nodes", f"{len(self.nodes)} vertices, not 1 to {MAX_VERTICES}")
        for position, node in enumerate(self.nodes):
            existing = self.existing(node.metadata) if self.first else -1
            if existing >= 0:
                self.rows.append(existing)
                continue
            row = self.first + len(self.fresh)
            self.rows.append(row)
            self.fresh.append(node.metadata)
            for subsystem, path in node.metadata.paths.items():
                if path.count("/") == 1:
                    self.claim_root(subsystem, row, position, path)
        if len({meta.type for meta in self.fresh}) + len(self.flat.types()) > MAX_TYPES:
            raise self.wrong("graph.nodes", f"more than {MAX_TYPES} resource types")
        if not self.first and not self.roots:
            raise self.wrong("graph.nodes", "no vertex is a root: no path has a single '/'")

    def existing(self, meta: Metadata) -> int:
        """Return the row of the vertex that has one of the paths and the rank, else -1."""
        for path in meta.paths.values():
            for row in self.flat.rows_at(path):
                if self.flat.rank(row) == meta.rank:
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

    def resolve_edges(self) -> None:
        """Collect the edges to add: both ends are known, one is new, and none closes a circle."""
        if len(self.edges) > MAX_EDGES:
            raise self.wrong("graph.edges", f"more than {MAX_EDGES} edges")
        positions = {node.id: position for position, node in enumerate(self.nodes)}
        self.links = array("q", [-1]) * len(self.fresh)
        nodes, rows, first = self.nodes, self.rows, self.first
        doubtful: set[str] = set()
        for number, edge in enumerate(self.edges):
            above, below = positions.get(edge.source), positions.get(edge.target)
            if above is None or below is None:
                raise self.lost(number, edge.source if above is None else edge.target)
            source, target = rows[above], rows[below]
            if source < first and target < first:
                continue
            name = "containment" if edge.metadata is None else edge.metadata.subsystem
            self.sources.append(source)
            self.targets.append(target)
            self.subsystems.append(name)
            over, under = nodes[above].metadata.paths.get(name), nodes[below].metadata
            path = under.paths.get(name)
            if over is None or path is None or path.count("/") <= over.count("/"):
                doubtful.add(name)
            elif (
                name == "containment"
                and target >= first
                and self.links[target - first] < 0
                and path == f"{over}/{under.name}"
            ):
                self.links[target - first] = source
        self.check_shape(doubtful)

    def lost(self, number: int, identity: str) -> ReadError:
        return self.wrong(
            f"graph.edges[{number}]",
            f"source and/or target vertex not found: {short(identity)} is no id of a node",
        )

    def check_shape(self, doubtful: set[str]) -> None:
        """Refuse circles, attached vertices without a parent, and too many subsystems.

        A circle needs an edge that does not lead down the paths; `doubtful` are the subsystems
        that have one.
        """
        names = set(self.subsystems).union(*(meta.paths for meta in self.fresh))
        if len(names.union(self.flat.subsystems())) > MAX_SUBSYSTEMS:
            raise self.wrong("graph", f"more than {MAX_SUBSYSTEMS} subsystems")
        if self.first:
            reached = set(self.targets).union(self.roots.values())
            for row in range(self.first, self.first + len(self.fresh)):
                if row not in reached:
                    raise self.wrong("graph.edges", f"{self.label(row)} has no edge from a parent")
        if not doubtful:
            return
        from fluxion_py.graph.topology import edges_by_subsystem, find_cycle  # rarely needed

        existing = edges_by_subsystem(self.flat)
        columns = list(zip(self.sources, self.targets, self.subsystems, strict=True))
        for name in sorted(doubtful):
            added = [(source, target) for source, target, subsystem in columns if subsystem == name]
            cycle = find_cycle(existing.get(name, []) + added)
            if cycle:
                labels = " -> ".join(self.label(row) for row in (*cycle, cycle[0]))
                raise self.wrong("graph.edges", f"cycle: {labels} ({name})")

    def label(self, row: int) -> str:
        if row >= self.first:
            return next(iter(self.fresh[row - self.first].paths.values()))
        return next(iter(self.flat.paths(row).values()), self.flat.name(row))

    def wrong(self, where: str, message: str) -> ReadError:
        return ReadError(message, source=self.source, where=where)
