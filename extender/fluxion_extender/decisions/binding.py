"""Bindings: those that kube-scheduler asks for, and those of siblings that come with them."""

from fluxion_extender.decisions.effects import Bind
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.group import GroupState, Slot, SlotState
from fluxion_extender.objects.pod import Pod
from fluxion_extender.persistence.annotations import PLAN, bound_annotations

PATIENCE = 1.0
"""Seconds that the answer for a member may wait for the bindings of its siblings."""


def order_binding(
    scheduler: Scheduler, namespace: str, name: str, uid: str, node: str, now: float
) -> Bind | str | None:
    """Return the binding to write, or why there is none; None if it is written already."""
    members = scheduler.members
    pod = members.pods.get(uid)
    if pod is not None and not members.ours(pod):
        return Bind(namespace, name, uid, node, {})
    if pod is None:
        return f"pod {namespace}/{name} is not known"
    slot = members.slots.get(uid)
    if slot is None:
        return f"pod {namespace}/{name} is not planned"
    if slot.node != node:
        return f"pod {namespace}/{name} is planned for {slot.node}, not for {node}"
    if slot.state is SlotState.BOUND:
        return None
    trouble = _trouble(scheduler, slot)
    if trouble:
        scheduler.lose(slot, now)
        return trouble
    return _binding(scheduler, pod, slot)


def bound(scheduler: Scheduler, uid: str, node: str, now: float) -> list[Bind]:
    """Note a binding that the API server has taken; return those of siblings to write now."""
    slot = scheduler.members.slots.get(uid)
    if slot is None or slot.node != node:
        return []
    group = slot.group
    first = not group.any_bound()
    slot.state = SlotState.BOUND
    group.state = GroupState.RUNNING
    group.plan_written = group.plan_written or bool(group.plan_text)
    group.deadline = now + scheduler.settings.bind_timeout
    if not (first and scheduler.binds_siblings(group)):
        return []
    found = []
    for each in group.slots:
        pod = group.pods.get(each.pod)
        if each.state is not SlotState.PLANNED or pod is None or pod.spec.scheduling_gates:
            continue
        if _trouble(scheduler, each):  # kube-scheduler does not look at what we bind
            scheduler.lose(each, now)
            continue
        found.append(_binding(scheduler, pod, each))
    return found


def _trouble(scheduler: Scheduler, slot: Slot) -> str:
    """Return why a planned pod cannot go to its node any more."""
    if not scheduler.mirror.usable(slot.node):
        return f"node {slot.node} takes no pods now"
    if scheduler.mirror.ledger.book(slot.node).overfull(slot.kind.request):
        return f"somebody else has filled node {slot.node}"
    return ""


def about_to_be_bound(scheduler: Scheduler, uid: str, now: float) -> bool:
    """Say whether we shall bind a pod in a moment: a sibling was told its node, or is bound.

    kube-scheduler, kept waiting for so long, finds it and the others bound and need not try them.
    """
    slot = scheduler.members.slots.get(uid)
    if slot is None or slot.group.told in ("", uid) or now - slot.group.told_at >= PATIENCE:
        return False
    group = slot.group
    waiting = any(each.state is SlotState.PLANNED and each.pod for each in group.slots)
    return waiting and scheduler.binds_siblings(group)


def failed(scheduler: Scheduler, uid: str) -> None:
    """Note that a binding has failed: nobody waits for what would come after it."""
    slot = scheduler.members.slots.get(uid)
    if slot is not None:
        slot.group.told = ""


def _binding(scheduler: Scheduler, pod: Pod, slot: Slot) -> Bind:
    meta, group = pod.metadata, slot.group
    request = slot.kind.request
    notes = bound_annotations(group.key, slot.rank, slot.node, request, scheduler.epoch)
    if group.plan_text and not group.plan_written:
        notes[PLAN] = group.plan_text
    return Bind(meta.namespace, meta.name, meta.uid, slot.node, notes)
