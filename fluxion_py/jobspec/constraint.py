"""Where a job may run: constraints on nodes (RFC 31; jobspec.md 9)."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from fluxion_py.errors import ConstraintError, FormatError
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import parse_ranges
from fluxion_py.jobspec.problem import MAX_DEPTH, Path, Problem, format_path, known

_FORBIDDEN = frozenset("!&'\"^`|()")
_MAX_RANKS = 2**63
_OPERATORS = "properties, hostlist, ranks, and, or, not"


class Constraint(Protocol):
    """A compiled constraint."""

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        """Tell whether a vertex of this name, rank and properties may be used."""
        ...


class _Properties:
    """Every property is there, and every `^property` is not.

    With `values`, `key=value` also asks for that value of a property (ours; the reference knows
    names only).
    """

    def __init__(self, names: Sequence[str], values: bool) -> None:
        self._names = [(name.removeprefix("^"), not name.startswith("^")) for name in names]
        self._values = values

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        return all(self._has(text, properties) is wanted for text, wanted in self._names)

    def _has(self, text: str, properties: Mapping[str, str]) -> bool:
        if text in properties:
            return True
        key, equals, value = text.partition("=")
        return bool(self._values and equals) and properties.get(key) == value


class _Hosts:
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        return name in self._names


class _Ranks:
    """Sorted, disjoint ranges; one comparison per doubling of their number."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        merged: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        self._firsts = [first for first, _ in merged]
        self._lasts = [last for _, last in merged]

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        place = bisect_right(self._firsts, rank) - 1
        return place >= 0 and rank <= self._lasts[place]


class _All:
    def __init__(self, parts: Sequence[Constraint]) -> None:
        self._parts = parts

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        return all(part.matches(name, rank, properties) for part in self._parts)


class _Any:
    """One of the parts; `empty` is the answer for no parts (RFC 31: true, the reference: false)."""

    def __init__(self, parts: Sequence[Constraint], empty: bool) -> None:
        self._parts = parts
        self._empty = empty

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        if not self._parts:
            return self._empty
        return any(part.matches(name, rank, properties) for part in self._parts)


class _Not:
    """Not all of the parts; no parts: false."""

    def __init__(self, parts: Sequence[Constraint]) -> None:
        self._parts = parts

    def matches(self, name: str, rank: int, properties: Mapping[str, str]) -> bool:
        return not all(part.matches(name, rank, properties) for part in self._parts)


def compile_constraint(value: object, reference: bool = False) -> Constraint:
    """Return the constraint of an RFC 31 object; None and {} match everything.

    `reference` answers as the reference does where it differs from RFC 31: `{"or": []}` is false.
    Raises `ConstraintError` with the place of the mistake in `where`.
    """
    try:
        return check_constraint(value, (), reference=reference)
    except Problem as problem:
        raise ConstraintError(
            problem.message,
            where=format_path(problem.path),
            hint=problem.hint,
            reference_text=problem.reference_text,
        ) from None


def check_constraint(
    value: object,
    path: Path,
    *,
    reference: bool,
    is_string: Callable[[Path, object], bool] | None = None,
) -> Constraint:
    """Compile a constraint that stands at `path` of a document; raise `Problem`.

    `is_string` decides what counts as a string property: the reference wants quotes in YAML.
    """
    compiler = _Compiler(reference, is_string or (lambda _, name: isinstance(name, str)))
    return compiler.compile({} if value is None else value, path, 0)


class _Compiler:
    def __init__(self, reference: bool, is_string: Callable[[Path, object], bool]) -> None:
        self._reference = reference
        self._is_string = is_string

    def compile(self, value: object, path: Path, depth: int) -> Constraint:
        if not isinstance(value, Mapping):
            raise known("constraint is not a mapping", path, hint="write {operator: [values]}")
        if len(value) > 1:
            names = ", ".join(f"{{{name}: ...}}" for name in list(value)[:4])
            text = "constraint map may not contain > 1 operation"
            raise known(text, path, hint=f"join them: and: [{names}]")
        if depth > MAX_DEPTH:
            raise Problem(f"the constraint is nested deeper than {MAX_DEPTH} levels", path)
        for operator, operands in value.items():
            return self._operation(str(operator), operands, (*path, operator), depth)
        return _All(())

    def _operation(self, operator: str, operands: object, path: Path, depth: int) -> Constraint:
        if operator not in ("properties", "hostlist", "ranks", "and", "or", "not"):
            raise known(
                f"unknown constraint operator: {operator}",
                path,
                hint=f"the operators are {_OPERATORS}",
                at_key=True,
            )
        if not isinstance(operands, (list, tuple)):
            raise known(
                f"{operator} operator value must be an array", path, hint=f"{operator}: [...]"
            )
        places = [(operand, (*path, index)) for index, operand in enumerate(operands)]
        if operator == "properties":
            return _Properties([self._name(*place) for place in places], not self._reference)
        if operator == "hostlist":
            return _Hosts(frozenset(host for place in places for host in self._hosts(*place)))
        if operator == "ranks":
            return _Ranks([bounds for place in places for bounds in self._ranges(*place)])
        parts = [self.compile(operand, place, depth + 1) for operand, place in places]
        if operator == "and":
            return _All(parts)
        return _Not(parts) if operator == "not" else _Any(parts, not self._reference)

    def _name(self, value: object, path: Path) -> str:
        if not isinstance(value, str) or not self._is_string(path, value):
            raise known("non-string property specified", path, hint="put it in quotes")
        if _FORBIDDEN.intersection(value.removeprefix("^")):
            raise known(
                f"{value} is invalid", path, hint="a property has none of ! & ' \" ^ ` | ( )"
            )
        return value

    def _hosts(self, value: object, path: Path) -> list[str]:
        try:
            return parse_hostlist(_text(value))
        except FormatError as error:
            raise _invalid("hostlist", value, path, error) from None

    def _ranges(self, value: object, path: Path) -> list[tuple[int, int]]:
        try:
            return parse_ranges(_text(value), limit=_MAX_RANKS)
        except FormatError as error:
            raise _invalid("idset", value, path, error) from None


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise FormatError(f"{type(value).__name__} is no text", hint="put it in quotes")
    return str(value)


def _invalid(kind: str, value: object, path: Path, error: FormatError) -> Problem:
    return Problem(error.message, path, hint=error.hint, reference_text=f"Invalid {kind} `{value}'")
