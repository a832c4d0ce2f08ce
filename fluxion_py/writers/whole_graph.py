"""Whole graphs as text: JGF that loads again, Graphviz dot, and GraphML.

Every writer is a generator of chunks of at most a few hundred kilobytes, so that a million
vertices are never in memory twice.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from json.encoder import encode_basestring as quoted

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import InputError
from fluxion_py.writers.jgf import edge_object, string_object

CHUNK = 2000
"""Vertices or edges per chunk of text."""


def write_whole_jgf(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph as one JSON document in JGF (resource-graph.md 4).

    Every vertex has its `uniq_id`; `status`, `properties`, `unit`, `size` and names are written
    where they differ from the default. `exclusive` never is: it belongs to allocations.
    """
    yield '{"graph": {"nodes": ['
    yield from _separated((vertex_object(graph, row) for row in graph.rows()), ", ")
    yield '], "edges": ['
    edges = (
        edge_object(graph.uniq_id(source), graph.uniq_id(target), subsystem)
        for source, target, subsystem in _edges(graph)
    )
    yield from _separated(edges, ", ")
    yield "]}}\n"


def vertex_object(graph: FlatGraph, row: int) -> str:
    """Return the JSON object of one vertex with everything that a reader can restore."""
    kind, basename = graph.type(row), graph.basename(row)
    name, number, uniq_id = graph.name(row), graph.id(row), graph.uniq_id(row)
    text = f'{{"id": "{uniq_id}", "metadata": {{"type": {quoted(kind)}'
    if basename != kind:
        text += f', "basename": {quoted(basename)}'
    if name != f"{basename}{number}":
        text += f', "name": {quoted(name)}'
    text += f', "id": {number}, "uniq_id": {uniq_id}, "rank": {graph.rank(row)}'
    if not graph.up(row):
        text += ', "status": 1'
    if properties := graph.properties(row):
        text += f', "properties": {string_object(properties)}'
    if unit := graph.unit(row):
        text += f', "unit": {quoted(unit)}'
    if (size := graph.size(row)) != 1:
        text += f', "size": {size}'
    return f'{text}, "paths": {string_object(graph.paths(row))}}}}}'


def write_dot(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph in the dot language of Graphviz, vertices by uniq_id."""
    yield "digraph resources {\n"
    vertices = (
        f"  {graph.uniq_id(row)} [label={quoted(graph.name(row))}];\n" for row in graph.rows()
    )
    yield from _separated(vertices, "")
    edges = (
        f"  {graph.uniq_id(source)} -> {graph.uniq_id(target)} [label={quoted(subsystem)}];\n"
        for source, target, subsystem in _edges(graph)
    )
    yield from _separated(edges, "")
    yield "}\n"


_GRAPHML_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""

_VERTEX_DATA: dict[str, tuple[str, Callable[[FlatGraph, int], object]]] = {
    "type": ("string", FlatGraph.type),
    "basename": ("string", FlatGraph.basename),
    "name": ("string", FlatGraph.name),
    "id": ("long", FlatGraph.id),
    "uniq_id": ("long", FlatGraph.uniq_id),
    "rank": ("long", FlatGraph.rank),
    "size": ("long", FlatGraph.size),
    "unit": ("string", FlatGraph.unit),
    "status": ("string", lambda graph, row: "up" if graph.up(row) else "down"),
}


def write_graphml(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph as GraphML that networkx reads.

    Vertices are keyed by uniq_id and have the attributes of `graph.interop.to_networkx`: the
    fields of a vertex, `property.KEY` and `path.SUBSYSTEM`. Edges carry `subsystem`.
    """
    yield _GRAPHML_HEAD
    types = {name: kind for name, (kind, _) in _VERTEX_DATA.items()}
    types.update(dict.fromkeys(_text_attributes(graph), "string"))
    keys = {name: f"d{number}" for number, name in enumerate(types)}
    for name, kind in types.items():
        yield f'  <key id="{keys[name]}" for="node" attr.name={_xml_attribute(name)} '
        yield f'attr.type="{kind}"/>\n'
    yield '  <key id="s" for="edge" attr.name="subsystem" attr.type="string"/>\n'
    yield '  <graph edgedefault="directed">\n'
    yield from _separated((_graphml_node(graph, row, keys) for row in graph.rows()), "")
    edges = (
        f'    <edge source="{graph.uniq_id(source)}" target="{graph.uniq_id(target)}">'
        f'<data key="s">{_xml(subsystem)}</data></edge>\n'
        for source, target, subsystem in _edges(graph)
    )
    yield from _separated(edges, "")
    yield "  </graph>\n</graphml>\n"


def _text_attributes(graph: FlatGraph) -> list[str]:
    """Return the names of the attributes that only some vertices have."""
    names = {f"path.{subsystem}" for subsystem in graph.subsystems()}
    for row in graph.rows():
        names.update(f"property.{key}" for key in graph.properties(row))
    return sorted(names)


def _graphml_node(graph: FlatGraph, row: int, keys: dict[str, str]) -> str:
    data = {name: str(value(graph, row)) for name, (_, value) in _VERTEX_DATA.items()}
    data.update((f"property.{key}", value) for key, value in graph.properties(row).items())
    data.update((f"path.{subsystem}", path) for subsystem, path in graph.paths(row).items())
    text = "".join(f'<data key="{keys[name]}">{_xml(value)}</data>' for name, value in data.items())
    return f'    <node id="{graph.uniq_id(row)}">{text}</node>\n'


WHOLE_FORMATS: dict[str, Callable[[FlatGraph], Iterator[str]]] = {
    "jgf": write_whole_jgf,
    "dot": write_dot,
    "graphml": write_graphml,
}
"""Writers of a whole graph by the name of their format."""


def write_whole(format: str, graph: FlatGraph) -> Iterator[str]:
    """Yield the text of a whole graph; raises `InputError` for an unknown format."""
    if format not in WHOLE_FORMATS:
        raise InputError(
            f"unknown graph format {format!r}", hint=f"one of {', '.join(WHOLE_FORMATS)}"
        )
    return WHOLE_FORMATS[format](graph)


def _edges(graph: FlatGraph) -> Iterator[tuple[int, int, str]]:
    subsystems = graph.subsystems()
    for source in graph.rows():
        for target, subsystem in graph.out_edges(source):
            yield source, target, subsystems[subsystem]


def _separated(pieces: Iterable[str], separator: str) -> Iterator[str]:
    """Join pieces in chunks; the separator stands between any two pieces."""
    iterator = iter(pieces)
    between = ""
    while chunk := list(islice(iterator, CHUNK)):
        yield between + separator.join(chunk)
        between = separator


_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Escape text for XML; characters that XML 1.0 forbids become U+FFFD."""
    text = _FORBIDDEN_IN_XML.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _xml_attribute(text: str) -> str:
    return '"' + _xml(text).replace('"', "&quot;") + '"'
