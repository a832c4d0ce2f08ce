"""Read a printed selection back: the text or the JGF of a match, found again by path.

For judging recorded answers: the verifier needs rows, transcripts hold names. The formats are
those of matching.md 12 and 13.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.outcome import Selection
from tests.oracles.verifier_machine import VerificationError

_LINE = re.compile(r"^ {6}(?P<dashes>(?:---)+)(?P<name>.+)\[(?P<needs>\d+):(?P<flag>x|s)\]$")
_PRETTY = re.compile(
    r"^ {6}(?P<dashes>(?:---)+)(?P<name>.+)\[(?P<needs>\d+):(?P<flag>exclusive|shared)\]$"
)


def selection_from_simple(
    flat: FlatGraph, lines: Iterable[str], subsystem: str = "containment"
) -> Selection:
    """Return the selection that `simple` or `pretty_simple` lines describe.

    Lines that name no vertex (the INFO block) are skipped. A vertex is found below its parent by
    name; with several of that name below one parent the first free one is taken. Raises
    `VerificationError` (rule `text`) for a name that the graph does not have there.
    """
    plain = []
    pretty = []
    for line in lines:
        if found := _LINE.match(line.rstrip("\n")):
            plain.append(found)
        elif found := _PRETTY.match(line.rstrip("\n")):
            pretty.append(found)
    selection = Selection()
    label = flat.find_subsystem(subsystem)
    way: list[int] = []
    taken: set[int] = set()
    for found in pretty or reversed(plain):  # parents first
        depth = len(found["dashes"]) // 3
        del way[depth - 1 :]
        below = [t for t, s in flat.out_edges(way[-1]) if s == label] if way else None
        row = _find(flat, below or [flat.root(subsystem)], found["name"], taken)
        taken.add(row)
        if way:
            selection.edges.append((way[-1], row, label))
        selection.vertices.append((row, int(found["needs"]), found["flag"][0] in "xe", depth))
        way.append(row)
    selection.vertices.reverse()
    selection.edges.reverse()
    return selection


def _find(flat: FlatGraph, candidates: Iterable[int], name: str, taken: set[int]) -> int:
    for row in candidates:
        if flat.name(row) == name and row not in taken:
            return row
    raise VerificationError("text", f"no vertex {name!r} where it is printed")


def selection_from_jgf(
    flat: FlatGraph, document: Mapping[str, Any], subsystem: str = "containment"
) -> Selection:
    """Return the selection that an allocation JGF describes ({"graph": {...}} or its inside).

    Vertices are found by their path and rank. Raises `VerificationError` (rule `text`)
    for a vertex that the graph does not have.
    """
    graph = document.get("graph", document)
    rows: dict[str, int] = {}
    selection = Selection()
    taken: set[int] = set()
    children: dict[int, list[int]] = {}
    for node in graph["nodes"]:
        data = node["metadata"]
        path = data["paths"][subsystem]
        rank = data.get("rank", -1)
        fitting = [r for r in flat.rows_at(path) if flat.rank(r) == rank and r not in taken]
        if not fitting:
            raise VerificationError("text", f"no vertex at {path} with rank {rank}")
        rows[node["id"]] = fitting[0]
        taken.add(fitting[0])
    for edge in graph["edges"]:
        label = edge.get("metadata", {}).get("subsystem", "containment")
        source, target = rows[edge["source"]], rows[edge["target"]]
        selection.edges.append((source, target, flat.find_subsystem(label)))
        children.setdefault(source, []).append(target)
    depths = _depths(children, set(rows.values()))
    for node in graph["nodes"]:
        data, row = node["metadata"], rows[node["id"]]
        exclusive = data.get("exclusive", False)
        selection.vertices.append((row, data.get("size", 1), exclusive, depths[row]))
    return selection


def _depths(children: Mapping[int, list[int]], rows: set[int]) -> dict[int, int]:
    """Return the depth of every row: 1 for those without a parent."""
    tops = rows - {target for targets in children.values() for target in targets}
    depths = dict.fromkeys(tops, 1)
    waiting = list(tops)
    while waiting:
        row = waiting.pop()
        for target in children.get(row, ()):
            if target not in depths:
                depths[target] = depths[row] + 1
                waiting.append(target)
    return {row: depths.get(row, 0) for row in rows}
