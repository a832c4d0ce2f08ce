"""What a job got, as an indented tree in which equal siblings share a line.

    elk[1:shared]
      rack0[1:shared]
        elk[0-2] 3 nodes, each: 2 socket, 36 core    [exclusive]

A vertex is written by itself if others may use it too and something but cores is below it; all
others are summed up: by number what is below an exclusive vertex, by name what is below a shared
one, because there it matters which.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.graph.vertex import TARGET_TYPES, plural
from fluxion_py.hostlist import format_hostlist
from fluxion_py.outcome import Selection

GAP = "    "


@dataclass(slots=True)
class Branch:
    """A selected vertex with what was selected below it."""

    row: int
    needs: int
    exclusive: bool
    below: list["Branch"] = field(default_factory=list)


def tree_of(selection: Selection) -> Branch | None:
    """Return the tree of a selection; a vertex with several parents stands below the first."""
    stack: list[tuple[int, Branch]] = []
    for row, needs, exclusive, depth in selection.vertices:
        branch = Branch(row, needs, exclusive)
        while stack and stack[-1][0] > depth:
            branch.below.append(stack.pop()[1])
        branch.below.reverse()
        stack.append((depth, branch))
    return stack[-1][1] if stack else None


@dataclass(slots=True)
class Amount:
    """So many vertices of one type, with so many units of pools; `unit` is what is counted."""

    vertices: int = 0
    units: int = 0
    unit: str = ""

    def add(self, units: int, unit: str) -> None:
        """Count one more vertex."""
        self.vertices += 1
        self.units += units
        self.unit = unit

    def text(self, kind: str) -> str:
        """Return `36 core`, or for pools `2 memory (64 GB)`."""
        if self.units == self.vertices:
            return f"{self.vertices} {kind}"
        return f"{self.vertices} {kind} ({f'{self.units} {self.unit}'.rstrip()})"


def amounts_of(graph: FlatGraph, selection: Selection) -> list[str]:
    """Return how much of each type was selected, as texts, from the top down; not the root."""
    amounts: dict[str, Amount] = {}
    for row, needs, _, depth in reversed(selection.vertices):
        if depth > 1:
            amounts.setdefault(graph.type(row), Amount()).add(needs, graph.unit(row))
    return [amount.text(kind) for kind, amount in amounts.items()]


def format_tree(graph: FlatGraph, selection: Selection) -> str:
    """Return the text of a selection, its marks in one column."""
    root = tree_of(selection)
    if root is None:
        return ""
    lines = list(_lines(graph, [root], 0))
    width = max((len(text) for text, mark in lines if mark), default=0)
    return "".join(
        f"{text.ljust(width)}{GAP}[{mark}]\n" if mark else f"{text}\n" for text, mark in lines
    )


def _lines(graph: FlatGraph, branches: list[Branch], level: int) -> Iterator[tuple[str, str]]:
    """Yield (text, mark) pairs; a vertex by itself has its mark in the text."""
    groups: dict[tuple[str, bool, int, str], list[Branch]] = {}
    for branch in branches:
        groups.setdefault(_likeness(graph, branch), []).append(branch)
    indent = "  " * level
    for (kind, exclusive, needs, inside), members in groups.items():
        if not inside:
            for branch in members:
                yield f"{indent}{graph.name(branch.row)}[{branch.needs}:shared]", ""
                yield from _lines(graph, branch.below, level + 1)
            continue
        names = format_hostlist(_unique(graph.name(branch.row) for branch in members))
        number = len(members)
        text = f"{indent}{names} {number} {kind if number == 1 else plural(kind)}"
        if needs != 1:
            text += (
                f", {'each ' if number > 1 else ''}{needs} {graph.unit(members[0].row)}".rstrip()
            )
        if inside != "-":
            text += f"{', each' if number > 1 else ''}: {inside}"
        yield text, "exclusive" if exclusive else "shared"


def _likeness(graph: FlatGraph, branch: Branch) -> tuple[str, bool, int, str]:
    """Return what equal siblings have in common; the last is "" for a vertex by itself."""
    kind = graph.type(branch.row)
    summed = branch.exclusive or kind in TARGET_TYPES or not branch.below
    inside = (_summary(graph, branch) or "-") if summed else ""
    return kind, branch.exclusive, branch.needs, inside


def _summary(graph: FlatGraph, branch: Branch) -> str:
    """Return what is below a vertex, by number; by name as well if the vertex is shared."""
    amounts: dict[str, Amount] = {}
    names: dict[str, list[str]] = {}
    level = branch.below
    while level:
        for inner in level:
            kind = graph.type(inner.row)
            amounts.setdefault(kind, Amount()).add(inner.needs, graph.unit(inner.row))
            names.setdefault(kind, []).append(graph.name(inner.row))
        level = [below for inner in level for below in inner.below]
    texts = []
    for kind, amount in amounts.items():
        which = "" if branch.exclusive else f" ({format_hostlist(_unique(iter(names[kind])))})"
        texts.append(f"{amount.text(kind)}{which}")
    return ", ".join(texts)


def _unique(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))
