"""The expressions of `find`: those of resource-query, and friendlier ones about the machine.

The grammar is in `fluxion_py.match.expression`. Keys of ours: `type`, `name` (hostlist), `id` and
`rank` (idsets), `path` (of the vertex or of one above it), `property` (KEY or KEY=VALUE), and any
resource type, for what a vertex is or lies below: `rack=rack1` or, by number, `rack=1`. Every other
key is resource-query's (matching.md 11).
"""

from collections.abc import Callable

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.cli.paths import paths_of
from fluxion_py.errors import FormatError, short
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.topology import below
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import parse_idset
from fluxion_py.match.expression import ExpressionParser

Rows = set[int]
Reference = Callable[[str], Rows]

_OWN_KEYS = ("type", "name", "id", "rank", "path", "property")
_REFERENCE_KEYS = (
    "status", "sched-now", "sched-future", "names", "agfilter",
    "jobid-alloc", "jobid-reserved", "jobid-span", "jobid-tag",
)  # fmt: skip


def find_rows(graph: ResourceGraph, text: str, reference: Reference) -> list[int]:
    """Return the rows that satisfy an expression, in the order of the graph.

    `reference` answers one predicate of resource-query. Raises `FormatError`.
    """
    if not text.strip():
        raise FormatError("the expression is empty", hint="for example type=node and rack=rack1")
    return sorted(_Search(graph, reference).parse(text))


class _Search(ExpressionParser[Rows]):
    """Evaluates while it parses."""

    negations = True

    def __init__(self, graph: ResourceGraph, reference: Reference) -> None:
        self.graph = graph
        self.flat: FlatGraph = graph.flat
        self.all: Rows = set(graph.flat.rows())
        self.reference = reference

    def predicate(self, key: str, value: str) -> Rows:
        if key in _REFERENCE_KEYS:
            return self.reference(f"{key}={value}")
        if key in _OWN_KEYS:
            return self._own(key, value)
        if self.flat.find_type(key) >= 0:
            return self._in(key, value)
        types = ", ".join(self.flat.counts())
        keys = ", ".join((*_OWN_KEYS, *_REFERENCE_KEYS))
        raise FormatError(f"unknown key {short(key, 40)}", hint=f"keys: {keys}; types: {types}")

    def join(self, first: Rows, rest: list[tuple[str, Rows]]) -> Rows:
        for operator, other in rest:
            first = first | other if operator == "or" else first & other
        return first

    def negate(self, term: Rows) -> Rows:
        return self.all - term

    def _own(self, key: str, value: str) -> Rows:
        flat = self.flat
        if key == "type":
            if flat.find_type(value) < 0:
                raise FormatError(
                    f"no vertex of type {value[:40]}", hint=f"types: {', '.join(flat.counts())}"
                )
            return set(flat.rows_of_type(value))
        if key == "name":
            return {row for name in parse_hostlist(value) for row in flat.rows_named(name)}
        if key == "rank":
            return {row for rank in parse_idset(value) for row in flat.rows_of_rank(rank)}
        if key == "property":
            return self._with_property(*value.partition("="))
        if key == "id":
            wanted = set(parse_idset(value))
            return {row for row in self.all if flat.id(row) in wanted}
        return below(self.flat, {self.graph[path].row for path in paths_of(self.graph, value)})

    def _in(self, kind: str, value: str) -> Rows:
        """Return the vertices of a type with this name or number, and all that is below them."""
        flat = self.flat
        names = set(parse_hostlist(value))
        heads = {
            row
            for row in flat.rows_of_type(kind)
            if flat.name(row) in names or str(flat.id(row)) in names
        }
        if not heads:
            raise FormatError(f"no {kind} is called {value[:40]}")
        return below(flat, heads)

    def _with_property(self, key: str, equals: str, value: str) -> Rows:
        found = {row: self.flat.properties(row) for row in self.all}
        if not equals:
            return {row for row, properties in found.items() if key in properties}
        return {row for row, properties in found.items() if properties.get(key) == value}
