import json
from collections.abc import Callable
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py._core.rlite import children_of_nodes, idset_text
from fluxion_py.idset import format_idset
from fluxion_py.writers.answer import Answer
from fluxion_py.writers.rv1 import (
    write_rlite,
    write_rv1,
    write_rv1_nosched,
    write_rv1_shorthand,
)
from tests.machines import chosen, mini
from tests.strategies import random_machine

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


@given(st.lists(st.integers(-3, 12) | st.sampled_from((-(2**63), 2**63 - 2, 2**63 - 1))))
def test_the_text_of_ids_is_an_idset_with_negative_ids_alone_in_front(ids: list[int]) -> None:
    negative = [str(number) for number in sorted(set(ids)) if number < 0]
    others = format_idset(number for number in ids if number >= 0)
    assert idset_text(ids) == ",".join(negative + [others] * bool(others))


def children_plainly(
    graph: FlatGraph, vertices: list[tuple[int, int, bool, int]], complete: bool
) -> list[tuple[str, int]]:
    found = []
    pending: dict[str, set[int]] = {}
    for row, *_ in vertices:
        if graph.type(row) in ("core", "gpu"):
            pending.setdefault(graph.type(row), set()).add(graph.id(row))
        elif graph.type(row) in ("node", "storage_node") and (pending or complete):
            texts = {kind: format_idset(pending[kind]) for kind in sorted(pending)}
            found.append((json.dumps(texts), row))
            pending = {}
    return found


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=200)
def test_children_count_for_the_next_node(seed: int) -> None:
    rng = Random(seed)
    graph = random_machine(rng)
    rows = rng.choices(graph.rows(), k=rng.randrange(30))
    vertices = [(row, 1, True, 2) for row in rows]
    complete = rng.random() < 0.5
    expected = children_plainly(graph, vertices, complete)
    assert children_of_nodes(graph, vertices, complete) == expected


def test_rows_that_the_graph_has_not_are_refused() -> None:
    with pytest.raises(IndexError):
        children_of_nodes(mini(), [(1000, 1, True, 1)], False)
