"""The runner itself: it must be able to fail, for every way in which it can pass."""

import dataclasses
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conformance import runner
from tests.conformance.bench import Bench, Mismatch
from tests.conformance.cases import Case, Query, load_cases
from tests.conformance.checks import CHECKS
from tests.conformance.fakes import ANSWER, Fixed, fixed, golden_case, judged, scripted_case
from tests.conformance.golden import corrected
from tests.conformance.judge import Judge
from tests.conformance.program import Process, Result
from tests.conformance.rounds import ROUNDS, run_checks
from tests.conformance.session import Session
from tests.conftest import require_shared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "expected").write_text(ANSWER)
    return tmp_path


def test_same_text_passes(root: Path) -> None:
    assert judged(root, golden_case(), fixed()).status == "pass"


@pytest.mark.parametrize(
    "answer", [ANSWER.replace("core35", "core34"), ANSWER[:-1], "", ANSWER * 2]
)
def test_any_other_text_fails(root: Path, answer: str) -> None:
    assert judged(root, golden_case(), fixed(answer)).status == "fail"


def test_a_changed_expected_text_fails_and_the_diff_shows_it(root: Path) -> None:
    (root / "expected").write_text(ANSWER.replace("core35", "core0"))
    verdict = judged(root, golden_case(), fixed())
    assert verdict.status == "fail"
    assert "-      ---core0[1:x]" in verdict.detail
    assert "+      ---core35[1:x]" in verdict.detail


def test_standard_error_counts_where_a_text_is_expected_of_it(root: Path) -> None:
    (root / "err").write_text("ERROR: can't open @TEST_SRCDIR@/x\n")
    case = golden_case(expected_stderr_file="err")
    assert judged(root, case, fixed(stderr=f"ERROR: can't open {root}/t/x\n")).status == "pass"
    assert judged(root, case, fixed(stderr="")).status == "fail"


def test_answer_followed_by_standard_error(root: Path) -> None:
    case = golden_case(compare="-t file followed by stderr")
    head, tail = ANSWER[:20], ANSWER[20:]
    assert judged(root, case, fixed(head, stderr=tail)).status == "pass"
    assert judged(root, case, fixed(tail, stderr=head)).status == "fail"


def test_labels_are_counted(root: Path) -> None:
    (root / "expected").write_text("1 alpha\n 1 null\n")
    nodes = [{"metadata": {"ephemeral": {"label": "alpha"}}}, {"metadata": {}}]
    case = golden_case(compare="derived")
    for listed, status in ((nodes, "pass"), (nodes[:1], "fail"), (nodes * 2, "fail")):
        answer = json.dumps({"graph": {"nodes": listed}})
        assert judged(root, case, fixed(answer)).status == status


def test_a_crash_fails_whatever_was_printed(root: Path) -> None:
    assert judged(root, golden_case(), fixed(status=-11)).status == "fail"
    crash = fixed(stderr="Traceback (most recent call last):\n")
    assert judged(root, golden_case(), crash).status == "fail"


def test_an_error_inside_the_program_fails(root: Path) -> None:
    class Broken(Fixed):
        def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
            raise ZeroDivisionError

    verdict = judged(root, golden_case(), Broken(Result(0, "", "", ANSWER)))
    assert verdict.status == "fail"
    assert "ZeroDivisionError" in verdict.detail


def test_the_stale_index_case_has_two_right_answers(root: Path) -> None:
    """t3028-009: the reference's text, or the one with the last reservation at its right time."""

    def answer(last: str, at: int, reserved: str) -> str:
        blocks = [
            "R4\nBAR\nINFO: JOBID=4\n",
            f"{last}\nBAR\nINFO: JOBID=7\nINFO: SCHEDULED AT={at}\n",
            'both\nBAR\nINFO: EXPRESSION="sched-now=allocated"\n',
            f'{reserved}\nBAR\nINFO: EXPRESSION="sched-future=reserved"\n',
        ]
        return "".join(blocks)

    (root / "expected").write_text(answer("R2", 7200, "one"))
    right = answer("R4", 3600, "both")
    case = golden_case("t3028-009")
    assert judged(root, case, fixed(answer("R2", 7200, "one"))).status == "pass"
    assert judged(root, case, fixed(right)).status == "pass"
    wrong = [answer("R2", 3600, "one"), answer("R4", 3600, "one"), answer("R4", 10800, "both"), ""]
    assert {judged(root, case, fixed(text)).status for text in wrong} == {"fail"}
    assert judged(root, golden_case(), fixed(right)).status == "fail"
    with pytest.raises(Mismatch, match="no line"):
        corrected("nothing")


def test_a_link_that_became_a_file_is_followed(root: Path) -> None:
    (root / "link").write_text("expected")
    case = golden_case(expected_file="link")
    assert judged(root, case, fixed()).status == "pass"
    assert judged(root, case, fixed("expected")).status == "fail"


def test_the_runner_as_a_program(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 if all pass, 1 if one fails, 2 if nothing ran; the table counts both."""
    names = {"t1-001": "expected", "t1-002": "other"}
    (root / "other").write_text("something else")
    (root / "commands").write_text("quit\n")
    record = {"category": "basic", "kind": "golden-file", "replayable": "as-is", "options": [],
              "cmd_file": "commands", "compare": "-t file", "normalisation": []}  # fmt: skip
    listed = [record | {"name": name, "expected_file": file} for name, file in names.items()]
    (root / "cases.json").write_text(json.dumps({"cases": listed}))
    (root / "program").write_text(f"#!/bin/sh\ncat {root}/expected\n")
    (root / "t").mkdir()
    arguments = ["--root", str(root), "--cases", str(root / "cases.json")]
    arguments += ["--cmd", f"sh {root}/program", "-j", "2"]
    assert runner.main([*arguments, "--case", "t1-001"]) == 0
    assert runner.main([*arguments, "--case", "t1-003"]) == 2
    assert runner.main([*arguments, "--root", str(root / "t")]) == 2
    capsys.readouterr()
    assert runner.main(arguments) == 1
    assert "basic                         1      1      0      2" in capsys.readouterr().out


def test_a_case_that_kills_its_process_fails_alone(root: Path) -> None:
    class Deadly(Fixed):
        def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
            if "deadly" in commands:
                os.kill(os.getpid(), signal.SIGKILL)
            return self.result

    deadly = dataclasses.replace(
        golden_case("t1-003"), queries=(Query(("-t", "@OUT@"), ("deadly",), None),)
    )
    cases = [golden_case("t1-001"), golden_case("t1-002"), deadly, golden_case("t1-004")]
    judge = Judge(root, {case.name: case for case in cases}, Deadly(fixed().result))
    verdicts = runner.replay(judge, [case.name for case in cases], 2)
    assert [verdict.status for verdict in verdicts] == ["pass", "pass", "fail", "pass"]
    assert verdicts[2].detail == "the process died"


@pytest.fixture(scope="module")
def real() -> tuple[Path, dict[str, Case]]:
    data = require_shared("conformance")
    cases = load_cases(data / "cases.json")
    return data / "flux-sched", {case.name: case for case in cases}


def test_the_list_has_all_checks(real: tuple[Path, dict[str, Case]]) -> None:
    """652 checks: 463 texts, 69 jobspecs, 72 scripts, 48 with generated inputs."""
    kinds = [case.kind.split("-")[0] for case in real[1].values()]
    assert len(kinds) == 652
    assert (kinds.count("golden"), kinds.count("jobspec")) == (463, 69)
    replayable = [case.replayable for case in real[1].values()]
    assert replayable.count("scripted-checks") == 72
    assert replayable.count("needs-generated-inputs") == 48


def test_every_check_of_the_list_is_known(real: tuple[Path, dict[str, Case]]) -> None:
    used = {check["check"] for case in real[1].values() for check in case.checks}
    assert used == {*CHECKS, *ROUNDS}


PASS_WHEN_SILENT = {"t3001-058", "t3034-010"}
"""Cases that only want a run without a crash."""


def test_a_silent_program_fails_everything_it_can(real: tuple[Path, dict[str, Case]]) -> None:
    """A program that prints nothing and returns 0 must not pass by accident."""
    root, cases = real
    judge = Judge(root, cases, fixed(answer=""))
    run = [case.name for case in cases.values() if case.kind != "jobspec-validate"]
    verdicts = [judge.verdict(name) for name in run]
    silent = {verdict.name for verdict in verdicts if verdict.status == "pass"}
    empty = {
        name
        for name in silent
        if cases[name].kind.startswith("golden") and not expected_text(root, cases[name])
    }
    assert silent - empty == PASS_WHEN_SILENT
    assert [verdict.name for verdict in verdicts if verdict.status == "skip"] == ["t6000-006"]


def expected_text(root: Path, case: Case) -> str:
    path: str = case.data["expected_file"]
    return Bench(root, fixed(), root, {}).read(path)


def test_an_echo_of_the_expected_texts_passes(real: tuple[Path, dict[str, Case]]) -> None:
    root, cases = real
    for case in cases.values():
        if case.kind == "golden-file" and case.data["compare"] == "-t file":
            stderr_file = case.data.get("expected_stderr_file")
            stderr = (root / stderr_file).read_text() if stderr_file else ""
            stderr = stderr.replace("@TEST_SRCDIR@", str(root / "t"))
            program = fixed(expected_text(root, case), stderr)
            assert Judge(root, cases, program).verdict(case.name).status == "pass", case.name


def test_a_program_is_run_in_the_folder_with_its_input(tmp_path: Path) -> None:
    result = Process(("sh", "-c", "cat > out; pwd; echo no >&2; exit 3", "sh")).run(
        ["-t", "out"], "quit\n", tmp_path
    )
    assert result == Result(3, f"{tmp_path}\n", "no\n", "quit\n")
    killed = Process(("sh", "-c", "kill -11 $$", "sh")).run([], "", tmp_path)
    assert killed.status == -11


def test_the_placeholders_of_a_case_are_filled_in(tmp_path: Path) -> None:
    seen: list[tuple[list[str], str]] = []

    class Recorder(Fixed):
        def run(self, options: Sequence[str], commands: str, folder: Path) -> Result:
            seen.append((list(options), commands))
            return self.result

    query = Query(("-L", "@TEST_SRCDIR@/a", "-t", "@OUT@"), ("cat @TEST_SRCDIR@/b",), None)
    case = dataclasses.replace(scripted_case({"check": "exit_ok"}), queries=(query,))
    bench = Bench(Path("/data"), Recorder(fixed().result), tmp_path, {})
    run_checks(Session(bench, case))
    assert seen == [(["-L", "/data/t/a", "-t", "out.txt"], "cat /data/t/b\n")]
