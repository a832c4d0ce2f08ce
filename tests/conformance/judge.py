"""One case in, one verdict out."""

import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.bench import Bench, Mismatch, Skipped
from tests.conformance.cases import Case
from tests.conformance.golden import check_golden
from tests.conformance.program import Program
from tests.conformance.rounds import UnknownCheck, run_checks
from tests.conformance.session import Session


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case ended: `status` is "pass", "fail" or "skip"; `detail` says why not "pass"."""

    name: str
    category: str
    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Replays cases of one data set with one program.

    `root` is a flux-sched checkout; `cases` are all cases, by name.
    """

    root: Path
    cases: Mapping[str, Case]
    program: Program

    def verdict(self, name: str) -> Verdict:
        """Replay one case in a new folder.

        Raises UnknownCheck if the case asks for something that the runner cannot judge.
        """
        case = self.cases[name]
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            bench = Bench(self.root, self.program, Path(folder), self.cases)
            status, detail = _outcome(bench, case)
        return Verdict(name, case.category, status, detail)


def _outcome(bench: Bench, case: Case) -> tuple[str, str]:
    try:
        _check(bench, case)
    except UnknownCheck:
        raise
    except Mismatch as error:
        return "fail", str(error)
    except Skipped as error:
        return "skip", str(error)
    except Exception:
        return "fail", traceback.format_exc(limit=-6)
    return "pass", ""


def _check(bench: Bench, case: Case) -> None:
    if case.kind == "jobspec-validate":
        check_jobspec(bench, case)
    elif case.replayable == "as-is":
        check_golden(bench, case)
    else:
        run_checks(Session(bench, case))


def check_jobspec(bench: Bench, case: Case) -> None:
    """Parse a jobspec by the reference's rules: is it accepted or refused as it should be?"""
    from fluxion_py.errors import InputError
    from fluxion_py.jobspec.parser import parse

    text = bench.read(case.data["jobspec_file"])
    try:
        parse(text, reference=True)
    except InputError as error:
        verdict, reason = "invalid", str(error)
    else:
        verdict, reason = "valid", ""
    if verdict != case.data["expect"]:
        raise Mismatch(f"expected {case.data['expect']}, found {verdict}: {reason}")
