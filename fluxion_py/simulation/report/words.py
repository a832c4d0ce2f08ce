"""Figures as people read them."""

from collections.abc import Sequence

from fluxion_py.simulation.statistics import Statistics

TITLES = (
    "MACHINE",
    "POLICY",
    "JOBS",
    "MEAN WAIT",
    "P95 WAIT",
    "MAX WAIT",
    "SLOWDOWN",
    "UTIL",
    "BACKFILLED",
    "MAKESPAN",
)
"""Of the table of results; all but the first two are numbers."""


def cells(machine: str, policy: str, figures: Statistics) -> list[str]:
    """Return one line of the table of results."""
    return [
        machine,
        policy,
        str(figures.ran),
        span(round(figures.mean_wait)),
        span(figures.p95_wait),
        span(figures.max_wait),
        f"{figures.mean_slowdown:.2f}",
        f"{figures.utilization:.1%}",
        str(figures.backfilled),
        span(figures.makespan),
    ]


def span(seconds: int) -> str:
    """Return a length of time in its two largest units: 38m05s, 2h41m, 30d04h."""
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86400}d{seconds % 86400 // 3600:02d}h"


def text_table(rows: list[list[str]], more: Sequence[str] = ()) -> str:
    """Return the table of results as plain text; a machine is only named if there are several.

    `more` are the titles of further columns of numbers.
    """
    lines = [[*TITLES, *more], *rows]
    if len({row[0] for row in rows}) == 1:
        lines = [line[1:] for line in lines]
    left = len(lines[0]) - len(TITLES) - len(more) + 2
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        + "\n"
        for line in lines
    )


def sentence(figures: Statistics, capacity: int, unit: str) -> str:
    """Return what a chart shows, for those who do not see it."""
    return (
        f"{figures.ran} of {figures.jobs} jobs ran on {capacity} {unit}{'s' * (capacity != 1)}. "
        f"They waited {span(round(figures.mean_wait))} on average, "
        f"{span(figures.p95_wait)} or less in 95 of 100 cases, {span(figures.max_wait)} at most. "
        f"{figures.utilization:.1%} of the machine was in use in {span(figures.makespan)}; "
        f"{figures.backfilled} jobs were backfilled."
    )
