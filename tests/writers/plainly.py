"""Graphs and selections as text, one vertex at a time: the oracle of the writers."""

import json
from xml.sax.saxutils import escape, quoteattr

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.jgf import string_object


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def edges(graph: FlatGraph) -> list[tuple[int, int, str]]:
    """Return (uniq_id of the source, uniq_id of the target, subsystem) of all edges."""
    subsystems = graph.subsystems()
    return [
        (graph.uniq_id(source), graph.uniq_id(target), subsystems[subsystem])
        for source in graph.rows()
        for target, subsystem in graph.out_edges(source)
    ]


def jgf(graph: FlatGraph) -> str:
    nodes = ", ".join(jgf_vertex(graph, row) for row in graph.rows())
    joins = ", ".join(edge_object(*join) for join in edges(graph))
    return f'{{"graph": {{"nodes": [{nodes}], "edges": [{joins}]}}}}\n'


def jgf_vertex(graph: FlatGraph, row: int) -> str:
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


def edge_object(source: int, target: int, subsystem: str) -> str:
    text = f'{{"source": "{source}", "target": "{target}"'
    if subsystem != "containment":
        text += f', "metadata": {{"subsystem": {quoted(subsystem)}}}'
    return text + "}"


def chosen_vertex(answer: Answer, row: int, needs: int, exclusive: bool) -> str:
    graph = answer.graph
    kind, basename = graph.type(row), graph.basename(row)
    name, number = graph.name(row), graph.id(row)
    text = f'{{"id": "{graph.uniq_id(row)}", "metadata": {{"type": {quoted(kind)}'
    if basename != kind:
        text += f', "basename": {quoted(basename)}'
    if name != f"{basename}{number}":
        text += f', "name": {quoted(name)}'
    text += f', "id": {number}, "rank": {graph.rank(row)}'
    if properties := graph.properties(row):
        text += f', "properties": {string_object(properties)}'
    if unit := graph.unit(row):
        text += f', "unit": {quoted(unit)}'
    if exclusive:
        text += ', "exclusive": true'
    if needs != 1:
        text += f', "size": {needs}'
    text += f', "paths": {string_object(graph.paths(row))}'
    if label := answer.selection.labels.get(row):
        text += f', "ephemeral": {{"label": {quoted(label)}}}'
    if usage := answer.usage.get(row):
        text += f', "agfilter": {string_object(usage)}'
    return text + "}}"


def selection(answer: Answer) -> str:
    graph, subsystems = answer.graph, answer.graph.subsystems()
    nodes = ", ".join(
        chosen_vertex(answer, row, needs, exclusive)
        for row, needs, exclusive, _ in answer.selection.vertices
    )
    joins = ", ".join(
        edge_object(graph.uniq_id(source), graph.uniq_id(target), subsystems[kind])
        for source, target, kind in answer.selection.edges
    )
    return f'{{"graph": {{"nodes": [{nodes}], "edges": [{joins}]}}}}\n'


def dot(graph: FlatGraph) -> str:
    vertices = [
        f"  {graph.uniq_id(row)} [label={quoted(graph.name(row))}];\n" for row in graph.rows()
    ]
    joins = [f"  {a} -> {b} [label={quoted(subsystem)}];\n" for a, b, subsystem in edges(graph)]
    return "".join(["digraph resources {\n", *vertices, *joins, "}\n"])


def graphml(graph: FlatGraph) -> str:
    fields = {row: graphml_fields(graph, row) for row in graph.rows()}
    names = list(graphml_fields(graph, 0))[:9]
    others = {f"path.{name}" for name in graph.subsystems()}
    names += sorted(others.union(*fields.values()) - set(names))
    text = '<?xml version="1.0" encoding="utf-8"?>\n'
    text += '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for number, name in enumerate(names):
        kind = "long" if name in ("id", "uniq_id", "rank", "size") else "string"
        text += (
            f'  <key id="d{number}" for="node" attr.name={quoteattr(name)} attr.type="{kind}"/>\n'
        )
    text += '  <key id="s" for="edge" attr.name="subsystem" attr.type="string"/>\n'
    text += '  <graph edgedefault="directed">\n'
    for row, values in fields.items():
        text += f'    <node id="{graph.uniq_id(row)}">'
        for name, value in values.items():
            text += f'<data key="d{names.index(name)}">{escape(value)}</data>'
        text += "</node>\n"
    for a, b, subsystem in edges(graph):
        text += (
            f'    <edge source="{a}" target="{b}"><data key="s">{escape(subsystem)}</data></edge>\n'
        )
    return text + "  </graph>\n</graphml>\n"


def graphml_fields(graph: FlatGraph, row: int) -> dict[str, str]:
    found = {
        "type": graph.type(row),
        "basename": graph.basename(row),
        "name": graph.name(row),
        "id": str(graph.id(row)),
        "uniq_id": str(graph.uniq_id(row)),
        "rank": str(graph.rank(row)),
        "size": str(graph.size(row)),
        "unit": graph.unit(row),
        "status": "up" if graph.up(row) else "down",
    }
    found.update((f"property.{key}", value) for key, value in graph.properties(row).items())
    found.update((f"path.{subsystem}", path) for subsystem, path in graph.paths(row).items())
    return found
