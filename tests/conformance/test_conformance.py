"""The reference's own test suite, replayed on the package (conformance.md).

One test per case, in this process, with the compiled engine. Without the reference data one test
is skipped, saying so.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.cases import Case, load_cases
from tests.conformance.judge import Judge
from tests.conformance.program import InProcess, Program, Result, installed
from tests.conftest import require_shared, shared_folder

DATA = shared_folder() / "conformance"
CASES = load_cases(DATA / "cases.json") if (DATA / "cases.json").exists() else []
GOLDEN = [case for case in CASES if case.kind.startswith("golden")]

ORACLE_ALL = os.environ.get("FLUXION_ORACLE_ALL") == "1"
"""Whether the plain engine replays all expected texts, not a sample of every script."""


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases] or ["no-reference-data"]


def sample(cases: list[Case], per_script: int) -> list[Case]:
    """Return a fixed sample: of every script some cases, spread evenly, without the big systems."""
    scripts: dict[str, list[Case]] = {}
    for case in cases:
        if not case.is_long:
            scripts.setdefault(case.script, []).append(case)
    chosen = []
    for members in scripts.values():
        number = min(per_script, len(members))
        chosen += [members[len(members) * i // number] for i in range(number)]
    return chosen


def check(name: str, program: Program) -> None:
    """Replay a case; fail with its difference."""
    root = require_shared("conformance") / "flux-sched"
    verdict = Judge(root, {case.name: case for case in CASES}, program).verdict(name)
    if verdict.status == "skip":
        pytest.skip(verdict.detail)
    assert verdict.status == "pass", verdict.detail


@pytest.mark.parametrize("name", names(CASES))
def test_the_case_gives_the_answer_of_the_reference(name: str) -> None:
    """The compiled engine gives the reference's answer."""
    check(name, InProcess())


@dataclass(frozen=True)
class Opposite:
    """The package, asked for another policy than the case asks for."""

    def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
        swapped = ["low" if option == "high" else option for option in options]
        return InProcess().run(swapped, commands, folder)


def test_another_policy_fails() -> None:
    """The comparison tells policies apart: no case of t3001 with "high" passes with "low"."""
    root = require_shared("conformance") / "flux-sched"
    judge = Judge(root, {case.name: case for case in CASES}, Opposite())
    asked = [c.name for c in CASES if c.script == "t3001" and "high" in c.data["options"]]
    assert len(asked) == 7
    assert [name for name in asked if judge.verdict(name).status != "fail"] == []


@pytest.mark.parametrize("name", names(sample(GOLDEN, 1)))
def test_case_as_a_process(name: str) -> None:
    """The installed program gives the reference's answer: one case of every script."""
    check(name, installed())


@pytest.mark.parametrize("name", names(GOLDEN if ORACLE_ALL else sample(GOLDEN, 3)))
def test_case_with_the_oracle(name: str) -> None:
    """The plain engine, from which the compiled one is checked, gives the same answers."""
    check(name, InProcess("oracle"))
