"""The schedule as a still picture (SVG): use of the machine, and which job held what when."""

from collections.abc import Iterator
from html import escape

from fluxion_py.simulation.report.words import sentence, span
from fluxion_py.simulation.schedule import BACKFILL, RESERVED, Schedule
from fluxion_py.simulation.statistics import Statistics, sample, series_of

WIDTH, LEFT, RIGHT = 1200, 70, 15
CURVE_TOP, CURVE_HEIGHT = 50, 140
CHART_TOP, CHART_HEIGHT = 230, 560
HEIGHT = CHART_TOP + CHART_HEIGHT + 40
INNER = WIDTH - LEFT - RIGHT
_COLOURS = {BACKFILL: "#c77700", RESERVED: "#12835f"}
_IMMEDIATE = "#2f7fc1"


def write_chart(schedule: Schedule, figures: Statistics) -> Iterator[str]:
    """Yield the picture. Below the curves is a line per unit, or per job if places are not known.

    What would be smaller than half a pixel is joined with its neighbour, so its size has a bound.
    """
    name = f"{schedule.machine}, {schedule.policy}"
    text = escape(sentence(figures, schedule.capacity, schedule.unit))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="title text" font-family="sans-serif" font-size="13">\n'
        f'<title id="title">{escape(name)}</title>\n<desc id="text">{text}</desc>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        f'<text x="{LEFT}" y="24" font-size="17">{escape(name)}</text>\n'
    )
    yield from _curve(schedule, max(figures.makespan, 1))
    yield from _bars(schedule, max(figures.makespan, 1))
    yield from _axis(max(figures.makespan, 1))
    yield "</svg>\n"


def _curve(schedule: Schedule, end: int) -> Iterator[str]:
    used, queued = sample(series_of(schedule), end, INNER)
    most = max(1, *queued)
    base = CURVE_TOP + CURVE_HEIGHT
    for values, top, colour, fill in (
        (used, schedule.capacity, _IMMEDIATE, _IMMEDIATE),
        (queued, most, _COLOURS[BACKFILL], "none"),
    ):
        points = " ".join(
            f"{LEFT + at},{base - value / top * CURVE_HEIGHT:.1f}"
            for at, value in enumerate(values)
        )
        yield (
            f'<polyline points="{LEFT},{base} {points} {LEFT + INNER - 1},{base}" '
            f'fill="{fill}" fill-opacity=".35" stroke="{colour}"/>\n'
        )
    yield (
        f'<text x="{LEFT - 6}" y="{CURVE_TOP + 10}" text-anchor="end">100%</text>\n'
        f'<text x="{LEFT}" y="{CURVE_TOP - 6}" fill="{_IMMEDIATE}">{schedule.unit}s in use</text>\n'
        f'<text x="{LEFT + 140}" y="{CURVE_TOP - 6}" fill="{_COLOURS[BACKFILL]}">'
        f"jobs waiting, up to {most}</text>\n"
    )


def _bars(schedule: Schedule, end: int) -> Iterator[str]:
    """Yield a path per colour, made of rectangles on a grid of half pixels."""
    rows = schedule.capacity if schedule.places else max(len(schedule), 1)
    grid = CHART_HEIGHT * 2
    paths: dict[str, set[tuple[int, int, int, int]]] = {}
    for index, (start, until) in enumerate(zip(schedule.starts, schedule.ends, strict=True)):
        if start < 0:
            continue
        left, right = start * INNER * 2 // end, -(-until * INNER * 2 // end)
        bars = paths.setdefault(_COLOURS.get(schedule.how[index], _IMMEDIATE), set())
        places = schedule.places[index] if schedule.places else (index, index)
        for low, high in zip(places[::2], places[1::2], strict=True):
            top, bottom = low * grid // rows, -(-(high + 1) * grid // rows)
            bars.add((left, top, max(right - left, 1), bottom - top))
    for colour, found in sorted(paths.items()):
        yield f'<path fill="{colour}" stroke="#fff" stroke-width=".3" d="'
        for left, top, wide, high in sorted(found):
            x, y = LEFT + left / 2, CHART_TOP + top / 2
            yield f"M{x:g} {y:g}h{wide / 2:g}v{high / 2:g}h{-wide / 2:g}z"
        yield '"/>\n'
    what = f"{schedule.unit}s" if schedule.places else "jobs, in order of submission"
    yield (
        f'<text x="{LEFT}" y="{CHART_TOP - 8}">{rows} {what}: '
        f'<tspan fill="{_IMMEDIATE}">started at once or in turn</tspan>, '
        f'<tspan fill="{_COLOURS[RESERVED]}">from a reservation</tspan>, '
        f'<tspan fill="{_COLOURS[BACKFILL]}">backfilled</tspan></text>\n'
    )


def _axis(end: int) -> Iterator[str]:
    bottom = CHART_TOP + CHART_HEIGHT
    for part in range(7):
        x = LEFT + INNER * part / 6
        anchor = "start" if part == 0 else "end" if part == 6 else "middle"
        yield (
            f'<path d="M{x:g} {CURVE_TOP}V{bottom}" stroke="#0002"/>'
            f'<text x="{x:g}" y="{bottom + 20}" text-anchor="{anchor}">'
            f"{span(end * part // 6)}</text>\n"
        )
