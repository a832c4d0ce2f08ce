"""The verifier against recorded answers of the reference: it accepts what the reference granted.

The grants of the corpus that print their vertices are read back from their text and judged, with
a book that follows the recorded history. A case is followed up to the first command that changes
the machine or a job by a file (attach, remove, update, partial-cancel).
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fluxion_py.jobspec.parser import parse
from fluxion_py.match.policy import parse_policy
from fluxion_py.match.subsystems import parse_subsystems
from fluxion_py.outcome import Selection
from fluxion_py.readers import read_text
from tests.oracles.verifier import GRAPH_END, Verifier
from tests.oracles.verifier_machine import VerificationError
from tests.oracles.verifier_text import selection_from_jgf, selection_from_simple

Case = Mapping[str, Any]
READABLE = ("simple", "pretty_simple", "jgf", "rv1")
GRANTED = ("allocated", "reserved", "matched")
END = ("attach", "remove", "update", "partial-cancel", "multi-match", "m", "M", "p", "u")
STALE = ("quirk:stale-graph", "quirk:empty-R")  # the printed text is not the answer


@pytest.fixture(scope="module")
def verdicts(corpus: Path) -> Counter[str]:
    """How many answers were judged how: `right`, or the rule and the tags of a refused one."""
    systems = {s["id"]: s for s in _lines(corpus / "systems.jsonl")}
    found: Counter[str] = Counter()
    for case in _lines(corpus / "corpus-shared.jsonl"):
        if case["options"]["match_format"] in READABLE and not {*STALE} & {*case["tags"]}:
            found.update(_judge_case(case, systems[case["system"]]))
    return found


def _lines(path: Path) -> Iterator[Case]:
    for line in path.read_text().splitlines():
        yield json.loads(line)


def _judge_case(case: Case, system: Case) -> Iterator[str]:
    options = case["options"]
    if "startup" in case["expected"] or options["load_format"] == "xml":
        return
    flat = read_text(system["text"], options["load_format"])
    verifier = Verifier(
        flat,
        subsystem=parse_subsystems(options["subsystems"])[0],
        node_exclusive=parse_policy(options["policy"]).node_exclusive,
        tolerated=["down-below"],
    )
    for command, step in zip(case["commands"], case["expected"]["steps"], strict=True):
        words = command.split()
        if words and words[0] in END:
            return
        meaning = step.get("sem", [{}])[0]
        if words[:1] == ["match"] and meaning.get("outcome") in GRANTED:
            yield _judge_grant(case, verifier, step, words[2])
        else:
            _follow(verifier, words, step)


def _judge_grant(case: Case, verifier: Verifier, step: Case, file: str) -> str:
    answer = step["sem"][0]
    jobspec = parse(case["files"][file], reference=True)
    at = answer["at"]
    reserved = None if answer["outcome"] == "matched" else answer["outcome"] == "reserved"
    duration = min(math.ceil(jobspec.duration) or GRAPH_END, GRAPH_END - at)
    try:
        selection = _read(verifier, case["options"]["match_format"], step["out"])
        verifier.check_grant(jobspec, selection, at, duration, 0, answer["jobid"], reserved)
    except VerificationError as error:
        return f"{error.rule} {case['id']} {' '.join(case['tags'])}"
    if answer["outcome"] != "matched":
        verifier.book(answer["jobid"], selection, at, duration)
    return "right"


def _read(verifier: Verifier, format: str, text: str) -> Selection:
    flat, subsystem = verifier.flat, verifier.machine.subsystem
    if "simple" in format:
        return selection_from_simple(flat, text.splitlines(), subsystem)
    document = json.loads(text.splitlines()[0])
    return selection_from_jgf(flat, document.get("scheduling", document), subsystem)


def _follow(verifier: Verifier, words: list[str], step: Case) -> None:
    """Follow a command that changes something; all others are looked over."""
    flat = verifier.flat
    if any("err" in meaning for meaning in step.get("sem", ())):
        return
    if words[:1] == ["cancel"]:
        verifier.holds.pop(int(words[1]), None)
    elif words[:1] == ["set-status"]:
        for row in flat.rows_at(words[1]):
            flat.set_up(row, words[2].lower() == "up")
    elif words[:1] == ["set-property"]:
        key, _, value = words[2].partition("=")
        for row in flat.rows_at(words[1]):
            flat.set_property(row, key, value)


def test_what_the_reference_granted_is_right(verdicts: Counter[str]) -> None:
    refused = {verdict: n for verdict, n in verdicts.items() if verdict != "right"}
    assert verdicts["right"] > 1000
    assert not refused, sorted(refused)
