"""Cases with an expected text: the answer must be the same, byte by byte (conformance.md 3)."""

import collections
import re

from tests.conformance.bench import Bench, Mismatch
from tests.conformance.cases import STALE_INDEX, Case
from tests.conformance.documents import differences, documents
from tests.conformance.program import Result

_UNIQ_ID = re.compile(r" \(vtx's uniq_id=\d\)")
_UNIQ_ID_RULE = "delete every substring matching ' (vtx's uniq_id=<one digit>)'"


def check_golden(bench: Bench, case: Case) -> None:
    """Compare the answer, and standard error where a text is expected of it.

    Raises Mismatch if they differ.
    """
    result = bench.query(case)
    compare = case.data.get("compare", "-t file")
    expected = bench.read(case.data["expected_file"])
    if compare == "derived":
        _check_labels(result, expected)
    elif differences(expected, _compared(result, compare, case)):
        _refuse(expected, _compared(result, compare, case), compare, case)
    if stderr_file := case.data.get("expected_stderr_file"):
        wanted = bench.expand(bench.read(stderr_file))
        if text := differences(wanted, result.stderr):
            raise Mismatch(f"standard error differs:\n{text}")


def _compared(result: Result, compare: str, case: Case) -> str:
    texts = {
        "-t file": result.answer,
        "stderr": result.stderr,
        "-t file followed by stderr": result.answer + result.stderr,
    }
    text = texts[compare]
    if any(rule.startswith(_UNIQ_ID_RULE) for rule in case.data["normalisation"]):
        text = _UNIQ_ID.sub("", text)
    return text


def _refuse(expected: str, got: str, compare: str, case: Case) -> None:
    if case.name == STALE_INDEX and got == corrected(expected):
        return
    raise Mismatch(f"{compare} differs:\n{differences(expected, got)}")


def corrected(expected: str) -> str:
    """Return the right answer of t3028-009: its last reservation is at 3600, not at 7200.

    The reference keeps a stale index of its earliest time after `attach` (conformance.md 4).
    """
    before, found, after = expected.rpartition("INFO: SCHEDULED AT=7200\n")
    if not found:
        raise Mismatch("the expected text holds no reservation at 7200")
    return f"{before}INFO: SCHEDULED AT=3600\n{after}"


def _check_labels(result: Result, expected: str) -> None:
    """Count the labels of all vertices; a vertex without one counts as null (t3006-005)."""
    counts: collections.Counter[str] = collections.Counter()
    for document in documents(result.answer):
        for node in document["graph"]["nodes"]:
            label = node["metadata"].get("ephemeral", {}).get("label")
            counts["null" if label is None else label] += 1
    got = sorted([str(number), label] for label, number in counts.items())
    wanted = sorted(line.split() for line in expected.splitlines())
    if got != wanted:
        raise Mismatch(f"labels differ: expected {wanted}, got {got}")
