"""Which preemption we let pass: never half a gang, never for a gang that waits."""

from collections.abc import Collection, Mapping

from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.objects.pod import Pod


def allowed_nodes(
    scheduler: Scheduler, pod: Pod, victims: Mapping[str, Collection[str]]
) -> list[str]:
    """Return the nodes on which the victims, pods by UID, may be evicted for a pod.

    A pod of ours only preempts on the node that is planned for it: kube-scheduler looks at one pod
    and one node, and would evict pods for a gang that cannot start (extender-api.md 8).
    """
    members = scheduler.members
    nodes = [node for node, uids in victims.items() if _whole(scheduler, uids)]
    if not members.ours(pod):
        return nodes
    slot = members.slots.get(pod.metadata.uid)
    return [node for node in nodes if slot is not None and slot.node == node]


def _whole(scheduler: Scheduler, uids: Collection[str]) -> bool:
    """Say whether victims of a gang are all of it."""
    chosen = set(uids)
    for uid in chosen:
        slot = scheduler.members.slots.get(uid)
        if slot is None or not slot.group.gang:
            continue
        if any(each.pod and each.pod not in chosen for each in slot.group.slots):
            return False
    return True
