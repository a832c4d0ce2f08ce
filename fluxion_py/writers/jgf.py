"""JSON graph format of a selection, in full and in shorthand (matching.md 12, RFC 4).

The text is built by hand, vertex by vertex, in the core: the order of keys and the separators ", "
and ": " are part of the format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.graph_text import JgfText, plain_bytes
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
    selection = answer.selection
    hidden = _below_exclusive(selection.vertices) if shorthand else set()
    text = jgf_text(answer.graph)
    nodes = [
        text.chosen(row, needs, exclusive, _ending(answer, row))
        for row, needs, exclusive, _ in selection.vertices
        if row not in hidden
    ]
    edges = [text.joined(*edge) for edge in selection.edges if edge[1] not in hidden]
    return Fragments(nodes, edges, shortened=bool(hidden))


def jgf_text(graph: FlatGraph) -> JgfText:
    """Return the writer of the graph's vertices and edges as JSON objects."""
    return JgfText(graph, inside_quotes, JSON_PLAIN, string_object, ", ")


def _ending(answer: Answer, row: int) -> str:
    """Return the keys of a vertex that only some answers have."""
    text = ""
    if label := answer.selection.labels.get(row):
        text += f', "ephemeral": {{"label": {quoted(label)}}}'
    if usage := answer.usage.get(row):
        text += f', "agfilter": {string_object(usage)}'
    return text


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


def inside_quotes(text: str) -> str:
    """Return a text as it stands between the quotes of a JSON string."""
    return quoted(text)[1:-1]


JSON_PLAIN = plain_bytes(inside_quotes)
"""Bytes that JSON leaves as they are."""


def string_object(mapping: Mapping[str, str]) -> str:
    """Return a mapping of texts as a JSON object, in its own order."""
    return "{" + ", ".join(f"{quoted(key)}: {quoted(text)}" for key, text in mapping.items()) + "}"
