"""Sets of ids as text, "0-3,7" (RFC 22)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from fluxion_py.errors import FormatError, short

MAX_IDS = 2**24
"""The most ids one text may stand for."""

MAX_ID = 2**63 - 1
"""The largest id."""

_RANGE = re.compile(r"([0-9]{1,19})(?:-([0-9]{1,19}))?\Z")
_ZERO_PADDED = re.compile(r"0[0-9]")


def parse_ranges(text: str, *, limit: int = MAX_IDS) -> list[tuple[int, int]]:
    """Return the (first, last) pairs of an idset text, both ends included.

    Accepts the form of RFC 22: ids and "a-b" ranges in ascending order without overlap, separated
    by commas, with optional brackets around all. An empty text or "[]" is the empty set. Raises
    `FormatError` for anything else, and for more than `limit` ids. O(number of ranges).
    """
    body = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not body:
        return []
    ranges: list[tuple[int, int]] = []
    total, previous = 0, -1
    for part in body.split(","):
        match = _RANGE.match(part)
        if match is None or _ZERO_PADDED.match(match[1]) or _ZERO_PADDED.match(match[2] or ""):
            raise _bad(text, f"{short(part)} is no id and no range a-b")
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if last > MAX_ID:
            raise _bad(text, f"{last} is larger than {MAX_ID}")
        if last < first:
            raise _bad(text, f"range {first}-{last} runs backwards")
        if first <= previous:
            raise _bad(text, f"{first} does not come after {previous}; ids must ascend")
        total, previous = total + last - first + 1, last
        if total > limit:
            raise _bad(text, f"it stands for more than {limit} ids")
        ranges.append((first, last))
    return ranges


def parse_idset(text: str, *, limit: int = MAX_IDS) -> list[int]:
    """Return the ids of an idset text in ascending order; see `parse_ranges` for the form."""
    return [
        number
        for first, last in parse_ranges(text, limit=limit)
        for number in range(first, last + 1)
    ]


def format_idset(ids: Iterable[int]) -> str:
    """Return ids as the shortest idset text, such as "0-3,7"; order and repeats do not matter.

    Raises `ValueError` for a negative id.
    """
    ordered = sorted(set(ids))
    if ordered and ordered[0] < 0:
        raise ValueError(f"an id is not negative: {ordered[0]}")
    parts: list[str] = []
    position = 0
    while position < len(ordered):
        end = position
        while end + 1 < len(ordered) and ordered[end + 1] == ordered[end] + 1:
            end += 1
        first, last = ordered[position], ordered[end]
        parts.append(str(first) if first == last else f"{first}-{last}")
        position = end + 1
    return ",".join(parts)


def _bad(text: str, reason: str) -> FormatError:
    return FormatError(f"bad idset {short(text)}: {reason}", hint='write it like "0-3,7"')


class IDset(Sequence[int]):
    """An immutable ascending set of ids that prints as "0-3,7".

    Built from a text or from any iterable of non-negative integers. Compares equal to another
    `IDset` and to any set of the same ids.
    """

    __slots__ = ("_ids", "_members")

    def __init__(self, ids: str | Iterable[int] = ()) -> None:
        numbers = parse_idset(ids) if isinstance(ids, str) else sorted(set(ids))
        if numbers and numbers[0] < 0:
            raise ValueError(f"an id is not negative: {numbers[0]}")
        self._ids: tuple[int, ...] = tuple(numbers)
        self._members = frozenset(numbers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        """Go through them in order."""
        return iter(self._ids)

    def __contains__(self, number: object) -> bool:
        """Tell whether it is one of them."""
        return number in self._members

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> "IDset": ...
    def __getitem__(self, index: int | slice) -> "int | IDset":
        """Return one, or a slice as an object of the same class."""
        return IDset(self._ids[index]) if isinstance(index, slice) else self._ids[index]

    def __eq__(self, other: object) -> bool:
        """Compare by contents."""
        if isinstance(other, IDset):
            return self._ids == other._ids
        return self._members == other if isinstance(other, (set, frozenset)) else NotImplemented

    def __hash__(self) -> int:
        """Hash the contents."""
        return hash(self._members)

    def __str__(self) -> str:
        """Return the compressed text."""
        return format_idset(self._ids)

    def __repr__(self) -> str:
        """Return the call that makes an equal one."""
        return f"IDset({str(self)!r})"
