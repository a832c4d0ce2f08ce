"""The tree that `allocate` prints, on other machines than elk."""

import pytest

from tests.cli.driver import Tool
from tests.conftest import ROOT


def tree(tool: Tool, machine: str, *request: str) -> list[str]:
    text = tool.out("allocate", "-L", str(ROOT / "resources" / machine), *request)
    return text.splitlines()


@pytest.mark.parametrize(
    ("machine", "request_", "lines", "amounts"),
    [
        (
            "rabbits.yaml",
            "slot=2/ssd",
            [
                "bun[1:shared]",
                "  chassis0[1:shared]",
                "    ssd0 1 ssd, 893 GiB    [exclusive]",
                "  chassis1[1:shared]",
                "    ssd0 1 ssd, 893 GiB    [exclusive]",
            ],
            "2 chassis, 2 ssd (1786 GiB), slots: default=2",
        ),
        (
            "tiny.yaml",
            "rack{x}",
            [
                "tiny[1:shared]",
                "  rack0 1 rack: 2 node, 4 socket, 16 core, 4 gpu, 8 memory (64 GB)    [exclusive]",
            ],
            "1 rack, 2 node, 4 socket, 8 memory (64 GB), 4 gpu, 16 core",
        ),
        (
            "laptop.yaml",
            "slot=2/core",
            ["home[1:shared]", "  laptop0 1 node: 2 core (core[0-1])    [shared]"],
            "1 node, 2 core, slots: default=2",
        ),
        (
            "power.graphml",
            "slot=3/node",
            ["volt0[1:shared]", "  rack0[1:shared]", "    node[0-2] 3 nodes    [exclusive]"],
            "1 rack, 3 node, slots: default=3",
        ),
    ],
)
def test_equal_siblings_share_a_line_and_amounts_are_summed_up(
    tool: Tool, machine: str, request_: str, lines: list[str], amounts: str
) -> None:
    found = tree(tool, machine, request_)
    assert found[: len(lines)] == lines
    assert found[len(lines) + 2] == f"INFO: RESOURCES=ALLOCATED   ({amounts})"


def test_slots_of_an_open_count_follow_from_the_tasks(tool: Tool) -> None:
    found = tree(tool, "elk.yaml", "slot=3-7{w}/node", "--", "app")
    assert found[-3].endswith("(1 rack, 7 node, slots: w=7)")


def test_different_siblings_get_lines_of_their_own(tool: Tool) -> None:
    common = ("-L", "elk.json", "--state", "elk.state", "-P", "lonode")
    tool.out("allocate", *common, "slot=1/core=10")
    text = tool.out("allocate", *common, "node=2/slot=1/core=10")
    assert [line for line in text.splitlines() if "node" in line][:2] == [
        "    elk0 1 node: 1 socket (socket1), 10 core (core[18-27])    [shared]",
        "    elk1 1 node: 1 socket (socket0), 10 core (core[0-9])      [shared]",
    ]
