"""Every kind of scripted check can pass and can fail; an unknown kind is an error."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.fakes import ANSWER, Fixed, fixed, judged, scripted_case
from tests.conformance.rounds import UnknownCheck


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "expected").write_text(ANSWER)
    return tmp_path


def test_an_unknown_check_is_an_error_not_a_pass(root: Path) -> None:
    with pytest.raises(UnknownCheck, match="looks nice"):
        judged(root, scripted_case({"check": "looks nice"}), fixed())


def test_a_case_without_checks_is_an_error(root: Path) -> None:
    case = dataclasses.replace(scripted_case({}), data={"checks": []})
    with pytest.raises(UnknownCheck, match="no check"):
        judged(root, case, fixed())


R = {"execution": {"R_lite": [{"rank": "0", "children": {"core": "3-4"}}], "nodelist": ["a[1-2]"]}}
GRAPH = {
    "graph": {
        "nodes": [{"id": "1", "metadata": {"type": "node", "paths": {"containment": "/c/a1"}}}]
    }
}
INFO = "INFO: number of vertices with rank -1: 98\nINFO: number of vertices with rank 0: 1\n"
VISITS = "INFO: PREORDER VISIT COUNT=10\nINFO: POSTORDER VISIT COUNT=6\n"


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ({"check": "json", "doc": -1, "expr": "execution.R_lite[].children.core", "equals": "3-4"},
         json.dumps(R), json.dumps(R).replace("3-4", "3-5")),
        ({"check": "json_nonempty", "doc": 0}, json.dumps(R), "{}"),
        ({"check": "json_docs_equal", "docs": [0, 1], "ignore": ["execution.nodelist"]},
         f"{json.dumps(R)}\n{json.dumps(R).replace('a[1-2]', 'b')}",
         f"{json.dumps(R)}\n{json.dumps(R).replace('3-4', '3')}"),
        ({"check": "json_schema", "schema": "schema", "doc": 0}, json.dumps(GRAPH), '{"grap": 1}'),
        ({"check": "contains", "text": "core0"}, "core0", "core1"),
        ({"check": "not_contains", "text": "core0"}, "core1", "core0"),
        ({"check": "count_lines", "regex": "MATCHED", "equals": 2}, "MATCHED\n" * 2, "MATCHED\n"),
        ({"check": "nth_line", "regex": "AT", "n": 2, "contains": "3600"},
         "AT=Now\nx\nAT=3600\n", "AT=3600\nAT=Now\n"),
        ({"check": "line_count", "equals": 1}, "a\n", ""),
        ({"check": "nonempty_non_INFO"}, "a\n", "INFO: a\n"),
        ({"check": "jgf_vertices_of_type", "type": "node", "must_include_path_text": ["a1"],
          "must_not_include_path_text": ["a2"]},
         json.dumps(GRAPH), json.dumps(GRAPH).replace("a1", "a2")),
        ({"check": "sorted_lines_of", "expr": "execution.R_lite[].rank and execution.nodelist[0]",
          "equals": ["0", "a[1-2]"]}, json.dumps(R), json.dumps(R).replace("a[1-2]", "a1")),
        ({"check": "golden", "expected_file": "expected"}, ANSWER, ANSWER + "x"),
        ({"check": "hostlist_count", "expr": "execution.nodelist[0]", "equals": 2},
         json.dumps(R), json.dumps(R).replace("1-2", "1-3")),
        ({"check": "idset_count", "expr": "execution.R_lite[0].rank", "equals": 1},
         json.dumps(R), json.dumps(R).replace('"rank": "0"', '"rank": "0-1"')),
    ],
    ids=lambda value: value.get("check") if isinstance(value, dict) else None,
)  # fmt: skip
def test_a_check_of_the_answer_passes_and_fails(
    root: Path, check: Mapping[str, Any], good: str, bad: str
) -> None:
    (root / "schema").write_text('{"type": "object", "required": ["graph"]}')
    assert judged(root, scripted_case(check), fixed(good)).status == "pass"
    assert judged(root, scripted_case(check), fixed(bad)).status == "fail"


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ({"check": "visit_counts", "stream": "stdout", "pre_post": [[10, 6]]},
         fixed(stdout=VISITS), fixed(stdout=VISITS * 2)),
        ({"check": "stdout_value", "line": "INFO: Vertex Count: ", "equals": 100},
         fixed(stdout="INFO: Vertex Count: 100\n"), fixed(stdout="INFO: Vertex Count: 1000\n")),
        ({"check": "rank_counts", "equals": [[-1, 98], [0, 1]]},
         fixed(stdout=INFO), fixed(stdout=INFO.replace("98", "97"))),
        ({"check": "exit_ok"}, fixed(), fixed(status=1)),
        ({"check": "no_crash"}, fixed(), fixed(status=3)),
        ({"check": "load_must_fail"}, fixed(status=1, stderr="bad"), fixed()),
    ],
    ids=lambda value: value.get("check") if isinstance(value, dict) else None,
)  # fmt: skip
def test_a_check_of_the_run_passes_and_fails(
    root: Path, check: Mapping[str, Any], good: Fixed, bad: Fixed
) -> None:
    assert judged(root, scripted_case(check), good).status == "pass"
    assert judged(root, scripted_case(check), bad).status == "fail"
