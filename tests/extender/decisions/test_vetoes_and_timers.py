"""What kube-scheduler's own filters refuse, and plans that nobody uses."""

from fluxion_extender.decisions.effects import Evict, Note
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.decisions.timers import tick
from fluxion_extender.groups.group import GroupState
from tests.extender.objects import GROUP, World, make_job, make_node, make_pod, named, pod_of_job


def world(count: int, cpu: str = "1", **settings: bool) -> World:
    return World(*(make_node(f"n{i}", cpu) for i in range(count)), settings=Settings(**settings))  # type: ignore[arg-type]


def later(w: World, seconds: float) -> None:
    w.now += seconds
    tick(w.scheduler, w.now)


def test_a_node_that_is_not_offered_is_not_chosen() -> None:
    w = world(4)
    assert w.filter(make_pod("a"), ["n2", "n3"]).nodes == ["n2"]
    w.check()


def test_a_gang_is_matched_again_without_the_refused_node() -> None:
    w = world(5)
    w.owner("Job", make_job("j", 3))
    assert w.filter(pod_of_job("j", 0), ["n1", "n2", "n3", "n4"]).nodes == ["n1"]
    assert w.filter(pod_of_job("j", 1)).nodes == ["n2"]
    w.check()


def test_vetoes_end_and_are_forgotten() -> None:
    w = world(2)
    pod = make_pod("c")
    assert w.filter(pod, ["x", "y"]).nodes == ()
    group = w.scheduler.members.groups["pod:uid-c"]
    assert set(group.vetoed) == {"n0", "n1"}
    assert w.node_of(pod) is None
    later(w, 61)
    assert w.node_of(pod) == "n0"
    w.check()


def test_one_name_that_is_not_nominated_is_all_that_is_left() -> None:
    w = world(3)
    pod = make_pod("a")
    assert w.node_of(pod) == "n0"
    assert list(w.filter(pod, ["n2"]).nodes) == ["n2"]
    w.check()


def test_what_is_refused_to_one_member_is_refused_to_its_siblings() -> None:
    """Whoever is asked for first: nobody is told a node before all have one that is offered."""
    w = world(4, "2")
    pods = [named(f"p{i}", "g", 3, "2") for i in range(3)]
    w.seen(*pods)
    assert list(w.filter(pods[2], ["n1", "n2", "n3"]).nodes) == ["n3"]
    assert [w.node_of(pod) for pod in pods[:2]] == ["n1", "n2"]
    w.check()


def test_a_gang_whose_members_are_refused_too_many_nodes_waits_whole() -> None:
    w = world(3, "2")
    pods = [named(f"p{i}", "g", 3, "2") for i in range(3)]
    w.seen(*pods)
    assert [list(w.filter(pod, ["n1", "n2"]).nodes) for pod in pods] == [[], [], []]
    w.check()


def test_a_probe_of_one_node_changes_no_plan() -> None:
    w = world(3)
    pod = make_pod("a")
    assert w.node_of(pod) == "n0"
    pod.status.nominated_node_name = "n2"
    assert w.filter(pod, ["n2"]).nodes == ()
    assert w.node_of(pod) == "n0"


def test_a_refused_member_of_a_running_gang_gets_another_node_alone() -> None:
    w = world(4, bind_siblings=False)
    w.owner("Job", make_job("j", 2))
    pods = [pod_of_job("j", i) for i in range(2)]
    w.seen(*pods)
    w.bind(pods[0])
    assert w.filter(pods[1], ["n2", "n3"]).nodes == ["n2"]
    assert w.scheduler.members.groups["job:job-j"].slots[0].node == "n0"
    w.check()


def test_a_plan_that_nobody_uses_is_released() -> None:
    w = world(3)
    w.owner("Job", make_job("j", 3))
    w.node_of(pod_of_job("j", 0))
    assert len(w.used()) == 3
    later(w, 61)
    assert w.used() == {}
    group = w.scheduler.members.groups["job:job-j"]
    assert group.state is GroupState.WAITING
    assert w.node_of(pod_of_job("j", 0)) is None  # it pauses
    later(w, 11)
    assert w.node_of(pod_of_job("j", 0)) == "n0"
    w.check()


def test_pods_that_are_deleted_before_they_are_bound_leave_nothing() -> None:
    w = world(10, "10")
    pods = [make_pod(f"p{i}") for i in range(100)]
    for pod in pods:
        assert w.node_of(pod)
    w.gone(*(pod.metadata.name for pod in pods))
    assert w.used() == {}
    assert w.scheduler.members.groups == {}
    w.check()


def test_a_member_that_does_not_come_keeps_its_share_for_a_while_only() -> None:
    w = world(3)
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(2)]
    w.seen(*pods)
    w.bind(pods[0])
    assert len(w.used()) == 3
    later(w, 61)
    assert len(w.used()) == 2
    assert w.node_of(pod_of_job("j", 2)) == "n2"
    w.check()


def test_members_may_be_evicted_when_the_others_do_not_come() -> None:
    w = world(3)
    w.owner("Job", make_job("j", 3))
    notes = {f"{GROUP}on-timeout": "evict"}
    pods = [pod_of_job("j", i, annotations=notes) for i in range(2)]
    w.seen(*pods)
    w.bind(pods[0])
    later(w, 61)
    assert {e.name for e in w.scheduler.outbox if isinstance(e, Evict)} == {"j-0", "j-1"}


def test_a_pod_made_anew_takes_the_place_of_its_index() -> None:
    w = world(4)
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(3)]
    w.seen(*pods)
    w.bind(pods[0])
    w.gone("j-1")
    again = pod_of_job("j", 1, name="j-1-again")
    assert w.node_of(again) == "n1"
    w.check()
    assert w.bind(again) == ""
    w.gone("j-1-again")
    assert w.node_of(make_pod("thief")) == "n1"
    assert w.node_of(pod_of_job("j", 1, name="j-1-third")) == "n3"
    w.check()


def test_a_deleted_owner_gives_back_what_none_of_its_pods_has() -> None:
    w = world(3)
    w.owner("Job", make_job("j", 3))
    pod = pod_of_job("j", 0)
    w.node_of(pod)
    ref = w.scheduler.members.groups["job:job-j"].identity.owner
    assert ref is not None
    w.scheduler.members.workload_gone(ref, w.now)
    assert len(w.used()) == 1
    w.gone("j-0")
    assert w.used() == {}


def test_our_gate_is_taken_off_when_the_gang_has_its_nodes() -> None:
    w = world(3)
    w.owner("Job", make_job("j", 3))
    gate = [{"name": "fluence.flux-framework.org/gang"}]
    w.seen(*(pod_of_job("j", i, schedulingGates=gate) for i in range(3)))
    found = {(e.name, e.hostname) for e in w.scheduler.outbox}  # type: ignore[union-attr]
    assert found == {("j-0", "n0"), ("j-1", "n1"), ("j-2", "n2")}


def test_a_group_that_waits_longer_than_it_wants_is_given_up() -> None:
    w = world(1)
    w.seen(make_pod("x", "1", scheduler="other", node="n0"))
    pod = make_pod("a", annotations={f"{GROUP}start-timeout": "60"})
    assert w.node_of(pod) is None
    later(w, 59)
    assert "is given up" not in w.filter(pod).reason
    later(w, 1)
    assert "has not started within 60 s and is given up" in w.filter(pod).reason
    assert [e.reason for e in w.scheduler.outbox if isinstance(e, Note)] == ["GivenUp"]
    w.gone("x")  # room comes too late
    assert w.node_of(pod) is None
    assert w.node_of(make_pod("b")) == "n0"
    w.gone("a")
    assert w.node_of(make_pod("c")) is None
    w.check()


def test_a_group_that_has_started_is_not_given_up() -> None:
    w = world(1)
    pod = make_pod("a", annotations={f"{GROUP}start-timeout": "60"})
    assert w.node_of(pod) == "n0"
    w.bind(pod)
    later(w, 1000)
    assert w.used()["n0"]["cpu"] == 1000
