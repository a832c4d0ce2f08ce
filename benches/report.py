"""The report of a run: a table against budgets, promises and the reference, and growth curves.

    python -m benches.report benches/results/latest.json

Prints the table, and writes beside the run the verdicts as `report.json`, the table as `report.md`
and the curves as `growth.svg`. The exit code is 1 if a row is over its budget,
2 if a file cannot be used.
"""

import json
import sys
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benches.budgets import MACHINE, Verdict, compare, read_budgets
from benches.chart import growth_chart
from benches.figures import Figure, curves, read_figures

WIDTH = 150
CAPTION = (
    "on 10,000 nodes (710,081 vertices) unless said; smallest of some rounds; us: microseconds"
)


def table(verdicts: Sequence[Verdict]) -> Table:
    """Return the table of the rows, one line each."""
    found = Table(title="Benches", caption=CAPTION)
    found.add_column("work", ratio=1)
    for heading in ("figure", "budget", "promise", "reference", "ratio"):
        found.add_column(heading, justify="right", no_wrap=True)
    found.add_column("")
    for verdict in verdicts:
        row = verdict.row
        word = _word(verdict)
        found.add_row(
            row.work,
            f"{short(verdict.value)} {row.unit}",
            short(verdict.budget),
            short(row.promise),
            short(row.reference),
            "" if verdict.ratio is None else f"{short(verdict.ratio)}x",
            word,
            style="bold red" if verdict.over else "yellow" if verdict.kept is False else "",
        )
    return found


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Return the table for a page: work, figure, promise, reference, ratio."""
    lines = ["| work | figure | promise | reference | ratio |", "|---|---:|---:|---:|---:|"]
    for verdict in verdicts:
        row = verdict.row
        ratio = "" if verdict.ratio is None else f"{short(verdict.ratio)}x"
        cells = (row.work, f"{short(verdict.value)} {row.unit}", short(row.promise))
        lines.append(f"| {' | '.join((*cells, short(row.reference), ratio))} |")
    return "\n".join(lines) + "\n"


def short(value: float | None) -> str:
    """Return a number with three digits; nothing for None."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _word(verdict: Verdict) -> str:
    if verdict.over:
        return "OVER"
    return {True: "kept", False: "not yet", None: ""}[verdict.kept]


def summary(verdicts: Sequence[Verdict], rows: Set[str]) -> list[str]:
    """Return what to say below the table: promises kept, rows not measured, rows over budget."""
    promised = [verdict for verdict in verdicts if verdict.kept is not None]
    kept = sum(verdict.kept is True for verdict in promised)
    lines = [f"promises kept: {kept} of {len(promised)}"]
    if missing := sorted(rows - {verdict.name for verdict in verdicts}):
        lines.append(f"not measured ({len(missing)} of {len(rows)}): {', '.join(missing)}")
    lines += [
        f"over budget: {verdict.name}: {short(verdict.value)} {verdict.row.unit}, allowed are "
        f"{short(verdict.budget)} (mean {short(verdict.row.mean)}, spread "
        f"{verdict.row.spread:.0%}, margin {verdict.row.margin:.0%})"
        for verdict in verdicts
        if verdict.over
    ]
    return lines


def as_data(verdicts: Sequence[Verdict], figures: Mapping[str, Figure]) -> dict[str, object]:
    """Return the report as data that JSON can hold."""
    rows = {
        verdict.name: {
            "work": verdict.row.work,
            "value": verdict.value,
            "unit": verdict.row.unit,
            "budget": verdict.budget,
            "over": verdict.over,
            "promise": verdict.row.promise,
            "kept": verdict.kept,
            "reference": verdict.row.reference,
            "ratio": verdict.ratio,
        }
        for verdict in verdicts
    }
    everything = {name: {"value": f.value, "unit": f.unit} for name, f in figures.items()}
    return {"rows": rows, "figures": everything}


def main(argv: Sequence[str]) -> int:
    """Report on the run in the file that is named."""
    if len(argv) not in (1, 2):
        print("usage: python -m benches.report RUN.json [BUDGETS.toml]", file=sys.stderr)
        return 2
    path = Path(argv[0])
    try:
        rows = read_budgets(Path(argv[1])) if len(argv) == 2 else read_budgets()
        figures = read_figures(path)
        verdicts = compare(rows, figures)
    except (OSError, ValueError, KeyError) as error:
        print(f"benches.report: {error}", file=sys.stderr)
        return 2
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table(verdicts))
    for line in summary(verdicts, rows.keys() - {MACHINE}):
        console.print(line, highlight=False, markup=False)
    write_files(path, verdicts, figures)
    return 1 if any(verdict.over for verdict in verdicts) else 0


def write_files(run: Path, verdicts: Sequence[Verdict], figures: Mapping[str, Figure]) -> None:
    """Write `report.json`, `report.md` and, if there are growth curves, `growth.svg`."""
    report = json.dumps(as_data(verdicts, figures), indent=1)
    run.with_name("report.json").write_text(report + "\n", encoding="utf-8")
    run.with_name("report.md").write_text(markdown(verdicts), encoding="utf-8")
    if drawn := curves(figures):
        run.with_name("growth.svg").write_text(growth_chart(drawn), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
