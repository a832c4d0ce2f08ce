"""A machine as a picture: SVG boxes inside boxes, what jobs hold in the colours of the jobs.

A vertex is a box with its name that holds the boxes of its children; leaves are small squares. Of
many equal siblings only the first are drawn, and a box "+N" stands for the others. Allocated is
filled, reserved is hatched, down is crossed out; a title (shown by browsers on hovering) tells the
path, the size and the jobs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from fluxion_py._core.flatgraph import FlatGraph

SIBLINGS = 64
"""Of equal leaves below one vertex at most so many are drawn."""

FAMILIES = 24
"""Of equal siblings with something inside at most so many are drawn without marks."""

MAX_BOXES = 20_000
"""At most so many boxes are drawn; deeper levels are left out first."""

LEAF, PAD, TITLE, LETTER = 14, 6, 18, 7
"""Sizes in pixels: a leaf's side, the gap around boxes, the line of a name, one letter."""

_PALETTE = (
    "#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2",
    "#b279a2", "#eeca3b", "#9d755d", "#ff9da6", "#79706e",
)  # fmt: skip
_FREE, _FRAME, _DOWN, _CROSS = "#f4f4f4", "#777777", "#f6d5d5", "#d62728"
MAX_DEPTH = 60
"""At most so many levels are drawn."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What one job holds of a vertex: the job id, and whether later only (reserved)."""

    jobid: int
    reserved: bool


@dataclass(slots=True)
class Box:
    """A rectangle at (x, y) in its parent, in pixels; `row` -1 stands for vertices left out."""

    row: int
    text: str
    width: int = LEAF
    height: int = LEAF
    x: int = 0
    y: int = 0
    inside: list["Box"] = field(default_factory=list)


def write_svg(graph: FlatGraph, holds: Mapping[int, Sequence[Hold]]) -> Iterator[str]:
    """Yield a graph as SVG text, piece by piece.

    `holds` maps a row to the jobs that own it exclusively; rows without an entry are free.
    """
    picture = _Layout(graph, holds).root()
    jobs = sorted({hold.jobid: hold for mine in holds.values() for hold in mine}.items())
    legend = [(jobid, hold) for jobid, hold in jobs][:40]
    width = max(picture.width + 2 * PAD, 240)
    top = PAD + (TITLE * (1 + len(legend) // 8) if legend else 0)
    height = picture.height + top + PAD
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">\n'
    )
    yield _defs(dict(jobs))
    for place, (jobid, hold) in enumerate(legend):
        x, y = PAD + place % 8 * 90, PAD + place // 8 * TITLE
        word = "reserved" if hold.reserved else "job"
        yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{_fill(hold)}"/>'
        yield f'<text x="{x + 16}" y="{y + 10}">{word} {jobid}</text>\n'
    picture.x, picture.y = PAD, top
    yield from _Painter(graph, holds).boxes(picture, 0, 0, (), True)
    yield "</svg>\n"


class _Layout:
    """Sizes boxes from the leaves up: children in rows, as square as possible."""

    def __init__(self, graph: FlatGraph, holds: Mapping[int, Sequence[Hold]]) -> None:
        self.graph = graph
        self.holds = holds
        self.depth = self._deepest()

    def root(self) -> Box:
        """Return the box of the containment root."""
        return self._box(self.graph.root(), 0, {self.graph.root()})

    def _deepest(self) -> int:
        """Return the last level that is drawn, so that there are at most `MAX_BOXES` boxes."""
        level = [self.graph.root()]
        seen = set(level)
        drawn = depth = 0
        while level and depth < MAX_DEPTH and drawn + len(level) <= MAX_BOXES:
            drawn += len(level)
            following = []
            for above in level:
                children = [row for row in self._children(above) if row not in seen]
                seen.update(children)
                for shown, _ in self._choice(children):
                    following += shown
            level = following
            depth += 1
        return depth

    def _children(self, row: int) -> list[int]:
        edges = self.graph.out_edges(row)
        return list(dict.fromkeys(target for target, kind in edges if kind == 0))

    def _box(self, row: int, depth: int, seen: set[int]) -> Box:
        children = [child for child in self._children(row) if child not in seen]
        seen.update(children)
        box = Box(row, self.graph.name(row))
        if depth + 1 < self.depth:
            box.inside = self._collapsed(children, depth, seen)
        elif children:
            box.inside = [Box(-1, f"+{len(children)}", width=LETTER * 6)]
        if box.inside:
            self._arrange(box)
        elif not self.graph.name(row).endswith(str(self.graph.id(row))) or depth < 2:
            box.width = max(LEAF, LETTER * len(box.text) + 4)
        return box

    def _collapsed(self, children: list[int], depth: int, seen: set[int]) -> list[Box]:
        """Return the boxes of children."""
        boxes: list[Box] = []
        for shown, left_out in self._choice(children):
            boxes += [self._box(row, depth + 1, seen) for row in shown]
            if left_out:
                boxes.append(Box(-1, f"+{left_out}", width=LETTER * 6))
        return boxes

    def _choice(self, children: list[int]) -> Iterator[tuple[list[int], int]]:
        """Yield, for each kind of children, those to draw and the number of the others.

        Of many the first are drawn, and all that are marked, up to a limit.
        """
        groups: dict[tuple[str, bool], list[int]] = {}
        for child in children:
            kind = self.graph.type(child), bool(self.graph.out_edges(child))
            groups.setdefault(kind, []).append(child)
        for (_, parents), members in groups.items():
            limit = FAMILIES if parents else SIBLINGS
            shown = members
            if len(members) > limit:
                marked = [row for row in members if self._marked(row)][: 4 * limit]
                rest = [row for row in members if row not in set(marked)]
                kept = {*marked, *rest[: max(1, limit - len(marked))]}
                shown = [row for row in members if row in kept]
            yield shown, len(members) - len(shown)

    def _marked(self, row: int) -> bool:
        """Tell whether a vertex or what is directly below it is held or down."""
        return (
            row in self.holds
            or not self.graph.up(row)
            or any(child in self.holds for child in self._children(row))
        )

    def _arrange(self, box: Box) -> None:
        """Put the boxes inside into rows, and let the box fit around them."""
        area = sum((inner.width + PAD) * (inner.height + PAD) for inner in box.inside)
        widest = max(inner.width for inner in box.inside)
        room = max(widest, int((area * 1.6) ** 0.5))
        x, y, line, right = PAD, TITLE, 0, 0
        for inner in box.inside:
            if x > PAD and x + inner.width > PAD + room:
                x, y, line = PAD, y + line + PAD, 0
            inner.x, inner.y = x, y
            x += inner.width + PAD
            line = max(line, inner.height)
            right = max(right, x)
        box.width = max(right, LETTER * len(box.text) + 2 * PAD)
        box.height = y + line + PAD


class _Painter:
    """Writes boxes that have their sizes and places."""

    def __init__(self, graph: FlatGraph, holds: Mapping[int, Sequence[Hold]]) -> None:
        self.graph = graph
        self.holds = holds

    def boxes(self, box: Box, x: int, y: int, above: Sequence[Hold], up: bool) -> Iterator[str]:
        """Yield a box and those inside it at absolute places.

        What holds a box holds all inside it, and what is inside a box that is down is down.
        """
        x, y = x + box.x, y + box.y
        mine = self.holds.get(box.row, ()) or above
        own = box.row < 0 or self.graph.up(box.row)
        up = up and own
        fill = _fill(mine[0]) if mine else _FREE if up else _DOWN
        shade = ' fill-opacity="0.35"' if mine and box.inside else ""
        yield (
            f'<g><title>{self._title(box, mine)}</title><rect x="{x}" y="{y}" width="{box.width}" '
            f'height="{box.height}" rx="2" fill="{fill}"{shade} '
            f'stroke="{_FRAME if own else _CROSS}"/>'
        )
        if not own:
            yield f'<path d="M{x} {y}l{box.width} {box.height}" stroke="{_CROSS}"/>'
        if box.inside:
            yield f'<text x="{x + PAD}" y="{y + 13}">{escape(box.text)}</text>'
        elif box.width > LEAF:
            yield f'<text x="{x + 3}" y="{y + 11}">{escape(box.text)}</text>'
        yield "</g>\n"
        for inner in box.inside:
            yield from self.boxes(inner, x, y, mine, up)

    def _title(self, box: Box, mine: Sequence[Hold]) -> str:
        graph, row = self.graph, box.row
        if row < 0:
            return f"{box.text[1:]} more"
        words = [graph.path(row) or graph.name(row)]
        if graph.size(row) != 1:
            words.append(f"{graph.size(row)} {graph.unit(row)}".rstrip())
        if not graph.up(row):
            words.append("down")
        words += [f"{'reserved for' if hold.reserved else 'job'} {hold.jobid}" for hold in mine]
        return escape(", ".join(words))


def _fill(hold: Hold) -> str:
    colour = hold.jobid % len(_PALETTE)
    return f"url(#r{colour})" if hold.reserved else _PALETTE[colour]


def _defs(jobs: Mapping[int, Hold]) -> str:
    """Return the hatches of the reservations."""
    colours = sorted({jobid % len(_PALETTE) for jobid, hold in jobs.items() if hold.reserved})
    hatches = "".join(
        f'<pattern id="r{colour}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/>'
        f'<rect width="3" height="6" fill="{_PALETTE[colour]}"/></pattern>'
        for colour in colours
    )
    return f"<defs>{hatches}</defs>\n" if hatches else ""
