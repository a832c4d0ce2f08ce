import json
from collections.abc import Callable

import pytest

from fluxion_py.writers.answer import Answer
from fluxion_py.writers.rv1 import (
    write_rlite,
    write_rv1,
    write_rv1_nosched,
    write_rv1_shorthand,
)
from tests.machines import chosen, mini

LOW = (
    "/mini0/node0/socket0/core0:x",
    "/mini0/node0/socket0/core1:x",
    "/mini0/node0/socket0:s",
    "/mini0/node0:s",
    "/mini0:s",
)
MEMORY_ONLY = ("/mini0/node1/socket0/memory0:x*", "/mini0/node1:s", "/mini0:s")


def test_rv1_nosched_is_byte_exact() -> None:
    """Example C of matching.md 15."""
    graph = mini()
    assert write_rv1_nosched(Answer(graph, chosen(graph, *LOW), 0, 100)) == (
        '{"version": 1, "execution": {"R_lite": [{"rank": "0", "children": {"core": "0-1"}}], '
        '"nodelist": ["node0"], "starttime": 0, "expiration": 100}}\n'
    )


def test_rv1_adds_the_graph_and_the_queue() -> None:
    graph = mini()
    text = write_rv1(Answer(graph, chosen(graph, *LOW), 5, 105, queue="batch"))
    document = json.loads(text)
    assert list(document) == ["version", "execution", "scheduling", "attributes"]
    assert len(document["scheduling"]["graph"]["nodes"]) == 5
    assert document["attributes"] == {"system": {"scheduler": {"queue": "batch"}}}
    assert document["execution"]["starttime"] == 5


def test_rv1_shorthand_marks_a_shortened_graph() -> None:
    graph = mini()
    marks = (*LOW[:2], "/mini0/node0/socket0:x", *LOW[3:])
    document = json.loads(write_rv1_shorthand(Answer(graph, chosen(graph, *marks))))
    assert document["scheduling"]["writer"] == "fluxion:jgf_shorthand"
    assert document["execution"]["R_lite"] == [{"rank": "0", "children": {"core": "0-1"}}]


def test_nodes_with_equal_children_share_an_entry() -> None:
    graph = mini()
    cores = [f"/mini0/{node}/socket0/core0:x" for node in ("node0", "node1")]
    marks = (cores[0], "/mini0/node0:s", cores[1], "/mini0/node1:s")
    assert write_rlite(Answer(graph, chosen(graph, *marks))) == (
        '[{"rank": "0-1", "children": {"core": "0"}}]\n'
    )


def test_entries_are_sorted_by_the_text_of_their_children_and_hosts_by_rank() -> None:
    graph = mini()
    marks = []
    for node, cores in (("node1", "02"), ("node0", "01")):
        marks += [f"/mini0/{node}/socket0/core{core}:x" for core in cores]
        marks.append(f"/mini0/{node}:s")
    answer = Answer(graph, chosen(graph, *marks))
    assert write_rlite(answer) == (
        '[{"rank": "1", "children": {"core": "0,2"}}, {"rank": "0", "children": {"core": "0-1"}}]\n'
    )
    assert json.loads(write_rv1_nosched(answer))["execution"]["nodelist"] == ["node[0-1]"]


def test_properties_are_listed_with_their_values_and_ranks() -> None:
    graph = mini()
    graph.set_property(1, "fast", "")
    graph.set_property(1, "zone", "east")
    document = json.loads(write_rv1_nosched(Answer(graph, chosen(graph, *LOW))))
    assert document["execution"]["properties"] == {"fast": "0", "zone=east": "0"}


def test_a_node_without_core_and_gpu_is_left_out_as_in_the_reference() -> None:
    graph = mini()
    assert json.loads(write_rlite(Answer(graph, chosen(graph, *LOW[:4], *MEMORY_ONLY)))) == [
        {"rank": "0", "children": {"core": "0-1"}}
    ]


@pytest.mark.parametrize("write", [write_rlite, write_rv1, write_rv1_nosched, write_rv1_shorthand])
def test_without_any_core_or_gpu_there_is_no_text(write: Callable[[Answer], str]) -> None:
    graph = mini()
    assert write(Answer(graph, chosen(graph, *MEMORY_ONLY))) == ""


def test_complete_keeps_a_node_without_core_and_gpu() -> None:
    graph = mini()
    answer = Answer(graph, chosen(graph, *MEMORY_ONLY))
    execution = json.loads(write_rv1(answer, complete=True))["execution"]
    assert execution["R_lite"] == [{"rank": "1", "children": {}}]
    assert execution["nodelist"] == ["node1"]


def test_complete_writes_nothing_for_nothing() -> None:
    assert write_rv1(Answer(mini()), complete=True) == ""
