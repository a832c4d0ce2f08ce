"""The state of the service from the objects of the API server alone (fluence-design.md B.6)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.group import Group, GroupState, Slot, SlotState
from fluxion_extender.groups.identity import Ref, identify
from fluxion_extender.groups.shape import PodClass, Shape, shape_of
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import DaemonSet, Workload
from fluxion_extender.persistence.annotations import (
    PLAN,
    Placed,
    Plan,
    read_bound,
    read_plan,
    read_pod_plan,
)
from fluxion_extender.pods.requests import request_of
from fluxion_py.errors import InputError
from fluxion_py.hostlist import parse_hostlist


@dataclass(slots=True)
class Recovered:
    """What was found: groups with bound members, their pods, plans kept and dropped, strangers."""

    nodes: int = 0
    groups: int = 0
    pods: int = 0
    plans: int = 0
    dropped: int = 0
    foreign: int = 0


def recover(
    scheduler: Scheduler,
    nodes: Iterable[Node],
    workloads: Mapping[Ref, Workload],
    pods: Iterable[Pod],
    now: float,
    daemon_sets: Iterable[DaemonSet] = (),
) -> Recovered:
    """Bring a new scheduler to what the API server has: bound pods, then plans, then who waits.

    Room for the pods of DaemonSets comes last: what runs and what is promised has it already.
    """
    members = scheduler.members
    nodes = list(nodes)
    found = Recovered(nodes=len(nodes))
    for node in nodes:
        scheduler.mirror.graph.use_levels(node.metadata.labels or {})
    for node in nodes:
        scheduler.node_seen(node, now)
    members.workloads.update(workloads)
    waiting: list[Pod] = []
    bound: dict[str, list[tuple[Placed, Pod]]] = {}
    live = [pod for pod in pods if not pod.finished]
    for pod in live:
        if not pod.spec.node_name:
            waiting.append(pod)
            continue
        placed = read_bound(pod.metadata.annotations) if members.ours(pod) else None
        if placed is None:
            members.pod_seen(pod, now)
            found.foreign += 1
        else:
            bound.setdefault(placed.group, []).append((placed, pod))
    pending: dict[str, list[Pod]] = {}
    for pod in waiting:
        if members.ours(pod):
            pending.setdefault(identify(pod, members.workloads.get).key, []).append(pod)
    for key, placed_pods in bound.items():
        _resume(scheduler, key, placed_pods, pending.get(key, []), now)
        found.groups += 1
        found.pods += len(placed_pods)
    _take_plans(scheduler, bound, pending, found, now)
    for daemon_set in daemon_sets:
        scheduler.headroom.set_seen(daemon_set, now)
    for pod in waiting:
        members.pod_seen(pod, now)
    for group in members.groups.values():
        if group.planned:  # nothing else may happen that has kube-scheduler try its pods again
            scheduler.nudge(group)
    scheduler.settle(now)
    return found


def _resume(
    scheduler: Scheduler,
    key: str,
    placed_pods: list[tuple[Placed, Pod]],
    waiting: list[Pod],
    now: float,
) -> None:
    """Make a group again of which members are bound: they have their places, by rank."""
    first = placed_pods[0][1]
    group = Group(
        key, first.metadata.namespace, identify(first, scheduler.members.workloads.get), now
    )
    _shape(scheduler, group, [pod for _, pod in placed_pods] + waiting)
    group.make_slots()
    group.state, group.since, group.plan_written = GroupState.RUNNING, now, True
    group.veto = scheduler.mirror.eligibility.new_veto()
    group.deadline = now + scheduler.settings.bind_timeout
    by_rank: dict[int, Slot] = {slot.rank: slot for slot in group.slots}
    for placed, pod in sorted(placed_pods, key=lambda entry: entry[0].rank):
        scheduler.members.pods[pod.metadata.uid] = pod
        request = request_of(pod)
        scheduler.members.requests[pod.metadata.uid] = request
        slot = by_rank.pop(placed.rank, None)
        if slot is None or slot.kind.request != placed.use:
            slot = _own_slot(group, placed, pod)
        slot.pod = pod.metadata.uid
        _place(scheduler, slot, str(pod.spec.node_name), now)
        scheduler.members.adopt(group, pod, slot)


def _shape(scheduler: Scheduler, group: Group, pods: list[Pod]) -> None:
    pods = sorted(pods, key=lambda pod: pod.metadata.name)  # classes are named by their order
    try:
        group.shape = shape_of(group.identity, pods, scheduler.members.workloads.get)
    except InputError:
        group.shape = Shape()


def _own_slot(group: Group, placed: Placed, pod: Pod) -> Slot:
    """Return a place made for a pod alone: the owner's spec is gone, or another by now."""
    identity = identify(pod, lambda ref: None)
    kind = PodClass(identity.role, pod.spec, placed.use, 1)
    slot = Slot(group, placed.rank, kind, identity.job, identity.index)
    if any(each.rank == placed.rank for each in group.slots):
        slot.rank = max(each.rank for each in group.slots) + 1
    group.slots.append(slot)
    return slot


def _place(scheduler: Scheduler, slot: Slot, node: str, now: float) -> None:
    if node in scheduler.mirror.graph.nodes:
        scheduler.bookings.force(slot, node, SlotState.BOUND, now)
    else:  # the node object is gone, the pod not yet
        scheduler.bookings.put(slot, node, SlotState.BOUND)


def _take_plans(
    scheduler: Scheduler,
    bound: Mapping[str, list[tuple[Placed, Pod]]],
    pending: Mapping[str, list[Pod]],
    found: Recovered,
    now: float,
) -> None:
    """Reserve again what plans say, the newest of each group, as far as it is still free."""
    newest: dict[str, Plan] = {}
    for text in _plan_texts(scheduler, bound):
        try:
            plan = read_plan(text)
        except InputError:
            found.dropped += 1
            continue
        known = newest.get(plan.group)
        if known is None or (known.epoch, known.number) < (plan.epoch, plan.number):
            newest[plan.group] = plan
    for key, plan in newest.items():
        kept = _keep(scheduler, plan, pending.get(key, []), now)
        found.plans += kept
        found.dropped += not kept
        scheduler.plans = max(scheduler.plans, plan.number)
    for key, pods in pending.items():
        by_rank = {}
        for pod in pods:
            own = read_pod_plan(pod.metadata.annotation(PLAN) or "")
            if own is not None and own.group == key:
                by_rank[own.rank] = own.node
        group = scheduler.members.groups.get(key)
        if by_rank and group is not None:
            found.plans += _fill(scheduler, group, by_rank, now)


def _plan_texts(
    scheduler: Scheduler, bound: Mapping[str, list[tuple[Placed, Pod]]]
) -> Iterator[str]:
    """Go through the plans on owners, and those that came with a binding."""
    for workload in scheduler.members.workloads.values():
        notes = workload.metadata.annotations or {}
        yield from (text for name, text in notes.items() if name.startswith(PLAN))
    for placed_pods in bound.values():
        notes_of = (pod.metadata.annotation(PLAN) for _, pod in placed_pods)
        yield from (text for text in notes_of if text and read_pod_plan(text) is None)


def _keep(scheduler: Scheduler, plan: Plan, pods: list[Pod], now: float) -> bool:
    """Reserve the unbound places of a planned group; False if the plan is of no use any more."""
    key = plan.group
    group = scheduler.members.groups.get(key)
    if group is None:
        if not pods:
            return False
        identity = identify(pods[0], scheduler.members.workloads.get)
        if identity.key != key:
            return False
        group = Group(key, pods[0].metadata.namespace, identity, now)
        _shape(scheduler, group, pods)
        group.make_slots()
        if group.shape.missing or not group.slots:
            return False
        group.veto = scheduler.mirror.eligibility.new_veto()
        group.state = GroupState.MATCHED
    group.plan, group.plan_written = plan.id, True
    nodes = {role: parse_hostlist(names) for role, names in plan.nodes.items()}
    left = {role: list(names) for role, names in nodes.items()}
    wanted: dict[int, str] = {}
    for slot in group.slots:
        names = left.get(slot.kind.name)
        if names:
            wanted[slot.rank] = names.pop(0)
    complete = _fill(scheduler, group, wanted, now)
    if group.bound() == 0:
        if not complete or len(wanted) < len(group.slots):
            scheduler.bookings.free_all(group)
            return False
        scheduler.members.groups[key] = group
    group.deadline = now + scheduler.settings.bind_timeout
    return complete


def _fill(scheduler: Scheduler, group: Group, nodes: Mapping[int, str], now: float) -> bool:
    """Reserve places that nobody is bound in; False if one of them is not free any more."""
    complete = True
    for slot in group.slots:
        node = nodes.get(slot.rank)
        if slot.state is not SlotState.EMPTY or node is None:
            continue
        free = scheduler.mirror.usable(node) and scheduler.bookings.hold(
            slot, node, SlotState.PLANNED, now
        )
        complete = complete and free
    return complete
