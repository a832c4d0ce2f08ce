"""Write the means and spreads of some runs into `budgets.toml`; all else of it stays as it is.

    python -m benches.rebudget RUN.json RUN.json ...

Rows that no run has measured keep theirs. Margins and their reasons are for people to choose.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benches.budgets import BUDGETS, Row, in_unit, read_budgets
from benches.figures import read_figures

_HEAD = re.compile(r"\[rows\.(?P<name>[\w-]+)\]\s*\Z")
_VALUE = re.compile(r"(?P<key>mean|spread) = .*\Z")


def measured(rows: Mapping[str, Row], runs: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Return mean and spread by row, in its unit, over the runs that have it."""
    values: dict[str, list[float]] = {}
    for run in runs:
        for name, figure in read_figures(run).items():
            if name in rows:
                values.setdefault(name, []).append(in_unit(figure, rows[name].unit))
    found = {}
    for name, measures in values.items():
        mean = sum(measures) / len(measures)
        spread = (max(measures) - min(measures)) / mean if mean > 0 else 0.0
        found[name] = {"mean": mean, "spread": spread}
    return found


def rewritten(text: str, found: Mapping[str, Mapping[str, float]]) -> str:
    """Return the text of a budget file with other means and spreads."""
    lines = []
    values: Mapping[str, float] = {}
    for line in text.splitlines():
        if head := _HEAD.match(line):
            values = found.get(head["name"], {})
        elif (match := _VALUE.match(line)) and match["key"] in values:
            key = match["key"]
            line = f"{key} = {_number(values[key], 3 if key == 'mean' else 2)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _number(value: float, digits: int) -> str:
    """Return a number with some digits that count, as TOML writes a float."""
    text = f"{value:.{digits}g}"
    return str(float(text))


def main(argv: Sequence[str]) -> int:
    """Rewrite `budgets.toml` from the runs that are named."""
    if not argv:
        print("usage: python -m benches.rebudget RUN.json ...", file=sys.stderr)
        return 2
    try:
        found = measured(read_budgets(), [Path(name) for name in argv])
    except (OSError, ValueError, KeyError) as error:
        print(f"benches.rebudget: {error}", file=sys.stderr)
        return 2
    BUDGETS.write_text(rewritten(BUDGETS.read_text(encoding="utf-8"), found), encoding="utf-8")
    print(f"{len(found)} rows of {len(argv)} runs written to {BUDGETS}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
