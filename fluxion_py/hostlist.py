"""Lists of host names as text, "node[0-3,7]" (RFC 29)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from fluxion_py.errors import FormatError, short

MAX_HOSTS = 2**20
"""The most host names one text may stand for."""

MAX_TEXT = 2**24
"""The most characters all names of one text may have together."""

MAX_DIGITS = 18
"""The most digits of a number in a name; digits before them belong to the prefix."""

_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?\Z")
_DIGITS = "0123456789"
_BAD_NAME = re.compile(r"[\s\[\],]")


def parse_hostlist(text: str, *, limit: int = MAX_HOSTS) -> list[str]:
    """Return the names of a hostlist text, in its order and with its repeats.

    A hostlist is a comma-separated list of names, each with at most a few `[ids]` parts (RFC 29:
    `prefix[idlist]suffix`); with several, the last one varies fastest. Zero padding is kept:
    "n[08-10]" is n08, n09, n10. Spaces around a name are dropped, so are empty entries. Raises
    `FormatError` for unbalanced brackets, a bad id list, or more than `limit` names.
    """
    names: list[str] = []
    characters = 0
    for entry in _split(text):
        expanded = _expand(text, entry, limit - len(names))
        characters += sum(map(len, expanded))
        if characters > MAX_TEXT:
            raise _bad(text, f"its names have more than {MAX_TEXT} characters")
        names.extend(expanded)
    return names


def _split(text: str) -> list[str]:
    """Split at the commas outside brackets."""
    entries: list[str] = []
    start, inside = 0, False
    for position, character in enumerate(text):
        if character in "[]":
            if inside == (character == "["):
                raise _bad(text, f"{character!r} at character {position + 1} has no partner")
            inside = not inside
        elif character == "," and not inside:
            entries.append(text[start:position])
            start = position + 1
    if inside:
        raise _bad(text, "a '[' is not closed")
    entries.append(text[start:])
    return [stripped for entry in entries if (stripped := entry.strip())]


def _expand(text: str, entry: str, limit: int) -> list[str]:
    """Expand one `prefix[ids]suffix`; refuse before anything larger than `limit` is built."""
    names = [""]
    pieces = re.split(r"[\[\]]", entry)
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            if _BAD_NAME.search(piece):
                raise _bad(text, f"{short(entry)} has a space inside")
            names = [name + piece for name in names]
            continue
        ids = _ids(text, piece, limit)
        if len(names) * len(ids) > limit:
            raise _too_many(text)
        names = [name + number_text for name in names for number_text in ids]
    if len(names) > limit:
        raise _too_many(text)
    return names


def _ids(text: str, body: str, limit: int) -> list[str]:
    """Return the number texts of one bracket, padded as written."""
    ids: list[str] = []
    for part in body.split(","):
        match = _RANGE.match(part)
        if match is None:
            raise _bad(text, f"{short(part)} in brackets is no number and no range a-b")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise _bad(text, f"range {part} runs backwards")
        if len(ids) + last - first + 1 > limit:
            raise _too_many(text)
        width = len(match[1])
        ids.extend(f"{value:0{width}d}" for value in range(first, last + 1))
    return ids


def format_hostlist(names: Iterable[str]) -> str:
    """Return names as hostlist text, keeping order and repeats.

    Neighbours with the same prefix share one bracket, consecutive numbers become a range:
    node0, node1, node3, foo1 -> "node[0-1,3],foo1". A number with leading zeros joins only numbers
    of its own width, so that parsing gives the same names back.
    """
    groups: list[tuple[str, list[str]]] = []
    for name in names:
        prefix = name.rstrip(_DIGITS)
        number = name[len(prefix) :]
        if len(number) > MAX_DIGITS:
            prefix, number = name[:-MAX_DIGITS], name[-MAX_DIGITS:]
        if not number:
            groups.append((name, []))
        elif groups and groups[-1][1] and groups[-1][0] == prefix:
            groups[-1][1].append(number)
        else:
            groups.append((prefix, [number]))
    return ",".join(_format_group(prefix, numbers) for prefix, numbers in groups)


def _format_group(prefix: str, numbers: list[str]) -> str:
    if len(numbers) <= 1:
        return prefix + "".join(numbers)
    ranges: list[tuple[str, str]] = []
    first = last = numbers[0]
    value = int(last)
    for number in numbers[1:]:
        value += 1
        if int(number) != value or len(number) != max(len(last), len(str(value))):
            ranges.append((first, last))
            first, value = number, int(number)
        last = number
    ranges.append((first, last))
    body = ",".join(first if first == last else f"{first}-{last}" for first, last in ranges)
    return f"{prefix}[{body}]"


def short_hostlist(names: Iterable[str], limit: int = 60) -> str:
    """Return names as hostlist text for a message or a table, cut to `limit` characters."""
    text = format_hostlist(names)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _bad(text: str, reason: str) -> FormatError:
    return FormatError(f"bad hostlist {short(text)}: {reason}", hint='write it like "node[0-3,7]"')


def _too_many(text: str) -> FormatError:
    return _bad(text, "it stands for too many hosts")


class Hostlist(Sequence[str]):
    """An immutable list of host names that prints compressed, such as "elk[0-2,10-12]".

    Built from a text or from any iterable of names; order and repeats are kept.
    """

    __slots__ = ("_names",)

    def __init__(self, names: str | Iterable[str] = ()) -> None:
        self._names: tuple[str, ...] = tuple(
            parse_hostlist(names) if isinstance(names, str) else names
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        """Go through them in order."""
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        """Tell whether it is one of them."""
        return name in self._names

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> "Hostlist": ...
    def __getitem__(self, index: int | slice) -> "str | Hostlist":
        """Return one, or a slice as an object of the same class."""
        return Hostlist(self._names[index]) if isinstance(index, slice) else self._names[index]

    def __eq__(self, other: object) -> bool:
        """Compare by contents."""
        if isinstance(other, Hostlist):
            return self._names == other._names
        return NotImplemented

    def __hash__(self) -> int:
        """Hash the contents."""
        return hash(self._names)

    def __str__(self) -> str:
        """Return the compressed text."""
        return format_hostlist(self._names)

    def __repr__(self) -> str:
        """Return the call that makes an equal one."""
        return f"Hostlist({str(self)!r})"
