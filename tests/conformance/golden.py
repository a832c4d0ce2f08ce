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
    """Return the right answer of t3028-009, made of parts of the reference's wrong one.

    The reference keeps a stale index of its earliest time after `attach` (conformance.md 4) and
    starts its last reservation, job 7, at 7200 on the first node. At 3600 that node goes to job 2,
    but the attached one, then held by job 4, is free. So job 7 starts at 3600 on the vertices of
    job 4, and the last find sees both nodes reserved, just as the find before it saw both
    allocated. Raises Mismatch if the text is not that one.
    """
    lines = expected.splitlines(keepends=True)

    def last(text: str) -> int:
        found = [number for number, line in enumerate(lines) if line == f"INFO: {text}\n"]
        if not found:
            raise Mismatch(f"the expected text has no line {text!r}")
        return found[-1]

    start = last("SCHEDULED AT=7200")
    lines[start] = "INFO: SCHEDULED AT=3600\n"
    lines[last("JOBID=7") - 2] = lines[last("JOBID=4") - 2]
    allocated, reserved = (
        last(f'EXPRESSION="{text}"') for text in ("sched-now=allocated", "sched-future=reserved")
    )
    lines[reserved - 2] = lines[allocated - 2]
    return "".join(lines)


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
