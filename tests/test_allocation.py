"""The answer as an object: names, counts, texts, and the tasks in it (B-13)."""

import json

import pytest

from fluxion_py import (
    Allocation,
    Hostlist,
    IDset,
    InputError,
    Jobspec,
    Matcher,
    ResourceGraph,
    TaskPlacement,
)
from fluxion_py.errors import MatchError
from tests.machines import elk, nodes, recipe, shape, slide, tiny


def given(graph: ResourceGraph, request: Jobspec, policy: str = "low") -> Allocation:
    """Return the answer on an empty machine."""
    return Matcher(graph, policy).allocate(request)


def with_tasks(text: str, *counts: tuple[str, int], label: str = "default") -> Jobspec:
    """Return a request with one task entry per count."""
    document = shape(text).to_dict()
    document["tasks"] = [
        {"command": ["app"], "slot": label, "count": {kind: number}} for kind, number in counts
    ]
    return Jobspec.from_dict(document)


def test_the_slide_as_in_the_journey() -> None:
    found = given(elk(), slide())
    assert found.nodes == Hostlist("elk[0-2,10-12]")
    assert (found.count("core"), found.count("rack"), found.count("gpu")) == (216, 2, 0)
    assert found.tasks()[0] == TaskPlacement(0, "elk0", IDset("0-35"), IDset(""))
    assert str(found) == "JOBID=1 ALLOCATED elk[0-2,10-12] 216 core"
    assert (found.at, found.duration, found.expiration, found.reserved) == (0, 3600, 3600, False)


def test_vertices_come_root_first_with_units_and_ownership() -> None:
    found = given(tiny(), shape("slot/[core=2;memory=4]"))
    root, *_, last = found.vertices()
    assert (root.vertex.type, root.exclusive) == ("cluster", False)
    assert last.exclusive
    assert [(g.vertex.type, g.units) for g in found.vertices("memory")] == [("memory", 8)]
    assert found.count("memory") == 8


def test_texts_and_dicts() -> None:
    found = given(nodes(2), shape("slot/node/core=4", 60))
    r = json.loads(found.write("rv1_nosched"))
    assert r["execution"]["R_lite"] == [{"rank": "0", "children": {"core": "0-3"}}]
    assert r["execution"]["expiration"] == 60
    assert "graph" in json.loads(found.write("jgf"))
    assert found.write("pretty_simple").splitlines()[0].endswith("c[1:shared]")
    assert json.loads(json.dumps(found.to_dict()))["nodes"] == "node0"
    with pytest.raises(InputError, match="unknown format"):
        found.write("xml")


def test_an_answer_that_books_nothing_has_no_id() -> None:
    found = Matcher(nodes(2), "low").without_allocating(shape("slot/node"))
    assert (found.id, str(found)) == (None, "MATCHED node0")


def test_tasks_per_slot_of_the_short_form() -> None:
    found = given(elk(), Jobspec.from_command(["app"], num_nodes=3, num_tasks=18), "lonode")
    tasks = found.tasks()
    assert [task.rank for task in tasks] == list(range(18))
    assert [task.node for task in tasks] == ["elk0"] * 6 + ["elk1"] * 6 + ["elk2"] * 6
    assert [str(task.cores) for task in tasks] == [str(n) for n in range(6)] * 3


def test_a_total_is_spread_over_the_slots() -> None:
    found = given(elk(), Jobspec.from_command(["app"], num_nodes=3, num_tasks=17), "lonode")
    assert len(found.tasks()) == 17
    more = given(nodes(2, 4), with_tasks("slot=2/node/core=4", ("total", 5)))
    assert [(t.node, str(t.cores)) for t in more.tasks()] == [
        ("node0", "0"), ("node0", "1"), ("node0", "2-3"), ("node1", "0-1"), ("node1", "2-3"),
    ]  # fmt: skip


def test_several_tasks_divide_a_slot_and_gpus_are_shared_only_when_few() -> None:
    graph = recipe({"node": {"count": 1, "contains": {"core": 8, "gpu": 2}}})
    found = given(graph, with_tasks("slot/[core=8;gpu=2]", ("per_slot", 4)))
    assert [(str(t.cores), str(t.gpus)) for t in found.tasks()] == [
        ("0-1", "0"), ("2-3", "0"), ("4-5", "1"), ("6-7", "1"),
    ]  # fmt: skip


def test_two_entries_share_one_slot_and_ranks_count_through() -> None:
    found = given(nodes(2, 4), with_tasks("slot=2/core=2", ("per_slot", 1), ("per_slot", 1)))
    tasks = found.tasks()
    assert [task.rank for task in tasks] == [0, 1, 2, 3]
    cores = [(task.node, core) for task in tasks for core in task.cores]
    assert len(cores) == len(set(cores)) == 4


def test_tasks_over_a_slot_of_several_nodes() -> None:
    found = given(nodes(4, 2), with_tasks("slot=2/node=2", ("per_slot", 2)))
    assert [(t.node, str(t.cores)) for t in found.tasks()] == [
        ("node0", "0-1"), ("node1", "0-1"), ("node2", "0-1"), ("node3", "0-1"),
    ]  # fmt: skip
    single = given(nodes(4, 2), with_tasks("slot=2/node=2", ("per_slot", 1)))
    assert [task.node for task in single.tasks()] == ["node0", "node2"]


def test_a_node_that_is_given_whole_has_only_the_slots_that_were_asked_for() -> None:
    exclusive = Jobspec.from_command(["app"], num_nodes=2, num_tasks=4, exclusive=True)
    found = given(elk(), exclusive, "lonode")
    assert found.count("core") == 72
    assert [(t.node, str(t.cores)) for t in found.tasks()] == [
        ("elk0", "0"), ("elk0", "1"), ("elk1", "0"), ("elk1", "1"),
    ]  # fmt: skip


def test_slots_of_different_labels_keep_their_own_resources() -> None:
    graph = recipe(
        {
            "cpurack": {"count": 1, "contains": {"node": {"count": 2, "contains": {"core": 2}}}},
            "gpurack": {
                "count": 1,
                "contains": {"node": {"count": 2, "name": "g", "contains": {"core": 2, "gpu": 1}}},
            },
        }
    )
    document = {
        "version": 9999,
        "resources": [
            _group("cpurack", "a", [{"type": "core", "count": 2}]),
            _group("gpurack", "b", [{"type": "gpu", "count": 1}]),
        ],
        "tasks": [
            {"command": ["x"], "slot": "a", "count": {"per_slot": 1}},
            {"command": ["y"], "slot": "b", "count": {"per_slot": 1}},
        ],
        "attributes": {"system": {"duration": 10}},
    }
    tasks = given(graph, Jobspec.from_dict(document)).tasks()
    assert [(str(t.cores), str(t.gpus)) for t in tasks] == [("0-1", ""), ("", "0")]


def _group(kind: str, label: str, inside: list[dict[str, object]]) -> dict[str, object]:
    node = {"type": "node", "count": 1, "with": inside}
    slot = {"type": "slot", "count": 1, "label": label, "with": [node]}
    return {"type": kind, "count": 1, "with": [slot]}


def test_ranges_are_resolved_from_what_was_given() -> None:
    found = given(nodes(2, 4), with_tasks("slot=1-8/core=3-4", ("per_slot", 1)))
    assert [str(task.cores) for task in found.tasks()] == ["0-3", "0-3"]


def test_6016_tasks_over_64_nodes() -> None:
    """B-13: 94 per node, ranks 0 to 6015, every task has exactly its core, none is shared."""
    request = Jobspec.from_command(["lmp"], num_nodes=64, num_tasks=6016)
    tasks = given(nodes(64, 96), request, "lonode").tasks()
    assert [task.rank for task in tasks] == list(range(6016))
    assert all(len(task.cores) == 1 and not task.gpus for task in tasks)
    per_node: dict[str, list[int]] = {}
    for task in tasks:
        per_node.setdefault(task.node, []).extend(task.cores)
    assert len(per_node) == 64
    assert all(len(cores) == len(set(cores)) == 94 for cores in per_node.values())


def test_alternative_slots_that_cannot_be_told_apart_are_an_error() -> None:
    document = shape("slot/core=2").to_dict()
    other = {"type": "slot", "count": 2, "label": "b", "with": [{"type": "core", "count": 3}]}
    document["resources"].append(other)
    request = Jobspec.from_dict(document)
    found = Matcher(nodes(1, 5), "low", traverser="flexible").allocate(request)
    with pytest.raises(MatchError, match="told apart"):
        found.tasks()
