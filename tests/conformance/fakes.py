"""Programs that always write the same, and cases of our own to judge them by."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.conformance.cases import Case, Query
from tests.conformance.judge import Judge, Verdict
from tests.conformance.program import Program, Result

ANSWER = "      ---core35[1:x]\nINFO: RESOURCES=ALLOCATED\n"


@dataclasses.dataclass(frozen=True)
class Fixed:
    """A program that always writes the same."""

    result: Result

    def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
        return self.result


def fixed(answer: str = ANSWER, stderr: str = "", stdout: str = "", status: int = 0) -> Fixed:
    return Fixed(Result(status, stdout, stderr, answer))


def golden_case(name: str = "t1-001", **more: object) -> Case:
    query = Query(("-t", "@OUT@"), ("match allocate j", "quit"), None)
    data = {"expected_file": "expected", "normalisation": [], "compare": "-t file", **more}
    return Case(name, "basic", "golden-file", "as-is", (query,), data)


def scripted_case(check: Mapping[str, Any]) -> Case:
    query = Query(("-t", "@OUT@"), ("quit",), None)
    return Case("t1-002", "basic", "scripted", "scripted-checks", (query,), {"checks": [check]})


def judged(root: Path, case: Case, program: Program) -> Verdict:
    return Judge(root, {case.name: case}, program).verdict(case.name)
