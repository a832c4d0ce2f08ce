"""Growth curves as an SVG text of its own: two logarithmic axes, a legend, no other file needed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 230, 50, 60
# Colours that people with red-green blindness tell apart (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a8a00")
NAMES = {-9: "1 ns", -8: "10 ns", -7: "100 ns", -6: "1 µs", -5: "10 µs", -4: "100 µs"}
NAMES |= {-3: "1 ms", -2: "10 ms", -1: "100 ms", 0: "1 s", 1: "10 s", 2: "100 s"}

FLAT = "-flat"
"""How the name of a curve of machines without racks ends."""

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic axis: decades `low` to `high` lie between two pixels."""

    low: int
    high: int
    start: float
    end: float

    def pixel(self, value: float) -> float:
        """Return where a value lies."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    @property
    def decades(self) -> range:
        """The powers of ten with a line of the grid."""
        return range(self.low, self.high + 1)


def axis(values: Sequence[float], start: float, end: float) -> Axis:
    """Return the axis of whole decades that holds some values."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return Axis(low, max(high, low + 1), start, end)


def growth_chart(curves: Mapping[str, Points]) -> str:
    """Return the picture of some curves of (nodes, seconds); there is at least one point."""
    points = [point for curve in curves.values() for point in curve]
    x = axis([nodes for nodes, _ in points], LEFT, WIDTH - RIGHT)
    y = axis([seconds for _, seconds in points], HEIGHT - BOTTOM, TOP)
    body = [*_grid(x, y)]
    kinds = list(dict.fromkeys(name.removesuffix(FLAT) for name in curves))
    for line, (name, curve) in enumerate(curves.items()):
        look = _look(kinds.index(name.removesuffix(FLAT)), name)
        body += _curve(x, y, curve, look)
        body += _legend(name, line, look)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">\n'
        "<title>Time of one match by the size of the machine</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n'
        + "".join(f"{line}\n" for line in body)
        + "</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    yield _text(x.start, 28, "One match at now, by the size of the machine", more=' font-size="16"')
    for decade in x.decades:
        at = x.pixel(10.0**decade)
        yield _line(at, y.start, at, y.end, "#d9d9d9")
        yield _text(at, y.start + 20, f"{10**decade:,}", "middle")
    for decade in y.decades:
        at = y.pixel(10.0**decade)
        yield _line(x.start, at, x.end, at, "#d9d9d9")
        yield _text(x.start - 8, at + 4, NAMES.get(decade, f"1e{decade} s"), "end")
    yield _line(x.start, y.start, x.end, y.start, "#000000")
    yield _line(x.start, y.start, x.start, y.end, "#000000")
    yield _text((x.start + x.end) / 2, HEIGHT - 14, "nodes", "middle")


def _look(number: int, name: str) -> tuple[str, str, str]:
    """Return colour, dashes and filling: a flat machine looks as the one with racks, but open."""
    colour = COLOURS[number % len(COLOURS)]
    return (colour, ' stroke-dasharray="6 4"', "#ffffff") if _flat(name) else (colour, "", colour)


def _flat(name: str) -> bool:
    return name.endswith(FLAT)


def _curve(x: Axis, y: Axis, curve: Points, look: tuple[str, str, str]) -> Iterator[str]:
    colour, dashes, filling = look
    places = [(x.pixel(nodes), y.pixel(seconds)) for nodes, seconds in curve]
    joined = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
    yield f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
    for px, py in places:
        yield _mark(px, py, colour, filling)


def _legend(name: str, line: int, look: tuple[str, str, str]) -> Iterator[str]:
    colour, dashes, filling = look
    left, top = WIDTH - RIGHT + 24, TOP + 12 + 22 * line
    yield (
        f'<line x1="{left}" y1="{top}" x2="{left + 26}" y2="{top}" stroke="{colour}" '
        f'stroke-width="2"{dashes}/>'
    )
    yield _mark(left + 13, top, colour, filling)
    yield _text(left + 34, top + 4, name)


def _mark(x: float, y: float, colour: str, filling: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" stroke="{colour}" fill="{filling}"/>'
