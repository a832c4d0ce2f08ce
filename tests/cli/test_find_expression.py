"""Expressions of `find`, friendly ones and those of resource-query."""

import json
from pathlib import Path

import pytest

from tests.cli.driver import Tool


def find(tool: Tool, *words: str) -> list[str]:
    return tool.out("find", "-L", "elk.json", "--state", "elk.state", *words).splitlines()


def test_the_nodes_of_a_rack(tool: Tool) -> None:
    assert find(tool, "type=node and rack=rack1") == ["/elk/rack1/elk[10-19]"]
    assert find(tool, "type=node", "rack=1") == ["/elk/rack1/elk[10-19]"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("type=rack", ["/elk/rack[0-3]"]),
        ("name=elk[3,12]", ["/elk/rack0/elk3", "/elk/rack1/elk12"]),
        ("names=elk3", ["/elk/rack0/elk3"]),
        ("rank=5-6 and type=node", ["/elk/rack0/elk[5-6]"]),
        ("type=core and id=17,35 and node=elk7", [
            "/elk/rack0/elk7/socket0/core17", "/elk/rack0/elk7/socket1/core35"]),
        ("path=/elk/rack2 and not type=core and not type=socket", [
            "/elk/rack2", "/elk/rack2/elk[20-29]"]),
        ("type=node and (rack=0 or rack=3) and not name=elk[1-9,30-38]", [
            "/elk/rack0/elk0", "/elk/rack3/elk39"]),
        # Equal precedence, from the left.
        ("type=rack or type=node and name=rack1", ["/elk/rack1"]),
        ("status=down", []),
    ],
)  # fmt: skip
def test_expressions(tool: Tool, expression: str, expected: list[str]) -> None:
    assert find(tool, expression) == expected


def test_what_jobs_hold_and_what_is_down(tool: Tool) -> None:
    common = ("-L", "elk.json", "--state", "elk.state")
    tool.out("allocate", *common, "-N", "2", "-t", "10")
    tool.out("allocate", *common, "-N", "38", "-t", "10")
    tool.out("reserve", *common, "-N", "1", "-t", "10")
    tool.out("set-status", *common, "/elk/rack3/elk[38-39]", "down")
    assert find(tool, "type=node and jobid-alloc=1") == ["/elk/rack0/elk[0-1]"]
    assert find(tool, "type=node and sched-now=free") == []
    assert find(tool, "type=node and jobid-reserved=3") == ["/elk/rack0/elk0"]
    assert find(tool, "type=node and sched-future=reserved") == ["/elk/rack0/elk0"]
    assert find(tool, "type=node and status=down") == ["/elk/rack3/elk[38-39]"]


def test_properties_with_and_without_value(tool: Tool) -> None:
    tool.out("set-property", "-L", "elk.json", "/elk/rack0/elk[0-1]", "gpu-model=h200")
    tool.out("set-property", "-L", "elk.json", "/elk/rack0/elk2", "gpu-model=a100")
    assert find(tool, "property=gpu-model") == ["/elk/rack0/elk[0-2]"]
    assert find(tool, "property=gpu-model=h200") == ["/elk/rack0/elk[0-1]"]


def test_json_has_everything_about_a_vertex(tool: Tool) -> None:
    (found,) = json.loads(tool.out("find", "-L", "elk.json", "-o", "json", "name=elk12"))
    assert found == {
        "path": "/elk/rack1/elk12", "type": "node", "name": "elk12", "id": 12, "rank": 12,
        "size": 1, "unit": "", "status": "up", "properties": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "the expression is empty"),
        ("type", "'type' is no predicate key=value"),
        ("type=node and", "a predicate key=value is missing before 'the end'"),
        ("and type=node", "a predicate key=value is missing before 'and'"),
        ("(type=node", "a '(' is not closed"),
        ("type=node)", "unbalanced ')' in the expression"),
        ("type=qpu", "no vertex of type qpu"),
        ("colour=red", "unknown key 'colour'"),
        ("rack=rack9", "no rack is called rack9"),
        ("path=/elk/rack9", "/elk/rack9: no such vertex (racks are rack[0-3])"),
        ("path=/elk/rack1/elk77/x", "/elk/rack1/elk77/x: no such vertex (nodes are elk[10-19])"),
        ("path=/oak", "/oak: no such vertex (the root is /elk)"),
        ("status=sideways", "'sideways' is no value of status"),
        ("rank=x", "bad idset 'x'"),
        ("jobid-alloc=x", "'x' is no job id"),
        ("(" * 300 + "type=node" + ")" * 300, "the expression is nested more than 200 deep"),
        ("not " * 500 + "type=node", "the expression is nested more than 200 deep"),
        ("type=node " * 20_000, "the expression has more than 10000 words"),
    ],
)
def test_a_wrong_expression_is_one_line(tool: Tool, expression: str, message: str) -> None:
    assert tool.refused("find", "-L", "elk.json", expression).startswith(message)
    assert not Path("elk.state").exists()
