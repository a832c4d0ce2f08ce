"""JSON graph format of a selection, in full and in shorthand (matching.md 12, RFC 4).

The text is built by hand, vertex by vertex: the order of keys and the separators ", " and ": "
are part of the format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.writers.answer import Answer

SHORTHAND_WRITER = "fluxion:jgf_shorthand"
"""The value of the key `writer` when vertices were left out."""


@dataclass(slots=True)
class Fragments:
    """The JSON texts of vertices and edges, and whether the shorthand left some out."""

    nodes: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    shortened: bool = False

    def followed_by(self, later: "Fragments") -> "Fragments":
        """Return the two sets of fragments as one."""
        return Fragments(
            self.nodes + later.nodes, self.edges + later.edges, self.shortened or later.shortened
        )


def write_jgf(answer: Answer) -> str:
    """Return the selection as one line of JSON; nothing if it is empty."""
    return _line(fragments(answer))


def write_jgf_shorthand(answer: Answer) -> str:
    """Return the selection without what lies below an exclusive vertex, as one line of JSON."""
    return _line(fragments(answer, shorthand=True))


def _line(parts: Fragments) -> str:
    return graph_object(parts) + "\n" if parts.nodes else ""


def graph_object(parts: Fragments) -> str:
    """Return `{"graph": {"nodes": [...], "edges": [...]}}` without a line end."""
    writer = f', "writer": "{SHORTHAND_WRITER}"' if parts.shortened else ""
    nodes, edges = ", ".join(parts.nodes), ", ".join(parts.edges)
    return f'{{"graph": {{"nodes": [{nodes}], "edges": [{edges}]}}{writer}}}'


def fragments(answer: Answer, *, shorthand: bool = False) -> Fragments:
    """Return the texts of the selection's vertices and edges, in emission order."""
    graph, selection = answer.graph, answer.selection
    hidden = _below_exclusive(selection.vertices) if shorthand else set()
    nodes = [
        node_object(graph, row, needs, exclusive, selection.labels.get(row), answer.usage.get(row))
        for row, needs, exclusive, _ in selection.vertices
        if row not in hidden
    ]
    subsystems = graph.subsystems()
    edges = [
        edge_object(graph.uniq_id(source), graph.uniq_id(target), subsystems[subsystem])
        for source, target, subsystem in selection.edges
        if target not in hidden
    ]
    return Fragments(nodes, edges, shortened=bool(hidden))


def _below_exclusive(vertices: list[tuple[int, int, bool, int]]) -> set[int]:
    """Return the rows below an exclusive vertex; read backwards, a parent precedes its children."""
    hidden: set[int] = set()
    owner_depth: int | None = None
    for row, _, exclusive, depth in reversed(vertices):
        if owner_depth is not None and depth > owner_depth:
            hidden.add(row)
            continue
        owner_depth = depth if exclusive else None
    return hidden


def node_object(
    graph: FlatGraph,
    row: int,
    needs: int,
    exclusive: bool,
    label: str | None = None,
    usage: Mapping[str, str] | None = None,
) -> str:
    """Return the JSON object of one vertex; keys with their default value are left out."""
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
    if label:
        text += f', "ephemeral": {{"label": {quoted(label)}}}'
    if usage:
        text += f', "agfilter": {string_object(usage)}'
    return text + "}}"


def edge_object(source: int, target: int, subsystem: str) -> str:
    """Return the JSON object of one edge between two vertex ids."""
    if subsystem == "containment":
        return f'{{"source": "{source}", "target": "{target}"}}'
    metadata = f'"metadata": {{"subsystem": {quoted(subsystem)}}}'
    return f'{{"source": "{source}", "target": "{target}", {metadata}}}'


def string_object(mapping: Mapping[str, str]) -> str:
    """Return a mapping of texts as a JSON object, in its own order."""
    return "{" + ", ".join(f"{quoted(key)}: {quoted(text)}" for key, text in mapping.items()) + "}"
