"""What crashes or hangs the reference (its faults F1 to F7) must end here with a proper answer.

Small machines of our own; every test runs the installed program as a process, which counts as
hanging after 30 seconds.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.program import Result, installed

BUSY = "INFO: No matching resources found\nINFO: JOBID="
NEVER = "INFO: No matching resources found\nINFO: Unsatisfiable request\n"
BAR = "INFO: =============================\n"


class Machine:
    """Builds a machine as JGF: a root, racks if any, nodes of cores. Ranks start at `first`."""

    def __init__(self, racks: int, nodes: int, cores: int, first: int = 0) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, str]] = []
        self._next = 1000 * first
        root = self._add(None, "rig", 0, -1)
        for rack in range(max(racks, 1)):
            parent = self._add(root, "rack", rack, -1) if racks else root
            for rank in range(first + rack * nodes, first + (rack + 1) * nodes):
                node = self._add(parent, "node", rank, rank)
                for core in range(cores):
                    self._add(node, "core", core, rank)

    def _add(
        self, parent: dict[str, Any] | None, kind: str, number: int, rank: int
    ) -> dict[str, Any]:
        above = parent["metadata"]["paths"]["containment"] if parent else ""
        paths = {"containment": f"{above}/{kind}{number}"}
        metadata = {"type": kind, "id": number, "rank": rank, "paths": paths}
        vertex: dict[str, Any] = {"id": str(self._next), "metadata": metadata}
        self._next += 1
        self.nodes.append(vertex)
        if parent:
            self.edges.append({"source": parent["id"], "target": vertex["id"]})
        return vertex

    @property
    def document(self) -> dict[str, Any]:
        """The JGF document."""
        return {"graph": {"nodes": self.nodes, "edges": self.edges}}


def jobspec(slots: int, kind: str) -> dict[str, Any]:
    """Return a job of some slots with one vertex each, for 100 seconds."""
    contents = [{"type": kind, "count": 1}]
    return {
        "version": 9999,
        "resources": [{"type": "slot", "count": slots, "label": "s", "with": contents}],
        "tasks": [{"command": ["a"], "slot": "s", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": 100}},
    }


class Rig:
    """A folder with a machine and jobspecs, in which sessions are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, content in {
            "machine": Machine(0, 4, 2).document,
            "racks": Machine(2, 2, 2).document,
            "core": jobspec(1, "core"),
            "node": jobspec(1, "node"),
            "all": jobspec(4, "node"),
            "five": jobspec(5, "node"),
        }.items():
            self.write(name, content)

    def write(self, name: str, content: object) -> None:
        (self.folder / name).write_text(json.dumps(content))

    def session(self, commands: Sequence[str], *options: str, load: str = "machine") -> Result:
        """Run a session; it must end well and without a traceback."""
        result = self.start(["-L", load, "-f", "jgf", *options], commands)
        assert result.status == 0, result
        return result

    def start(self, options: Sequence[str], commands: Sequence[str]) -> Result:
        text = "".join(line + "\n" for line in commands)
        result = installed(30).run([*options, "-t", "out"], text, self.folder)
        assert "Traceback" not in result.stderr
        return result


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.mark.parametrize("filters", ["node:core,node:gpu", "rack:node,node:core"])
def test_f1_no_filter_at_the_root(rig: Rig, filters: str) -> None:
    """Satisfiability and reservations work when only lower levels have a filter."""
    for load in ("machine", "racks"):
        commands = ["match satisfiability all", "match satisfiability five", "match allocate all"]
        commands += ["match allocate_with_satisfiability node"]
        commands += ["match allocate_with_satisfiability five"]
        commands += ["match allocate_orelse_reserve node", "quit"]
        answer = rig.session(commands, "-p", filters, load=load).answer
        assert answer.startswith(f"{BAR}INFO: Satisfiable request\n{BAR}")
        assert f"{BAR}INFO: Unsatisfiable request\n{BAR}" in answer
        assert answer.count(BUSY) == 1
        assert answer.count(NEVER) == 1
        assert "INFO: RESOURCES=RESERVED\nINFO: SCHEDULED AT=100\n" in answer


def test_f2_all_nodes_are_removed(rig: Rig) -> None:
    """Afterwards nothing can ever fit, and only the root is left."""
    commands = ["remove 0-3 false", "match satisfiability core", "match allocate core"]
    answer = rig.session([*commands, "find status=up", "quit"]).answer
    assert f"{BAR}INFO: Unsatisfiable request\n{BAR}" in answer
    assert "INFO: No matching resources found\n" in answer
    found = [line for line in answer.splitlines() if "---" in line]
    assert found == ["      ---rig0[1:x]"]


@pytest.mark.parametrize(
    "removals",
    [
        ["remove 0-1 false"],
        ["remove /rig0/rack0/node0 true", "remove /rig0/rack0/node1 true"],
    ],
)
def test_f2_the_last_node_of_a_rack_is_removed(rig: Rig, removals: list[str]) -> None:
    """The other rack still works."""
    commands = [*removals, "match allocate node", "match allocate node", "match allocate node"]
    answer = rig.session([*commands, "quit"], load="racks").answer
    assert answer.count("INFO: RESOURCES=ALLOCATED\n") == 2
    assert answer.count("INFO: No matching resources found\n") == 1
    assert "rack0" not in answer
    assert {"node2", "node3"} <= {word.strip("-").split("[")[0] for word in answer.split()}


def test_f3_a_rank_is_removed_twice(rig: Rig) -> None:
    """The second time it is an error, and the session goes on."""
    commands = ["remove /rig0/node1 true", "remove 1 false", "remove 1 false"]
    result = rig.session([*commands, "match allocate all", "match allocate node", "quit"])
    assert result.stderr.count("ERROR") >= 2
    assert result.answer.count("INFO: No matching resources found\n") == 1
    assert result.answer.count("INFO: RESOURCES=ALLOCATED\n") == 1


def test_f4_attach_while_reservations_exist(rig: Rig) -> None:
    """The new node is used at once; the reservation stays what it was."""
    rig.write("more", Machine(0, 1, 2, first=9).document)
    commands = ["match allocate all", "match allocate_orelse_reserve all"]
    commands += ["match allocate_orelse_reserve five", "attach more"]
    commands += ["match allocate node", "match allocate_orelse_reserve all", "info 2", "quit"]
    result = rig.session(commands)
    at = [line for line in result.answer.splitlines() if line.startswith("INFO: SCHEDULED AT=")]
    assert at == [f"INFO: SCHEDULED AT={when}" for when in ("Now", "100", "Now", "200")]
    assert "node9" in result.answer
    assert result.answer.count("INFO: No matching resources found\n") == 1
    assert "INFO: 2, RESERVED, 100, all, " in result.stdout


def test_f5_input_ends_without_quit(rig: Rig) -> None:
    answer = rig.session(["match allocate core"]).answer
    assert "INFO: RESOURCES=ALLOCATED\n" in answer


def test_f5_input_is_empty(rig: Rig) -> None:
    assert rig.session([]).answer == ""


def test_f6_cat_without_a_file(rig: Rig) -> None:
    """One clear line, nothing from memory, and the session goes on."""
    result = rig.session(["cat", "match allocate core", "quit"], "-d")
    assert result.stderr.startswith("ERROR: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert "INFO: RESOURCES=ALLOCATED\n" in result.answer


def test_f7_an_unknown_set_of_subsystems(rig: Rig) -> None:
    """Start-up is refused with an explanation."""
    result = rig.start(["-L", "machine", "-f", "jgf", "-S", "XX"], ["quit"])
    assert result.status == 1
    assert "XX" in result.stderr
