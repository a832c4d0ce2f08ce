"""The list of conformance cases: what is in `cases.json`, and which special rules apply.

A case is one check of the reference's own test suite (conformance.md). The list and all the data
are read at run time and copied nowhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SRCDIR = "@TEST_SRCDIR@"
"""Stands for the folder `t` of a flux-sched checkout, in options, commands and some answers."""

TIMING = frozenset({"t6000-006"})
"""Compares load times; nothing to replay (conformance.md 1)."""

STALE_INDEX = "t3028-009"
"""Its expected text holds a fault of the reference (conformance.md 4): see `golden`."""


@dataclass(frozen=True, slots=True)
class Query:
    """One run of the program: its options and where the commands come from."""

    options: tuple[str, ...]
    commands: tuple[str, ...] | None
    cmd_file: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `data` is its whole record in the list.

    `replayable` is "as-is", "scripted-checks", "needs-generated-inputs" or "setup-only".
    """

    name: str
    category: str
    kind: str
    replayable: str
    queries: tuple[Query, ...]
    data: Mapping[str, Any]

    @property
    def script(self) -> str:
        """The number of the script it comes from, for example "t3001"."""
        return self.name.split("-")[0]

    @property
    def checks(self) -> Sequence[Mapping[str, Any]]:
        """The scripted checks, in order."""
        checks: Sequence[Mapping[str, Any]] = self.data.get("checks") or []
        return checks

    @property
    def is_long(self) -> bool:
        """Whether it uses one of the two big systems (conformance.md 3, rule 5)."""
        return self.data.get("prereq") == "LONGTEST" or self.name == "t3006-005"


def load_cases(path: Path) -> list[Case]:
    """Read a list of cases; those that only prepare others are left out."""
    records = json.loads(path.read_text(encoding="utf-8"))["cases"]
    cases = [_case(record) for record in records]
    return [case for case in cases if case.replayable != "setup-only"]


def _case(record: Mapping[str, Any]) -> Case:
    queries = [_query(entry) for entry in record.get("queries") or []]
    if not queries and (record.get("cmd_file") or record.get("commands")):
        queries = [_query(record)]
    return Case(
        name=record["name"],
        category=record["category"],
        kind=record["kind"],
        replayable=record["replayable"],
        queries=tuple(queries),
        data=record,
    )


def _query(entry: Mapping[str, Any]) -> Query:
    commands = entry.get("commands")
    return Query(
        options=tuple(entry["options"]),
        commands=tuple(commands) if commands else None,
        cmd_file=entry.get("cmd_file"),
    )
