"""Whatever ends gives back exactly its share, and nothing of its neighbours'."""

from collections.abc import Callable

import pytest

from tests.extender.objects import World, make_job, make_node, make_pod, named, pod_of_job

End = Callable[[World, str], None]


def succeeds(w: World, name: str) -> None:
    w.seen(make_pod(name, node="n0", phase="Succeeded", version=9))


def fails(w: World, name: str) -> None:
    w.seen(make_pod(name, node="n0", phase="Failed", version=9))


def deleted(w: World, name: str) -> None:
    w.gone(name)


ENDS = [succeeds, fails, deleted]


def units(w: World) -> dict[str, int]:
    return {node: use["cpu"] for node, use in w.used().items()}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_members_of_a_gang_one_by_one(end: End, order: tuple[int, ...]) -> None:
    """Three members of 1, 2 and 3 cpu on one node, beside another pod of ours and a stranger."""
    w = World(make_node("n0", "8"))
    other = make_pod("other")
    w.seen(make_pod("stranger", "1", scheduler="x", node="n0"))
    assert w.node_of(other) == "n0"
    w.bind(other)
    pods = [named(f"p{i}", "g", 3, str(i + 1)) for i in range(3)]
    w.seen(*pods)
    for pod in pods:
        assert w.node_of(pod) == "n0"
        w.bind(pod)
    left = 8000
    assert units(w) == {"n0": left}
    for i in order:
        end(w, f"p{i}")
        left -= 1000 * (i + 1)
        assert units(w) == {"n0": left}
        end(w, f"p{i}")  # told twice
        assert units(w) == {"n0": left}
        w.check()
    assert left == 2000
    end(w, "other")
    assert units(w) == {"n0": 1000}
    end(w, "stranger")
    assert w.used() == {}
    w.check()


@pytest.mark.parametrize("end", ENDS)
def test_a_pod_that_is_being_deleted_holds_its_share_until_it_is_gone(end: End) -> None:
    w = World(make_node("n0", "1"))
    pod = make_pod("a")
    w.node_of(pod)
    w.bind(pod)
    leaving = make_pod("a", node="n0", version=2)
    leaving.metadata.deletion_timestamp = "2026-01-01T00:00:00Z"
    w.seen(leaving)
    assert units(w) == {"n0": 1000}
    end(w, "a")
    assert w.used() == {}


def test_a_running_job_that_is_suspended_gives_its_pods_back_one_by_one() -> None:
    """The Job controller deletes them; what is left runs on until it is gone."""
    w = World(make_node("n0", "4"))
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(3)]
    for pod in pods:
        w.node_of(pod)
        w.bind(pod)
    w.owner("Job", make_job("j", 3, suspend=True))
    assert units(w) == {"n0": 3000}
    for left, name in ((2000, "j-1"), (1000, "j-0"), (0, "j-2")):
        w.gone(name)
        assert units(w) == ({"n0": left} if left else {})
        w.check()
    assert w.node_of(pod_of_job("j", 0, name="again", version=20)) is None
    w.owner("Job", make_job("j", 3))
    assert w.node_of(pod_of_job("j", 0, name="again", version=20)) == "n0"


def test_a_job_that_is_suspended_before_it_is_bound_gives_everything_back() -> None:
    w = World(make_node("n0", "4"))
    w.owner("Job", make_job("j", 3))
    w.node_of(pod_of_job("j", 0))
    assert units(w) == {"n0": 3000}
    w.owner("Job", make_job("j", 3, suspend=True))
    assert w.used() == {}
    w.check()


@pytest.mark.parametrize("size", [2, 4])
def test_a_job_that_changes_its_size_before_it_is_bound_is_matched_anew(size: int) -> None:
    w = World(make_node("n0", "4"))
    w.owner("Job", make_job("j", 3))
    w.node_of(pod_of_job("j", 0))
    w.owner("Job", make_job("j", size))
    assert w.node_of(pod_of_job("j", 0)) == "n0"
    assert units(w) == {"n0": size * 1000}
    w.check()


def test_a_running_job_that_shrinks_gives_back_the_places_of_pods_that_never_came() -> None:
    w = World(make_node("n0", "8"))
    w.owner("Job", make_job("j", 5))
    pods = [pod_of_job("j", i) for i in range(2)]
    for pod in pods:
        w.node_of(pod)
        w.bind(pod)
    assert units(w) == {"n0": 5000}
    w.owner("Job", make_job("j", 3))
    assert units(w) == {"n0": 3000}
    w.owner("Job", make_job("j", 4))  # and grows again: the new pod finds its place
    assert w.node_of(pod_of_job("j", 3)) == "n0"
    assert units(w) == {"n0": 4000}
    w.check()
