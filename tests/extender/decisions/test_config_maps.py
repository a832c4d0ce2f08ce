"""A jobspec that is in a ConfigMap: read when a group asks for it."""

import msgspec
import pytest

from fluxion_extender.decisions.timers import tick
from fluxion_extender.decisions.waiting import READ_AGAIN
from fluxion_extender.groups.identity import Ref
from fluxion_extender.objects.workloads import ConfigMap
from tests.extender.objects import GROUP, World, make_job, make_node, pod_of_job

JOBSPEC = """
version: 1
resources:
- {type: rack, count: 1, with: [{type: node, count: 2, with: [
    {type: slot, count: 1, label: task, with: [{type: core, count: 3}]}]}]}
tasks: [{command: [app], slot: task, count: {per_slot: 1}}]
attributes: {system: {duration: 60}}
"""
REF = Ref("ConfigMap", "default", "spec")


def config_map(**data: str) -> ConfigMap:
    return msgspec.convert({"metadata": {"name": "spec"}, "data": data}, ConfigMap)


def asking(jobspec: str) -> World:
    """Return a cluster of two racks, of which the second has two nodes, and a job of two pods."""
    w = World(*(make_node(f"n{i}", labels={"rack": "a" if i < 1 else "b"}) for i in range(3)))
    w.owner("Job", make_job("j", 2, annotations={f"{GROUP}jobspec": jobspec}))
    return w


def ask(w: World) -> list[str | None]:
    return [w.node_of(pod_of_job("j", i)) for i in range(2)]


@pytest.mark.parametrize("name", ["configmap:spec", "configmap:spec/job.yaml"])
def test_the_group_waits_until_it_is_read(name: str) -> None:
    w = asking(name)
    assert ask(w) == [None, None]
    assert w.filter(pod_of_job("j", 0)).reason == "group j waits: ConfigMap spec is not known yet"
    assert w.scheduler.waiting.wanted == [REF]
    w.owner("ConfigMap", config_map(**{"job.yaml": JOBSPEC}))
    assert ask(w) == ["n1", "n2"]


def test_one_that_is_not_there_is_read_again_after_a_while_only() -> None:
    w = asking("configmap:spec")
    for _ in range(5):
        ask(w)
        w.scheduler.settle(w.now)
    assert w.scheduler.waiting.wanted == [REF]
    w.now += READ_AGAIN
    tick(w.scheduler, w.now)
    assert w.scheduler.waiting.wanted == [REF, REF]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("configmap:spec", {}, "has 0 texts"),
        ("configmap:spec", {"a": JOBSPEC, "b": JOBSPEC}, "has 2 texts"),
        ("configmap:spec/c", {"a": JOBSPEC}, "has no text 'c'"),
        ("configmap:spec", {"a": "{"}, "jobspec"),
        ("configmap:../x", {}, "is no ConfigMap"),
        ("configmap:", {}, "is no ConfigMap"),
    ],
)
def test_one_that_says_nothing_is_refused(name: str, data: dict[str, str], why: str) -> None:
    w = asking(name)
    w.owner("ConfigMap", config_map(**data))
    assert ask(w) == [None, None]
    assert why in w.filter(pod_of_job("j", 0)).reason


def test_it_is_forgotten_with_the_last_group_that_wants_it() -> None:
    w = asking("configmap:spec")
    ask(w)
    w.owner("ConfigMap", config_map(a=JOBSPEC))
    ask(w)
    w.gone("j-0", "j-1")
    w.now += 1000
    tick(w.scheduler, w.now)
    assert w.scheduler.members.groups == {}
    assert REF not in w.scheduler.members.workloads
