"""The scripted checks on one answer (conformance.md 5). Each raises Mismatch if it fails."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.conformance.bench import Mismatch, Skipped
from tests.conformance.documents import (
    differences,
    documents,
    expand_hostlist,
    expand_idset,
    plain_lines,
    select,
    vertices,
    without,
)
from tests.conformance.inputs import input_r
from tests.conformance.schema import violations
from tests.conformance.session import Check, Run, Session, want

SAVED = {"FULL": "t3025-001"}
"""The cases whose first document later cases compare with, by the name it is saved under."""


def _json(session: Session, check: Check) -> None:
    found = select(session.document(check["doc"]), check["expr"])
    want([check["equals"]], found, check["expr"])


def _json_nonempty(session: Session, check: Check) -> None:
    if not session.document(check["doc"]):
        raise Mismatch("the document is empty")


def _json_equals_saved(session: Session, check: Check) -> None:
    saved = session.bench.cases[SAVED[check["saved"]]]
    expected = documents(session.bench.query(saved).answer)[0]
    got = session.document()
    want(without(expected, check["ignore"]), without(got, check["ignore"]), "document")


def _json_docs_equal(session: Session, check: Check) -> None:
    first, second = (without(session.document(n), check["ignore"]) for n in check["docs"])
    want(first, second, f"documents {check['docs']}")


def _json_equal_to_input_r(session: Session, check: Check) -> None:
    expected = without(input_r(session.case), check["ignore"])
    want(expected, without(session.document(), check["ignore"]), "R")


def _json_equal_to_file(session: Session, check: Check) -> None:
    got = session.document()
    expected = json.loads(session.bench.read(check["file"]))
    got, wanted = (
        json.dumps(document, sort_keys=True, indent=1)
        for document in (got.get("scheduling", got), expected)
    )
    if text := differences(wanted, got):
        raise Mismatch(f"document differs from {check['file']}:\n{text}")


def _json_equal_across_queries(session: Session, check: Check) -> None:
    found = []
    for index, expression in (check["a"], check["b"]):
        answer = session.bench.query(session.case, index).answer
        found.append(select(documents(answer)[0], expression))
    want(found[0], found[1], "selected parts")


def _json_schema(session: Session, check: Check) -> None:
    schema = json.loads(session.bench.read(check["schema"]))
    for document in select(session.document(check["doc"]), check.get("expr", ".")):
        if broken := violations(document, schema):
            raise Mismatch("; ".join(broken[:5]))


def _contains(session: Session, check: Check) -> None:
    text = session.result.stream(check.get("stream"))
    if check["text"] not in text:
        raise Mismatch(f"{check['text']!r} is not in {text[-600:]!r}")


def _not_contains(session: Session, check: Check) -> None:
    text = session.result.stream(check.get("stream"))
    if not text or check["text"] in text:
        raise Mismatch(f"nothing printed, or {check['text']!r} is in {text[-600:]!r}")


def _matching_lines(session: Session, regex: str) -> list[str]:
    return [line for line in session.result.answer.splitlines() if re.search(regex, line)]


def _count_lines(session: Session, check: Check) -> None:
    lines = _matching_lines(session, check["regex"])
    want(check["equals"], len(lines), f"lines with {check['regex']!r}")


def _nth_line(session: Session, check: Check) -> None:
    lines = _matching_lines(session, check["regex"])
    if len(lines) < check["n"] or check["contains"] not in lines[check["n"] - 1]:
        raise Mismatch(f"line {check['n']} with {check['regex']!r} is not so: {lines}")


def _line_count(session: Session, check: Check) -> None:
    want(check["equals"], len(session.result.answer.splitlines()), "number of lines")


def _nonempty_non_info(session: Session, check: Check) -> None:
    if not plain_lines(session.result.answer):
        raise Mismatch("nothing but report lines")


def _exit_ok(session: Session, check: Check) -> None:
    want(0, session.result.status, "exit code")


def _load_must_fail(session: Session, check: Check) -> None:
    if session.result.status == 0 or not session.result.stderr.strip():
        raise Mismatch(f"loaded: exit {session.result.status}, {session.result.stderr!r}")


def _derived_list(session: Session, check: Check) -> None:
    found = [
        vertex["properties"]["LinuxDeviceID"]
        for document in session.documents
        for vertex in vertices(document)
        if vertex["type"] == "storage"
    ]
    want(session.bench.read(check["expected_file"]).split(), found, "LinuxDeviceID")


def _jgf_vertices_of_type(session: Session, check: Check) -> None:
    found = [v for v in vertices(session.document()) if v["type"] == check["type"]]
    names = {v["paths"]["containment"].rpartition("/")[2] for v in found}
    missing = set(check["must_include_path_text"]) - names
    wrong = set(check["must_not_include_path_text"]) & names
    if missing or wrong:
        raise Mismatch(f"missing {sorted(missing)}, wrong {sorted(wrong)} in {sorted(names)}")


def _same_ranks_and_nodelist(session: Session, check: Check) -> None:
    expected, got = input_r(session.case)["execution"], session.document()["execution"]
    want(_by_rank(expected["R_lite"]), _by_rank(got["R_lite"]), "children by rank")
    ranks = [sorted(entry["rank"] for entry in r["R_lite"]) for r in (expected, got)]
    want(ranks[0], ranks[1], "ranks as text")
    hosts = expand_hostlist(expected["nodelist"])
    want(hosts, expand_hostlist(got["nodelist"][:1]), "hosts in nodelist[0]")


def _by_rank(r_lite: list[dict[str, Any]]) -> dict[int, dict[str, list[int]]]:
    return {
        rank: {kind: expand_idset(ids) for kind, ids in entry["children"].items()}
        for entry in r_lite
        for rank in expand_idset(entry["rank"])
    }


def _sorted_lines_of(session: Session, check: Check) -> None:
    lines = [
        str(value)
        for expression in check["expr"].split(" and ")
        for value in select(session.document(), expression)
    ]
    want(check["equals"], sorted(lines), check["expr"])


def _golden(session: Session, check: Check) -> None:
    text = differences(session.bench.read(check["expected_file"]), session.result.answer)
    if text:
        raise Mismatch(f"answer differs:\n{text}")


def _visit_counts(session: Session, check: Check) -> None:
    text = session.result.stream(check["stream"])
    counts = [
        [int(number) for number in re.findall(rf"INFO: {order} VISIT COUNT=(\d+)", text)]
        for order in ("PREORDER", "POSTORDER")
    ]
    want(check["pre_post"], [list(pair) for pair in zip(*counts, strict=True)], "visit counts")


def _stdout_value(session: Session, check: Check) -> None:
    found = [
        line.removeprefix(check["line"])
        for line in session.result.stdout.splitlines()
        if line.startswith(check["line"])
    ]
    want([str(check["equals"])], found, check["line"])


def _rank_counts(session: Session, check: Check) -> None:
    pattern = r"INFO: number of vertices with rank (-?\d+): (\d+)"
    found = [[int(a), int(b)] for a, b in re.findall(pattern, session.result.stdout)]
    want(check["equals"], found, "vertices by rank")


def _hostlist_count(session: Session, check: Check) -> None:
    hosts = expand_hostlist(select(session.document(), check["expr"]))
    want(check["equals"], len(hosts), f"hosts in {hosts}")


def _idset_count(session: Session, check: Check) -> None:
    (text,) = select(session.document(), check["expr"])
    want(check["equals"], len(expand_idset(text)), f"ids in {text}")


def _node_property_keys(session: Session, check: Check) -> None:
    for vertex in _nodes_of_scheduling(session):
        want(check["equals"], sorted(vertex.get("properties", {})), "properties of the node")


def _host_equals_name(session: Session, check: Check) -> None:
    (host,) = select(session.document(), "execution.nodelist[]")
    for vertex in _nodes_of_scheduling(session):
        want(host, f"{vertex['basename']}{vertex['id']}", "basename and id of the node")


def _nodes_of_scheduling(session: Session) -> list[dict[str, Any]]:
    nodes = [v for v in vertices(session.document()["scheduling"]) if v["type"] == "node"]
    if not nodes:
        raise Mismatch("no node vertex in the scheduling key")
    return nodes


def _only_nodes(session: Session, check: Check) -> None:
    found = vertices(session.document())
    if kinds := {vertex["type"] for vertex in found} & {"core", "gpu"}:
        raise Mismatch(f"vertices of type {sorted(kinds)} are there")
    names = {vertex["name"] for vertex in found if vertex["type"] == "node"}
    want({f"compute{number}" for number in range(1, 21)}, names, "node vertices")


def _manual(session: Session, check: Check) -> None:
    raise Skipped(check["note"])


CHECKS: Mapping[str, Run] = {
    "json": _json,
    "json_nonempty": _json_nonempty,
    "json_equals_saved": _json_equals_saved,
    "json_docs_equal": _json_docs_equal,
    "json_equal_to_input_R": _json_equal_to_input_r,
    "json_equal_to_file": _json_equal_to_file,
    "json_equal_across_queries": _json_equal_across_queries,
    "json_schema": _json_schema,
    "contains": _contains,
    "not_contains": _not_contains,
    "count_lines": _count_lines,
    "nth_line": _nth_line,
    "line_count": _line_count,
    "nonempty_non_INFO": _nonempty_non_info,
    "no_crash": _exit_ok,
    "exit_ok": _exit_ok,
    "load_must_fail": _load_must_fail,
    "derived_list": _derived_list,
    "jgf_vertices_of_type": _jgf_vertices_of_type,
    "same_ranks_and_nodelist_as_input": _same_ranks_and_nodelist,
    "sorted_lines_of": _sorted_lines_of,
    "golden": _golden,
    "visit_counts": _visit_counts,
    "stdout_value": _stdout_value,
    "rank_counts": _rank_counts,
    "hostlist_count": _hostlist_count,
    "idset_count": _idset_count,
    "node_property_keys": _node_property_keys,
    "host equals basename+id of JGF node vertex": _host_equals_name,
    "first document contains no core and no gpu vertex but does contain node vertices compute1..": (
        _only_nodes
    ),
    "manual": _manual,
}
