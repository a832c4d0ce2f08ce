"""Mission rows A-03, A-06, A-08, A-09: several parents, pools, status, properties."""

import json

import pytest

from fluxion_py import Busy, Jobspec, Matcher, ResourceGraph, Unsatisfiable
from tests.machines import elk, recipe, shape


def two_ways_to_ssds() -> ResourceGraph:
    """One ssd below rack0's mtl1unit0 and below the cluster's mtl2unit0."""
    graph = ResourceGraph()
    flat = graph.flat
    rows = {}
    for number, (name, above) in enumerate(
        {"cluster": "", "rack": "cluster", "mtl1unit": "rack", "mtl2unit": "cluster"}.items()
    ):
        rows[name] = flat.add_vertex(name, name, 0, f"{name}0", number)
        flat.set_path_under(rows[name], "containment", rows.get(above, -1))
        if above:
            flat.add_edge(rows[above], rows[name])
    flat.set_root("containment", 0)
    ssd = flat.add_vertex("ssd", "ssd", 0, "ssd0", 4)
    flat.set_path_under(ssd, "containment", rows["mtl1unit"])
    flat.add_edge(rows["mtl1unit"], ssd)
    flat.add_edge(rows["mtl2unit"], ssd)
    return graph


WAYS = ("cluster/rack/mtl1unit/slot/ssd", "cluster/mtl2unit/slot/ssd")


@pytest.mark.parametrize(("one", "two"), [WAYS, WAYS[::-1]])
def test_a03_what_is_taken_one_way_is_gone_the_other_way(one: str, two: str) -> None:
    graph = two_ways_to_ssds()
    assert graph.counts()["ssd"] == 1
    matcher = Matcher(graph, "low")
    matcher.allocate(shape(one))
    with pytest.raises(Busy):
        matcher.allocate(shape(two))
    matcher.cancel(1)
    assert matcher.allocate(shape(two)).count("ssd") == 1


def test_a06_a_pool_is_given_whole_and_says_so() -> None:
    """Granularity is a whole vertex (matching.md 4): the answer states the units really taken."""
    graph = recipe(
        {"node": {"count": 1, "contains": {"core": 2, "memory": {"count": 2, "size": 8}}}}
    )
    matcher = Matcher(graph, "low")
    assert matcher.allocate(shape("slot/memory=6")).count("memory") == 8
    assert matcher.allocate(shape("slot/memory=2")).count("memory") == 8
    with pytest.raises(Busy):
        matcher.allocate(shape("slot/memory=1"))
    with pytest.raises(Unsatisfiable):
        matcher.allocate(shape("slot/memory=17"))


def test_a08_a_down_socket_is_avoided_and_comes_back() -> None:
    matcher = Matcher(elk(), "lonode")
    matcher.set_status("/elk/rack0/elk0/socket0", "down")
    assert str(matcher.without_allocating(shape("slot/node/socket=2")).nodes) == "elk1"
    found = matcher.without_allocating(shape("slot/core"))
    assert found.vertices("socket")[0].vertex.path == "/elk/rack0/elk0/socket1"
    matcher.set_status("/elk/rack0/elk0", "down")
    assert str(matcher.without_allocating(shape("slot/core")).nodes) == "elk1"
    assert len(matcher.find("status=down")) == 39
    assert matcher.satisfiable(shape("slot=40/node/socket=2"))
    for path in ("/elk/rack0/elk0", "/elk/rack0/elk0/socket0"):
        matcher.set_status(path, "up")
    assert len(matcher.allocate(shape("slot=40/node/socket=2")).nodes) == 40


def test_a09_a_job_never_lands_on_a_node_with_an_unwanted_property() -> None:
    matcher = Matcher(elk(), "low")
    for number in (0, 2, 11):
        matcher.set_property(f"/elk/rack{number // 10}/elk{number}", "badrabbit")
    good = Jobspec.from_shape("slot=37/node", requires="-badrabbit", duration=10)
    found = matcher.allocate(good)
    assert len(found.nodes) == 37
    assert not {"elk0", "elk2", "elk11"} & set(found.nodes)
    with pytest.raises(Busy):
        matcher.allocate(Jobspec.from_shape("slot/node", requires="-badrabbit", duration=10))
    rest = matcher.allocate(shape("slot=3/node"))
    assert str(rest.nodes) == "elk[0,2,11]"
    assert all(
        node["metadata"]["properties"] == {"badrabbit": ""}
        for node in json.loads(rest.write("jgf"))["graph"]["nodes"]
        if node["metadata"]["type"] == "node"
    )
