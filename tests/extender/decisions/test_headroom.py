"""Room for the pods that DaemonSets will have on a node."""

from typing import Any

import msgspec

from fluxion_extender.decisions.headroom import PATIENCE
from fluxion_extender.decisions.timers import tick
from fluxion_extender.objects.workloads import DaemonSet
from tests.extender.objects import World, make_node, make_pod


def daemon_set(cpu: str = "1", uid: str = "ds", **spec: Any) -> DaemonSet:  # noqa: ANN401
    container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
    document = {
        "metadata": {"name": uid, "uid": uid},
        "spec": {"template": {"spec": {"containers": [container], **spec}}},
    }
    return msgspec.convert(document, DaemonSet)


def daemon_pod(name: str, node: str) -> Any:  # noqa: ANN401 - a Pod
    return make_pod(
        name, "1", "0", scheduler="default-scheduler", node=node, owner=("DaemonSet", "ds", "ds")
    )


def cpu(world: World, node: str) -> int:
    return world.used().get(node, {}).get("cpu", 0)


def test_a_new_node_keeps_room_until_the_pod_is_there() -> None:
    w = World()
    w.scheduler.headroom.set_seen(daemon_set(), w.now)
    w.add(make_node("n0", "2"))
    assert w.node_of(make_pod("big", "2")) is None
    w.gone("big")
    assert cpu(w, "n0") == 1000
    w.seen(daemon_pod("d0", "n0"))
    assert cpu(w, "n0") == 1000
    w.check()


def test_a_pod_that_is_made_anew_finds_its_room() -> None:
    w = World(make_node("n0", "2"))
    w.scheduler.headroom.set_seen(daemon_set(), w.now)
    w.seen(daemon_pod("d0", "n0"))
    w.gone("d0")
    assert cpu(w, "n0") == 1000
    w.seen(daemon_pod("d1", "n0"))
    assert cpu(w, "n0") == 1000
    w.check()


def test_only_where_the_set_runs() -> None:
    w = World(
        make_node("n0"),
        make_node("n1", labels={"gpu": "yes"}),
        make_node("n2", labels={"gpu": "yes"}, taints=[{"key": "x", "effect": "NoSchedule"}]),
        make_node("n3", labels={"gpu": "yes"}, unschedulable=True),
    )
    w.scheduler.headroom.set_seen(daemon_set(nodeSelector={"gpu": "yes"}), w.now)
    assert w.used().keys() == {"n1", "n3"}
    w.check()


def test_a_deleted_set_or_node_keeps_nothing() -> None:
    w = World(make_node("n0"), make_node("n1"))
    w.scheduler.headroom.set_seen(daemon_set(), w.now)
    w.scheduler.node_gone("n0", w.now)
    assert w.used().keys() == {"n1"}
    w.scheduler.headroom.set_gone("ds")
    assert w.used() == {}
    w.check()


def test_a_pod_that_never_comes_is_not_waited_for_for_ever() -> None:
    w = World(make_node("n0"))
    w.scheduler.headroom.set_seen(daemon_set(), w.now)
    tick(w.scheduler, w.now + PATIENCE)
    assert w.used() == {}
    w.add(make_node("n0", labels={"a": "b"}))  # a change of the node begins no new wait
    assert w.used() == {}
    w.check()
