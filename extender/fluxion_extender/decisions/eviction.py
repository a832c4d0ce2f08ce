"""Group preemption: whole groups of lower priority make room for a group that waits.

kube-scheduler's own preemption looks at one pod and one node. Here a group is a victim as a whole
or not at all, and only if the waiting group then fits as a whole (peers-k8s.md 1; off by default).
"""

from collections.abc import Iterable

from fluxion_extender.decisions.domains import Division, Part, divisions
from fluxion_extender.decisions.effects import Evict, Note
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.group import Group, GroupState
from fluxion_extender.groups.shape import PodClass
from fluxion_extender.pods.requests import Amounts, add

MOST = 256
"""Groups that are looked at as victims, those of the lowest priority first."""
GRACE = 60.0
"""Seconds for the victims to go; so long nobody of lower priority is given what they leave."""


def evict_for_waiting(scheduler: Scheduler, now: float) -> None:
    """Evict what keeps the first of the waiting groups from starting, if that lets it start."""
    if scheduler.preempting is not None:
        if now < scheduler.preempting_until and scheduler.preempting.state is GroupState.WAITING:
            return
        scheduler.preempting = None
        scheduler.mirror.graph.changes += 1  # those that were kept back may try again
    group = _first(scheduler)
    if group is None or group.evicted_at == scheduler.mirror.graph.changes:
        return
    group.evicted_at = scheduler.mirror.graph.changes
    victims = find_victims(scheduler, group)
    if not victims:
        return
    scheduler.preempting, scheduler.preempting_until = group, now + GRACE
    for victim in victims:
        _evict(scheduler, victim, group, now)


def find_victims(scheduler: Scheduler, group: Group) -> list[Group]:
    """Return few groups without which a group would fit, found greedily; [] if there are none.

    O(log(groups) x nodes x members) for the search, and as much for each that is then spared.
    """
    wishes = group.shape.wishes
    if wishes.exclusive or wishes.dedicated or wishes.pack or wishes.jobspec:
        return []  # room alone does not decide there
    others = [
        each
        for each in scheduler.members.groups.values()
        if each.planned and each.shape.priority < group.shape.priority
    ]
    others.sort(key=lambda each: (each.shape.priority, -each.since, each.key))
    others = others[:MOST]
    if not others or not _fits(scheduler, group, others):
        return []
    low, high = 0, len(others)  # the first `high` are enough, the first `low` are not
    while high - low > 1:
        middle = (low + high) // 2
        if _fits(scheduler, group, others[:middle]):
            high = middle
        else:
            low = middle
    chosen = others[:high]
    for spared in sorted(chosen, key=lambda each: -each.shape.priority):
        fewer = [each for each in chosen if each is not spared]
        if fewer and _fits(scheduler, group, fewer):
            chosen = fewer
    return chosen


def _first(scheduler: Scheduler) -> Group | None:
    """Return the waiting group of the highest priority that may preempt and is short of room."""
    waiting = [
        each
        for each in scheduler.members.groups.values()
        if each.state is GroupState.WAITING and each.pods and not each.vetoed
    ]
    group = min(waiting, key=lambda each: (-each.shape.priority, each.arrived), default=None)
    if group is None or any(k.spec.preemption_policy == "Never" for k in group.shape.classes):
        return None
    return group


def _evict(scheduler: Scheduler, victim: Group, group: Group, now: float) -> None:
    text = f"makes room for {group.namespace}/{group.name} of priority {group.shape.priority}"
    if not victim.any_bound():
        scheduler.release(victim, now)
        return
    for pod in victim.pods.values():
        meta = pod.metadata
        scheduler.outbox.append(Evict(meta.namespace, meta.name, meta.uid))
        scheduler.outbox.append(Note("Pod", meta.namespace, meta.name, meta.uid, "Preempted", text))


# ---- room ----


def _fits(scheduler: Scheduler, group: Group, without: Iterable[Group]) -> bool:
    """Say whether a group would fit without some others, by placing it pod for pod."""
    for division in divisions(scheduler.mirror, group):
        free = _free(scheduler, without)
        if all(_place_part(scheduler, division, part, free) for part in division.parts):
            return True
    return False


def _free(scheduler: Scheduler, without: Iterable[Group]) -> dict[str, Amounts]:
    """Return what is free on every usable node without some groups."""
    mirror = scheduler.mirror
    found = {}
    for name in filter(mirror.usable, mirror.graph.nodes):
        book = mirror.ledger.book(name)
        found[name] = {resource: book.free(resource) for resource in book.allocatable}
    for group in without:
        for slot in group.live():
            if slot.node in found:
                add(found[slot.node], slot.kind.request)
    return found


def _place_part(
    scheduler: Scheduler, division: Division, part: Part, free: dict[str, Amounts]
) -> bool:
    """Take the room for a part in one vertex of its level; False if none has it."""
    nodes = scheduler.mirror.graph.nodes
    for place in scheduler.matching.places(division):
        inside = [
            name for name in free if (name,) == place or nodes[name].place[: len(place)] == place
        ]
        trial = {name: dict(free[name]) for name in inside}
        if all(_place(scheduler, kind, count, trial) for kind, count in part.pods):
            free.update(trial)
            return True
    return False


def _place(scheduler: Scheduler, kind: PodClass, count: int, free: dict[str, Amounts]) -> bool:
    """Take the room for some pods of a class on the nodes that let them in."""
    admitted = scheduler.mirror.eligibility.admitted(kind.spec)
    for name, left in free.items():
        if count and name in admitted:
            room = min(left.get(r, 0) // number for r, number in kind.request.items())
            here = min(count, room, 1 if kind.one_per_node else count)
            add(left, kind.request, -here)
            count -= here
    return count == 0
