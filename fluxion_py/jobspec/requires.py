"""Constraints as one types them, `hosts:hetchy201 and (parrypeak or rabbit)` (RFC 35)."""

import re
from typing import Any, NoReturn

from fluxion_py.errors import ConstraintError
from fluxion_py.jobspec.constraint import compile_constraint

MAX_TEXT = 65_536
"""The longest constraint text, in characters."""

MAX_DEPTH = 50
"""How deep parentheses and negations may be nested."""

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<and>&{1,2})|(?P<or>\|{1,2})"
    r"|(?P<term>(?:[^\s&|()'\"]|'[^']*'|\"[^\"]*\")+))"
)
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_OPERATOR = re.compile(r"([A-Za-z_]+):")
_OPERATORS = {
    "host": "hostlist",
    "hosts": "hostlist",
    "hostlist": "hostlist",
    "rank": "ranks",
    "ranks": "ranks",
    "property": "properties",
    "properties": "properties",
}
_EXAMPLE = "write it like: gpu, ^gpu, a,b, hosts:n[0-3] or rank:0-7, joined by and, or, not, ( )"


def parse_requires(text: str) -> dict[str, Any]:
    """Return the RFC 31 object of an RFC 35 text.

    A term is `operator:operand` with the operators host(s), rank(s) and property, or the name of
    a property; "a,b" asks for both, "^a" for the absence of a. `-term` and `not` negate. Terms
    side by side are joined by `and`, which binds closer than `or`. Quotes keep spaces and
    reserved characters together. An empty text gives {}, which matches everything. Raises
    `ConstraintError` with the column of the mistake.
    """
    if len(text) > MAX_TEXT:
        raise ConstraintError(f"the constraint is longer than {MAX_TEXT} characters")
    parser = _Parser(text)
    value = parser.parse() if parser.kind else {}
    compile_constraint(value)
    return value


class _Parser:
    """Recursive descent over tokens; `kind` and `token` are the next one."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._next = self._start = self._depth = 0
        self.kind: str | None = None
        self.token = ""
        self._advance()

    def _advance(self) -> None:
        if self._next >= len(self._text):
            self.kind, self.token, self._start = None, "", len(self._text)
            return
        match = _TOKEN.match(self._text, self._next)
        if match is None:
            self._start = self._next
            self._fail("a quote is not closed")
        kind = str(match.lastgroup)
        self.token, self._start, self._next = match[kind], match.start(kind), match.end()
        self.kind = self.token if self.token in ("and", "or", "not") else kind

    def _fail(self, reason: str) -> NoReturn:
        raise ConstraintError(
            f"bad constraint {self._text[:60]!r}: {reason}",
            line=1,
            column=self._start + 1,
            hint=_EXAMPLE,
        )

    def parse(self) -> dict[str, Any]:
        value = self._either()
        if self.kind is not None:
            self._fail(f"{self.token!r} is not expected here")
        return value

    def _either(self) -> dict[str, Any]:
        parts = [self._both()]
        while self.kind == "or":
            self._advance()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else {"or": parts}

    def _both(self) -> dict[str, Any]:
        parts = [self._one()]
        while self.kind in ("and", "not", "open", "term"):
            if self.kind == "and":
                self._advance()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else {"and": parts}

    def _one(self) -> dict[str, Any]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"it is nested deeper than {MAX_DEPTH} levels")
        try:
            return self._unit()
        finally:
            self._depth -= 1

    def _unit(self) -> dict[str, Any]:
        if self.kind == "not":
            self._advance()
            return {"not": [self._one()]}
        if self.kind == "open":
            self._advance()
            value = self._either()
            if self.kind != "close":
                self._fail("a ')' is missing")
            self._advance()
            return value
        if self.kind != "term":
            self._fail(f"{self.token!r} is not expected here" if self.kind else "it ends too early")
        return self._term()

    def _term(self) -> dict[str, Any]:
        token = self.token
        negated = token.startswith("-")
        body = token[1:] if negated else token
        if not body:
            self._fail("'-' negates one term and stands right before it")
        match = _OPERATOR.match(body)
        operator = "properties"
        if match is not None:
            operator = _OPERATORS.get(match[1], "")
            if not operator:
                self._fail(f"unknown operator {match[1]!r} (use host, rank or property)")
            body = body[match.end() :]
        operand = _QUOTED.sub(lambda quoted: quoted[1] or quoted[2] or "", body)
        if not operand:
            self._fail(f"{token!r} names nothing")
        values = operand.split(",") if operator == "properties" else [operand]
        if "" in values:
            self._fail(f"{token!r} has a comma too many")
        self._advance()
        return {"not": [{operator: values}]} if negated else {operator: values}
