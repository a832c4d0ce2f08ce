"""The decisions: what kube-scheduler is answered, and what has to be written."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fluxion_extender.cluster.levels import HOSTNAME
from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.decisions.bookings import Bookings
from fluxion_extender.decisions.effects import Effect, PatchPod, Ungate
from fluxion_extender.decisions.headroom import Headroom
from fluxion_extender.decisions.matching import Matching
from fluxion_extender.decisions.members import Members
from fluxion_extender.decisions.plans import plan_effects
from fluxion_extender.decisions.settings import GATE, Settings
from fluxion_extender.decisions.waiting import Waiting
from fluxion_extender.groups.group import Group, GroupState, Slot, SlotState
from fluxion_extender.groups.shape import Shape
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.persistence.annotations import NUDGE
from fluxion_extender.placing.placer import Placer
from fluxion_extender.pods.predicates import only_needs_room
from fluxion_extender.pods.requests import request_of
from fluxion_py.errors import InputError

MAX_VETOES = 3
"""How often one call may match a group anew because kube-scheduler refuses the chosen node."""


@dataclass(slots=True)
class Verdict:
    """The answer of filter: these nodes, or none for a reason.

    `effects` must be carried out before the answer leaves; then `planned` is told.
    """

    nodes: Sequence[str] = ()
    reason: str = ""
    effects: list[Effect] = field(default_factory=list)
    group: Group | None = None


class Scheduler:
    """The state of the service. Feed it what is watched; ask it the verbs; carry out `outbox`.

    One thread at a time. Times are seconds of the caller's clock.
    """

    def __init__(
        self, settings: Settings | None = None, new_id: Callable[[], str] | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.mirror = Mirror(self.settings.levels, self.settings.match_policy)
        self.placer = Placer(
            self.mirror.graph, self.settings.queue_policy, self.settings.default_duration
        )
        self.bookings = Bookings(self.mirror, self.placer)
        self.matching = Matching(self.mirror, self.placer, self.bookings)
        self.headroom = Headroom(self.mirror)
        self.members = Members(self.mirror, self.matching, self.headroom, self.settings)
        self.outbox: list[Effect] = []
        self.waiting = Waiting(
            self.mirror,
            self.placer,
            self.matching,
            self.members,
            self.settings,
            lambda effect: self.outbox.append(effect),
        )
        self.preempting: Group | None = None
        self.preempting_until = 0.0
        self.epoch = 0
        self.plans = 0
        self._new_id = new_id or (lambda: uuid.uuid4().hex[:12])

    # ---- what is watched ----

    def node_seen(self, node: Node, now: float) -> None:
        """Take in a node."""
        name = node.metadata.name
        if self.mirror.nodes.get(name) == node:
            return
        came = [name] if name not in self.mirror.graph.nodes else []
        moved = self.mirror.node_seen(node)
        for each in moved:
            self.bookings.rebook_node(each, now)
        for each in dict.fromkeys(came + moved):
            self.bookings.node_came(each)
        self.headroom.node_seen(node, now)

    def node_gone(self, name: str, now: float) -> None:
        """Note that a node was deleted: nobody who is not bound can go there any more."""
        self.headroom.node_gone(name)
        self.mirror.node_gone(name)
        self._unplan_node(name, now)

    def _unplan_node(self, name: str, now: float) -> None:
        """Have groups that were to go to a node matched again, if none of theirs is bound."""
        for slot in list(self.bookings.on_node.get(name, ())):
            if slot.state is SlotState.PLANNED:
                self.lose(slot, now)

    # ---- matching ----

    def settle(self, now: float) -> None:
        """Look at all groups of which something is new, and start those that can.

        To be called after every batch of news, and at `due`.
        """
        for group in list(self.members.dirty.values()):
            if group.not_before <= now:
                self._refresh(group, now)
        self.cycle(now)

    def cycle(self, now: float) -> None:
        """Start what the queue lets go now; what cannot be placed steps aside for the next."""
        again = True
        while again:
            again = False
            for key, answer in self.placer.cycle(now):
                group = self.members.groups[key]
                if self._kept_back(group):
                    self.placer.step_aside(key, now)
                    again = True
                elif self.matching.give(group, answer, now):
                    self._matched(group, now)
                else:
                    again = True

    def _kept_back(self, group: Group) -> bool:
        """Say whether what is free now was made so for a group of higher priority."""
        first = self.preempting
        return first is not None and group.shape.priority < first.shape.priority

    def due(self, now: float) -> float | None:
        """Return when something will be to do that no news brings."""
        times = [self.placer.due()]
        times += [g.not_before for g in self.members.dirty.values() if g.not_before > now]
        return min((time for time in times if time is not None), default=None)

    def _refresh(self, group: Group, now: float) -> None:
        shape = self.waiting.refresh(group, now)
        if shape is not None:
            self._reshape(group, shape, now)

    def _reshape(self, group: Group, shape: Shape, now: float) -> None:
        """Follow an owner that was suspended, or wants another number of pods, after the match.

        What is not bound is matched anew. Of a group that runs the places that nobody needs any
        more are given back; more pods find their places when they come.
        """
        if shape.missing or (shape.suspended, shape.counts) == (False, group.shape.counts):
            return
        if not group.any_bound():
            self.release(group, now)
            return
        wanted = {} if shape.suspended else shape.counts
        for slot in list(group.live()):
            beyond = slot.job * slot.kind.count + slot.number >= wanted.get(slot.kind.name, 0)
            if slot.state is SlotState.PLANNED and not slot.pod and beyond:
                self.bookings.free(slot, now)

    def _matched(self, group: Group, now: float) -> None:
        """Seat the pods of a group that has just got its nodes, and wake those that wait."""
        group.plan = self._new_id()
        group.plan_changes()
        group.since = now
        group.reason, group.reason_state = "", None
        group.deadline = now + max(self.settings.bind_timeout, self.settings.assemble_timeout)
        for pod in sorted(group.pods.values(), key=lambda pod: pod.metadata.name):
            slot = self.members.seat(group, pod, now)
            if slot is not None and pod.spec.scheduling_gates:
                self._ungate(group, pod, slot)
        group.deadline = now + max(self.settings.bind_timeout, self.settings.assemble_timeout)
        self.nudge(group)

    def _ungate(self, group: Group, pod: Pod, slot: Slot) -> None:
        gates = tuple(gate.name for gate in pod.spec.scheduling_gates or ())
        node = self.mirror.nodes[slot.node]
        hostname = node.metadata.label(HOSTNAME)
        if GATE in gates and hostname:
            slot.asked = True
            meta = pod.metadata
            self.outbox.append(
                Ungate(meta.namespace, meta.name, meta.uid, gates, hostname, {NUDGE: group.plan})
            )

    def nudge(self, group: Group) -> None:
        """Wake members that were refused; one is enough if we bind its siblings ourselves after it.

        A pod that was refused before a restart says so in its status.
        """
        one_will_do = self.binds_siblings(group) and not group.any_bound()
        for uid in sorted(group.pods):
            pod, slot = self.members.pods.get(uid), self.members.slots.get(uid)
            if pod is None or (slot is not None and slot.state is SlotState.BOUND):
                continue
            if uid in group.refused or pod.refused:
                # An annotation that is there already would wake nobody.
                note = {NUDGE: self._new_id()}
                meta = pod.metadata
                self.outbox.append(PatchPod(meta.namespace, meta.name, meta.uid, note))
                if one_will_do:
                    break
        group.refused.clear()

    def binds_siblings(self, group: Group) -> bool:
        """Say whether we bind all members once one is bound: nothing but room decides there."""
        alike = all(only_needs_room(kind.spec) for kind in group.shape.classes)
        return self.settings.bind_siblings and alike

    # ---- the verbs ----

    def filter(self, pod: Pod, names: Sequence[str], now: float) -> Verdict:
        """Answer to which of some nodes a pod may go: the planned one, or none.

        For a pod of another scheduler: those where it fits beside what is planned for ours.
        """
        if not self.members.ours(pod):
            try:
                request = request_of(pod)
            except InputError as error:
                return Verdict(reason=str(error))
            fitting = self.mirror.ledger.fitting(names, request)
            return Verdict(fitting, "" if fitting else "no room beside what is planned for others")
        uid = pod.metadata.uid
        if uid not in self.members.pods:
            self.members.pod_seen(pod, now)
        for _ in range(MAX_VETOES):
            slot = self.members.slots.get(uid) or self._find_slot(uid, now)
            if slot is None:
                break
            probe = len(names) == 1 and names[0] == pod.status.nominated_node_name
            pinned = HOSTNAME in (pod.spec.node_selector or {})
            refused = self._refused_places(slot, names, alone=probe or pinned)
            if not refused:
                slot.asked = True
                slot.group.deadline = max(slot.group.deadline, now + self.settings.bind_timeout)
                return self._accept(slot, now)
            if slot.state is SlotState.BOUND:  # kube-scheduler has not heard of it yet
                return Verdict(reason="is bound already")
            if probe or not names:
                return self._refusal(uid, "is planned for another node")
            self._veto(slot, refused, set(names), now)
        return self._refusal(uid, "")

    def _refused_places(self, slot: Slot, names: Sequence[str], *, alone: bool) -> list[Slot]:
        """Return the places whose nodes kube-scheduler's own filters refuse: this one, and others.

        What they say of a pod they would say of its siblings of the same spec: as long as none is
        bound the whole gang can go elsewhere. Places that kube-scheduler was given already are full
        for it, and are not looked at; nor is any if only one node is asked for (`alone`).
        """
        found = [] if slot.node in names else [slot]
        group = slot.group
        if alone or len(group.slots) == 1 or group.any_bound():
            return found
        offered = set(names)
        for each in group.slots:
            like = each is not slot and each.kind is slot.kind and not each.asked
            if like and each.state is SlotState.PLANNED and each.node not in offered:
                found.append(each)
        return found

    def _find_slot(self, uid: str, now: float) -> Slot | None:
        """Try to get a place for a pod that has none."""
        group = self.members.group_of(uid)
        if group is None:
            return None
        if group.planned:
            return self.members.seat(group, group.pods[uid], now)
        if group.not_before > now:
            return None
        if group.dirty:
            self._refresh(group, now)
        if group.refused_at != self.mirror.graph.changes or not group.reason:
            self.cycle(now)
            if not group.planned:
                self.waiting.explain(group, now)
        return self.members.slots.get(uid)

    def _accept(self, slot: Slot, now: float) -> Verdict:
        group = slot.group
        if not group.told:
            group.told, group.told_at = slot.pod, now
        if group.plan_written or group.plan_text or not group.gang:
            return Verdict([slot.node])
        self.plans += 1
        effects = plan_effects(group, self.members.workloads.get, self.epoch, self.plans)
        return Verdict([slot.node], effects=effects, group=group if effects else None)

    def planned(self, group: Group) -> None:
        """Note that the plan of a group is written."""
        group.plan_written = True

    def _refusal(self, uid: str, text: str) -> Verdict:
        group = self.members.group_of(uid)
        if group is None:
            return Verdict(reason=text or "is not known yet")
        group.refused.add(uid)
        return Verdict(reason=text or group.reason or "waits for room")

    def _veto(self, slot: Slot, places: Sequence[Slot], offered: set[str], now: float) -> None:
        """Match again without the nodes that kube-scheduler's own filters refuse (B.4)."""
        group, kind = slot.group, slot.kind
        until = now + self.settings.veto_ttl
        open_to = self.mirror.eligibility.admitted(kind.spec)
        refused = {name for name in open_to - offered if self._has_room(name, slot)}
        refused.update(each.node for each in places)
        for name in refused - group.vetoed.keys():
            self.mirror.eligibility.mark([name], group.veto, True)
        group.vetoed.update(dict.fromkeys(refused, until))
        self.lose(slot, now)

    def _has_room(self, name: str, slot: Slot) -> bool:
        return self.mirror.ledger.book(name).fits(slot.kind.request)

    def lose(self, slot: Slot, now: float) -> None:
        """Take a planned place away: the whole group is matched again, or one place found anew."""
        group = slot.group
        if not group.any_bound():
            self.release(group, now)
            return
        pod = group.pods.get(slot.pod)
        self.members.slots.pop(slot.pod, None)
        slot.pod = ""
        self.bookings.free(slot, now)
        slot.node, slot.asked = "", False
        group.plan_changes()
        if pod is not None:
            self.members.seat(group, pod, now)
            group.refused.add(pod.metadata.uid)
            self.nudge(group)

    def release(self, group: Group, now: float) -> None:
        """Take back the plan of a group of which nothing is bound, and let it wait again."""
        for slot in group.slots:
            self.members.slots.pop(slot.pod, None)
        self.bookings.free_all(group)
        group.slots = []
        group.state = GroupState.WAITING
        group.shape = type(group.shape)()
        group.plan_changes()
        if group.pods:
            self.members.touch(group)
        else:
            self.members.drop(group, now)
