"""Booking a former answer again, from every form of R."""

import json

import pytest

from fluxion_py import Busy, FluxionError, GraphError, Jobspec, Matcher, ResourceGraph
from fluxion_py.errors import MatchError
from tests.machines import elk, nodes, recipe, shape, slide, tiny


@pytest.mark.parametrize("format", ["rv1", "rv1_shorthand", "rv1_nosched"])
@pytest.mark.parametrize("make", [elk, nodes])
def test_a_whole_node_job_comes_back_the_same(format: str, make: object) -> None:
    graph = elk() if make is elk else nodes(4)
    twin = elk() if make is elk else nodes(4)
    request = slide() if make is elk else shape("slot=2/node/core=4")
    first = Matcher(graph, "low").allocate(request)
    matcher = Matcher(twin, "low")
    again = matcher.restore(first.write(format), jobid=9)
    assert (again.id, again.at, again.duration) == (9, first.at, first.duration)
    assert again.write("rv1") == first.write("rv1")
    assert str(matcher.allocate(request).nodes) != str(first.nodes)
    assert matcher.jobs()[-1].id == 10


def test_an_r_as_object_and_in_the_future() -> None:
    matcher = Matcher(nodes(2), "low")
    matcher.allocate(shape("slot=2/node", 50))
    later = matcher.reserve(shape("slot/node", 10))
    twin = Matcher(nodes(2), "low")
    again = twin.restore(json.loads(later.write("rv1")))
    assert (again.at, again.expiration, again.reserved) == (50, 60, True)
    assert not twin.allocate(shape("slot=2/node", 50)).reserved
    with pytest.raises(Busy):
        twin.restore(later.write("rv1"))


def test_an_r_without_end_lasts_for_the_life_time() -> None:
    r = json.loads(Matcher(nodes(2)).allocate(shape("slot/node/core=4")).write("rv1_nosched"))
    del r["execution"]["starttime"], r["execution"]["expiration"]
    assert Matcher(nodes(2)).restore(r).expiration == 3153600000


def test_partly_held_nodes_stay_shared() -> None:
    matcher = Matcher(tiny(), "low")
    r = matcher.allocate(shape("slot/core=3")).write("rv1_nosched")
    twin = Matcher(tiny(), "low")
    again = twin.restore(r)
    assert again.count("core") == 3
    assert not any(given.exclusive for given in again.vertices("node"))
    with pytest.raises(Busy):
        twin.allocate(shape("slot=2/node"))


def test_bad_or_foreign_r_is_refused_with_nothing_booked() -> None:
    matcher = Matcher(nodes(2), "low")
    good = json.loads(matcher.allocate(shape("slot/node/core=4")).write("rv1"))
    bare = {key: good[key] for key in ("version", "execution")}
    far = {**bare, "execution": {**bare["execution"], "nodelist": ["mars"]}}
    core = {"R_lite": [{"rank": "1", "children": {"core": "77"}}], "nodelist": ["node1"]}
    cases: list[tuple[object, type[Exception]]] = [
        ("", FluxionError),
        ("[]", GraphError),
        ({"version": 2}, GraphError),
        (far, GraphError),
        ({"version": 1, "execution": core}, GraphError),
        ({**good, "scheduling": {**good["scheduling"], "writer": "other:jgf"}}, GraphError),
        ({**good, "scheduling": {**good["scheduling"], "writer": "fluxion:xml"}}, GraphError),
        (good["scheduling"], GraphError),
        (good, Busy),
        (bare, Busy),
    ]
    for r, error in cases:
        with pytest.raises(error):
            matcher.restore(r)  # type: ignore[arg-type]
    with pytest.raises(MatchError, match="job 1 exists"):
        matcher.restore(good, jobid=1)
    assert [job.id for job in matcher.jobs()] == [1]


def test_tasks_of_a_restored_job_are_not_known() -> None:
    r = Matcher(nodes(2)).allocate(shape("slot/node")).write("rv1")
    with pytest.raises(MatchError, match="jobspec"):
        Matcher(nodes(2)).restore(r).tasks()


def test_pools_of_a_cloud_come_back_too() -> None:
    contains = {"node": {"count": 2, "contains": {"core": 2, "memory": {"size": 8}}}}
    graph: ResourceGraph = recipe(dict(contains))
    first = Matcher(graph, "low").allocate(Jobspec.from_shape("slot/[core;memory=4]", duration=5))
    again = Matcher(recipe(dict(contains)), "low").restore(first.write("rv1"))
    assert again.counts == first.counts
