"""The expressions of `find`: those of resource-query, and friendlier ones about the machine.

    expression = term { [ "and" | "or" ] term }      equal precedence, from the left; blank = and
    term       = [ "not" ] ( predicate | "(" expression ")" )
    predicate  = key "=" value

Keys of ours: `type`, `name` (hostlist), `id` and `rank` (idsets), `path` (of the vertex or of one
above it), `property` (KEY or KEY=VALUE), and any resource type, for what a vertex is or lies below:
`rack=rack1` or, by number, `rack=1`. Every other key is resource-query's (matching.md 11).
"""

import re
from collections.abc import Callable

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.cli.paths import paths_of
from fluxion_py.errors import FormatError
from fluxion_py.graph import ResourceGraph
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import parse_idset

MAX_TERMS = 1_000
"""The most words and parentheses of one expression."""

MAX_DEPTH = 100
"""The deepest nesting of parentheses."""

Rows = set[int]
Reference = Callable[[str], Rows]

_TOKEN = re.compile(r"[()]|[^\s()]+")
_OWN_KEYS = ("type", "name", "id", "rank", "path", "property")
_REFERENCE_KEYS = (
    "status", "sched-now", "sched-future", "names", "agfilter",
    "jobid-alloc", "jobid-reserved", "jobid-span", "jobid-tag",
)  # fmt: skip


def find_rows(graph: ResourceGraph, text: str, reference: Reference) -> list[int]:
    """Return the rows that satisfy an expression, in the order of the graph.

    `reference` answers one predicate of resource-query. Raises `FormatError`.
    """
    tokens = _TOKEN.findall(text)
    if not tokens:
        raise FormatError("the expression is empty", hint="for example type=node and rack=rack1")
    if len(tokens) > MAX_TERMS:
        raise FormatError(f"the expression has more than {MAX_TERMS} words")
    search = _Search(graph, tokens, reference)
    found = search.expression(0)
    if search.position < len(tokens):
        raise FormatError(f"unbalanced {tokens[search.position]!r} in the expression")
    return sorted(found)


class _Search:
    """Evaluates while it parses, by recursive descent."""

    def __init__(self, graph: ResourceGraph, tokens: list[str], reference: Reference) -> None:
        self.graph = graph
        self.flat: FlatGraph = graph.flat
        self.all: Rows = set(graph.flat.rows())
        self.tokens = tokens
        self.position = 0
        self.reference = reference

    def expression(self, depth: int) -> Rows:
        found = self.term(depth)
        while (token := self.peek()) not in ("", ")"):
            if token in ("and", "or"):
                self.position += 1
            other = self.term(depth)
            found = found | other if token == "or" else found & other
        return found

    def term(self, depth: int) -> Rows:
        if depth > MAX_DEPTH:
            raise FormatError(f"the expression is nested more than {MAX_DEPTH} deep")
        token = self.peek()
        self.position += 1
        if token == "not":
            return self.all - self.term(depth + 1)
        if token != "(":
            return self.predicate(token)
        inner = self.expression(depth + 1)
        if self.peek() != ")":
            raise FormatError("a '(' is not closed")
        self.position += 1
        return inner

    def peek(self) -> str:
        """Return the next token, "" at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def predicate(self, token: str) -> Rows:
        key, _, value = token.partition("=")
        if token in ("", ")", "and", "or") or not value:
            where = repr(token[:40]) if token else "at the end"
            raise FormatError(f"a predicate key=value is missing: {where}")
        if key in _REFERENCE_KEYS:
            return self.reference(token)
        if key in _OWN_KEYS:
            return self._own(key, value)
        if self.flat.find_type(key) >= 0:
            return self._in(key, value)
        types = ", ".join(self.flat.counts())
        keys = ", ".join((*_OWN_KEYS, *_REFERENCE_KEYS))
        raise FormatError(f"unknown key {key[:40]!r}", hint=f"keys: {keys}; types: {types}")

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
        return self._below({self.graph[path].row for path in paths_of(self.graph, value)})

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
        return self._below(heads)

    def _below(self, heads: Rows) -> Rows:
        found = set(heads)
        level = list(heads)
        while level:
            level = [
                target
                for row in level
                for target, subsystem in self.flat.out_edges(row)
                if subsystem == 0 and target not in found
            ]
            found.update(level)
        return found

    def _with_property(self, key: str, equals: str, value: str) -> Rows:
        found = {row: self.flat.properties(row) for row in self.all}
        if not equals:
            return {row for row, properties in found.items() if key in properties}
        return {row for row, properties in found.items() if properties.get(key) == value}
