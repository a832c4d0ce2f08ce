"""Nodes and strangers come, change and go."""

import random

import pytest

from fluxion_extender.decisions.settings import Settings
from fluxion_extender.groups.group import SlotState
from tests.extender.objects import World, make_job, make_node, make_pod, pod_of_job


def test_pods_of_other_schedulers_are_counted_and_given_back() -> None:
    w = World(make_node("n0", "4"), make_node("n1", "2"))
    w.seen(make_pod("daemon", "3", scheduler="other", node="n0", phase="Running"))
    assert w.node_of(make_pod("a", "2")) == "n1"
    assert w.node_of(make_pod("b", "2")) is None
    w.gone("daemon")
    assert w.node_of(make_pod("b", "2")) == "n0"
    w.check()


def test_strangers_may_have_taken_more_than_there_is() -> None:
    w = World(make_node("n0", "4"))
    assert w.node_of(make_pod("a", "3")) == "n0"
    w.seen(make_pod("x", "3", scheduler="other", node="n0"))
    w.check()
    assert w.node_of(make_pod("b", "1")) is None
    w.gone("a")
    assert w.node_of(make_pod("b", "1")) == "n0"
    w.check()


def test_nothing_is_bound_where_a_stranger_was_quicker() -> None:
    """Neither the pod that kube-scheduler binds nor the siblings that we bind with it."""
    w = World(make_node("n0", "4"), make_node("n1", "4"), make_node("n2", "4"))
    single = make_pod("a", "3")
    taken = w.node_of(single)
    w.seen(make_pod("x", "3", scheduler="other", node=taken))
    assert "somebody else has filled" in w.bind(single)
    assert w.node_of(single) not in (taken, None)
    assert w.bind(single) == ""

    w = World(make_node("n0", "4"), make_node("n1", "4"), make_node("n2", "4"))
    w.owner("Job", make_job("gang", 2))
    first, second = pod_of_job("gang", 0, "3"), pod_of_job("gang", 1, "3")
    w.seen(first, second)
    w.node_of(first)
    lost = w.scheduler.members.slots[second.metadata.uid].node
    w.seen(make_pod("x", "3", scheduler="other", node=lost))
    assert w.bind(first) == ""
    slot = w.scheduler.members.slots.get(second.metadata.uid)
    assert slot is None or (slot.node != lost and slot.state is not SlotState.BOUND)
    assert w.node_of(second) not in (lost, None)
    assert w.bind(second) == ""
    w.check()


def test_a_stranger_is_only_sent_where_it_fits_beside_our_plans() -> None:
    w = World(make_node("n0", "4"), make_node("n1", "4"))
    assert w.node_of(make_pod("a", "3")) == "n0"
    pod = make_pod("x", "2", scheduler="default-scheduler")
    assert list(w.filter(pod).nodes) == ["n1"]


@pytest.mark.parametrize(
    "change",
    [
        {"ready": False},
        {"unschedulable": True},
        {"taints": [{"key": "a", "effect": "NoSchedule"}]},
        {"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]},
    ],
)
def test_a_node_that_takes_no_pods_gets_none_and_keeps_what_it_has(
    change: dict[str, object],
) -> None:
    w = World(make_node("n0"), make_node("n1"))
    pod = make_pod("a")
    assert w.node_of(pod) == "n0"
    w.bind(pod)
    w.add(make_node("n0", **change))  # type: ignore[arg-type]
    assert w.node_of(make_pod("b")) == "n1"
    w.check()
    w.add(make_node("n0"))
    assert w.node_of(make_pod("c", "7")) == "n0"
    w.check()


def test_tolerations_and_selectors_are_understood() -> None:
    w = World(
        make_node("n0", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
        make_node("n1", labels={"arch": "arm64"}),
        make_node("n2", labels={"arch": "amd64"}),
    )
    tolerant = make_pod("a", tolerations=[{"key": "gpu", "operator": "Exists"}])
    assert w.node_of(tolerant) == "n0"
    assert w.node_of(make_pod("b", nodeSelector={"arch": "amd64"})) == "n2"
    assert w.node_of(make_pod("c", nodeSelector={"arch": "riscv"})) is None


def test_a_new_node_lets_a_waiting_gang_start() -> None:
    w = World(make_node("n0", "1"))
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(3)]
    assert w.node_of(pods[0]) is None
    w.scheduler.outbox.clear()
    for name in ("n1", "n2"):
        w.add(make_node(name, "1"))
    w.scheduler.settle(w.now)
    assert len(w.scheduler.outbox) == 1  # one is woken, its siblings are bound with it
    assert [w.node_of(pod) for pod in pods] == ["n0", "n1", "n2"]


def test_devices_that_come_up_late() -> None:
    w = World(make_node("n0"))
    pod = make_pod(
        "a", containers=[{"name": "c", "resources": {"limits": {"nvidia.com/gpu": "8"}}}]
    )
    assert w.node_of(pod) is None
    w.add(make_node("n0", nvidia_com__gpu="8"))
    assert w.node_of(pod) == "n0"
    w.check()


def test_a_node_that_moves_to_another_rack_keeps_its_pods() -> None:
    w = World(*(make_node(f"n{i}", "4", labels={"rack": "a"}) for i in range(3)))
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i, "3") for i in range(3)]
    w.seen(*pods)
    w.bind(pods[0])
    w.add(make_node("n1", "4", labels={"rack": "b"}))
    w.check()
    assert w.used()["n1"]["cpu"] == 3000
    for i in range(3):
        w.gone(f"j-{i}")
        w.check()
    assert w.used() == {}


def test_a_deleted_node_gives_nothing_and_is_forgotten_with_its_last_pod() -> None:
    w = World(make_node("n0", "2"), make_node("n1", "2"))
    pod = make_pod("a")
    w.seen(pod)
    w.bind(pod)
    w.scheduler.node_gone("n0", w.now)
    assert w.node_of(make_pod("b")) == "n1"
    assert "n0" in w.scheduler.mirror.graph.nodes
    w.gone("a")
    assert "n0" not in w.scheduler.mirror.graph.nodes
    w.add(make_node("n0", "2"))
    w.check()


def test_a_gang_planned_on_a_node_that_is_deleted_is_matched_again() -> None:
    w = World(*(make_node(f"n{i}", "1") for i in range(4)))
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(3)]
    assert w.node_of(pods[0]) == "n0"
    w.scheduler.node_gone("n1", w.now)
    w.names.remove("n1")
    w.scheduler.settle(w.now)
    assert [w.node_of(pod) for pod in pods] == ["n0", "n2", "n3"]
    w.check()


def test_a_member_whose_node_is_lost_gets_another_if_others_run() -> None:
    w = World(*(make_node(f"n{i}", "1") for i in range(4)), settings=Settings(bind_siblings=False))
    w.owner("Job", make_job("j", 3))
    pods = [pod_of_job("j", i) for i in range(3)]
    w.seen(*pods)
    w.bind(pods[0])
    w.scheduler.node_gone("n1", w.now)
    assert [w.node_of(pod) for pod in pods[1:]] == ["n3", "n2"]
    w.check()


def test_a_kubelet_that_refuses_a_pod_is_not_asked_for_a_while() -> None:
    w = World(make_node("n0"), make_node("n1"))
    pod = make_pod("a")
    w.seen(pod)
    w.bind(pod)
    failed = make_pod("a", node="n0", phase="Failed", version=5)
    failed.status.reason = "OutOfcpu"
    w.seen(failed)
    assert w.node_of(make_pod("b")) == "n1"
    w.now += 31
    w.scheduler.mirror.trust(w.now)
    assert w.node_of(make_pod("c")) == "n0"


def test_events_twice_or_in_the_wrong_order_change_nothing() -> None:
    w = World(make_node("n0", "4"))
    new = make_pod("x", "2", scheduler="other", node="n0", version=7)
    w.seen(new, new, make_pod("x", "2", scheduler="other", version=3))
    assert w.used()["n0"]["cpu"] == 2000
    w.gone("x", "x")
    w.seen(new)  # late news of a pod that is gone
    assert w.used() == {}
    w.check()


@pytest.mark.parametrize("seed", range(10))
def test_random_events_leave_books_that_equal_a_recount(seed: int) -> None:
    """Pods of two schedulers and nodes come, change and go; nothing is ever taken twice."""
    rng = random.Random(seed)
    w = World(*(make_node(f"n{i}", "8", labels={"rack": f"r{i % 2}"}) for i in range(5)))
    alive: list[str] = []
    for step in range(200):
        what = rng.random()
        name = f"p{step}"
        if what < 0.3:
            node = rng.choice(w.names)
            w.seen(make_pod(name, f"{rng.randint(1, 3)}", scheduler="other", node=node))
            alive.append(name)
        elif what < 0.6:
            pod = make_pod(name, f"{rng.randint(1, 4)}")
            if w.node_of(pod):
                w.bind(pod)
            alive.append(name)
        elif what < 0.85 and alive:
            w.gone(alive.pop(rng.randrange(len(alive))))
        elif what < 0.95:
            node = rng.choice(w.names)
            cpu, rack = str(rng.choice([4, 8, 16])), f"r{rng.randint(0, 2)}"
            w.add(make_node(node, cpu, labels={"rack": rack}, ready=rng.random() < 0.8))
        else:
            w.scheduler.node_gone(rng.choice(w.names), w.now)
        w.scheduler.settle(w.now)
    for node in w.names:
        w.add(make_node(node, "8"))
    w.check()
    for name in alive:
        w.gone(name)
    assert w.used() == {}
    w.check()


def test_racks_that_are_labelled_late_move_the_nodes_and_keep_what_runs() -> None:
    w = World(make_node("n0", "4"), make_node("n1", "4"), make_node("n2", "4"))
    pod = make_pod("a", "3")
    w.node_of(pod)
    w.bind(pod)
    w.add(make_node("n1", "4", labels={"rack": "r"}))
    w.check()
    w.owner("Job", make_job("j", 3))
    assert [w.node_of(pod_of_job("j", i, "4")) for i in range(3)] == [None] * 3
    w.gone("a")
    assert {w.node_of(pod_of_job("j", i, "4")) for i in range(3)} == {"n0", "n1", "n2"}
    w.check()
