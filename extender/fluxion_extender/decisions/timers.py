"""What ends because time passes: plans that nobody uses, vetoes, suspicions (B.5)."""

from fluxion_extender.decisions.effects import Evict
from fluxion_extender.decisions.eviction import evict_for_waiting
from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.group import Group, SlotState

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 300.0


def tick(scheduler: Scheduler, now: float) -> None:
    """Let what is over be over; to be called about once a second."""
    scheduler.mirror.trust(now)
    scheduler.headroom.tick(now)
    for group in list(scheduler.members.groups.values()):
        if not group.planned:
            _wait(scheduler, group, now)
        if group.vetoed:
            _forget_vetoes(scheduler, group, now)
        if group.planned and now >= group.deadline:
            _expire(scheduler, group, now)
    if scheduler.settings.preemption:
        evict_for_waiting(scheduler, now)
    scheduler.settle(now)


def _wait(scheduler: Scheduler, group: Group, now: float) -> None:
    """Give a group up that has waited for too long; read again what it wants."""
    longest = group.shape.wishes.start_timeout
    if longest and not group.given_up and group.pods and now - group.arrived >= longest:
        scheduler.waiting.give_up(group, now)
    elif group.shape.wants is not None and group.read_again <= now:
        scheduler.members.touch(group)


def _forget_vetoes(scheduler: Scheduler, group: Group, now: float) -> None:
    over = [name for name, until in group.vetoed.items() if until <= now]
    if not over:
        return
    scheduler.mirror.eligibility.mark(over, group.veto, False)
    for name in over:
        del group.vetoed[name]
    scheduler.mirror.graph.changes += 1


def _expire(scheduler: Scheduler, group: Group, now: float) -> None:
    """End the wait for members that do not come, or are not bound."""
    unbound = [slot for slot in group.slots if slot.state is SlotState.PLANNED]
    group.deadline = float("inf")
    if not unbound:
        return
    if not group.any_bound():
        pause = min(FIRST_PAUSE * 2**group.failures, LONGEST_PAUSE)
        group.failures += 1
        group.not_before = now + pause
        scheduler.release(group, now)
        return
    if group.shape.wishes.on_timeout == "evict":
        for slot in group.slots:
            pod = group.pods.get(slot.pod)
            if pod is not None and slot.state is SlotState.BOUND:
                meta = pod.metadata
                scheduler.outbox.append(Evict(meta.namespace, meta.name, meta.uid))
    for slot in unbound:
        if not slot.pod:  # a pod that comes later finds a place anew
            scheduler.bookings.free(slot, now)
        else:
            group.deadline = now + scheduler.settings.bind_timeout
    scheduler.nudge(group)
