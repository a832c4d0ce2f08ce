"""The predicates of `find` on vertices (matching.md 11); `expression` has the grammar.

A criteria text is parsed once into a tree and evaluated on an engine to a mask: one byte, 0 or 1,
per row of the graph.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import FormatError
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.match.expression import ExpressionParser
from fluxion_py.match.job import parse_jobid
from fluxion_py.match.protocol import MatchEngine

_FLIP = bytes([1]) + bytes(255)

_STATES = {
    "status": {"up": ("down", False), "down": ("down", True)},
    "sched-now": {"allocated": ("allocated", True), "free": ("allocated", False)},
    "sched-future": {"reserved": ("reserved", True), "free": ("reserved", False)},
}
_JOB_KEYS = ("jobid-alloc", "jobid-reserved", "jobid-span", "jobid-tag")
_TRUTH = {"true": True, "t": True, "false": False, "f": False}


@dataclass(frozen=True, slots=True)
class Predicate:
    """One `key=value`; the value is checked and in the form that evaluation needs."""

    key: str
    value: str = ""
    jobid: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Two or more terms, each but the first with the operator before it; read from the left."""

    first: "Term"
    rest: tuple[tuple[str, "Term"], ...]


Term = Predicate | Joined


@dataclass(frozen=True, slots=True)
class Criteria:
    """A parsed expression. `agfilter`: the amounts of the prune filters are wanted too.

    `jobid` is that of the last predicate on a job, None without one: whose amounts they are.
    """

    tree: Term
    agfilter: bool
    jobid: int | None

    def mask(self, engine: MatchEngine) -> bytes:
        """Return the mask of the vertices that satisfy the expression.

        With `agfilter` only vertices that have a prune filter remain.
        """
        found = _evaluate(self.tree, engine)
        return _join("and", found, engine.mask("filtered")) if self.agfilter else found


def parse_criteria(text: str) -> Criteria:
    """Parse an expression; raises `FormatError` saying which part is wrong."""
    tree = _Parser().parse(text)
    predicates = list(_predicates(tree))
    jobids = [term.jobid for term in predicates if term.key in _JOB_KEYS]
    agfilter = any(term.key == "agfilter" and term.value == "true" for term in predicates)
    return Criteria(tree, agfilter, jobids[-1] if jobids else None)


class _Parser(ExpressionParser[Term]):
    def predicate(self, key: str, value: str) -> Term:
        return _predicate(key, value)

    def join(self, first: Term, rest: list[tuple[str, Term]]) -> Term:
        return Joined(first, tuple(rest))


def _predicate(key: str, value: str) -> Predicate:
    if key in _JOB_KEYS:
        return Predicate(key, jobid=parse_jobid(value))
    value = value.lower()
    if key in _STATES and value in _STATES[key]:
        return Predicate(key, value)
    if key == "agfilter" and value in _TRUTH:
        return Predicate(key, str(_TRUTH[value]).lower())
    if key == "property":
        return Predicate(key, value)
    if key == "names":
        return Predicate(key, value, names=tuple(parse_hostlist(value)))
    if key in _STATES or key == "agfilter":
        values = ", ".join(_STATES.get(key, _TRUTH))
        raise FormatError(f"{value[:40]!r} is no value of {key}", hint=f"one of {values}")
    keys = ", ".join((*_STATES, *_JOB_KEYS, "names", "property", "agfilter"))
    raise FormatError(f"unknown key {key[:40]!r} in the expression", hint=f"one of {keys}")


def _predicates(term: Term) -> Iterator[Predicate]:
    if isinstance(term, Predicate):
        yield term
        return
    yield from _predicates(term.first)
    for _, later in term.rest:
        yield from _predicates(later)


def _evaluate(term: Term, engine: MatchEngine) -> bytes:
    if isinstance(term, Joined):
        mask = _evaluate(term.first, engine)
        for operator, later in term.rest:
            mask = _join(operator, mask, _evaluate(later, engine))
        return mask
    graph = engine.graph
    if term.key in _STATES:
        kind, wanted = _STATES[term.key][term.value]
        mask = engine.mask(kind)
        return mask if wanted else mask.translate(_FLIP)
    if term.key in _JOB_KEYS:
        return engine.mask(term.key, term.jobid)
    if term.key == "names":
        return _rows_mask(graph, (row for name in term.names for row in graph.rows_named(name)))
    if term.key == "property":
        return _rows_mask(
            graph, (row for row in graph.rows() if term.value in graph.properties(row))
        )
    return bytes([1]) * len(graph)


def _rows_mask(graph: FlatGraph, rows: Iterator[int]) -> bytes:
    mask = bytearray(len(graph))
    for row in rows:
        mask[row] = 1
    return bytes(mask)


_OPERATIONS: dict[str, Callable[[int, int], int]] = {"and": int.__and__, "or": int.__or__}


def _join(operator: str, left: bytes, right: bytes) -> bytes:
    combine = _OPERATIONS[operator]
    number = combine(int.from_bytes(left, "little"), int.from_bytes(right, "little"))
    return number.to_bytes(len(left), "little")
