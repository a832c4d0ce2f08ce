"""Whole graphs as text: JGF that loads again, Graphviz dot, and GraphML.

Every writer is a generator of chunks of at most a few hundred kilobytes, so that a million
vertices are never in memory twice.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.graph_text import DotText, GraphmlText, plain_bytes
from fluxion_py.errors import InputError
from fluxion_py.writers.jgf import JSON_PLAIN, inside_quotes, jgf_text, string_object

CHUNK = 2000
"""Vertices or edges per chunk of text."""


def write_whole_jgf(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph as one JSON document in JGF (resource-graph.md 4).

    Every vertex has its `uniq_id`; `status`, `properties`, `unit`, `size`, `divisible` and names
    are written where they differ from the default. `exclusive` never is: it belongs to allocations.
    """
    text = jgf_text(graph)
    yield '{"graph": {"nodes": ['
    yield from _chunks(text.vertices)
    yield '], "edges": ['
    yield from _chunks(text.edges)
    yield "]}}\n"


def write_dot(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph in the dot language of Graphviz, vertices by uniq_id."""
    text = DotText(graph, inside_quotes, JSON_PLAIN, string_object)
    yield "digraph resources {\n"
    yield from _chunks(text.vertices)
    yield from _chunks(text.edges)
    yield "}\n"


_GRAPHML_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
"""

_FIELDS = {
    "type": "string",
    "basename": "string",
    "name": "string",
    "id": "long",
    "uniq_id": "long",
    "rank": "long",
    "size": "long",
    "unit": "string",
    "status": "string",
}
"""Fields of a vertex in GraphML, in the order of `GraphmlText`, with their types."""


def write_graphml(graph: FlatGraph) -> Iterator[str]:
    """Yield the graph as GraphML that networkx reads.

    Vertices are keyed by uniq_id and have the attributes of `graph.interop.to_networkx`: the
    fields of a vertex, `property.KEY` and `path.SUBSYSTEM`. Edges carry `subsystem`.
    """
    paths = [f"path.{subsystem}" for subsystem in graph.subsystems()]
    properties = [f"property.{key}" for key in graph.property_keys()]
    fields = _FIELDS | ({"divisible": "boolean"} if graph.divisible_count else {})
    types = fields | dict.fromkeys(sorted({*paths, *properties}), "string")
    keys = {name: f"d{number}" for number, name in enumerate(types)}

    def write_properties(found: Mapping[str, str]) -> str:
        return "".join(
            f'<data key="{keys[f"property.{key}"]}">{_xml(value)}</data>'
            for key, value in found.items()
        )

    text = GraphmlText(
        graph,
        _xml,
        _XML_PLAIN,
        write_properties,
        [keys[name] for name in fields],
        [keys[path] for path in paths],
    )
    yield _GRAPHML_HEAD
    for name, kind in types.items():
        yield f'  <key id="{keys[name]}" for="node" attr.name={_xml_attribute(name)} '
        yield f'attr.type="{kind}"/>\n'
    yield '  <key id="s" for="edge" attr.name="subsystem" attr.type="string"/>\n'
    yield '  <graph edgedefault="directed">\n'
    yield from _chunks(text.vertices)
    yield from _chunks(text.edges)
    yield "  </graph>\n</graphml>\n"


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


def _chunks(more: Callable[[int], str]) -> Iterator[str]:
    return iter(partial(more, CHUNK), "")


_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Escape text for XML; characters that XML 1.0 forbids become U+FFFD."""
    text = _FORBIDDEN_IN_XML.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_XML_PLAIN = plain_bytes(_xml)


def _xml_attribute(text: str) -> str:
    return '"' + _xml(text).replace('"', "&quot;") + '"'
