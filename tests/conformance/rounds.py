"""Scripted checks that need several runs: what one run prints is fed to the next."""

import json
import string
from collections.abc import Mapping

from tests.conformance.bench import Mismatch
from tests.conformance.cases import Case, Query
from tests.conformance.checks import CHECKS
from tests.conformance.documents import differences, documents, plain_lines, vertices
from tests.conformance.session import Check, Run, Session, want

FED_BY = {"t3022-011": "t3022-001"}
"""The case whose printed resource sets are used, where it is not the case itself."""

_ROUNDS = {
    # query compared -> query whose answer it must give, report lines ignored
    "t3022-007": {1: 0},
    "t3022-008": {2: 0, 3: 1},
    "t3022-009": {2: 1},
}
_FEEDING_QUERY = {"t3022-008": 1}


def _feed(session: Session) -> str:
    """Run the feeding query, write its R texts to files; return its answer.

    The i-th line without INFO goes to cmdsNNN_aa.json, ..._ab.json and so on, NNN being the
    number of the case that prints them.
    """
    case = session.case
    source = session.bench.cases[FED_BY.get(case.name, case.name)]
    answer = session.bench.query(source, _FEEDING_QUERY.get(case.name, 0)).answer
    number = source.name.split("-")[1]
    for letter, line in zip(string.ascii_lowercase, plain_lines(answer), strict=False):
        path = session.bench.folder / f"cmds{number}_a{letter}.json"
        path.write_text(line + "\n", encoding="utf-8")
    return answer


def _roundtrip_equal(session: Session, check: Check) -> None:
    bench, case = session.bench, session.case
    _feed(session)
    for fed, original in _ROUNDS.get(case.name, {1: 0}).items():
        expected = bench.query(case, original).answer
        got = bench.query(case, fed).answer
        if case.name in _ROUNDS:
            expected, got = ("\n".join(plain_lines(text)) for text in (expected, got))
        if not expected.strip():
            raise Mismatch(f"query {original} prints nothing to compare with")
        if text := differences(expected, got):
            raise Mismatch(f"query {fed} does not repeat query {original}:\n{text}")


def _golden_after_roundtrip(session: Session, check: Check) -> None:
    _feed(session)
    got = session.bench.query(session.case, 1).answer
    if text := differences(session.bench.read(check["expected_file"]), got):
        raise Mismatch(f"answer differs:\n{text}")


def _outputs_equal(session: Session, check: Check) -> None:
    """The same vertex set down by a command and in the file (t3025-021)."""
    bench, case = session.bench, session.case
    machine = json.loads(bench.read(case.data["resource_file"]))
    (vertex,) = [v for v in vertices(machine) if v["uniq_id"] == 8]
    vertex["status"] = 1
    (bench.folder / "down21.json").write_text(json.dumps(machine), encoding="utf-8")
    first, second = (bench.query(case, index).answer for index in (0, 1))
    if "core0" not in first:
        raise Mismatch(f"core0 is not found down: {first!r}")
    want(first, second, "answers")


def _equal_hostnames(session: Session, check: Check) -> None:
    """A property set by path reaches both nodes of that name (t3012-007)."""
    commands = ("set-property /cluster0/fluke class=1", "get-property /cluster0/fluke", "quit")
    options = ("-L", "out7.json", "-f", "rv1exec", "-S", "CA", "-P", "high", "-t", "@OUT@")
    result = session.bench.run(session.case, Query(options, commands, None))
    want(["class=1", "class=1"], result.answer.splitlines(), "properties")


def _two_queries(session: Session, check: Check) -> None:
    """A graph without cores: no job with cores fits, one of whole nodes does (t3040-004, -008)."""
    jobspecs = "@TEST_SRCDIR@/data/resource/jobspecs/match_format"
    with_cores = _match(session, f"{jobspecs}/t3040.yaml")
    if "INFO: No matching resources found" not in with_cores:
        raise Mismatch(f"cores were found: {with_cores[:600]!r}")
    only_nodes = documents(_match(session, f"{jobspecs}/t3040_only_node.yaml"))
    if not only_nodes:
        raise Mismatch("no node was found")
    kinds = {vertex["type"] for vertex in vertices(only_nodes[0])}
    want({"cluster", "node"}, kinds, "types of vertices")


def _match(session: Session, jobspec: str) -> str:
    options = session.case.queries[0].options
    query = Query(options, (f"match allocate {jobspec}", "quit"), None)
    return session.bench.run(session.case, query).answer


def _roundtrip(session: Session, check: Check) -> None:
    """The scheduling key of an R is a machine on which the job fits again (t3034-012)."""
    graph = session.document()["scheduling"]
    (session.bench.folder / "again.json").write_text(json.dumps(graph), encoding="utf-8")
    machine = ("-L", "again.json", "-f", "jgf", "-S", "CA", "-P", "hinodex")
    options = (*machine, "-F", "rv1_nosched", "-t", "@OUT@")
    query = Query(options, session.case.queries[0].commands, None)
    found = documents(session.bench.run(session.case, query).answer)
    want([["foo4"]], [r["execution"]["nodelist"] for r in found], "nodelists")


def _update_from_shorthand(session: Session, check: Check) -> None:
    """An update from shorthand takes all cores and gpus below the nodes (t3041-004, -005)."""
    want(2, len(session.documents), "number of documents")
    for document in session.documents:
        kinds = [vertex["type"] for vertex in vertices(document)]
        counts = {kind: kinds.count(kind) for kind in ("node", "core", "gpu")}
        want({"node": 20, "core": 320, "gpu": 80}, counts, "vertices")


ROUNDS: Mapping[str, Run] = {
    "roundtrip_equal": _roundtrip_equal,
    "golden_after_roundtrip": _golden_after_roundtrip,
    "outputs_equal": _outputs_equal,
    "equals": _equal_hostnames,
    "two queries": _two_queries,
    "roundtrip": _roundtrip,
    "update from shorthand then find sched-now=allocated; keep the found JGF": (
        _update_from_shorthand
    ),
}


class UnknownCheck(ValueError):
    """A case asks for a kind of check that the runner does not know."""


def run_checks(session: Session) -> None:
    """Evaluate all checks of a scripted case.

    Raises Mismatch if one fails, UnknownCheck for a kind that is not in the vocabulary or a case
    without any check.
    """
    case: Case = session.case
    if not case.checks:
        raise UnknownCheck(f"{case.name} has no check")
    for check in case.checks:
        run = CHECKS.get(check["check"]) or ROUNDS.get(check["check"])
        if run is None:
            raise UnknownCheck(f"{case.name}: unknown check {check['check']!r}")
        run(session, check)
