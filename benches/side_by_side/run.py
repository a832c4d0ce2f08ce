"""The same commands to `fluxion-match` and the reference's `resource-query`, and the ratios.

    python benches/side_by_side/run.py [--small] [--rounds N] [SCENARIO ...]

The programs are looked for on the PATH (`fluxion-match` beside the interpreter first). Where one is
missing this is said and the other one is run alone. They take turns on one machine, and the
smallest times of the rounds count. The exit code is 1 if the answers differ.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

# The benches are of the checkout; fluxion_py is the installed one, which comes first.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from rich.console import Console
from rich.table import Table

from benches.side_by_side.scenarios import SCENARIOS, Scenario, write_inputs
from benches.side_by_side.session import Run, run_session

OURS, THEIRS = "fluxion-match", "resource-query"
DIFFERENT = "DIFFERENT"
WIDTH = 130
TEXTS = ("scenario", "program")
NUMBERS = ("granted", "refused", "load s", "wall s", "matches s", "median us", "peak MB")


def programs() -> dict[str, str]:
    """Return the installed programs by name."""
    beside = Path(sys.executable).with_name(OURS)
    found = {OURS: str(beside) if beside.exists() else shutil.which(OURS)}
    found[THEIRS] = shutil.which(THEIRS)
    return {name: path for name, path in found.items() if path is not None}


def run_scenario(scenario: Scenario, paths: Mapping[str, str], rounds: int) -> dict[str, Run]:
    """Run a scenario with each program in turns; return the round with the fastest matches."""
    runs: dict[str, list[Run]] = {name: [] for name in paths}
    with TemporaryDirectory(prefix="side-by-side-") as name:
        folder = Path(name)
        write_inputs(scenario, folder)
        for _ in range(rounds):
            for program, path in paths.items():
                runs[program].append(run_session(path, scenario.options, folder))
    return {
        program: min(found, key=lambda run: sum(run.elapsed)) for program, found in runs.items()
    }


def ratios(ours: Run, theirs: Run) -> list[str]:
    """Return how many times more the reference takes: load, wall, matches, median, memory."""
    pairs = [
        (theirs.load, ours.load),
        (theirs.wall, ours.wall),
        (sum(theirs.elapsed), sum(ours.elapsed)),
        (theirs.median, ours.median),
        (theirs.peak, ours.peak),
    ]
    return [f"{a / b:.3g}x" if b else "" for a, b in pairs]


def verdict(found: Mapping[str, Run]) -> str:
    """Return whether both programs answered the same."""
    ours, theirs = found[OURS], found[THEIRS]
    if (ours.granted, ours.refused) != (theirs.granted, theirs.refused):
        return DIFFERENT
    return "same answers" if ours.answers == theirs.answers else "same counts"


def new_table() -> Table:
    """Return the empty table of all scenarios."""
    table = Table()
    for heading in (*TEXTS, *NUMBERS):
        justify: Literal["left", "right"] = "left" if heading in TEXTS else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    return table


def add_rows(table: Table, scenario: Scenario, found: Mapping[str, Run]) -> None:
    """Add a scenario: a line for each program, and one with the verdict and the ratios."""
    for name, run in found.items():
        table.add_row(
            scenario.name,
            name,
            str(run.granted),
            str(run.refused),
            f"{run.load:.3f}",
            f"{run.wall:.3f}",
            f"{sum(run.elapsed):.4f}",
            f"{1e6 * run.median:.1f}",
            f"{run.peak / 1e6:.0f}",
        )
    if len(found) == 2:
        table.add_row(scenario.name, verdict(found), "", "", *ratios(found[OURS], found[THEIRS]))
    table.add_section()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the scenarios that are named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    parser.add_argument("--small", action="store_true", help="only those that take no time")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in options.scenarios if name not in known]
    if unknown or options.rounds < 1:
        what = (
            f"unknown scenario {unknown[0]!r}: {', '.join(known)}" if unknown else "rounds from 1"
        )
        parser.error(what)
    chosen = [known[name] for name in options.scenarios] or SCENARIOS
    return compare_all([s for s in chosen if s.small or not options.small], options.rounds)


def compare_all(scenarios: Sequence[Scenario], rounds: int) -> int:
    """Run scenarios and print what they took; return the exit code."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    paths = programs()
    for name in (OURS, THEIRS):
        if name not in paths:
            console.print(f"{name} is not installed: the other one is run alone", style="yellow")
    if not paths:
        return 1
    table = new_table()
    different = 0
    for scenario in scenarios:
        found = run_scenario(scenario, paths, rounds)
        add_rows(table, scenario, found)
        different += len(found) == 2 and verdict(found) == DIFFERENT
    console.print(table)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
