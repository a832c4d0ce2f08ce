"""Bad input ends in one line that names file and place, with exit code 1, and changes nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fluxion_py.cli import tool as tool_module
from tests.cli.driver import Tool
from tests.conftest import ROOT

GRAPHS = sorted(path for path in (ROOT / "resources/invalid").iterdir() if path.suffix != ".expect")
JOBSPECS = sorted((ROOT / "jobspec/invalid").iterdir())
KEPT = ("-L", "elk.json", "--state", "elk.state")


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.name)
def test_every_invalid_graph(tool: Tool, path: Path) -> None:
    place = Path(f"{path}.expect").read_text().strip()
    for words in (
        ("validate", str(path)),
        ("info", "-L", str(path)),
        ("allocate", "-L", str(path), "-N", "1"),
        ("generate", str(path), "-o", "x.json"),
    ):
        line = tool.refused(*words)
        assert line.startswith(str(path))
        assert place in line
    assert not Path("x.json").exists()


@pytest.mark.parametrize("path", JOBSPECS, ids=lambda path: path.name)
def test_every_invalid_jobspec(tool: Tool, path: Path) -> None:
    tool.out("allocate", *KEPT, "-N", "1")
    before = Path("elk.state").read_text()
    line = tool.refused("allocate", *KEPT, str(path))
    assert tool.refused("satisfiability", *KEPT, str(path)) == line
    if path.name != "not-a-mapping.yaml":  # nothing tells that it was meant to be a jobspec
        assert tool.refused("validate", str(path)) == line
    assert tool.refused("validate", str(path)).startswith(str(path))
    place = line.removeprefix(f"{path}:").split(":")
    assert int(place[0]) > 0
    assert int(place[1]) > 0
    assert Path("elk.state").read_text() == before


def jgf(nodes: list[dict[str, Any]], edges: list[tuple[str, str]]) -> str:
    pairs = [{"source": source, "target": target} for source, target in edges]
    return json.dumps({"graph": {"nodes": nodes, "edges": pairs}})


def vertex(number: int, kind: str, path: str, **more: object) -> dict[str, Any]:
    metadata = {"type": kind, "id": number, "rank": -1, "paths": {"containment": path}, **more}
    return {"id": str(number), "metadata": metadata}


def chain(levels: int) -> str:
    """Return vertices each below the one before."""
    path, nodes = "", []
    for number in range(levels):
        path += f"/a{number}"
        nodes.append(vertex(number, "a", path))
    return jgf(nodes, [(str(number), str(number + 1)) for number in range(levels - 1)])


CYCLE = jgf(
    [vertex(0, "cluster", "/c0"), vertex(1, "node", "/c0/n1"), vertex(2, "core", "/c0/n1/core2")],
    [("0", "1"), ("1", "2"), ("2", "1")],
)
HOSTILE_GRAPHS = {
    "deep.yaml": "version: 1\ncluster: c\ncontains: " + "{a: {contains: " * 50_000,
    "deep-block.yaml": "".join(f"{' ' * depth}a:\n" for depth in range(3_000)),
    "deep.json": '{"graph": ' * 50_000,
    "list.json": '{"graph": ' + "[" * 50_000,
    "deep.xml": "<topology>" + "<object type='Machine'>" * 50_000,
    "huge-count.yaml": "version: 1\ncluster: c\ncontains: {node: 1000000000}\n",
    "product.yaml": "version: 1\ncluster: c\ncontains: {a: {count: 30000, contains: {b: 30000}}}\n",
    "hosts.yaml": "version: 1\ncluster: c\ncontains: {node: {name: 'n[0-999999999]'}}\n",
    "cycle.json": CYCLE,
    "truncated.json": CYCLE[:150],
    "no-list.json": '{"graph": {"nodes": {}, "edges": []}}',
    "number.json": '{"graph": 7}',
    "null.json": '{"graph": {"nodes": [null], "edges": []}}',
    "text-id.json": jgf([vertex(0, "cluster", "/c0", id="x")], []),
    "path-list.json": jgf([vertex(0, "cluster", "/c0", paths=["/c0"])], []),
    "huge-size.json": jgf([vertex(0, "cluster", "/c0", size=2**64)], []),
    "r.json": '{"version": 1, "execution": {"R_lite": 7, "nodelist": []}}',
    "r-huge.json": '{"version": 1, "execution": {"R_lite": [{"rank": "0-999999999", '
    '"children": {"core": "0"}}], "nodelist": ["n"]}}',
    "empty.json": "",
    "binary.json": "\x00\x01\x02",
}


@pytest.mark.parametrize("name", HOSTILE_GRAPHS)
def test_hostile_graphs(tool: Tool, name: str) -> None:
    tool.put(name, HOSTILE_GRAPHS[name])
    assert tool.refused("info", "-L", name).startswith(name)
    assert tool.refused("validate", name).startswith(name)


SLOT = "{type: slot, count: 1, label: a, with: [{type: core, count: 1}]}"
TAIL = "tasks: [{command: [a], slot: a, count: {per_slot: 1}}]\nattributes: {}\n"
HOSTILE_JOBSPECS = {
    "deep.yaml": "version: 1\nresources: " + "[{with: " * 50_000,
    "deep-block.yaml": "version: 1\nresources:\n"
    + "".join(f"{' ' * depth}- a:\n" for depth in range(1, 3_000)),
    "deep.json": '{"version": 1, "resources": ' * 50_000,
    "huge-count.yaml": f"version: 1\nresources: [{{type: node, count: {10**30}}}]\n{TAIL}",
    "siblings.yaml": f"version: 1\nresources: [{', '.join([SLOT] * 100_000)}]\n{TAIL}",
    "siblings.json": json.dumps(
        {
            "version": 1,
            "resources": [{"type": "core", "count": 1}] * 100_000,
            "tasks": [],
            "attributes": {},
        }
    ),
    "truncated.yaml": f"version: 1\nresources: [{SLOT}",
    "number.yaml": "version: 1\nresources: 7\ntasks: 7\nattributes: 7\n",
    "bomb.yaml": "resources: &a [1]\ntasks: [*a, *a]\n",
    "nan.yaml": f"version: 1\nresources: [{SLOT}]\n{TAIL}".replace(
        "{}", "{system: {duration: .nan}}"
    ),
    "not-utf8.yaml": "resources: \udcff\n",
}


@pytest.mark.parametrize("name", HOSTILE_JOBSPECS)
def test_hostile_jobspecs(tool: Tool, name: str) -> None:
    tool.out("allocate", *KEPT, "-N", "1")
    before = Path("elk.state").read_text()
    Path(name).write_text(HOSTILE_JOBSPECS[name], encoding="utf-8", errors="surrogateescape")
    assert tool.refused("allocate", *KEPT, name).startswith(name)
    assert tool.refused("validate", name).startswith(name)
    assert Path("elk.state").read_text() == before


def test_a_jobspec_of_a_gigabyte_is_not_read(tool: Tool) -> None:
    with open("large.yaml", "wb") as file:
        file.write(b"resources:\n")
        file.truncate(2**30)
    assert "large.yaml: " in tool.refused("allocate", "-L", "elk.json", "large.yaml")
    assert "large.yaml: " in tool.refused("validate", "large.yaml")


def test_a_gigabyte_wanted_as_a_count_is_never(tool: Tool) -> None:
    assert tool("allocate", "-L", "elk.json", "slot=1000000000/core").status == 19


def test_a_chain_of_5000_levels_is_refused_by_every_subcommand(tool: Tool) -> None:
    tool.put("chain.json", chain(5_000))
    for words in (("info",), ("find", "id=4999"), ("draw",), ("allocate", "slot/a"), ("shell",)):
        line = tool.refused(words[0], "-L", "chain.json", *words[1:])
        assert line == "chain.json: the path of a1001 has more than 1000 levels"


def test_a_chain_of_900_levels_works(tool: Tool) -> None:
    tool.put("chain.json", chain(900))
    assert tool.out("find", "-L", "chain.json", "id=899").endswith("/a898/a899\n")
    assert tool.out("draw", "-L", "chain.json").endswith("</svg>\n")
    assert "JOBID=1 ALLOCATED" in tool.out("allocate", "-L", "chain.json", "slot/a", "-q")
    assert "INFO: JOBID=1" in tool.out("allocate", "-L", "chain.json", "slot/a")


@pytest.mark.parametrize("wrong", ["alocate", "", "Allocate", "x" * 1000, "elk.json", "\n"])
def test_an_unknown_subcommand(tool: Tool, wrong: str) -> None:
    assert tool.refused(wrong, "-L", "elk.json").startswith("no subcommand ")


def test_a_close_subcommand_is_suggested(tool: Tool) -> None:
    assert tool.refused("alocate") == "no subcommand 'alocate'; did you mean allocate?"


def test_without_a_graph(tool: Tool) -> None:
    assert tool.refused("info") == "no graph: -L GRAPH is missing"
    line = tool.refused("allocate", "-L", "absent.json", "-N", "1")
    assert line == "absent.json: cannot be read: No such file or directory"
    assert tool.refused("allocate", "-L", ".", "-N", "1") == ".: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "words",
    [
        ("info", "-L", ""),
        ("allocate", "-L", "elk.json", "--state", "", "slot/node"),
        ("allocate", "-L", "elk.json", ""),
        ("generate", "elk.yaml", "-o", ""),
        ("draw", "-L", "elk.json", "-o", ""),
    ],
)
def test_an_empty_file_name_is_no_missing_option(tool: Tool, words: tuple[str, ...]) -> None:
    """It comes from a shell variable that is not set; a state must not be forgotten silently."""
    assert tool.refused(*words).endswith(": the file name is empty")


def test_numbers_of_the_short_form_are_named_as_they_were_given(tool: Tool) -> None:
    asked = ("allocate", "-L", "elk.json")
    line = tool.refused(*asked, "-N", "0")
    assert line == "argument -N/--nodes: 0 is not between 1 and 4294967295"
    line = tool.refused(*asked, "-n", "1", "-c", "-1")
    assert line == "argument -c/--cores: '-1' is no whole number from 1 up"


def test_a_time_after_the_end_of_the_graph(tool: Tool) -> None:
    line = tool.refused("allocate", "-L", "elk.json", "--now", "3153600000", "slot/node")
    assert line == "3153600000 is past the graph's time, 0 to 3153600000"


def test_a_jobspec_file_that_asks_for_nothing_is_named(tool: Tool) -> None:
    document = {"version": 1, "resources": [{"type": "node", "count": 1}], "tasks": []}
    tool.put("none.json", json.dumps(document | {"attributes": {}}))
    line = tool.refused("allocate", "-L", "elk.json", "none.json")
    assert line.startswith("none.json: resources: nothing in the request would be exclusive")


def test_validate_shows_control_characters_as_escapes(tool: Tool) -> None:
    text = Path("slide.yaml").read_text().replace("type: core", 'type: "\\e[31mcore"')
    out = tool.out("validate", tool.put("red.yaml", text))
    assert "\x1b" not in out
    assert "\\x1b[31mcore" in out


def program(*words: str, redirect: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a shell, with some of its streams redirected."""
    code = "import sys; from fluxion_py.cli import main; sys.exit(main())"
    line = f'"$0" -c "$1" "${{@:2}}" {redirect}'
    return subprocess.run(
        ["bash", "-c", line, sys.executable, code, *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [("--help",), ("info", "-L", "elk.json"), ("--version",)])
def test_a_full_disk_below_standard_output(tool: Tool, words: tuple[str, ...]) -> None:
    run = program(*words, redirect="> /dev/full")
    assert run.returncode == 1
    assert run.stderr == "error: standard output: cannot be written: No space left on device\n"


def test_closed_streams_are_no_bug(tool: Tool) -> None:
    run = program("info", "-L", "elk.json", redirect="<&- >&-")
    assert (run.returncode, run.stderr) == (0, "")
    assert program("allocate", "-L", "elk.json", "slot=41/node", redirect="2>&-").returncode == 19
    assert program("info", "-L", "no.json", redirect="2> /dev/full").returncode == 1
    run = program("satisfiability", "-L", "elk.json", "-", redirect="<&-")
    assert (run.returncode, "-: Top level of jobspec" in run.stderr) == (1, True)


def test_control_characters_do_not_reach_the_terminal(tool: Tool) -> None:
    line = tool.refused("find", "-L", "elk.json", "type=\x1b[31mred")
    assert "\x1b" not in line
    assert "\\x1b[31mred" in line


def test_a_bug_of_ours_is_one_line_and_70(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(program: tool_module.Tool, name: str, rest: list[str]) -> int:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setattr(tool_module, "_dispatch", broken)
    run = tool("info", "-L", "elk.json")
    assert run.status == 70
    error, hint = run.err.splitlines()
    assert "internal error (ZeroDivisionError: oh\\nno, test_refusals.py:" in error
    assert "this is a bug in fluxion-match" in error
    assert hint.startswith("  hint: please report it")
