"""The verifier's own reading of constraints (RFC 31, jobspec.md 9)."""

from collections.abc import Mapping
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph

JUDGED_TYPES = ("node", "storage_node")
"""Only vertices of these types can fail a constraint (jobspec.md 9)."""


def satisfies(flat: FlatGraph, row: int, constraint: Mapping[str, Any] | None) -> bool:
    """Say whether a vertex may be used under a constraint; None and {} allow all."""
    if flat.type(row) not in JUDGED_TYPES:
        return True
    return _holds(flat, row, constraint or {})


def _holds(flat: FlatGraph, row: int, constraint: Mapping[str, Any]) -> bool:
    if not constraint:
        return True
    ((operator, values),) = constraint.items()
    if operator == "and":
        return all(_holds(flat, row, value) for value in values)
    if operator == "or":
        return not values or any(_holds(flat, row, value) for value in values)
    if operator == "not":
        return not all(_holds(flat, row, value) for value in values)
    if operator == "properties":
        owned = flat.properties(row)
        return all((v[1:] not in owned) if v.startswith("^") else (v in owned) for v in values)
    if operator == "hostlist":
        return any(flat.name(row) in expand_hosts(value) for value in values)
    if operator == "ranks":
        return any(flat.rank(row) in expand_ids(value) for value in values)
    raise ValueError(f"the verifier knows no constraint operator {operator!r}")


def expand_ids(text: str) -> set[int]:
    """Return the members of an idset such as `0-3,7` or `[0-3,7]` (RFC 22)."""
    ids: set[int] = set()
    for part in filter(None, text.strip("[]").split(",")):
        first, _, last = part.partition("-")
        ids.update(range(int(first), int(last or first) + 1))
    return ids


def expand_hosts(text: str) -> list[str]:
    """Return the hosts of a hostlist such as `a[1-3,05]x,b` (RFC 29), in order."""
    hosts: list[str] = []
    depth = start = 0
    for place, letter in enumerate(text + ","):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            hosts += _expand_host(text[start:place])
            start = place + 1
    return [host for host in hosts if host]


def _expand_host(text: str) -> list[str]:
    prefix, bracket, tail = text.partition("[")
    if not bracket:
        return [text]
    inside, _, suffix = tail.partition("]")
    hosts = []
    for part in inside.split(","):
        first, _, last = part.partition("-")
        for number in range(int(first), int(last or first) + 1):
            hosts += [f"{prefix}{number:0{len(first)}d}{rest}" for rest in _expand_host(suffix)]
    return hosts
