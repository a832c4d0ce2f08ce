"""GRUG recipe, a GraphML text (resource-graph.md 3) -> recipe nodes.

Flows in: the text. Flows out: the recipe as `RecipeNode` and `RecipeEdge` records, which
`grug_generate` multiplies into vertices.
"""

from dataclasses import dataclass, field

from fluxion_py.errors import ReadError, short
from fluxion_py.readers.xml_text import Element, parse_xml

REFERENCE_TEXT = "error in reading grug string"
MAX_RECIPE_NODES = 10_000
INT64 = 2**63

NODE_DEFAULTS: dict[str, str | int] = {
    "root": 0,
    "type": "",
    "basename": "",
    "unit": "",
    "size": 1,
    "subsystem": "containment",
}
EDGE_DEFAULTS: dict[str, str | int] = {
    "e_subsystem": "containment",
    "relation": "contains",
    "rrelation": "in",
    "gen_method": "MULTIPLY",
    "multi_scale": 1,
    "id_scope": 0,
    "id_start": 0,
    "id_stride": 1,
    "as_tgt_subsystem": "containment",
    "as_tgt_uplvl": 1,
    "as_src_uplvl": 1,
}


@dataclass(slots=True)
class RecipeEdge:
    """How the vertices of one recipe node bring forth or join those of another."""

    target: "RecipeNode"
    subsystem: str
    method: str
    scale: int
    id_scope: int
    id_start: int
    id_stride: int
    match_subsystem: str
    target_levels: int
    source_levels: int
    line: int


@dataclass(slots=True)
class RecipeNode:
    """A kind of vertex; `out` holds its edges in document order."""

    key: str
    type: str
    basename: str
    unit: str
    size: int
    subsystem: str
    root: bool
    line: int
    out: list[RecipeEdge] = field(default_factory=list)


def parse_grug(text: str, source: str | None = None) -> list[RecipeNode]:
    """Return the recipe nodes of a GRUG text in document order; raises `ReadError`."""
    root = parse_xml(text, source, REFERENCE_TEXT)
    reader = _Reader(source)
    if root.tag != "graphml":
        raise reader.wrong(root, f"the root element is <{root.tag}>, not <graphml>")
    reader.read_keys(root)
    graphs = list(root.named("graph"))
    if len(graphs) != 1:
        raise reader.wrong(root, f"there are {len(graphs)} <graph> elements, not 1")
    return reader.read_graph(graphs[0])


class _Reader:
    """Reads keys, nodes and edges; knows the file for messages."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.names: dict[str, tuple[str, str]] = {}
        self.defaults = {"node": dict(NODE_DEFAULTS), "edge": dict(EDGE_DEFAULTS)}

    def wrong(self, element: Element, message: str, hint: str | None = None) -> ReadError:
        return ReadError(
            message,
            source=self.source,
            line=element.line,
            column=element.column,
            hint=hint,
            reference_text=REFERENCE_TEXT,
        )

    def read_keys(self, root: Element) -> None:
        """Read the <key> declarations and their defaults."""
        for key in root.named("key"):
            identity, domain = key.attributes.get("id"), key.attributes.get("for")
            if identity is None or domain not in ("node", "edge"):
                raise self.wrong(key, '<key> needs id="..." and for="node" or for="edge"')
            name = key.attributes.get("attr.name", identity)
            self.names[identity] = (domain, name)
            for default in key.named("default"):
                self._store(self.defaults[domain], domain, name, default)

    def _store(
        self, values: dict[str, str | int], domain: str, name: str, element: Element
    ) -> None:
        known = NODE_DEFAULTS if domain == "node" else EDGE_DEFAULTS
        if name not in known:
            return
        text = element.text.strip()
        values[name] = text if isinstance(known[name], str) else self._integer(element, name, text)

    def _integer(self, element: Element, name: str, text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
            raise self.wrong(element, f"{name} must be an integer, not {short(text)}")
        value = int(text)
        if not -INT64 <= value < INT64:
            raise self.wrong(element, f"{name} {value} does not fit 64 bits")
        return value

    def _values(self, element: Element, domain: str) -> dict[str, str | int]:
        values = dict(self.defaults[domain])
        for data in element.named("data"):
            key = data.attributes.get("key", "")
            declared = self.names.get(key)
            if declared is None or declared[0] != domain:
                raise self.wrong(data, f"<data key={key!r}> has no <key for={domain!r}>")
            self._store(values, domain, declared[1], data)
        return values

    def read_graph(self, graph: Element) -> list[RecipeNode]:
        """Read all nodes, then all edges: an edge may stand before its nodes."""
        nodes: dict[str, RecipeNode] = {}
        for element in graph.named("node"):
            node = self._read_node(element)
            if node.key in nodes:
                raise self.wrong(element, f"node id {short(node.key)} is used twice")
            nodes[node.key] = node
        if not nodes:
            raise self.wrong(graph, "the recipe has no <node>")
        if len(nodes) > MAX_RECIPE_NODES:
            raise self.wrong(graph, f"the recipe has more than {MAX_RECIPE_NODES} nodes")
        for element in graph.named("edge"):
            ends = []
            for end in ("source", "target"):
                key = element.attributes.get(end)
                if key not in nodes:
                    raise self.wrong(element, f"edge {end} {short(key)} is no node of the recipe")
                ends.append(nodes[key])
            ends[0].out.append(self._read_edge(element, ends[1]))
        return list(nodes.values())

    def _read_node(self, element: Element) -> RecipeNode:
        key = element.attributes.get("id")
        if key is None:
            raise self.wrong(element, '<node> needs id="..."')
        values = self._values(element, "node")
        kind = str(values["type"])
        if not kind:
            raise self.wrong(element, f"node {short(key)} has no type")
        size = int(values["size"])
        if size < 0:
            raise self.wrong(element, f"size of node {short(key)} is negative: {size}")
        return RecipeNode(
            key=key,
            type=kind,
            basename=str(values["basename"]) or kind,
            unit=str(values["unit"]),
            size=size,
            subsystem=str(values["subsystem"]),
            root=values["root"] == 1,
            line=element.line,
        )

    def _read_edge(self, element: Element, target: RecipeNode) -> RecipeEdge:
        values = self._values(element, "edge")
        if int(values["multi_scale"]) < 0:
            raise self.wrong(element, f"multi_scale is negative: {values['multi_scale']}")
        return RecipeEdge(
            target=target,
            subsystem=str(values["e_subsystem"]),
            method=str(values["gen_method"]),
            scale=int(values["multi_scale"]),
            id_scope=int(values["id_scope"]),
            id_start=int(values["id_start"]),
            id_stride=int(values["id_stride"]),
            match_subsystem=str(values["as_tgt_subsystem"]),
            target_levels=max(0, int(values["as_tgt_uplvl"])),
            source_levels=max(0, int(values["as_src_uplvl"])),
            line=element.line,
        )
