"""Groups start whole or not at all, whoever comes first."""

import random

import pytest

from fluxion_extender.decisions.effects import Annotate, PatchPod
from tests.extender.objects import GROUP, World, make_job, make_node, make_pod, named, pod_of_job

GIB = 2**30


def world(count: int, cpu: str = "1") -> World:
    return World(*(make_node(f"n{i}", cpu) for i in range(count)))


def gang(name: str, size: int, cpu: str = "1") -> list[str]:
    return [f"{name}-{i}" for i in range(size)]


def test_a_single_pod_goes_where_it_fits() -> None:
    w = World(make_node("small", "1"), make_node("large", "4"))
    pod = make_pod("a", "2")
    assert w.node_of(pod) == "large"
    assert w.bind(pod) == ""
    w.check()


def test_a_repeated_question_has_the_same_answer() -> None:
    w = world(4, "4")
    pod = make_pod("a")
    assert w.node_of(pod) == w.node_of(pod) == "n0"
    w.check()


@pytest.mark.parametrize("seed", range(50))
def test_of_two_gangs_that_do_not_fit_together_one_runs_and_none_in_part(seed: int) -> None:
    """Two 6-pod gangs on 8 nodes, in any order of arrival: never half of one."""
    w = world(8)
    pods = [named(f"{g}{i}", g, 6) for g in "xy" for i in range(6)]
    random.Random(seed).shuffle(pods)
    for pod in pods:
        if w.node_of(pod):
            assert w.bind(pod) == ""
    for _ in range(2):
        for pod in pods:
            if pod.metadata.uid in w.scheduler.members.slots or w.node_of(pod):
                assert w.bind(pod) == ""
    bound = {g: w.scheduler.members.groups[f"group:default/{g}"].bound() for g in "xy"}
    assert sorted(bound.values()) == [0, 6]
    waiting = next(g for g in "xy" if bound[g] == 0)
    reason = w.scheduler.members.groups[f"group:default/{waiting}"].reason
    assert reason.startswith(f"group {waiting} ")
    w.check()


def test_an_indexed_job_is_matched_whole_when_its_first_pod_comes() -> None:
    w = world(8)
    w.owner("Job", make_job("j", 6))
    verdict = w.filter(pod_of_job("j", 3))
    assert verdict.nodes == ["n3"]  # index 3 is rank 3, the fourth node
    assert isinstance(verdict.effects[0], Annotate)  # the plan is written before the answer
    assert w.used() == {f"n{i}": {"cpu": 1000, "memory": GIB, "pods": 1} for i in range(6)}
    assert [w.node_of(pod_of_job("j", i)) for i in (5, 0, 1, 4, 2)] == [
        "n5",
        "n0",
        "n1",
        "n4",
        "n2",
    ]
    w.check()


def test_a_job_that_is_not_known_yet_waits_and_its_pods_are_woken() -> None:
    w = world(2)
    assert w.node_of(pod_of_job("j", 0)) is None
    assert "not known yet" in w.filter(pod_of_job("j", 0)).reason
    w.owner("Job", make_job("j", 2))
    assert [type(e) for e in w.scheduler.outbox] == [PatchPod]
    assert w.node_of(pod_of_job("j", 0)) == "n0"


def test_nine_pods_go_one_to_each_of_nine_nodes_and_ten_wait_whole() -> None:
    nodes = 9
    w = world(nodes, "16")
    w.owner("Job", make_job("mini", 9, owner=("MiniCluster", "mini", "mc")))
    assert [w.node_of(pod_of_job("mini", i)) for i in range(9)] == [f"n{i}" for i in range(9)]
    other = world(nodes, "16")
    other.owner("Job", make_job("mini", 10, owner=("MiniCluster", "mini", "mc")))
    assert {other.node_of(pod_of_job("mini", i)) for i in range(10)} == {None}
    assert other.used() == {}
    assert "can never start: needs 10 nodes" in other.filter(pod_of_job("mini", 0)).reason


@pytest.mark.parametrize("size", [8, 16, 32, 64])
@pytest.mark.parametrize(("cpu", "flags"), [("94", {}), ("1", {"one-pod-per-node": "true"})])
def test_gangs_on_65_nodes_of_96_cpu(size: int, cpu: str, flags: dict[str, str]) -> None:
    w = World(*(make_node(f"n{i}", "96", "384Gi") for i in range(65)))
    w.owner("Job", make_job("j", size))
    notes = {GROUP + key: text for key, text in flags.items()}
    pods = [pod_of_job("j", i, cpu, notes, memory="340Gi") for i in range(size)]
    assert [w.node_of(pod) for pod in pods] == [f"n{i}" for i in range(size)]
    w.check()


def test_pods_of_one_node_may_share_it_with_others() -> None:
    w = world(4, "4")
    w.owner("Job", make_job("j", 4))
    pods = [pod_of_job("j", i, "1", {f"{GROUP}one-pod-per-node": "true"}) for i in range(4)]
    assert [w.node_of(pod) for pod in pods] == ["n0", "n1", "n2", "n3"]
    assert w.node_of(make_pod("other", "3")) == "n0"
    w.check()


def test_independent_pods_are_no_gang() -> None:
    """A plain Job of 100 pods of 4 CPU on 9 nodes of 16: 36 at a time."""
    w = world(9, "16")
    w.owner("Job", make_job("array", 100, indexed=False))
    pods = [pod_of_job("array", None, "4", name=f"array-{i}") for i in range(100)]
    assert sum(w.node_of(pod) is not None for pod in pods) == 36
    w.check()


def test_the_same_job_marked_as_a_gang_can_never_start() -> None:
    w = world(9, "16")
    w.owner("Job", make_job("array", 100, indexed=False))
    notes = {f"{GROUP}policy": "gang"}
    pod = pod_of_job("array", None, "4", notes, name="array-0")
    assert "can never start: needs 100 places of 4 cpu" in w.filter(pod).reason
    assert w.used() == {}


def test_a_job_that_is_enough_with_some_starts_with_those() -> None:
    w = world(4)
    w.owner("Job", make_job("j", 6))
    notes = {f"{GROUP}policy": "min-available:4"}
    placed = [w.node_of(pod_of_job("j", i, "1", notes)) for i in range(6)]
    assert sum(node is not None for node in placed) == 4
    w.check()


def test_waves_of_a_job() -> None:
    """Completions 10, parallelism 4: waves of 4, 4, 2."""
    w = world(4)
    job = make_job("j", 4, 10)
    w.owner("Job", job)
    running: list[int] = []
    for index in range(10):
        if len(running) == 4:
            done = running.pop(0)
            w.gone(f"j-{done}")
        pod = pod_of_job("j", index)
        assert w.node_of(pod) is not None, index
        assert w.bind(pod) == ""
        running.append(index)
        w.check()
    assert len(w.used()) == 4


def test_a_gang_of_bare_pods_starts_when_all_are_there() -> None:
    w = world(3)
    first, second, third = (named(f"p{i}", "g", 3) for i in range(3))
    assert "1 of 3 members are there" in w.filter(first).reason
    assert "2 of 3" in w.filter(second).reason or "1 of 3" in w.filter(second).reason
    w.seen(third)
    assert {e.name for e in w.scheduler.outbox if isinstance(e, PatchPod)} <= {"p0", "p1", "p2"}
    assert w.scheduler.outbox  # somebody is woken
    assert [w.node_of(pod) for pod in (first, second, third)] == ["n0", "n1", "n2"]


def test_a_group_with_mixed_pods_is_matched_in_one() -> None:
    """A launcher of 2 CPU, four workers of 16, two with devices."""
    w = World(
        *(make_node(f"n{i}", "16") for i in range(4)),
        make_node("g", "8", nvidia_com__gpu="2"),
    )
    devices = [{"name": "c", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]
    pods = [
        named("launcher", "g", 7, "2"),
        *(named(f"w{i}", "g", 7, "16") for i in range(4)),
        *(named(f"gpu{i}", "g", 7, containers=devices) for i in range(2)),
    ]
    for pod in pods[:-1]:
        assert w.node_of(pod) is None
    w.seen(pods[-1])
    nodes = [w.node_of(pod) for pod in pods]
    assert nodes == ["g", "n0", "n1", "n2", "n3", "g", "g"]
    w.check()


def test_a_launcher_shares_a_node_with_a_worker() -> None:
    """A launcher and 64 workers, one per node, fit on 64 nodes."""
    w = World(*(make_node(f"n{i}", "96") for i in range(64)))
    workers, launcher = make_job("workers", 64), make_job("launcher", 1)
    w.owner("Job", workers)
    w.owner("Job", launcher)
    notes = {f"{GROUP}group": "mpi", f"{GROUP}group-size": "65"}
    lone = {**notes, f"{GROUP}one-pod-per-node": "true"}
    first = pod_of_job("launcher", 0, "1", notes)
    assert w.node_of(first) is None
    w.seen(*(pod_of_job("workers", i, "94", lone) for i in range(64)))
    assert w.node_of(first) == "n0"
    nodes = [w.node_of(pod_of_job("workers", i, "94", lone)) for i in range(64)]
    assert nodes == [f"n{i}" for i in range(64)]
    w.check()


def test_siblings_are_bound_with_the_first() -> None:
    w = world(4)
    w.owner("Job", make_job("j", 4))
    pods = [pod_of_job("j", i) for i in range(4)]
    w.seen(*pods)
    assert w.bind(pods[2]) == ""
    assert w.scheduler.members.groups["job:job-j"].bound() == 4


def test_a_finished_member_gives_back_exactly_its_share() -> None:
    w = world(3, "2")
    w.owner("Job", make_job("j", 4))
    pods = [pod_of_job("j", i) for i in range(4)]
    w.seen(*pods)
    assert w.bind(pods[0]) == ""
    assert w.used()["n0"]["cpu"] == 2000
    w.seen(pod_of_job("j", 0, phase="Succeeded", node="n0", version=9))
    assert w.used()["n0"]["cpu"] == 1000
    assert w.used()["n1"]["cpu"] == 2000
    w.check()
    for i in range(1, 4):
        w.gone(f"j-{i}")
        w.check()
    assert w.used() == {}
    assert w.scheduler.members.groups == {}


def test_a_suspended_job_holds_nothing_until_it_is_resumed() -> None:
    w = world(2)
    w.owner("Job", make_job("j", 2, suspend=True))
    assert w.node_of(pod_of_job("j", 0)) is None
    assert w.used() == {}
    w.owner("Job", make_job("j", 2, suspend=False))
    assert w.node_of(pod_of_job("j", 0)) == "n0"


def test_a_gang_of_two_shapes_without_room_waits_and_is_tried_again_only_after_a_change() -> None:
    """Its large pods alone would fit: their nodes are given back, which is no news."""
    w = world(2, "2")
    pods = [named(f"p{i}", "g", 3, "2" if i else "1") for i in range(3)]
    w.seen(*pods)
    changes = w.scheduler.mirror.graph.changes
    assert [w.node_of(pod) for pod in pods] == [None] * 3
    assert w.scheduler.mirror.graph.changes == changes
    w.add(make_node("n2", "1"))
    assert [w.node_of(pod) for pod in pods] == ["n2", "n0", "n1"]
    w.check()
