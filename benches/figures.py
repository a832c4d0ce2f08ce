"""The figures of a run: read from the JSON of pytest-benchmark, and those that follow from them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GROWTH = re.compile(r"growth-(?P<curve>.+)-(?P<kind>g|flat|large)(?P<nodes>\d*)\Z")
GROWN = (1_000, 100_000)
"""Between which numbers of nodes the growth of a match is promised."""

LARGE = 10_000  # nodes of the system that is called `large`


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: a value in seconds ("s"), bytes ("B") or as a plain number ("x")."""

    value: float
    unit: str


def read_figures(path: Path) -> dict[str, Figure]:
    """Return the figures of a run by row, with the growth and the ratios that follow from them."""
    found: dict[str, Figure] = {}
    for bench in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]:
        for row, figure in bench["extra_info"].get("figures", {}).items():
            found[row] = Figure(figure["value"], figure["unit"])
    return found | growth_of(found) | ratios_of(found)


def curves(figures: Mapping[str, Figure]) -> dict[str, list[tuple[int, float]]]:
    """Return the growth curves: name to (nodes, seconds), by nodes; flat machines are their own."""
    found: dict[str, list[tuple[int, float]]] = {}
    for row, figure in figures.items():
        if match := GROWTH.fullmatch(row):
            nodes = int(match["nodes"]) if match["nodes"] else LARGE
            name = match["curve"] + ("-flat" if match["kind"] == "flat" else "")
            found.setdefault(name, []).append((nodes, figure.value))
    return {name: sorted(points) for name, points in sorted(found.items())}


def growth_of(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return how many times longer a match takes on 100,000 nodes than on 1,000, by curve."""
    found = {}
    for name, points in curves(figures).items():
        at = dict(points)
        if all(nodes in at for nodes in GROWN):
            small, large = (at[nodes] for nodes in GROWN)
            found[f"grown-{name}"] = Figure(large / small, "x")
    return found


def ratios_of(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return how many times longer the baselines take than we do."""
    found = {}
    for row, figure in figures.items():
        kind, _, rest = row.partition("-")
        engine, _, case = rest.partition("-")
        ours = figures.get(f"baseline-fluxion-{case}")
        if kind == "baseline" and engine != "fluxion" and ours is not None:
            found[f"ratio-{engine}-{case}"] = Figure(figure.value / ours.value, "x")
    return found
