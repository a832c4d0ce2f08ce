"""The budgets: what each row may take, read from `budgets.toml` and compared with a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benches.figures import Figure

BUDGETS = Path(__file__).with_name("budgets.toml")
MACHINE = "machine"
"""The row of a fixed piece of work that tells how fast a machine is just now."""

UNITS = {
    "ns": (1e-9, "s"),
    "us": (1e-6, "s"),
    "ms": (1e-3, "s"),
    "s": (1.0, "s"),
    "B": (1.0, "B"),
    "MB": (1e6, "B"),
    "x": (1.0, "x"),
}
"""Units of the file: how much of which unit of a figure they are."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: all numbers in `unit`.

    `mean` is that of several runs, `spread` (largest - smallest) / mean of them, `margin` what is
    allowed on top, and `why` so much. `promise` is the project's own target and `reference` what
    the reference takes, by its `source`; rows without them only guard against getting slower.
    `more` is for rows where more is better.
    """

    work: str
    unit: str
    mean: float
    spread: float
    margin: float
    why: str = ""
    promise: float | None = None
    reference: float | None = None
    source: str = ""
    more: bool = False

    @property
    def budget(self) -> float:
        """What the row may take; where more is better, what it must reach."""
        slack = 1 + self.spread + self.margin
        return self.mean / slack if self.more else self.mean * slack


class Budgets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: rows by name."""

    rows: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row and its figure in the row's unit, and what follows."""

    name: str
    row: Row
    value: float
    budget: float

    @property
    def over(self) -> bool:
        """It costs more than its budget (or brings less)."""
        return self.value < self.budget if self.row.more else self.value > self.budget

    @property
    def kept(self) -> bool | None:
        """The promise is kept; None where there is none."""
        if self.row.promise is None:
            return None
        return self.value <= self.row.promise

    @property
    def ratio(self) -> float | None:
        """How many times the reference's cost ours is in its favour."""
        if self.row.reference is None or not self.value:
            return None
        return self.row.reference / self.value


def read_budgets(path: Path = BUDGETS) -> dict[str, Row]:
    """Return the rows of a budget file; raises `ValueError` with the place of what is wrong."""
    try:
        rows = msgspec.toml.decode(path.read_bytes(), type=Budgets).rows
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    for name, row in rows.items():
        if row.unit not in UNITS:
            raise ValueError(f"{path}: rows.{name}: unknown unit {row.unit!r}: {', '.join(UNITS)}")
        if row.mean <= 0 or row.spread < 0 or row.margin < 0:
            raise ValueError(f"{path}: rows.{name}: mean is above 0, spread and margin not below")
    return rows


def in_unit(figure: Figure, unit: str) -> float:
    """Return the value of a figure in a unit of the budget file; raises `ValueError`."""
    factor, base = UNITS[unit]
    if figure.unit != base:
        raise ValueError(f"a figure in {figure.unit} cannot be told in {unit}")
    return figure.value / factor


def compare(rows: Mapping[str, Row], figures: Mapping[str, Figure]) -> list[Verdict]:
    """Return a verdict for every row that was measured, in the order of the file.

    On a machine that is slower just now than the one of the means, times may be so much longer; on
    a faster one they may not be shorter.
    """
    slower = 1.0
    if MACHINE in rows and MACHINE in figures:
        slower = max(1.0, in_unit(figures[MACHINE], rows[MACHINE].unit) / rows[MACHINE].mean)
    verdicts = []
    for name, row in rows.items():
        if name not in figures or name == MACHINE:
            continue
        timed = UNITS[row.unit][1] == "s"
        budget = row.budget * slower if timed else row.budget
        verdicts.append(Verdict(name, row, in_unit(figures[name], row.unit), budget))
    return verdicts
