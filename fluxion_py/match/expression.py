"""The grammar of `find`: predicates joined by and / or, with parentheses (matching.md 11).

    expression = term { [ "and" | "or" ] term }      equal precedence, from the left; blank = and
    term       = predicate | "(" expression ")"      ours: or "not" term
    predicate  = key "=" value

What a predicate means, and what joining does, is the business of the subclasses.
"""

import re
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from fluxion_py.errors import FormatError, short

MAX_WORDS = 10_000
"""The most words and parentheses of one expression."""

MAX_DEPTH = 200
"""The deepest nesting of parentheses and negations; so no input exhausts the stack."""

Found = TypeVar("Found")

_TOKEN = re.compile(r"[()]|[^\s()]+")


class ExpressionParser(ABC, Generic[Found]):
    """Recursive descent over the words of an expression."""

    negations = False
    """Whether "not" negates a term."""

    def parse(self, text: str) -> Found:
        """Return what an expression stands for; raises `FormatError` saying which part is wrong."""
        self._tokens = _TOKEN.findall(text)
        self._position = 0
        if len(self._tokens) > MAX_WORDS:
            raise FormatError(f"the expression has more than {MAX_WORDS} words")
        found = self._expression(0)
        if self._position < len(self._tokens):
            raise FormatError(f"unbalanced {self._peek()!r} in the expression")
        return found

    @abstractmethod
    def predicate(self, key: str, value: str) -> Found:
        """Return what one `key=value` stands for; both are not empty."""

    @abstractmethod
    def join(self, first: Found, rest: list[tuple[str, Found]]) -> Found:
        """Join terms, each but the first with the "and" or "or" before it; from the left."""

    def negate(self, term: Found) -> Found:
        """Return the opposite of a term, where there are negations."""
        raise NotImplementedError

    def _expression(self, depth: int) -> Found:
        first = self._term(depth)
        rest: list[tuple[str, Found]] = []
        while (token := self._peek()) not in ("", ")"):
            if token in ("and", "or"):
                self._position += 1
            rest.append(("or" if token == "or" else "and", self._term(depth)))
        return self.join(first, rest) if rest else first

    def _term(self, depth: int) -> Found:
        if depth > MAX_DEPTH:
            raise FormatError(f"the expression is nested more than {MAX_DEPTH} deep")
        token = self._peek()
        self._position += 1
        if token == "not" and self.negations:
            return self.negate(self._term(depth + 1))
        if token != "(":
            return self._predicate(token)
        inner = self._expression(depth + 1)
        if self._peek() != ")":
            raise FormatError("a '(' is not closed")
        self._position += 1
        return inner

    def _predicate(self, token: str) -> Found:
        if token in ("", ")", "and", "or"):
            raise FormatError(
                f"a predicate key=value is missing before {token or 'the end'!r}",
                hint="for example status=down",
            )
        key, _, value = token.partition("=")
        if not key or not value:
            raise FormatError(f"{short(token, 40)} is no predicate key=value")
        return self.predicate(key, value)

    def _peek(self) -> str:
        """Return the next token, "" at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else ""
