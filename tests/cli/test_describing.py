"""Journey 1: an admin describes her cluster."""

import json
from pathlib import Path

import pytest

from fluxion_py.graph.resource_graph import ResourceGraph
from tests.cli.driver import Tool
from tests.conftest import ROOT

HWLOC = (ROOT / "resources" / "workstation.xml").read_text()
INFO = """elk  (cluster)
TYPE     COUNT  UP    DOWN  NAMES
rack         4  4     0     rack[0-3]
node        40  40    0     elk[0-39]
socket      80  80    0
core      1440  1440  0
subsystems: containment   depth: 4   prune filters: ALL:core,ALL:node
"""


def another_machine(tool: Tool, name: str, host: str) -> str:
    """Write the hwloc text of a machine with another host name."""
    old = ResourceGraph.from_text(HWLOC).flat
    (node,) = old.rows_of_type("node")
    return tool.put(name, HWLOC.replace(old.name(node), host))


def test_generate_says_what_it_wrote(tool: Tool) -> None:
    expected = "x.json: JGF, 1565 vertices, 1564 containment edges\n"
    assert tool.out("generate", "elk.yaml", "-o", "x.json") == expected
    assert tool.out("generate", "elk.yaml") == (tool.folder / "x.json").read_text()


def test_generate_tells_programs_in_json(tool: Tool) -> None:
    document = json.loads(tool.out("generate", "elk.yaml", "-o", "x.json", "--json"))
    assert document["vertices"] == 1565
    assert document["counts"] == {"cluster": 1, "rack": 4, "node": 40, "socket": 80, "core": 1440}


@pytest.mark.parametrize("name", ["elk.yaml", "elk.json"])
def test_info_of_recipe_and_of_jgf(tool: Tool, name: str) -> None:
    assert tool.out("info", "-L", name) == INFO


def test_the_graph_may_come_from_the_environment(tool: Tool) -> None:
    tool.patch.setenv("FLUXION_GRAPH", "elk.json")
    assert tool.out("info") == INFO


def test_info_counts_what_is_below_a_down_vertex_as_down(tool: Tool) -> None:
    tool.out("set-status", "-L", "elk.json", "/elk/rack1", "down")
    kinds = json.loads(tool.out("info", "-L", "elk.json", "-o", "json"))["kinds"]
    assert [(kind["type"], kind["up"], kind["down"]) for kind in kinds] == [
        ("rack", 3, 1), ("node", 30, 10), ("socket", 60, 20), ("core", 1080, 360),
    ]  # fmt: skip


def test_info_writes_whole_graphs(tool: Tool) -> None:
    assert tool.out("info", "-L", "elk.json", "--format", "dot").startswith("digraph resources {")
    assert "<graphml" in tool.out("info", "-L", "elk.json", "--format", "graphml")
    assert tool.out("info", "-L", "elk.json", "--format", "jgf") == Path("elk.json").read_text()


def test_validate_any_graph_and_any_jobspec(tool: Tool) -> None:
    assert tool.out("validate", "elk.json", "elk.yaml", "slide.yaml") == (
        "elk.json: ok (1 root, no cycles, every vertex reachable, ids unique per parent)\n"
        "elk.yaml: ok (1 root, no cycles, every vertex reachable, ids unique per parent)\n"
        "slide.yaml: ok (jobspec version 1: cluster > rack > slot > node > socket > core; 1 task)\n"
    )
    good = [
        path
        for folder in ("resources", "jobspec/examples")
        for path in sorted((ROOT / folder).iterdir())
        if path.is_file() and path.suffix != ".md"
    ]
    findings = json.loads(tool.out("validate", "-o", "json", *map(str, good)))
    assert [finding["ok"] for finding in findings] == [True] * len(good)


def test_validate_goes_on_after_a_wrong_file(tool: Tool) -> None:
    run = tool("validate", "nothing.json", "elk.json")
    assert run.status == 1
    assert run.err == "error: nothing.json: cannot be read: No such file or directory\n"
    assert run.out.startswith("elk.json: ok")


def test_validate_reads_standard_input(tool: Tool) -> None:
    slide = Path("slide.yaml").read_text()
    assert tool.out("validate", "-", stdin=slide).startswith("-: ok (jobspec")
    assert tool.out("validate", "-", stdin=Path("elk.yaml").read_text()).startswith("-: ok (1 root")


def test_duplicate_ranks_are_found(tool: Tool) -> None:
    text = Path("elk.json").read_text()
    tool.put("ranks.json", text.replace('"rank": 7,', '"rank": 6,'))
    line = tool.refused("validate", "ranks.json")
    assert line == "ranks.json: rank 6 belongs to 2 nodes: /elk/rack0/elk6, /elk/rack0/elk7"


def test_machines_are_added_from_hwloc(tool: Tool) -> None:
    first = another_machine(tool, "elk40.xml", "elk40")
    arguments = ["generate", "elk.yaml", "--add-hwloc", first, "--under", "/elk/rack3"]
    assert tool.out(*arguments, "-o", "x.json").startswith("x.json: JGF, 15")
    assert tool.out("find", "-L", "x.json", "name=elk40") == "/elk/rack3/elk40\n"
    assert tool.out("find", "-L", "x.json", "rank=40 and type=node") == "/elk/rack3/elk40\n"


def test_of_hwloc_only_some_types_are_taken(tool: Tool) -> None:
    disk = '<object type="OSDev" osdev_type="0" name="sda"/></object></topology>'
    text = Path(another_machine(tool, "elk40.xml", "elk40")).read_text()
    tool.put("disk.xml", "".join(text.rsplit("</object>", 1)[0]) + disk)
    arguments = ["generate", "elk.yaml", "--add-hwloc", "disk.xml", "-o", "x.json"]
    assert "block device 'sda' has no Size" in tool.refused(*arguments)
    tool.out(*arguments, "--allowlist", "node,core")
    kinds = json.loads(tool.out("info", "-L", "x.json", "-o", "json"))["kinds"]
    assert {kind["type"]: kind["count"] for kind in kinds}["node"] == 41
    assert {kind["type"] for kind in kinds} == {"rack", "node", "socket", "core"}
    assert {kind["type"]: kind["count"] for kind in kinds}["socket"] == 80


def test_an_unknown_place_names_those_that_are_there(tool: Tool) -> None:
    first = another_machine(tool, "elk40.xml", "elk40")
    line = tool.refused("generate", "elk.yaml", "--add-hwloc", first, "--under", "/elk/rack9")
    assert line == "--under /elk/rack9: no such vertex (racks are rack[0-3])"


def test_one_host_is_not_counted_twice(tool: Tool) -> None:
    first = another_machine(tool, "elk40.xml", "elk40")
    second = another_machine(tool, "copy.xml", "elk40")
    arguments = ["generate", "elk.yaml", "--add-hwloc", f"{first},{second}", "-o", "x.json"]
    line = tool.refused(*arguments)
    assert line.startswith("copy.xml describes the same machine as elk40.xml (machine id ")
    assert not Path("x.json").exists()
    tool.out(*arguments, "--merge-same-host")
    assert tool.out("find", "-L", "x.json", "name=elk40") == "/elk/elk40\n"


def test_under_without_machines_is_a_mistake(tool: Tool) -> None:
    assert "no file is added" in tool.refused("generate", "elk.yaml", "--under", "/elk")


def test_a_property_goes_into_the_graph_file(tool: Tool) -> None:
    words = ("set-property", "-L", "elk.json", "/elk/rack3/elk[30-31]")
    assert tool.out(*words, "gpu-model=h200", "maintenance") == ""
    assert tool.out("find", "-L", "elk.json", "property=maintenance") == "/elk/rack3/elk[30-31]\n"
    request = ("allocate", "-L", "elk.json", "-N", "1", "-q")
    assert "elk30 " in tool.out(*request, "--requires", "gpu-model=h200")
    tool.out(*words, "--remove", "maintenance")
    assert tool.out("find", "-L", "elk.json", "property=maintenance") == ""
    assert tool.out("info", "-L", "elk.json") == INFO


def test_only_jgf_is_rewritten(tool: Tool) -> None:
    before = Path("elk.yaml").read_text()
    line = tool.refused("set-property", "-L", "elk.yaml", "/elk/rack0", "a")
    assert line == "elk.yaml: is no JGF but recipe, which is not rewritten"
    assert Path("elk.yaml").read_text() == before


def test_a_property_of_a_state_leaves_the_graph_alone(tool: Tool) -> None:
    before = Path("elk.json").read_text()
    common = ("-L", "elk.json", "--state", "s")
    tool.out("set-property", *common, "/elk/rack0/elk3", "badrabbit")
    tool.out("set-status", *common, "/elk/rack0/elk[0-1]", "down")
    assert Path("elk.json").read_text() == before
    line = tool.out("allocate", *common, "-N", "2", "--requires", "^badrabbit", "-q")
    assert line == "JOBID=1 ALLOCATED elk[2,4] 72 core\n"
    assert "node        40  38    2" in tool.out("info", *common)


def test_a_failing_change_leaves_the_file_alone(tool: Tool) -> None:
    before = Path("elk.json").read_text()
    words = ("set-property", "-L", "elk.json")
    line = tool.refused(*words, "/elk/rack3/elk[38-40]", "a")
    assert line == "/elk/rack3/elk40: no such vertex (nodes are elk[30-39])"
    assert "is no property" in tool.refused(*words, "/elk/rack3", "=x")
    assert Path("elk.json").read_text() == before
