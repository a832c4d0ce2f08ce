"""Divisible vertices and shared vertices through the public door (docs/design/0007)."""

import json

import pytest

from fluxion_py import Busy, Jobspec, Matcher, ResourceGraph, Unsatisfiable
from fluxion_py.errors import GraphError, InputError
from fluxion_py.jobspec.model import Count, Resource

NODE = {
    "cpu": {"size": 8000, "unit": "m", "divisible": True},
    "memory": {"size": 2**40, "unit": "B", "divisible": True},
    "gpu": 2,
}
POD = f"[cpu=3000;memory={2**33}]"


def cluster(nodes: int = 2) -> ResourceGraph:
    contains = {"node": {"count": nodes, "contains": NODE}}
    return ResourceGraph.from_recipe({"version": 1, "cluster": "k8s", "contains": contains})


def pods(number: int, content: str = POD) -> Jobspec:
    return Jobspec.from_shape(f"slot={number}/node{{-x}}/{content}", duration=100)


def used(matcher: Matcher, node: int = 0) -> int:
    return 8000 - matcher.available(f"/k8s/node{node}/cpu0")


@pytest.fixture
def matcher() -> Matcher:
    return Matcher(cluster(), "low")


def test_slots_and_jobs_share_nodes_and_divide_their_pools(matcher: Matcher) -> None:
    first = matcher.allocate(pods(3))
    assert first.counts == {"cluster": 1, "node": 2, "memory": 3 * 2**33, "cpu": 9000}
    assert (used(matcher), used(matcher, 1)) == (6000, 3000)
    matcher.allocate(pods(1))
    assert (used(matcher), used(matcher, 1)) == (6000, 6000)
    with pytest.raises(Busy):
        matcher.allocate(pods(1))
    matcher.cancel(first.id or 0)
    assert (used(matcher), used(matcher, 1)) == (0, 3000)


def test_a_slot_on_a_node_takes_units_without_the_node(matcher: Matcher) -> None:
    for _ in range(2):
        matcher.allocate(Jobspec.from_shape("node/slot=2/cpu=2000", duration=10))
    assert used(matcher) == 8000


def test_units_are_taken_outside_of_a_slot_as_well(matcher: Matcher) -> None:
    found = matcher.allocate(Jobspec.from_shape("node/cpu=10", duration=10))
    assert found.count("cpu") == 10
    assert used(matcher) == 10


def test_a_count_larger_than_one_pool_fills_them_in_the_order_of_the_policy() -> None:
    rack = {"count": 1, "contains": {"memory": {"count": 3, "size": 10, "divisible": True}}}
    graph = ResourceGraph.from_recipe({"version": 1, "cluster": "c", "contains": {"rack": rack}})
    matcher = Matcher(graph, "low")
    found = matcher.allocate(Jobspec.from_shape("slot/memory=14", duration=10))
    units = {given.vertex.name: given.units for given in found.vertices("memory")}
    assert units == {"memory0": 10, "memory1": 4}
    found = matcher.allocate(Jobspec.from_shape("slot=3/memory=5", duration=10))
    units = {given.vertex.name: given.units for given in found.vertices("memory")}
    assert units == {"memory1": 6, "memory2": 9}


def test_what_is_exclusive_is_whole(matcher: Matcher) -> None:
    whole = Jobspec.from_shape("slot/[cpu{x}]", duration=100)
    matcher.allocate(pods(1, "cpu=1"))
    found = matcher.allocate(whole)
    (given,) = found.vertices("cpu")
    assert (given.vertex.path, given.units, given.exclusive) == ("/k8s/node1/cpu0", 8000, True)
    matcher.allocate(pods(1, "cpu=1"), within=["node0"])
    with pytest.raises(Busy):
        matcher.allocate(pods(1, "cpu=1"), within=["node1"])
    with pytest.raises(Busy):
        matcher.allocate(Jobspec.from_shape("slot/node", duration=100))


def test_what_a_node_owns_stays_the_default_in_a_slot(matcher: Matcher) -> None:
    matcher.allocate(Jobspec.from_shape("slot/node/cpu=1", duration=100))
    with pytest.raises(Busy):
        matcher.allocate(pods(1, "cpu=1"), within=["node0"])


def test_reservations_find_the_first_time_with_enough_units() -> None:
    matcher = Matcher(cluster(1), "low")
    ends = [100, 50, 70]
    for end in ends:
        shape = "slot/node{-x}/cpu=2500"
        matcher.allocate(Jobspec.from_shape(shape, duration=end))
    found = matcher.reserve(Jobspec.from_shape("slot/node{-x}/cpu=5000", duration=10))
    assert (found.at, found.reserved) == (70, True)
    between = matcher.reserve(Jobspec.from_shape("slot/node{-x}/cpu=500", duration=65))
    assert between.at == 0
    later = matcher.reserve(Jobspec.from_shape("slot/node{-x}/cpu=500", duration=75))
    assert later.at == 50  # 500 are taken until 65, 2500 until 50


def test_what_has_overrun_is_not_free_now() -> None:
    matcher = Matcher(cluster(1), "low")
    matcher.allocate(Jobspec.from_shape("slot/node{-x}/cpu=6000", duration=10))
    matcher.now = 20
    matcher.allocate(Jobspec.from_shape("slot/node{-x}/cpu=2000", duration=10))
    with pytest.raises(Busy):
        matcher.allocate(Jobspec.from_shape("slot/node{-x}/cpu=1", duration=10))


def test_a_pool_changes_its_size_while_jobs_have_parts_of_it(matcher: Matcher) -> None:
    job = matcher.allocate(pods(2))
    path = "/k8s/node0/cpu0"
    matcher.resize(path, 5000)
    assert matcher.available(path) == 0
    matcher.resize(path, 9000)
    assert matcher.available(path) == 3000
    matcher.resize(path, 100)
    found = matcher.allocate(pods(2))  # what node0 lacks is not counted against node1
    assert [str(name) for name in found.nodes] == ["node1"]
    matcher.cancel(job.id or 0)
    assert matcher.available(path) == 100
    with pytest.raises(GraphError, match="not divisible"):
        matcher.resize("/k8s/node0", 2)
    with pytest.raises(GraphError, match="negative"):
        matcher.resize(path, -1)
    with pytest.raises(GraphError, match="add up"):
        matcher.resize(path, 2**62 + 1)
    assert matcher.available(path) == 100


def test_a_part_given_back_frees_its_units(matcher: Matcher) -> None:
    job = matcher.allocate(pods(3))
    matcher.release(job.id or 0, paths=["/k8s/node0"])
    assert (used(matcher), used(matcher, 1)) == (0, 3000)
    matcher.cancel(job.id or 0)
    assert used(matcher, 1) == 0


@pytest.mark.parametrize("format", ["rv1", "rv1_shorthand"])
def test_a_restored_job_has_exactly_its_units(matcher: Matcher, format: str) -> None:
    job = matcher.allocate(pods(3, "[cpu=3000;gpu=1]"))
    text = job.write(format)
    other = Matcher(cluster(), "low")
    found = other.restore(text)
    assert found.counts == job.counts
    assert (used(other), used(other, 1)) == (6000, 3000)
    other.allocate(pods(1, "cpu=2000"), within=["node0"])
    other.cancel(found.id or 0)
    assert used(other) == 2000
    other.allocate(pods(1, "cpu=6000"), within=["node0"])
    with pytest.raises(Busy, match="cpu0 is not free"):
        other.restore(text)


def test_a_saved_state_has_units_and_sizes(matcher: Matcher) -> None:
    matcher.allocate(pods(3))
    matcher.resize("/k8s/node1/cpu0", 4000)
    loaded = Matcher.load(cluster(), json.loads(json.dumps(matcher.save())))
    assert loaded.available("/k8s/node1/cpu0") == 1000
    assert loaded.save() == matcher.save()
    saved = matcher.save()
    saved["sizes"] = [[0, 5]]
    with pytest.raises(InputError, match="no divisible vertex 0"):
        Matcher.load(cluster(), saved)


def test_candidates_are_named_from_call_to_call(matcher: Matcher) -> None:
    found = matcher.allocate(pods(1), within=["node1", "unknown"])
    assert [str(name) for name in found.nodes] == ["node1"]
    found = matcher.allocate(pods(1), without=["node0"])
    assert [str(name) for name in found.nodes] == ["node1"]
    with pytest.raises(Unsatisfiable):
        matcher.allocate(pods(1), within=["node0"], without=["node0"])
    with pytest.raises(Unsatisfiable):
        matcher.reserve(pods(1), within=[])
    assert matcher.attempt(pods(9), jobid=50, now=0, within=["node0"]) is None


def test_a_refusal_speaks_of_units(matcher: Matcher) -> None:
    matcher.allocate(pods(4))
    with pytest.raises(Busy) as refused:
        matcher.allocate(pods(1, "cpu=6000"))
    assert "node with 6000 free cpus" in str(refused.value)
    assert "have 2000 free cpus (node[0-1])" in str(refused.value)
    with pytest.raises(Unsatisfiable, match="largest node has 8000"):
        matcher.allocate(pods(1, "cpu=8001"))
    with pytest.raises(Busy, match="needs 3 free nodes"):
        matcher.allocate(pods(3, "cpu=2000"))


@pytest.mark.parametrize("count", [Count(2**62, 2**62), Count(2**40, 2**62), Count(1, 2**62)])
def test_huge_counts_are_counted_not_walked(count: Count) -> None:
    graph = ResourceGraph.from_recipe(
        {"version": 1, "cluster": "c", "contains": {"disk": {"size": 2**61, "divisible": True}}}
    )
    slot = Resource("slot", Count(1, 1), (Resource("disk", count),), "s")
    matcher = Matcher(graph, "low")
    if count.min > 2**61:
        with pytest.raises(Unsatisfiable):
            matcher.allocate(Jobspec(1, (slot,), duration=10))
    else:
        assert matcher.allocate(Jobspec(1, (slot,), duration=10)).count("disk") == 2**61
