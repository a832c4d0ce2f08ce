"""How many: the count of a resource, as a number, a mapping or a text (jobspec.md 3)."""

import re
from collections.abc import Mapping
from typing import Any

from fluxion_py.errors import FormatError, short
from fluxion_py.idset import format_idset, parse_idset
from fluxion_py.jobspec.model import MOST, UNLIMITED, Count, open_end
from fluxion_py.jobspec.problem import Path, Problem, known

MAX_CHOICES = 65_536
"""The most totals an idset count may list."""

_NUMBER = r"(0|[1-9][0-9]{0,18})"
_WHOLE = re.compile(rf"{_NUMBER}\Z")
_RANGE = re.compile(rf"{_NUMBER}(?:-{_NUMBER}|(\+))(?::{_NUMBER}(?::([+*^]))?)?\Z")
_KEYS = ("min", "max", "operator", "operand")
_HINT = 'write 4, "2,4,8", "3-30", "2-16:2:*" or "3+"'


def parse_count(text: str) -> Count:
    """Return the count of a text: a number, an RFC 22 idset or an RFC 45 range.

    "4" is exactly 4; "2,4,8" is one of these; "3-30" is as many as possible from 3 to 30;
    "2-16:2:*" is 2, 4, 8 or 16; "3+" is 3 or more. Brackets around it are allowed. Raises
    `FormatError`.
    """
    body = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _WHOLE.match(body):
        return _checked(text, Count(int(body), int(body)))
    match = _RANGE.match(body)
    if match is not None:
        low, high, _, operand, operator = match.groups()
        maximum = open_end(int(low)) if high is None else int(high)
        return _checked(text, Count(int(low), maximum, operator or "+", int(operand or 1)))
    try:
        choices = parse_idset(body, limit=MAX_CHOICES)
    except FormatError as error:
        raise FormatError(f"bad count {short(text)}", hint=_HINT) from error
    if not choices:
        raise FormatError("the count is empty", hint=_HINT)
    return _checked(text, Count(choices[0], choices[-1], choices=tuple(choices)))


def _checked(text: str, count: Count) -> Count:
    broken = broken_rule(count)
    if broken is None and count.max > MOST:
        broken = f"{count.max} is larger than {MOST}"
    if broken is not None:
        raise FormatError(f"bad count {short(text)}: {broken}", hint=_HINT)
    return count


def broken_rule(count: Count) -> str | None:
    """Return the rule of jobspec.md 3 that a count breaks, in the reference's words, or None."""
    if count.min < 1:
        return '"min" must be greater than zero'
    if count.max < count.min:
        return '"max" must be greater than or equal to "min"'
    if count.operator == "+":
        return None if count.operand >= 1 else _operand_rule("zero for addition '+'")
    if count.operator == "*":
        return None if count.operand >= 2 else _operand_rule("one for multiplication '*'")
    if count.operand < 2:
        return _operand_rule("one for exponentiation '^'")
    return None if count.min >= 2 else "\"min\" must be greater than one for exponentiation '^'"


def _operand_rule(limit: str) -> str:
    return f'"operand" must be greater than {limit}'


def read_count(value: object, path: Path, *, reference: bool) -> Count:
    """Return the count of a document; raise `Problem`.

    `reference` accepts a plain 0, which can never match, as the reference does.
    """
    if isinstance(value, (int, float, str)):
        if isinstance(value, str) and not _WHOLE.match(value):
            return _read_text(value, path)
        number = _unsigned(value, path, reference=reference)
        if number == 0 and not reference:
            raise Problem("the count is 0", path, hint="ask for at least 1, or leave it out")
        return Count(number, number)
    if isinstance(value, Mapping):
        return _read_mapping(value, path, reference=reference)
    raise known("count is not a mapping", path, hint=_HINT)


def _read_text(text: str, path: Path) -> Count:
    try:
        return parse_count(text)
    except FormatError as error:
        raise Problem(error.message, path, hint=error.hint, conversion=True) from None


def _unsigned(value: object, path: Path, *, reference: bool) -> int:
    """Return an unsigned number: of 32 bits, as the reference reads it, or up to 2^62."""
    most = UNLIMITED if reference else MOST
    if isinstance(value, str) and _WHOLE.match(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Problem(
            f"{short(value)} is no whole number from 0 to {most}",
            path,
            hint=_HINT,
            conversion=True,
        )
    return value


def _read_mapping(value: Mapping[str, Any], path: Path, *, reference: bool) -> Count:
    if "min" not in value:
        raise known('Key "min" missing from count', path, hint="add `min: 1`")
    for key in value:
        if key not in _KEYS and not reference:
            raise Problem(
                f"unknown key `{key}` in count", (*path, key), at_key=True, hint="use " + _keys()
            )
    for key in _KEYS:
        if key in value and not isinstance(value[key], (bool, int, float, str)):
            raise known(f'Value of "{key}" must be a scalar', (*path, key))
    minimum = _unsigned(value["min"], (*path, "min"), reference=reference)
    given = [key for key in _KEYS[1:] if key in value]
    if not given:
        count = Count(minimum, open_end(minimum))
    elif len(given) < 3:
        raise known(
            'All or none of "max", "operator", and "operand" must be specified',
            path,
            hint=f"only {' and '.join(given)} given; add the others, or write a text like 3-30",
        )
    else:
        count = Count(
            minimum,
            _unsigned(value["max"], (*path, "max"), reference=reference),
            _operator(value["operator"], (*path, "operator")),
            _unsigned(value["operand"], (*path, "operand"), reference=reference),
        )
    broken = broken_rule(count)
    if broken is not None:
        hint = "or write the count as a text, such as 3-30 or 2-16:2:*"
        raise known(broken, (*path, broken.split('"')[1]), hint=hint)
    return count


def _keys() -> str:
    return ", ".join(_KEYS)


def _operator(value: object, path: Path) -> str:
    if value not in ("+", "*", "^"):
        raise Problem(
            f"{short(value)} is no operator",
            path,
            hint="use + (add operand), * (multiply by it) or ^ (raise to it)",
            reference_text="Invalid count operator",
        )
    return str(value)


def format_count(count: Count) -> int | str | dict[str, int | str]:
    """Return a count as it stands in a document: a number, an idset text or a mapping."""
    if count.choices:
        return format_idset(count.choices)
    if count.min == count.max:
        return count.min
    if (count.max, count.operator, count.operand) == (open_end(count.min), "+", 1):
        return {"min": count.min}
    return {
        "min": count.min,
        "max": count.max,
        "operator": count.operator,
        "operand": count.operand,
    }
