"""Mission rows B-01 to B-13: what can be asked for, on the machines of the mission."""

import json

import pytest

from fluxion_py import Busy, Jobspec, JobspecError, Matcher, ResourceGraph, Unsatisfiable
from tests.machines import elk, nodes, recipe, shape, slide

ARROWS = "cluster->racks[2]->slot[3]->node[1]->sockets[2]->core[18]"
RFC_46 = "cluster/rack=2/slot=3/node/socket=2/core=18"


def test_b01_the_slide_gives_three_whole_nodes_in_each_of_two_racks() -> None:
    found = Matcher(elk(), "low").allocate(slide())
    assert found.counts == {"cluster": 1, "rack": 2, "node": 6, "socket": 12, "core": 216}
    racks = found.vertices("rack")
    assert not any(rack.exclusive for rack in racks)
    for rack in racks:
        below = {vertex.name for vertex in rack.vertex.children()}
        assert len(below & set(found.nodes)) == 3
    assert all(
        given.exclusive for kind in ("node", "socket", "core") for given in found.vertices(kind)
    )


def test_b01_six_times_and_then_busy_but_not_never() -> None:
    matcher = Matcher(elk(), "low")
    nodes_given = [str(matcher.allocate(slide()).nodes) for _ in range(6)]
    assert nodes_given == [
        "elk[0-2,10-12]",
        "elk[3-5,13-15]",
        "elk[6-8,16-18]",
        "elk[20-22,30-32]",
        "elk[23-25,33-35]",
        "elk[26-28,36-38]",
    ]
    with pytest.raises(Busy):
        matcher.allocate(slide())
    assert matcher.satisfiable(slide())
    assert matcher.reserve(slide()).at == 3600


def test_b01_four_and_two_free_nodes_are_not_six() -> None:
    rack = {
        "count": 2,
        "contains": {
            "node": {"count": 4, "contains": {"socket": {"count": 2, "contains": {"core": 18}}}}
        },
    }
    matcher = Matcher(recipe({"rack": rack}), "low")
    matcher.allocate(shape("rack/slot=2/node"))
    assert len([v for v in matcher.find("sched-now=free") if v.type == "node"]) == 6
    with pytest.raises(Busy, match="needs 2 racks with 3 free nodes each; c has 1 such"):
        matcher.allocate(slide())


def test_b02_the_short_form_is_a_smaller_request() -> None:
    request = Jobspec.from_command(["./app"], num_nodes=3, num_tasks=18)
    assert [json.loads(json.dumps(request.to_dict()["resources"]))] == [
        [
            {
                "type": "node",
                "count": 3,
                "with": [
                    {
                        "type": "slot",
                        "count": 6,
                        "label": "task",
                        "with": [{"type": "core", "count": 1}],
                    }
                ],
            }
        ]
    ]
    found = Matcher(elk(), "lonode").allocate(request)
    assert (str(found.nodes), found.count("core")) == ("elk[0-2]", 18)
    with pytest.raises(JobspecError):
        Jobspec.from_command(["./app"], num_nodes=4, num_tasks=3)


DEPTHS = {
    "slot/rack/node/socket/core": (1, 1, 1, 1),
    "slot=2/rack": (2, 0, 0, 0),
    "slot=2/node=3": (4, 6, 0, 0),
    "slot=2/node/socket/core=2": (4, 2, 2, 4),
    "slot=5/socket=2": (4, 5, 10, 0),
    "slot=7/core=3": (4, 4, 7, 21),
    "rack/slot=2/node": (1, 2, 0, 0),
    "rack=3/slot/node=2/socket": (3, 6, 6, 0),
    "rack/node=2/slot/socket": (1, 2, 2, 0),
    "rack/node=2/slot=2/socket/core": (1, 2, 4, 4),
    "rack/node/socket=2/slot=3/core=2": (1, 1, 2, 12),
    "node=4/slot=2/socket/core=18": (4, 4, 8, 144),
}


@pytest.mark.parametrize("text", DEPTHS)
def test_b03_the_slot_may_stand_at_any_depth(text: str) -> None:
    found = Matcher(elk(), "low").allocate(shape(text))
    racks, node, socket, core = DEPTHS[text]
    assert (found.count("node"), found.count("socket"), found.count("core"))[:3] >= (0, 0, 0)
    owned = {
        kind: sum(given.units for given in found.vertices(kind) if given.exclusive)
        for kind in ("socket", "core")
    }
    assert (owned["socket"], owned["core"]) in ((socket, core), (0, core))
    assert racks >= 1
    assert node >= 0


def test_b03_a_slot_is_never_zero_nested_or_without_its_task() -> None:
    for text in ("slot=0/node", "slot/slot/node"):
        with pytest.raises(JobspecError):
            shape(text)
    document = shape("slot/node").to_dict()
    document["tasks"] = [{"command": ["a"], "slot": "other", "count": {"per_slot": 1}}]
    with pytest.raises(JobspecError, match="no slot is labelled 'other'"):
        Jobspec.from_dict(document)


def test_b04_nodes_are_shared_unless_they_are_exclusive() -> None:
    matcher = Matcher(nodes(1, 4))
    matcher.allocate(shape("node/slot/core"))
    matcher.allocate(shape("node/slot=2/core"))
    with pytest.raises(Busy):
        matcher.allocate(shape("node{x}/slot/core"))
    matcher.cancel(1)
    matcher.cancel(2)
    assert matcher.allocate(shape("node{x}/slot/core")).count("core") == 4
    with pytest.raises(Busy):
        matcher.allocate(shape("slot/core"))


def test_b07_different_groups_are_allocated_together_or_not_at_all() -> None:
    graph = recipe(
        {
            "gpurack": {
                "count": 2,
                "contains": {"node": {"count": 2, "contains": {"core": 4, "gpu": 4}}},
            },
            "cpurack": {
                "count": 2,
                "contains": {"node": {"count": 2, "name": "n", "contains": {"core": 8}}},
            },
        }
    )
    both = {
        "version": 9999,
        "resources": [
            _group("gpurack", 2, "g", {"type": "gpu", "count": 4}),
            _group("cpurack", 2, "c", {"type": "core", "count": 8}),
        ],
        "tasks": [],
        "attributes": {"system": {"duration": 60}},
    }
    matcher = Matcher(graph, "low")
    found = matcher.allocate(Jobspec.from_dict(both))
    assert (found.count("gpu"), found.count("core")) == (8, 16)
    matcher.cancel(1)
    matcher.allocate(shape("cpurack/slot=2/node"))
    before = matcher.save()
    with pytest.raises(Busy):
        matcher.allocate(Jobspec.from_dict(both))
    assert matcher.save() == before


def _group(kind: str, count: int, label: str, inside: dict[str, object]) -> dict[str, object]:
    node = {"type": "node", "count": 1, "with": [inside]}
    slot = {"type": "slot", "count": 1, "label": label, "with": [node]}
    return {"type": kind, "count": count, "with": [slot]}


def test_b08_ranges_take_as_much_as_there_is() -> None:
    assert len(Matcher(nodes(10)).allocate(shape("slot=3-30/node")).nodes) == 10
    assert len(Matcher(nodes(10)).allocate(shape("slot=2-16:2:*/node")).nodes) == 8
    matcher = Matcher(nodes(10))
    matcher.allocate(shape("slot=8/node"))
    with pytest.raises(Busy):
        matcher.allocate(shape("slot=3-30/node"))
    assert len(matcher.allocate(shape("slot=1,2,5/node")).nodes) == 2


def test_b09_and_b10_three_ways_to_write_the_slide_are_one_request() -> None:
    assert shape(ARROWS).resources == shape(RFC_46).resources
    texts = [
        str(Matcher(elk(), "low").allocate(request).write("rlite"))
        for request in (shape(ARROWS), shape(RFC_46), slide(), Jobspec.from_dict(slide().to_dict()))
    ]
    assert len(set(texts)) == 1


def test_b12_one_jobspec_on_two_machines() -> None:
    """8 nodes with 94 cores each, on an HPC cluster and on a cloud of 96-core nodes."""
    request = Jobspec.from_command(["lmp"], num_nodes=8, num_tasks=752, duration=60)
    hpc = recipe(
        {"rack": {"count": 2, "contains": {"node": {"count": 8, "contains": {"core": 96}}}}}
    )
    cloud = recipe(
        {
            "zone": {
                "count": 1,
                "contains": {"node": {"count": 65, "name": "ip-10-0", "contains": {"core": 96}}},
            }
        }
    )
    found = [Matcher(graph, "lonode").allocate(request) for graph in (hpc, cloud)]
    r_lite = [json.loads(answer.write("rlite")) for answer in found]
    assert r_lite[0] == r_lite[1]
    assert found[0].nodes != found[1].nodes


def test_an_unknown_type_is_never_and_an_error_of_nothing_else() -> None:
    graph: ResourceGraph = elk()
    for text in ("slot/qpu", "rack/slot/qpu", "slot/node/[core;qpu]"):
        with pytest.raises(Unsatisfiable, match="never: no vertex of type qpu"):
            Matcher(graph).allocate(shape(text))
