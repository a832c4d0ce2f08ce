"""Task maps (RFC 34): which task rank runs on which node.

A map is written as blocks `[first node, nodes, tasks per node, repeats]`; ranks count through
the blocks: of each, `repeats` times, every node in turn gets its tasks. Nodes are numbered from 0
in the order of the job's own nodes.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fluxion_py.errors import FormatError, short

MAX_TASKS = 2**20
"""Tasks of one map."""

Block = tuple[int, int, int, int]


def encode_taskmap(nodes: Sequence[int]) -> list[Block]:
    """Return the blocks of a map, given as the node of each rank. O(tasks)."""
    blocks: list[Block] = []
    for node, number in _runs(nodes):
        if blocks:
            first, count, per_node, _ = blocks[-1]
            if node == first + count and number == per_node:
                blocks[-1] = (first, count + 1, per_node, 1)
                continue
        _fold_repeat(blocks)
        blocks.append((node, 1, number, 1))
    _fold_repeat(blocks)
    return blocks


def decode_taskmap(text: str) -> list[int]:
    """Return the node of each rank, of a map as JSON: blocks, or an object with version and map.

    Raises `FormatError`.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise FormatError(f"the task map {short(text)} is no JSON", hint=_HINT) from None
    if isinstance(found, dict):
        if found.get("version") != 1:
            raise FormatError(f"the task map has version {short(found.get('version'))}, not 1")
        found = found.get("map")
    if not isinstance(found, list):
        raise FormatError(f"the task map {short(text)} is no list of blocks", hint=_HINT)
    nodes: list[int] = []
    for place, entry in enumerate(found):
        first, count, per_node, repeats = _block(entry, f"block {place}")
        if len(nodes) + count * per_node * repeats > MAX_TASKS:
            raise FormatError(f"the task map has more than {MAX_TASKS} tasks")
        once = [first + at for at in range(count) for _ in range(per_node)]
        nodes += once * repeats
    return nodes


def map_tasks(scheme: str, counts: Sequence[int]) -> list[int]:
    """Return the node of each rank, for nodes that run so many tasks each.

    Schemes: "block" (a node is filled before the next), "cyclic" or "cyclic:N" (N ranks to each
    node in turn, again and again), "manual:MAP". Raises `FormatError` for another one, and for a
    manual map that does not give each node its number of tasks.
    """
    name, _, value = scheme.partition(":")
    if name == "block" and not value:
        return [node for node, count in enumerate(counts) for _ in range(count)]
    if name == "cyclic" and (not value or (value.isascii() and value.isdigit() and int(value))):
        return _deal(counts, int(value or 1))
    if name == "manual":
        nodes = decode_taskmap(value)
        numbers = Counter(nodes)
        if numbers != Counter({node: count for node, count in enumerate(counts) if count}):
            given = [numbers[node] for node in range(min(len(counts), 20))]
            raise FormatError(
                f"the task map gives the nodes {given} tasks; the job has {list(counts)[:20]}"
            )
        return nodes
    raise FormatError(f"unknown task map {short(scheme)}", hint="block, cyclic:N or manual:MAP")


def check_scheme(scheme: str) -> None:
    """Raise `FormatError` unless it is a scheme of `map_tasks`, whatever the nodes."""
    if scheme.startswith("manual:"):
        decode_taskmap(scheme.removeprefix("manual:"))
    else:
        map_tasks(scheme, [])


_HINT = "write it like [[0,4,1,4]]: first node, nodes, tasks per node, repeats"


def _deal(counts: Sequence[int], stride: int) -> list[int]:
    left = list(counts)
    nodes: list[int] = []
    while any(left):
        for node, number in enumerate(left):
            dealt = min(number, stride)
            nodes += [node] * dealt
            left[node] -= dealt
    return nodes


def _runs(nodes: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for node in nodes:
        if found and found[-1][0] == node:
            found[-1] = (node, found[-1][1] + 1)
        else:
            found.append((node, 1))
    return found


def _fold_repeat(blocks: list[Block]) -> None:
    """Join the last two blocks if they are the same."""
    if len(blocks) > 1 and blocks[-2][:3] == blocks[-1][:3]:
        first, count, per_node, repeats = blocks.pop()
        blocks[-1] = (first, count, per_node, blocks[-1][3] + repeats)


def _block(entry: Any, where: str) -> Block:  # noqa: ANN401 - JSON
    good = isinstance(entry, list) and len(entry) == 4
    if not good or not all(isinstance(number, int) and number < 2**31 for number in entry):
        raise FormatError(f"{short(entry)} is no block of a task map", where=where, hint=_HINT)
    first, count, per_node, repeats = entry
    if first < 0 or count < 1 or per_node < 1 or repeats < 1:
        raise FormatError(f"{short(entry)} has a number that is too small", where=where)
    return first, count, per_node, repeats
