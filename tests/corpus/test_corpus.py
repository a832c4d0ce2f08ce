"""The differential corpus: recorded answers of the reference, replayed on the real program.

The corpus and its judge (`replay.py`) are reference data, read at test time. "Clean" cases have no
tag `quirk:` or `ref-fn:`, which mark answers that hold a fault of the reference.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.program import installed

FAULTY = ("quirk:", "ref-fn:")
KNOWN = Path(__file__).with_name("known_differences.toml")


@dataclass(frozen=True, slots=True)
class Answer:
    """How one case was judged; `explanation` is the first difference."""

    semantic: bool
    strict: bool
    fault: str | None
    clean: bool
    explanation: str


@pytest.fixture(scope="module")
def answers(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """Replay all cases, two at a time, each as a process of its own."""
    report = tmp_path_factory.mktemp("corpus") / "report.jsonl"
    cases = corpus / "corpus-shared.jsonl"
    command = [sys.executable, str(corpus / "replay.py"), str(cases)]
    command += ["--cmd", " ".join(installed().command), "-j", "2", "--show", "0"]
    command += ["--min-agreement", "0", "--report", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tags = {case["id"]: case["tags"] for case in map(json.loads, cases.read_text().splitlines())}
    judged = [json.loads(line) for line in report.read_text().splitlines()]
    assert {entry["id"] for entry in judged} == set(tags)
    return {
        entry["id"]: Answer(
            entry["semantic"],
            entry["strict"],
            entry["fault"],
            not any(tag.startswith(FAULTY) for tag in tags[entry["id"]]),
            str(entry["first"] or entry.get("textdiff"))[:1000],
        )
        for entry in judged
    }


@pytest.fixture(scope="module")
def known() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(KNOWN.read_text(encoding="utf-8"))


def test_all_cases_were_replayed(answers: dict[str, Answer]) -> None:
    assert len(answers) == 620
    assert sum(answer.clean for answer in answers.values()) == 489


def test_nothing_crashes_or_hangs(answers: dict[str, Answer]) -> None:
    assert {name: answer.fault for name, answer in answers.items() if answer.fault} == {}


def test_the_text_agrees_in_98_of_100_clean_cases(answers: dict[str, Answer]) -> None:
    clean = [answer.strict for answer in answers.values() if answer.clean]
    assert sum(clean) >= 0.98 * len(clean)


def test_the_meaning_agrees_in_995_of_1000_clean_cases(answers: dict[str, Answer]) -> None:
    clean = [answer.semantic for answer in answers.values() if answer.clean]
    assert sum(clean) >= 0.995 * len(clean)


def test_only_known_cases_differ_in_meaning(
    answers: dict[str, Answer], known: Mapping[str, Mapping[str, str]]
) -> None:
    found = {name: a.explanation for name, a in answers.items() if not a.semantic}
    unexpected = {name: text for name, text in found.items() if name not in known["semantic"]}
    assert unexpected == {}
    assert set(known["semantic"]) - set(found) == set(), "listed, but they agree"


def test_only_known_cases_differ_in_text(
    answers: dict[str, Answer], known: Mapping[str, Mapping[str, str]]
) -> None:
    found = {name: a.explanation for name, a in answers.items() if a.semantic and not a.strict}
    unexpected = {name: text for name, text in found.items() if name not in known["strict"]}
    assert unexpected == {}
    assert set(known["strict"]) - set(found) == set(), "listed, but they agree"


def test_every_known_difference_has_a_class(known: Mapping[str, Mapping[str, str]]) -> None:
    used = {*known["semantic"].values(), *known["strict"].values()}
    assert used == set(known["classes"])
