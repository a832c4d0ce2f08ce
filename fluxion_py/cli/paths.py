"""Vertices named on the command line by path, one or several at a time."""

from fluxion_py.errors import FormatError, GraphError, NoVertexError
from fluxion_py.graph.resource_graph import ResourceGraph
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
            raise NoVertexError(graph.missing(path))
    return paths


def compressed(paths: list[str]) -> list[str]:
    """Return paths with those below one parent joined, `/elk/rack1/elk[10-19]`; order is kept."""
    below: dict[str, list[str]] = {}
    for path in paths:
        above, _, name = path.rpartition("/")
        below.setdefault(above, []).append(name)
    return [f"{above}/{format_hostlist(names)}" for above, names in below.items()]
