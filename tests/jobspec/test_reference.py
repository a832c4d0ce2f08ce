"""What the reference accepts and refuses, and its words for it, byte for byte."""

import json
import re
from pathlib import Path

import pytest

from fluxion_py.errors import JobspecError
from fluxion_py.jobspec.parser import parse

_OPERATIONS = re.compile(r"match (allocate|satisfiability|without_allocating)\w* (\S+)")
_ERROR = re.compile(r"Jobspec error for \d+: (.*)\n")
_TYPE = re.compile(r'(?:"type": *"|type="|>)([a-z_]+)["<]')


def refusal(text: str | bytes, types: set[str] | None = None) -> str | None:
    """Return the reference's text for the mistake of a jobspec; None if there is none."""
    try:
        parse(text, known_types=types, reference=True)
    except JobspecError as error:
        return error.reference_text or f"only ours: {error}"
    return None


def test_every_jobspec_file_of_the_reference_gets_the_right_verdict(conformance: Path) -> None:
    cases = json.loads((conformance / "cases.json").read_text())["cases"]
    judged = [case for case in cases if case["kind"] == "jobspec-validate"]
    assert len(judged) == 69
    wrong = []
    for case in judged:
        text = (conformance / "flux-sched" / case["jobspec_file"]).read_bytes()
        verdict = "valid" if refusal(text) is None else "invalid"
        if verdict != case["expect"]:
            wrong.append(case["name"])
    assert wrong == []


def test_every_matched_jobspec_of_the_corpus_is_refused_in_the_same_words(corpus: Path) -> None:
    types = {}
    for line in (corpus / "systems.jsonl").read_text().splitlines():
        system = json.loads(line)
        types[system["id"]] = {*system["types"], *_TYPE.findall(system["text"])}
    seen = refused = 0
    for line in (corpus / "corpus-shared.jsonl").read_text().splitlines():
        case = json.loads(line)
        for command, step in zip(case["commands"], case["expected"]["steps"], strict=False):
            match = _OPERATIONS.fullmatch(command)
            if match is None or match[2] not in case["files"]:
                continue
            found = _ERROR.search(step.get("stderr", ""))
            expected = found[1] if found else None
            assert refusal(case["files"][match[2]], types[case["system"]]) == expected, case["id"]
            seen += 1
            refused += expected is not None
    assert seen > 4000
    assert refused > 80


GOOD = """version: 1
resources:
  - type: slot
    count: 1
    label: s
    with: [{type: core, count: 1}]
tasks: [{command: [app], slot: s, count: {per_slot: 1}}]
attributes: {system: {duration: 1}}
"""


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("version: 1", "version: one", "yaml-cpp: error at line 1, column 10: bad conversion"),
        ("count: 1", "count: -1", "yaml-cpp: error at line 4, column 12: bad conversion"),
        ("duration: 1", 'duration: "1h"', "yaml-cpp: error at line 8, column 33: bad conversion"),
        ("version: 1\n", "", 'Missing key "version" in top level mapping'),
        ("resources:", "resource:", 'Missing key "resource" in top level mapping'),
        ("version: 1", "version: 0", 'Only jobspec "version" 1-9999 is supported'),
        ("[{type: core, count: 1}]", "{type: core}", '"resources" is not a sequence'),
        (
            "type: core",
            "type: flibbert",
            'Value of "type" must be a resource type known to fluxion',
        ),
        (", count: {per_slot: 1}", "", "impossible number of entries in task mapping"),
        ("duration: 1", "constraints: {properties: [a]}", "non-string property specified"),
        ("duration: 1", "constraints: {hostlist: ['n[']}", "Invalid hostlist `n['"),
    ],
)
def test_the_texts_of_the_errata(old: str, new: str, text: str) -> None:
    assert refusal(GOOD, {"core"}) is None
    assert refusal(GOOD.replace(old, new, 1), {"core"}) == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("count: 1", "count: 0"),
        ("count: 1", 'count: "2,4,8"'),
        ("slot: s,", "slot: elsewhere,"),
        ("resources:\n", "resources: []\nx: 1\n"),
        ("duration: 1", "duration: -1"),
    ],
)
def test_what_the_reference_lets_pass_is_left_to_the_matcher(old: str, new: str) -> None:
    text = GOOD.replace(old, new, 1)
    if "x: 1" in text:
        text = re.sub(r"x: 1\n.*?(?=tasks)", "", text, flags=re.DOTALL)
    assert refusal(text, {"core"}) is None
