"""What people are shown: groups, nodes, and why a pod waits."""

from typing import Any

from fluxion_extender.decisions.reasons import shortage
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.group import Group, SlotState
from fluxion_py.errors import InputError
from fluxion_py.hostlist import short_hostlist


def status(scheduler: Scheduler, now: float) -> dict[str, Any]:
    """Return all groups with what became of them, and sums over the nodes."""
    groups = sorted(scheduler.members.groups.values(), key=lambda g: (g.namespace, g.name, g.key))
    usable = sum(map(scheduler.mirror.usable, scheduler.mirror.nodes))
    return {
        "nodes": {"known": len(scheduler.mirror.nodes), "usable": usable},
        "foreignPods": sum(
            uid not in scheduler.members.slots and bool(pod.spec.node_name)
            for uid, pod in scheduler.members.pods.items()
        ),
        "groups": [group_view(scheduler, group, now) for group in groups],
    }


def group_view(scheduler: Scheduler, group: Group, now: float) -> dict[str, Any]:
    """Return one group."""
    nodes = [slot.node for slot in group.live()]
    start = scheduler.placer.promise(group.key)
    return {
        "key": group.key,
        "kind": group.identity.how,
        "name": group.name,
        "namespace": group.namespace,
        "state": group.state.value,
        "size": len(group.slots) or group.shape.size,
        "pods": len(group.pods),
        "placed": len(nodes),
        "bound": group.bound(),
        "since": max(0, int(now - (group.since or group.arrived))),
        "where": short_hostlist(dict.fromkeys(nodes)) if nodes else "",
        "reason": group.reason,
        "earliest": None if start is None else max(0, int(start - now)),
    }


def explain(scheduler: Scheduler, namespace: str, name: str, now: float) -> dict[str, Any]:
    """Return all about one pod: its group, its node, what is short. Raises `InputError`."""
    pod = next((p for p in scheduler.members.pods.values() if p.key == f"{namespace}/{name}"), None)
    if pod is None:
        raise InputError(f"there is no pod {namespace}/{name}, or it has ended")
    uid = pod.metadata.uid
    request = scheduler.members.requests[uid]
    found: dict[str, Any] = {
        "pod": pod.key,
        "uid": uid,
        "request": request,
        "node": pod.spec.node_name,
        "scheduler": pod.spec.scheduler_name,
    }
    group = scheduler.members.group_of(uid)
    if group is None:
        found["verdict"] = "bound" if pod.spec.node_name else "not ours"
        return found
    slot = scheduler.members.slots.get(uid)
    found["group"] = group_view(scheduler, group, now)
    if slot is not None:
        found["node"], found["rank"] = slot.node, slot.rank
        found["verdict"] = "bound" if slot.state is SlotState.BOUND else "planned"
        return found
    found["verdict"] = "waits"
    found["shortage"] = shortage(scheduler.mirror, group)
    found["never"] = shortage(scheduler.mirror, group, free=False)
    found["ahead"] = scheduler.placer.ahead(group.key)
    found["vetoed"] = sorted(group.vetoed)
    return found
