"""Reading answers: JSON documents, small path expressions, idsets, hostlists, differences.

Written for the tests alone, so that a fault in the package's own codecs cannot hide itself.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""Any JSON value."""

_STEP = re.compile(r"([A-Za-z_@]+)|\[(\d*)\]|\.")
_HOST = re.compile(r"[^,\[]*(?:\[[^\]]*\])?[^,\[]*")


def documents(text: str) -> list[Json]:
    """Return the JSON documents of an answer, one per line that is not a report line."""
    lines = [line for line in text.splitlines() if line.startswith(("{", "["))]
    return [json.loads(line) for line in lines]


def plain_lines(text: str) -> list[str]:
    """Return the lines without "INFO" in them."""
    return [line for line in text.splitlines() if "INFO" not in line]


def select(document: Json, expression: str) -> list[Json]:
    """Return what a path expression selects: `a.b`, `a[0]`, `a[]` (all), `.` (itself).

    A missing key gives null, as in jq. Raises ValueError for any other expression.
    """
    found, position = [document], 0
    while position < len(expression):
        step = _STEP.match(expression, position)
        if step is None:
            raise ValueError(f"path expression not understood: {expression!r}")
        position = step.end()
        found = [value for item in found for value in _one_step(item, step)]
    return found


def _one_step(item: Json, step: re.Match[str]) -> Iterator[Json]:
    key, index = step.groups()
    if key is not None:
        yield item.get(key) if isinstance(item, Mapping) else None
    elif index:
        yield item[int(index)]
    elif index is not None:
        yield from item
    else:
        yield item


def without(document: Json, ignore: Iterable[str]) -> Json:
    """Return a copy of a document without the keys at the given dotted paths."""
    copy = json.loads(json.dumps(document))
    for path in ignore:
        *parents, last = path.split(".")
        holder = copy
        for key in parents:
            holder = holder[key]
        holder.pop(last, None)
    return copy


def vertices(document: Json) -> list[dict[str, Any]]:
    """Return the metadata of all nodes of a JGF document."""
    return [node["metadata"] for node in document["graph"]["nodes"]]


def expand_idset(text: str) -> list[int]:
    """Expand an idset (RFC 22) such as "0-2,5"."""
    ids: list[int] = []
    for part in text.strip("[]").split(","):
        first, _, last = part.partition("-")
        ids.extend(range(int(first), int(last or first) + 1))
    return ids


def expand_hostlist(texts: Iterable[str]) -> list[str]:
    """Expand hostlists (RFC 29) such as "foo[1-2,4],bar" to one list."""
    return [host for text in texts for part in _HOST.findall(text) for host in _hosts(part)]


def _hosts(part: str) -> list[str]:
    if not part:
        return []
    if "[" not in part:
        return [part]
    prefix, rest = part.split("[")
    body, suffix = rest.split("]")
    hosts = []
    for piece in body.split(","):
        first, _, last = piece.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        hosts += [f"{prefix}{number:0{len(first)}d}{suffix}" for number in numbers]
    return hosts


def differences(expected: str, got: str, limit: int = 12) -> str:
    """Return a short diff of two texts, "" if they are equal."""
    if expected == got:
        return ""
    lines = list(
        difflib.unified_diff(
            expected.splitlines(), got.splitlines(), "expected", "got", lineterm="", n=0
        )
    )
    if not lines:
        return f"texts differ in line ends: {expected[-40:]!r} / {got[-40:]!r}"
    return "\n".join(_window(lines, lines[2 : 2 + limit]))


def _window(lines: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Cut long lines around the first place where a removed and an added line differ."""
    removed = next((line[1:] for line in lines[2:] if line.startswith("-")), "")
    added = next((line[1:] for line in lines[2:] if line.startswith("+")), "")
    place = next((i for i, (a, b) in enumerate(zip(removed, added, strict=False)) if a != b), 0)
    start = max(1, place - 60)
    return [
        line if len(line) < 200 else f"{line[0]}...{line[start : start + 180]}..." for line in shown
    ]
