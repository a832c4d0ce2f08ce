"""Vertices named on the command line by path, one or several at a time."""

from fluxion_py.errors import FormatError, GraphError
from fluxion_py.graph import NoVertexError, ResourceGraph, Vertex
from fluxion_py.hostlist import format_hostlist, parse_hostlist

SHOWN = 60
"""The most characters of names in a message."""


def paths_of(graph: ResourceGraph, text: str) -> list[str]:
    """Return the paths that a text stands for: one path, or several as in `/elk/rack1/elk[10-19]`.

    Raises `GraphError` if any of them is no path of a vertex, saying what is there instead.
    """
    if text in graph:
        return [text]
    try:
        paths = parse_hostlist(text) if "[" in text or "," in text else [text]
    except FormatError as error:
        raise GraphError(f"{text[:SHOWN]}: {error.message}", hint=error.hint) from None
    for path in paths:
        if path not in graph:
            raise NoVertexError(missing(graph, path))
    return paths


def missing(graph: ResourceGraph, path: str) -> str:
    """Say that nothing has this path, and which vertices of that kind there are."""
    above = path.rstrip("/").rpartition("/")[0]
    last = path.rstrip("/").rpartition("/")[2]
    if above and above in graph:
        children = graph[above].children()
        kinds = [v for v in children if v.basename == last.rstrip("0123456789")]
        same = [v for v in children if kinds and v.type == kinds[0].type]
        if same:
            return f"{path}: no such vertex ({plural(same[0].type)} are {shortened(same)})"
        there = shortened(children) if children else "nothing below it"
        return f"{path}: no such vertex ({above} has {there})"
    if above:
        return missing(graph, above).replace(above, path, 1)
    root = graph.flat.root()
    start = graph.flat.path(root) if root >= 0 else None
    return f"{path}: no such vertex (the root is {start})"


def shortened(vertices: list[Vertex]) -> str:
    """Return the names of vertices as a hostlist, cut if it is long."""
    names = format_hostlist(vertex.name for vertex in vertices)
    return names if len(names) <= SHOWN else f"{names[: SHOWN - 3]}..."


def compressed(paths: list[str]) -> list[str]:
    """Return paths with those below one parent joined, `/elk/rack1/elk[10-19]`; order is kept."""
    below: dict[str, list[str]] = {}
    for path in paths:
        above, _, name = path.rpartition("/")
        below.setdefault(above, []).append(name)
    return [f"{above}/{format_hostlist(names)}" for above, names in below.items()]


def plural(kind: str) -> str:
    """Return a resource type as an English plural, as far as it goes."""
    if kind.endswith("y"):
        return kind
    return f"{kind}es" if kind.endswith(("s", "sh", "ch", "x")) else f"{kind}s"
