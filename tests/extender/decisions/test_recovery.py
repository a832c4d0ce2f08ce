"""A new process resumes from the objects of the API server alone."""

import random

import msgspec
import pytest

from fluxion_extender.decisions.binding import bound, order_binding
from fluxion_extender.decisions.effects import Annotate, Bind, PatchPod
from fluxion_extender.decisions.recovery import Recovered, recover
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.groups.identity import Ref
from fluxion_extender.objects.pod import Pod, PodCondition
from fluxion_extender.objects.workloads import Workload
from fluxion_extender.persistence.annotations import NUDGE, PLAN
from tests.extender.objects import World, make_job, make_node, make_pod, named, pod_of_job


class Server:
    """The objects of an API server, changed by the effects as the real one would be."""

    def __init__(self, nodes: int, cpu: str = "1") -> None:
        self.nodes = [make_node(f"n{i}", cpu) for i in range(nodes)]
        self.pods: dict[str, Pod] = {}
        self.owners: dict[Ref, Workload] = {}
        self.world = World(*self.nodes)

    def add(self, *pods: Pod) -> None:
        for pod in pods:
            self.pods[pod.metadata.uid] = pod
        self.world.seen(*pods)

    def own(self, kind: str, workload: Workload) -> None:
        self.owners[Ref(kind, "default", workload.metadata.name)] = workload
        self.world.owner(kind, workload)

    def filter(self, pod: Pod) -> str | None:
        """Ask, and write what must be written before the answer."""
        verdict = self.world.filter(pod)
        for effect in verdict.effects:
            if isinstance(effect, Annotate):
                self._annotate(self.owners[effect.owner].metadata, effect.annotations)
            elif isinstance(effect, PatchPod):
                self._annotate(self.pods[effect.uid].metadata, effect.annotations)
        return verdict.nodes[0] if verdict.nodes else None

    def _annotate(self, metadata: object, notes: object) -> None:
        metadata.annotations = {**(metadata.annotations or {}), **notes}  # type: ignore[attr-defined,dict-item]

    def bind(self, uid: str) -> None:
        """Write the binding of one pod, and nothing of its siblings."""
        pod, scheduler = self.pods[uid], self.world.scheduler
        slot = scheduler.members.slots[uid]
        order = order_binding(scheduler, "default", pod.metadata.name, uid, slot.node, 0)
        assert isinstance(order, Bind)
        copy = msgspec.convert(msgspec.to_builtins(pod), Pod)
        copy.spec.node_name = order.node
        self._annotate(copy.metadata, order.annotations)
        self.pods[uid] = copy
        bound(scheduler, uid, order.node, self.world.now)

    def restart(self) -> Recovered:
        """Kill the process and start it anew."""
        self.world = World(settings=Settings(bind_siblings=False))
        self.world.names = [node.metadata.name for node in self.nodes]
        found = recover(
            self.world.scheduler, self.nodes, self.owners, self.pods.values(), self.world.now
        )
        self.world.check()
        return found


def test_bound_pods_keep_their_places() -> None:
    s = Server(4)
    s.own("Job", make_job("j", 3))
    s.add(*(pod_of_job("j", i) for i in range(3)))
    for i in range(3):
        s.filter(s.pods[f"uid-j-{i}"])
        s.bind(f"uid-j-{i}")
    before = s.world.used()
    assert s.restart() == Recovered(nodes=4, groups=1, pods=3, plans=1)
    assert s.world.used() == before
    assert s.filter(make_pod("a")) == "n3"


@pytest.mark.parametrize("bound", range(4))
def test_a_gang_that_was_bound_in_part_is_completed_on_its_nodes(bound: int) -> None:
    s = Server(4)
    s.own("Job", make_job("j", 3))
    s.add(*(pod_of_job("j", i) for i in range(3)))
    for i in range(bound):
        s.filter(s.pods[f"uid-j-{i}"])
        s.bind(f"uid-j-{i}")
    if not bound:
        s.filter(s.pods["uid-j-0"])
    s.restart()
    assert s.filter(make_pod("thief")) == "n3"
    nodes = [s.filter(s.pods[f"uid-j-{i}"]) for i in range(bound, 3)]
    assert nodes == [f"n{i}" for i in range(bound, 3)]


def test_the_plan_of_a_gang_without_an_owner_comes_with_the_first_binding_alone() -> None:
    s = Server(4)
    s.add(*(named(f"p{i}", "g", 3) for i in range(3)))
    verdict = s.world.filter(s.pods["uid-p0"])
    assert (list(verdict.nodes), verdict.effects) == (["n0"], [])
    s.bind("uid-p0")
    assert PLAN in (s.pods["uid-p0"].metadata.annotations or {})
    s.restart()
    assert s.filter(make_pod("thief")) == "n3"
    assert [s.filter(s.pods[f"uid-p{i}"]) for i in (1, 2)] == ["n1", "n2"]


def test_of_two_plans_of_a_gang_the_newest_counts() -> None:
    s = Server(5)
    s.add(*(named(f"p{i}", "g", 3) for i in range(3)))
    s.filter(s.pods["uid-p0"])
    s.bind("uid-p0")
    without = [name for name in s.world.names if name != "n1"]
    s.world.filter(s.pods["uid-p1"], without)  # kube-scheduler refuses n1 for this one
    s.bind("uid-p1")
    nodes = [s.pods[f"uid-p{i}"].spec.node_name for i in range(2)]
    planned = s.filter(s.pods["uid-p2"])
    s.restart()
    assert s.filter(s.pods["uid-p2"]) == planned
    assert planned not in nodes


@pytest.mark.parametrize("bound", range(3))
def test_members_that_were_refused_before_the_restart_are_woken(bound: int) -> None:
    """Nothing else may happen that has kube-scheduler try them again."""
    s = Server(4)
    s.own("Job", make_job("j", 3))
    s.add(*(pod_of_job("j", i) for i in range(3)))
    for i in range(bound):
        s.filter(s.pods[f"uid-j-{i}"])
        s.bind(f"uid-j-{i}")
    if not bound:
        s.filter(s.pods["uid-j-0"])
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    for i in range(bound, 3):
        s.pods[f"uid-j-{i}"].status.conditions = [msgspec.convert(said, PodCondition)]
    s.restart()
    woken = [each for each in s.world.scheduler.outbox if isinstance(each, PatchPod)]
    assert [each.uid for each in woken] == [f"uid-j-{i}" for i in range(bound, 3)]
    notes = [each.annotations[NUDGE] for each in woken]
    assert len(set(notes)) == len(notes), "what is there already would wake nobody"


def test_strangers_are_counted() -> None:
    s = Server(2, "2")
    s.add(make_pod("x", "2", scheduler="other", node="n0"))
    assert s.restart() == Recovered(nodes=2, foreign=1)
    assert s.filter(make_pod("a")) == "n1"


def test_a_plan_that_is_not_free_any_more_is_dropped() -> None:
    s = Server(3)
    s.own("Job", make_job("j", 3))
    s.add(*(pod_of_job("j", i) for i in range(3)))
    s.filter(s.pods["uid-j-0"])
    s.add(make_pod("x", "1", scheduler="other", node="n1"))
    found = s.restart()
    assert (found.plans, found.dropped) == (0, 1)
    assert s.filter(s.pods["uid-j-0"]) is None
    assert s.world.used().keys() == {"n1"}


def test_a_plan_of_a_job_that_has_no_pods_any_more_is_dropped() -> None:
    s = Server(3)
    s.own("Job", make_job("j", 3))
    s.add(pod_of_job("j", 0))
    s.filter(s.pods["uid-j-0"])
    del s.pods["uid-j-0"]
    assert s.restart().dropped == 1
    assert s.world.used() == {}


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"id":1}', "x" * 1000, '{"id":"a","group":"b","nodes":{"":"n[0"}}']
)
def test_a_damaged_plan_is_not_believed(damage: str) -> None:
    s = Server(3)
    job = make_job("j", 3, annotations={"fluence.flux-framework.org/plan": damage})
    s.own("Job", job)
    s.add(pod_of_job("j", 0))
    s.restart()
    assert s.filter(s.pods["uid-j-0"]) == "n0"


@pytest.mark.parametrize("damage", ["", "x", "-1", "99999999999"])
def test_a_bound_pod_with_a_damaged_rank_is_counted_as_a_stranger(damage: str) -> None:
    s = Server(2)
    notes = {"fluence.flux-framework.org/group-key": "g", "fluence.flux-framework.org/rank": damage}
    s.add(make_pod("a", node="n0", annotations=notes))
    s.restart()
    assert s.filter(make_pod("b")) == "n1"


@pytest.mark.parametrize("seed", range(30))
def test_kills_at_any_moment_book_nothing_twice_and_lose_nothing(seed: int) -> None:
    """Gangs of a random order, killed after any step: at the end each runs whole or waits whole."""
    rng = random.Random(seed)
    s = Server(8)
    jobs = {f"j{k}": rng.randint(1, 6) for k in range(4)}
    for name, size in jobs.items():
        s.own("Job", make_job(name, size))
    todo = [f"uid-{name}-{i}" for name, size in jobs.items() for i in range(size)]
    rng.shuffle(todo)
    for uid in todo:
        name, _, index = uid.removeprefix("uid-").rpartition("-")
        s.add(pod_of_job(name, int(index)))
    for _ in range(4):
        for uid in todo:
            if s.pods[uid].spec.node_name:
                continue
            node = s.filter(s.pods[uid])
            if rng.random() < 0.15:
                s.restart()
                continue
            if node and uid in s.world.scheduler.members.slots:
                s.bind(uid)
            if rng.random() < 0.15:
                s.restart()
    used: dict[str, int] = {}
    for pod in s.pods.values():
        if pod.spec.node_name:
            used[pod.spec.node_name] = used.get(pod.spec.node_name, 0) + 1
    assert max(used.values()) == 1
    for name, size in jobs.items():
        bound = sum(bool(s.pods[f"uid-{name}-{i}"].spec.node_name) for i in range(size))
        assert bound in (0, size), (name, bound, size)
    s.world.check()
