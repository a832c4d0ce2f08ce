"""The public face of the resource graph."""

from collections.abc import Collection, Iterator, Mapping
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError, InvalidGraphError, NoVertexError
from fluxion_py.graph import interop
from fluxion_py.graph.vertex import Vertex, plural
from fluxion_py.hostlist import short_hostlist

if TYPE_CHECKING:
    import networkx as nx
    import rustworkx as rx


class ResourceGraph:
    """A machine as a graph: typed vertices with ids, sizes and properties, edges per subsystem.

    Build one from a file (`from_file`), a text, a recipe or a networkx graph; look at it by path
    (`graph["/elk/rack1/elk12"]`); hand it to a `Matcher`. `flat` holds the columns.
    """

    def __init__(self, flat: FlatGraph | None = None, source: str | None = None) -> None:
        self.flat = FlatGraph() if flat is None else flat
        self.source = source

    # The class methods below are the one place where the graph knows its readers: the reading
    # functions are imported when called, so that `ResourceGraph.from_file` can live on the class.

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        format: str | None = None,
        *,
        allowlist: Collection[str] | None = None,
    ) -> "ResourceGraph":
        """Read a resource file; without `format` its content decides.

        Formats: grug, hwloc, jgf, jgf_shorthand, rv1exec, rv1exec_force, recipe, graphml. Raises
        `GraphError`, which names the file and the place, for anything wrong.
        """
        from fluxion_py.readers import read_file

        return cls(read_file(path, format, allowlist=allowlist, keep_units=True), fspath(path))

    @classmethod
    def from_text(
        cls,
        text: str,
        format: str | None = None,
        *,
        source: str | None = None,
        allowlist: Collection[str] | None = None,
    ) -> "ResourceGraph":
        """Read a resource description from a text; see `from_file`. `source` is for messages."""
        from fluxion_py.readers import read_text

        flat = read_text(text, format, source=source, allowlist=allowlist, keep_units=True)
        return cls(flat, source)

    @classmethod
    def from_recipe(cls, recipe: str | PathLike[str] | Mapping[str, Any]) -> "ResourceGraph":
        """Build a machine from a recipe, given as a file or as a mapping of the same shape."""
        from fluxion_py.readers import read_file, read_recipe_object

        if isinstance(recipe, Mapping):
            return cls(read_recipe_object(recipe))
        return cls(read_file(recipe, "recipe"), fspath(recipe))

    @classmethod
    def from_networkx(cls, graph: "nx.Graph[Any]") -> "ResourceGraph":
        """Build from a networkx directed graph; see `fluxion_py.graph.interop.from_networkx`."""
        return cls(interop.from_networkx(graph))

    def to_networkx(self) -> "nx.DiGraph[str]":
        """Return a networkx DiGraph keyed by path, with scalar attributes (GraphML can hold it)."""
        return interop.to_networkx(self.flat)

    def to_rustworkx(self) -> "rx.PyDiGraph[Vertex, str]":
        """Return a rustworkx PyDiGraph with `Vertex` payloads and subsystem names on the edges."""
        return interop.to_rustworkx(self.flat)

    def counts(self) -> dict[str, int]:
        """Return the number of vertices of each type, in order of their first vertex."""
        return self.flat.counts()

    def validate(self) -> None:
        """Check all invariants of a resource graph.

        Raises `GraphError` with the worst finding, and all of them in its `problems`: one root per
        subsystem, no cycles, every vertex reachable, paths through a parent, ids unique per parent,
        node ranks unique (resource-graph.md 1, 2).
        """
        from fluxion_py.graph.invariants import problems

        found = problems(self.flat)
        if not found:
            return
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        error = InvalidGraphError(found[0] + more, source=self.source)
        error.problems = found
        raise error

    def validate_against(self, R: "str | Mapping[str, object]") -> None:
        """Check that a resource set (RFC 20) names exactly the vertices of this graph (row E-02).

        For an R without the key `scheduling` that is its nodes, and the types it has. Raises
        `GrantError`, which names the first vertex that is in one of them only or is not the same,
        `ReadError` for a text that is no R. O(size of both).
        """
        from fluxion_py.readers import check_same

        check_same(self.flat, R)

    def __getitem__(self, path: str) -> Vertex:
        """Return the vertex with this path in any subsystem.

        If several vertices share the path, the first made is returned. Raises `NoVertexError`,
        which is a `KeyError` as well, if there is none.
        """
        return Vertex(self.flat, self._rows(path)[0])

    def __contains__(self, path: object) -> bool:
        """Say whether some vertex has this path."""
        return isinstance(path, str) and bool(self.flat.rows_at(path))

    def __len__(self) -> int:
        """Return the number of vertices."""
        return self.flat.vertex_count

    def __iter__(self) -> Iterator[Vertex]:
        """Return all vertices in order of creation."""
        return self.vertices()

    def vertices(self, type: str | None = None) -> Iterator[Vertex]:
        """Return the vertices in order of creation, all or those of one type."""
        rows = self.flat.rows() if type is None else self.flat.rows_of_type(type)
        return (Vertex(self.flat, row) for row in rows)

    def children(self, path: str, subsystem: str = "containment") -> list[Vertex]:
        """Return what hangs directly below a vertex, in edge order."""
        return self[path].children(subsystem)

    def set_status(self, path: str, up: bool) -> None:
        """Mark every vertex with this path up or down; what is below a down vertex counts as down.

        A `Matcher` that already works on this graph must be told through its own `set_status`.
        """
        for row in self._rows(path):
            self.flat.set_up(row, up)

    def set_property(self, path: str, key: str, value: str = "") -> None:
        """Set one property on every vertex with this path, replacing an old value."""
        if not key:
            raise GraphError("a property needs a name", where=path)
        for row in self._rows(path):
            self.flat.set_property(row, key, value)

    def remove_property(self, path: str, key: str) -> None:
        """Remove one property of every vertex with this path, where it is there."""
        for row in self._rows(path):
            if key in self.flat.properties(row):
                self.flat.remove_property(row, key)

    def _rows(self, path: str) -> list[int]:
        rows = self.flat.rows_at(path)
        if not rows:
            raise NoVertexError(self.missing(path), source=self.source)
        return rows

    def missing(self, path: str) -> str:
        """Say that nothing has this path, and which vertices of that kind there are instead."""
        above, _, last = path.rstrip("/").rpartition("/")
        while above and above not in self:
            above, _, last = above.rpartition("/")
        if not above:
            root = self.flat.root()
            start = self.flat.path(root) if root >= 0 else None
            return f"{path}: no such vertex (the root is {start})"
        vertices = self[above].children()
        kinds = [v.type for v in vertices if v.basename == last.rstrip("0123456789")]
        if kinds:
            names = short_hostlist(v.name for v in vertices if v.type == kinds[0])
            return f"{path}: no such vertex ({plural(kinds[0])} are {names})"
        there = short_hostlist(v.name for v in vertices) or "nothing below it"
        return f"{path}: no such vertex ({above} has {there})"

    def __repr__(self) -> str:
        """Return the number of vertices of each type in one line."""
        counts = ", ".join(f"{number} {name}" for name, number in self.counts().items())
        return f"<ResourceGraph {counts or 'empty'}>"
