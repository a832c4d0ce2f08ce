"""The way to and from networkx and rustworkx, for drawing and for people's own scripts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError
from fluxion_py.graph.topology import find_cycle
from fluxion_py.graph.vertex import Vertex

if TYPE_CHECKING:
    import networkx as nx
    import rustworkx as rx

PROPERTY = "property."
PATH = "path."
INT64 = 2**63
INT32 = 2**31


def to_networkx(flat: FlatGraph) -> "nx.DiGraph[str]":
    """Return a networkx DiGraph with one node per vertex, keyed by its path.

    Vertices that share a path get "#uniq_id" behind it. Node attributes are plain scalars, so that
    GraphML can hold them: type, basename, id, name, uniq_id, rank, size, unit, status ("up" or
    "down"), divisible (only if true), `property.KEY` and `path.SUBSYSTEM`. Edges have `subsystem`.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    keys: dict[int, str] = {}
    names = flat.subsystems()
    for row in flat.rows():
        vertex = Vertex(flat, row)
        key = vertex.path
        if not key or key in graph:
            key = f"{key}#{vertex.uniq_id}.{row}"
        keys[row] = key
        graph.add_node(key, **_attributes(vertex))
    for row, key in keys.items():
        for target, subsystem in flat.out_edges(row):
            graph.add_edge(key, keys[target], subsystem=names[subsystem])
    return graph


def _attributes(vertex: Vertex) -> dict[str, str | int | bool]:
    found: dict[str, str | int | bool] = {
        "type": vertex.type,
        "basename": vertex.basename,
        "id": vertex.id,
        "name": vertex.name,
        "uniq_id": vertex.uniq_id,
        "rank": vertex.rank,
        "size": vertex.size,
        "unit": vertex.unit,
        "status": "up" if vertex.up else "down",
    }
    if vertex.divisible:
        found["divisible"] = True
    found.update((PROPERTY + key, value) for key, value in vertex.properties.items())
    found.update((PATH + subsystem, path) for subsystem, path in vertex.paths.items())
    return found


def to_rustworkx(flat: FlatGraph) -> "rx.PyDiGraph[Vertex, str]":
    """Return a rustworkx PyDiGraph: `Vertex` payloads, edges weighted with the subsystem name.

    Indices count live vertices in row order; they equal the rows if nothing was removed.
    """
    import rustworkx as rx

    graph: rx.PyDiGraph[Vertex, str] = rx.PyDiGraph()
    names = flat.subsystems()
    rows = flat.rows()
    index = dict(zip(rows, graph.add_nodes_from([Vertex(flat, row) for row in rows]), strict=True))
    graph.add_edges_from(
        [
            (index[row], index[target], names[subsystem])
            for row in rows
            for target, subsystem in flat.out_edges(row)
        ]
    )
    return graph


def from_networkx(
    graph: "nx.Graph[Any]", source: str | None = None, into: FlatGraph | None = None
) -> FlatGraph:
    """Build a graph from a networkx directed graph, in the empty graph `into` if given.

    Each node needs the attribute `type`; `basename`, `id`, `name`, `uniq_id`, `rank`, `size`,
    `unit`, `status`, `divisible`, `property.KEY` (or a mapping `properties`) and `path.SUBSYSTEM`
    are optional, as is the edge attribute `subsystem`. The root of a subsystem is the vertex
    without a parent in it; missing paths follow from the edges. Raises `GraphError` for a
    wrong attribute, an undirected graph, and edges that go in a circle.
    """
    if not graph.is_directed():
        raise GraphError("the graph is undirected; edges must lead from parent to child")
    flat = FlatGraph() if into is None else into
    flat.reserve(graph.number_of_nodes())
    rows: dict[Any, int] = {}
    for number, (key, attributes) in enumerate(graph.nodes(data=True)):
        rows[key] = _add_vertex(flat, str(key), number, attributes, source)
    edges: dict[str, list[tuple[int, int]]] = {}
    for above, below, attributes in graph.edges(data=True):
        subsystem = str(attributes.get("subsystem", "containment"))
        flat.add_edge(rows[above], rows[below], subsystem)
        edges.setdefault(subsystem, []).append((rows[above], rows[below]))
    given = {rows[key]: attributes for key, attributes in graph.nodes(data=True)}
    for subsystem, pairs in (edges or {"containment": []}).items():
        _set_paths(flat, subsystem, pairs, given, source)
    return flat


def _add_vertex(
    flat: FlatGraph, key: str, number: int, attributes: Mapping[str, Any], source: str | None
) -> int:
    def text(name: str, default: str) -> str:
        value = attributes.get(name, default)
        if not isinstance(value, str):
            raise GraphError(f"{name} must be a text, not {value!r}", source=source, where=key)
        return value

    def integer(name: str, default: int, low: int, limit: int) -> int:
        value = attributes.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < limit:
            raise GraphError(
                f"{name} must be an integer from {low}, not {value!r}", source=source, where=key
            )
        return value

    kind = text("type", "")
    if not kind:
        raise GraphError("has no type", source=source, where=key, hint='for example type="node"')
    basename = text("basename", kind)
    local = integer("id", number, -INT64, INT64)
    name = text("name", basename if local == -1 else f"{basename}{local}")
    divisible = attributes.get("divisible", False)
    if not isinstance(divisible, bool):
        raise GraphError(
            f"divisible must be true or false, not {divisible!r}", source=source, where=key
        )
    properties = dict(attributes.get("properties", {}))
    for attribute, value in attributes.items():
        if attribute.startswith(PROPERTY):
            properties[attribute.removeprefix(PROPERTY)] = str(value)
    return flat.add_vertex(
        kind,
        basename,
        local,
        name,
        integer("uniq_id", number, -INT64, INT64),
        integer("rank", -1, -1, INT32),
        integer("size", 1, 0, INT64),
        text("unit", ""),
        properties,
        text("status", "up") != "down",
        divisible,
    )


def _set_paths(
    flat: FlatGraph,
    subsystem: str,
    edges: list[tuple[int, int]],
    given: Mapping[int, Mapping[str, Any]],
    source: str | None,
) -> None:
    """Set the root and all paths of one subsystem, parents first."""
    cycle = find_cycle(edges)
    if cycle:
        names = " -> ".join(flat.name(row) for row in (*cycle, cycle[0]))
        raise GraphError(f"cycle: {names} ({subsystem})", source=source)
    below = {target for _, target in edges}
    members = {row for edge in edges for row in edge}
    if subsystem == "containment":
        members.update(row for row in flat.rows() if not flat.in_edges(row) + flat.out_edges(row))
    heads = sorted(members - below)
    if len(heads) != 1:
        names = ", ".join(flat.name(row) for row in heads[:5])
        raise GraphError(f"{len(heads)} roots in {subsystem}: {names}", source=source)
    flat.set_root(subsystem, heads[0])
    flat.set_path_under(heads[0], subsystem, -1)
    placed = set(heads)
    level = heads
    wanted = flat.find_subsystem(subsystem)
    while level:
        following = []
        for row in level:
            for target, kind in flat.out_edges(row):
                if kind == wanted and target not in placed:
                    placed.add(target)
                    following.append(target)
                    flat.set_path_under(target, subsystem, row)
        level = following
    for row in placed:
        path = given[row].get(PATH + subsystem)
        if isinstance(path, str) and path != flat.path(row, subsystem):
            flat.set_path(row, subsystem, path)
