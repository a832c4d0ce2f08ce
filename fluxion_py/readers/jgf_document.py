"""JGF text -> typed records with all defaults filled in (resource-graph.md 4.1, 4.2).

Two ways give the same records: a careful one that names the place of every fault, and for large
texts msgspec, which is 5-10 times faster but says less. Whatever msgspec refuses goes through the
careful one again, so there is one set of messages.
"""

import re
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, NoReturn, cast, get_args

from fluxion_py.errors import ReadError, short
from fluxion_py.readers.json_text import parse_json

FAST_FROM = 256_000
"""Texts of at least this many characters are decoded by msgspec."""

ABSENT = -(2**63)
"""Stands for a number that the file does not give."""

INT64 = 2**63
INT32 = 2**31

_LEADING_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,19})")
_TRAILING_DIGITS = re.compile(r"[0-9]{1,19}\Z")


@dataclass(repr=False, eq=False)
class Metadata:
    """What a JGF node says about its vertex; after `complete` nothing is ABSENT any more."""

    type: str
    paths: dict[str, str]
    id: int = ABSENT
    uniq_id: int = ABSENT
    basename: str = ""
    name: str = ""
    rank: int = -1
    status: int = 0
    exclusive: bool = False
    size: int = 1
    unit: str = ""
    divisible: bool = False
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(repr=False, eq=False)
class Node:
    """One entry of `graph.nodes`."""

    id: str
    metadata: Metadata


@dataclass(repr=False, eq=False)
class EdgeMetadata:
    """What a JGF edge says; other keys are ignored."""

    subsystem: str = "containment"


@dataclass(repr=False, eq=False)
class Edge:
    """One entry of `graph.edges`: outer ids of its ends."""

    source: str
    target: str
    metadata: EdgeMetadata | None = None


@dataclass(repr=False, eq=False)
class Graph:
    """The arrays of a JGF text."""

    nodes: list[Node]
    edges: list[Edge]


@dataclass(repr=False, eq=False)
class Document:
    """A whole JGF text; `free_ranks` is the idset of an R of which a part was given back."""

    graph: Graph
    free_ranks: str = ""


def parse_jgf(text: str, source: str | None = None) -> Document:
    """Return the records of a JGF text, with defaults filled in.

    Raises `ReadError` naming the entry (`graph.nodes[3]`) for anything that is missing, of the
    wrong type, out of range, or an outer id that is used twice.
    """
    document = _decode_fast(text) if len(text) >= FAST_FROM else None
    if document is None:
        return document_of(parse_json(text, source), source)
    return _complete_all(document, source)


def document_of(value: object, source: str | None = None) -> Document:
    """Return the records of JGF that is already parsed JSON; raises as `parse_jgf`."""
    return _complete_all(_Careful(source).document(value), source)


def _decode_fast(text: str) -> Document | None:
    """Return the records, or None if anything at all is wrong with the text.

    The records are msgspec structs with the fields of the classes above: four times faster to
    make than dataclasses, and unseen by the garbage collector.
    """
    import msgspec

    structs: dict[type, type] = {}
    for record in (Metadata, Node, EdgeMetadata, Edge, Graph, Document):
        structs[record] = msgspec.defstruct(
            record.__name__, [_struct_field(item, structs) for item in fields(record)], gc=False
        )
    try:
        return cast(Document, msgspec.json.decode(text, type=structs[Document]))
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def _struct_field(item: "Field[Any]", structs: dict[type, type]) -> tuple[Any, ...]:
    """Return (name, type, default) of a dataclass field, records replaced by their structs."""
    kind: Any = item.type
    if item.type == EdgeMetadata | None:
        kind = structs[EdgeMetadata] | None
    elif item.type in (list[Node], list[Edge]):
        kind = list[structs[get_args(item.type)[0]]]  # type: ignore[misc]
    elif isinstance(item.type, type):
        kind = structs.get(item.type, item.type)
    if item.default is not MISSING:
        return item.name, kind, item.default
    return (item.name, kind) if item.default_factory is MISSING else (item.name, kind, {})


def _complete_all(document: Document, source: str | None) -> Document:
    seen: set[str] = set()
    for position, node in enumerate(document.graph.nodes):
        if node.id in seen:
            _fail(source, f"graph.nodes[{position}]", f"id {short(node.id)} is used twice")
        seen.add(node.id)
        try:
            complete(node)
        except ValueError as error:
            _fail(source, f"graph.nodes[{position}] (id {short(node.id)})", str(error))
    return document


def complete(node: Node) -> None:
    """Fill in the defaults of a node's metadata; `ValueError` for a value out of range."""
    meta = node.metadata
    if meta.uniq_id == ABSENT:
        meta.uniq_id = _leading_integer(node.id)
    if not meta.basename:
        meta.basename = meta.type
    if meta.id == ABSENT:
        digits = _TRAILING_DIGITS.search(meta.name) if meta.type == "node" else None
        meta.id = int(digits[0]) if digits else meta.uniq_id
    if not meta.name:
        meta.name = f"{meta.basename}{meta.id}"
    if not meta.type:
        raise ValueError("malformed metadata: type is empty")
    if not (-INT64 <= meta.id < INT64 and -INT64 <= meta.uniq_id < INT64):
        raise ValueError("malformed metadata: id does not fit 64 bits")
    if not -1 <= meta.rank < INT32:
        raise ValueError(f"malformed metadata: rank must be -1 to {INT32 - 1}, not {meta.rank}")
    if not 0 <= meta.size < INT64:
        raise ValueError(f"malformed metadata: size must be 0 to {INT64 - 1}, not {meta.size}")
    if not 0 <= meta.status <= 1:
        raise ValueError(f"malformed metadata: status must be 0 (up) or 1, not {meta.status}")
    if not meta.paths:
        raise ValueError("malformed metadata: paths is empty")
    for path in meta.paths.values():
        if not path.startswith("/"):
            raise ValueError(f"malformed metadata: path {short(path)} does not start with '/'")


def _leading_integer(text: str) -> int:
    match = _LEADING_INTEGER.match(text)
    if match is None:
        raise ValueError("the id does not start with an integer, and there is no uniq_id")
    return int(match[1])


def _fail(source: str | None, where: str, message: str) -> NoReturn:
    raise ReadError(message, source=source, where=where)


class _Careful:
    """Turns parsed JSON into records and names the place of the first fault."""

    def __init__(self, source: str | None) -> None:
        self.source = source

    def document(self, value: object) -> Document:
        top = self.mapping(value, "the text")
        graph = self.mapping(self.wanted(top, "graph", ""), "graph")
        nodes = self.array(self.wanted(graph, "nodes", "graph"), "graph.nodes")
        edges = self.array(self.wanted(graph, "edges", "graph"), "graph.edges")
        free_ranks = top.get("free_ranks", "")
        if not isinstance(free_ranks, str):
            _fail(self.source, "free_ranks", f"must be a string, not {short(free_ranks)}")
        return Document(
            Graph(
                [self.node(node, f"graph.nodes[{i}]") for i, node in enumerate(nodes)],
                [self.edge(edge, f"graph.edges[{i}]") for i, edge in enumerate(edges)],
            ),
            free_ranks,
        )

    def node(self, value: object, where: str) -> Node:
        node = self.mapping(value, where)
        identity = self.wanted(node, "id", where)
        if not isinstance(identity, str):
            _fail(self.source, where, f"id must be a string, not {short(identity)}")
        inner = f"{where}.metadata"
        metadata = self.mapping(self.wanted(node, "metadata", where), inner)
        found = Metadata(
            type=self.text(metadata, "type", inner),
            paths=self.texts(self.wanted(metadata, "paths", inner), f"{inner}.paths"),
        )
        for key in ("id", "uniq_id", "rank", "status", "size"):
            if key in metadata:
                setattr(found, key, self.integer(metadata, key, inner))
        for key in ("basename", "name", "unit"):
            if key in metadata:
                setattr(found, key, self.text(metadata, key, inner))
        for key in ("exclusive", "divisible"):
            if not isinstance(metadata.get(key, False), bool):
                self.malformed(f"{inner}.{key}", "true or false", metadata[key])
            setattr(found, key, metadata.get(key, False))
        if "properties" in metadata:
            found.properties = self.texts(metadata["properties"], f"{inner}.properties")
        return Node(identity, found)

    def edge(self, value: object, where: str) -> Edge:
        edge = self.mapping(value, where)
        ends = []
        for end in ("source", "target"):
            if not isinstance(edge.get(end), str):
                _fail(self.source, where, f"malformed edge: {end} must be the id of a node")
            ends.append(str(edge[end]))
        metadata = edge.get("metadata")
        if metadata is None:
            return Edge(ends[0], ends[1])
        metadata = self.mapping(metadata, f"{where}.metadata")
        if "subsystem" not in metadata:
            return Edge(ends[0], ends[1])
        subsystem = self.text(metadata, "subsystem", f"{where}.metadata")
        return Edge(ends[0], ends[1], EdgeMetadata(subsystem))

    def malformed(self, where: str, wanted: str, value: object) -> NoReturn:
        _fail(self.source, where, f"malformed metadata: must be {wanted}, not {short(value)}")

    def wanted(self, mapping: dict[str, object], key: str, where: str) -> object:
        if key not in mapping:
            _fail(self.source, where, f'"{key}" is missing')
        return mapping[key]

    def mapping(self, value: object, where: str) -> dict[str, object]:
        if not isinstance(value, dict):
            _fail(self.source, where, f"must be an object, not {short(value)}")
        return value

    def array(self, value: object, where: str) -> list[object]:
        if not isinstance(value, list):
            _fail(self.source, where, f"must be an array, not {short(value)}")
        return value

    def text(self, mapping: dict[str, object], key: str, where: str) -> str:
        value = self.wanted(mapping, key, where)
        if not isinstance(value, str):
            self.malformed(f"{where}.{key}", "a string", value)
        return value

    def integer(self, mapping: dict[str, object], key: str, where: str) -> int:
        value = mapping[key]
        if not isinstance(value, int) or isinstance(value, bool):
            self.malformed(f"{where}.{key}", "an integer", value)
        return value

    def texts(self, value: object, where: str) -> dict[str, str]:
        if not isinstance(value, dict):
            self.malformed(where, "an object of strings", value)
        for key, text in value.items():
            if not isinstance(text, str):
                self.malformed(f"{where}.{key}", "a string", text)
        return value
