"""The stand-ins for flux-core's tools (conformance.md 6, errata G22)."""

import json

from tests.conformance.documents import expand_hostlist, expand_idset, select, without
from tests.conformance.generate import Group, encode_r, scheduling_graph, submit
from tests.conftest import require_shared


def test_groups_with_equal_children_share_an_entry() -> None:
    r = encode_r(
        Group("0", "0-1", "foo2", "0-1", {"a": "0"}),
        Group("1", "0", "foo3"),
        Group("2-3", "0-1", "foo[1,4]", "0-1", {"a": "2-3", "b": "3"}),
    )
    assert r["execution"]["R_lite"] == [
        {"rank": "0,2-3", "children": {"core": "0-1", "gpu": "0-1"}},
        {"rank": "1", "children": {"core": "0"}},
    ]
    assert expand_hostlist(r["execution"]["nodelist"]) == ["foo2", "foo3", "foo1", "foo4"]
    assert r["execution"]["properties"] == {"a": "0,2-3", "b": "3"}


def test_hostlists_with_one_prefix_are_joined() -> None:
    r = encode_r(Group("79-83", "0-3", "f[82-86]"), Group("91-92", "0-2", "f[94-95]"))
    assert r["execution"]["nodelist"] == ["f[82-86,94-95]"]


def test_the_graph_has_gpus_before_cores_and_counts_ids_on() -> None:
    """The third of ten nodes with 8 cores and 2 gpus each has id 23."""
    graph = scheduling_graph(encode_r(Group("0-9", "0-7", "compute[1-10]", "0-1")))["graph"]
    nodes = {node["id"]: node["metadata"] for node in graph["nodes"]}
    assert len(nodes) == 1 + 10 * 11
    assert nodes["23"]["name"] == "compute3"
    assert nodes["24"]["paths"]["containment"] == "/cluster0/compute3/gpu0"
    assert nodes["26"]["paths"]["containment"] == "/cluster0/compute3/core0"
    assert [node["rank"] for node in nodes.values()][:2] == [-1, 0]


def test_the_graph_has_the_vertices_that_the_reference_expects() -> None:
    """Type, id, rank and path of every vertex of t3040's expected answer."""
    folder = "conformance/flux-sched/t/data/resource/expected/match_format"
    expected = json.loads(require_shared(f"{folder}/t3040_expected_match2.json").read_text())
    graph = scheduling_graph(encode_r(Group("0-9", "0-7", "compute[1-10]", "0-1")))
    keys = ("type", "rank", "paths")
    found = [
        {node["id"]: {key: node["metadata"][key] for key in keys} for node in jgf["graph"]["nodes"]}
        for jgf in (expected, graph)
    ]
    assert found[0] == found[1]


def test_properties_go_to_the_nodes() -> None:
    r = encode_r(Group("0-1", "0", "a[0-1]", properties={"fast@core": "1"}))
    nodes = [node["metadata"] for node in scheduling_graph(r)["graph"]["nodes"]]
    assert [node.get("properties") for node in nodes] == [None, None, None, {"fast@core": ""}, None]


def test_jobspec_of_submit_options() -> None:
    jobspec = submit(2, 3, 1, nodes=4, requires={"properties": ["a"]})
    (node,) = jobspec["resources"]
    (slot,) = node["with"]
    assert (node["count"], slot["count"], slot["label"]) == (4, 2, "task")
    assert [(r["type"], r["count"]) for r in slot["with"]] == [("core", 3), ("gpu", 1)]
    system = jobspec["attributes"]["system"]
    assert system == {"duration": 0, "constraints": {"properties": ["a"]}}


def test_reading_of_idsets_hostlists_and_paths() -> None:
    assert expand_idset("[0-2,5]") == [0, 1, 2, 5]
    assert expand_hostlist(["a[08-10,3]-x,b", "c"]) == ["a08-x", "a09-x", "a10-x", "a3-x", "b", "c"]
    document = {"a": [{"b": 1}, {"c": 2}]}
    assert select(document, "a[].b") == [1, None]
    assert select(document, "a[1].c") == [2]
    assert select(document, ".") == [document]
    assert without(document, ["a"]) == {}
    assert document["a"]
