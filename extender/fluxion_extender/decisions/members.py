"""Pods and the groups and places that they belong to."""

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.decisions.headroom import Headroom
from fluxion_extender.decisions.matching import Matching
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.groups.group import Group, GroupState, Slot, SlotState
from fluxion_extender.groups.identity import Ref, identify
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import Workload
from fluxion_extender.pods.requests import Amounts, request_of
from fluxion_py.errors import InputError

BY_NAME = ("annotation", "podgroup")
"""Rules by which a group is what its pods make of it."""

CONFIG_MAP = "ConfigMap"
"""The kind of objects that are read for a group, and not watched."""

MAX_GONE = 50_000
"""UIDs of pods that are gone, kept against events that come late."""


class Members:
    """All pods by UID, groups by key, and which pod has which place."""

    def __init__(
        self, mirror: Mirror, matching: Matching, headroom: Headroom, settings: Settings
    ) -> None:
        self.mirror = mirror
        self.matching = matching
        self.bookings = matching.bookings
        self.headroom = headroom
        self.settings = settings
        self.pods: dict[str, Pod] = {}
        self.requests: dict[str, Amounts] = {}
        self.groups: dict[str, Group] = {}
        self.slots: dict[str, Slot] = {}
        self.workloads: dict[Ref, Workload] = {}
        self.dirty: dict[str, Group] = {}
        self._group_of: dict[str, Group] = {}
        self._gone: dict[str, None] = {}
        self._owners: dict[Ref, set[str]] = {}

    def ours(self, pod: Pod) -> bool:
        """Say whether a pod is to be scheduled by us."""
        return pod.spec.scheduler_name == self.settings.scheduler_name

    def group_of(self, uid: str) -> Group | None:
        """Return the group of a pending or placed pod."""
        return self._group_of.get(uid)

    def is_gone(self, uid: str) -> bool:
        """Say whether a pod has ended or was deleted; news of it that come late change nothing."""
        return uid in self._gone

    # ---- pods come ----

    def pod_seen(self, pod: Pod, now: float) -> None:
        """Take in a pod as it is now; older news than what is known changes nothing."""
        uid = pod.metadata.uid
        if uid in self._gone:
            return
        before = self.pods.get(uid)
        if before is not None and _older(pod, before):
            return
        if pod.finished:
            self._refused_by_kubelet(pod, now)
            self.pod_gone(uid, now)
            return
        try:
            request = request_of(pod)
        except InputError:
            return  # the API server lets no bad quantity through
        self.pods[uid], self.requests[uid] = pod, request
        if pod.spec.node_name:
            self._bound(pod, pod.spec.node_name, request, now)
        elif self.ours(pod) and uid not in self.slots:
            self._pending(pod, request, now)

    def _bound(self, pod: Pod, node: str, request: Amounts, now: float) -> None:
        """Note that a pod is on a node: in its place, or as a stranger's."""
        uid = pod.metadata.uid
        slot = self.slots.get(uid)
        if slot is not None and slot.node == node:
            if slot.state is not SlotState.BOUND:
                slot.state = SlotState.BOUND
                slot.group.state = GroupState.RUNNING
                slot.group.failures = 0
            self._resized(slot, uid, node, request)
            return
        if slot is not None:  # somebody else has bound it elsewhere
            self._leave_slot(slot, now)
        group = self._group_of.get(uid)
        if group is not None:
            self._leave_group(group, uid, now)
        self.headroom.pod_bound(pod, node)
        self.mirror.charge(uid, node, request, ours=False)

    def _resized(self, slot: Slot, uid: str, node: str, request: Amounts) -> None:
        """Count what a running pod of ours got beyond its place by an in-place resize."""
        more = {
            r: n - slot.kind.request.get(r, 0)
            for r, n in request.items()
            if n > slot.kind.request.get(r, 0)
        }
        if more:
            self.mirror.charge(f"{uid}+", node, more, ours=False)
        else:
            self.mirror.discharge(f"{uid}+")

    def _pending(self, pod: Pod, request: Amounts, now: float) -> None:
        uid = pod.metadata.uid
        group = self._group_of.get(uid)
        if group is None:
            identity = identify(pod, self.workloads.get)
            group = self.groups.get(identity.key)
            if group is None:
                group = Group(identity.key, pod.metadata.namespace, identity, now)
        self._join(group, pod)
        if group.planned:
            self.seat(group, pod, now)
        elif group.state is not GroupState.WAITING or group.identity.how in BY_NAME:
            self.touch(group)  # else its owner has said all that there is to know

    def adopt(self, group: Group, pod: Pod, slot: Slot) -> None:
        """Take in a pod that is bound in a place already: after a restart."""
        self._join(group, pod)
        self.slots[pod.metadata.uid] = slot

    def _join(self, group: Group, pod: Pod) -> None:
        uid = pod.metadata.uid
        group.pods[uid] = pod
        if self._group_of.get(uid) is group:
            return
        self.groups[group.key] = group
        self._group_of[uid] = group
        for ref in self._refs(pod, group):
            self._owners.setdefault(ref, set()).add(group.key)

    def _refs(self, pod: Pod, group: Group) -> list[Ref]:
        refs = [group.identity.owner] if group.identity.owner else []
        controller = pod.metadata.controller
        if controller is not None:
            refs.append(Ref(controller.kind, pod.metadata.namespace, controller.name))
        return refs

    def seat(self, group: Group, pod: Pod, now: float) -> Slot | None:
        """Give a pod a place of its planned group; a new one where there is none for it."""
        uid = pod.metadata.uid
        identity = identify(pod, self.workloads.get)
        slot = group.place_for(identity, self.requests[uid])
        if slot is None:
            kind = next(
                (k for k in group.shape.classes if k.request == self.requests[uid]),
                group.shape.classes[0],
            )
            if kind.request != self.requests[uid]:
                return None
            slot = Slot(group, len(group.slots), kind, identity.job, identity.index)
            group.slots.append(slot)
        if slot.state in (SlotState.LOST, SlotState.EMPTY):
            same = slot.node and self.mirror.usable(slot.node)
            if not (
                same and self.bookings.hold(slot, slot.node, SlotState.PLANNED, now)
            ) and not self.matching.grow(slot, now):
                return None
        slot.pod = uid
        self.slots[uid] = slot
        group.deadline = now + self.settings.bind_timeout
        return slot

    def follow(self, group: Group, ref: Ref) -> None:
        """Have a group looked at again when an object comes or changes."""
        self._owners.setdefault(ref, set()).add(group.key)

    def touch(self, group: Group) -> None:
        """Have a group looked at again."""
        group.dirty = True
        self.dirty[group.key] = group

    # ---- pods go ----

    def pod_gone(self, uid: str, now: float) -> None:
        """Give back exactly what a pod had: it is deleted, or has ended."""
        pod = self.pods.pop(uid, None)
        self.requests.pop(uid, None)
        self._gone[uid] = None
        while len(self._gone) > MAX_GONE:
            del self._gone[next(iter(self._gone))]
        self.mirror.discharge(uid)
        self.mirror.discharge(f"{uid}+")
        self.headroom.pod_gone(uid, now)
        slot = self.slots.get(uid)
        group = self._group_of.get(uid)
        if slot is not None:
            done = pod is not None and slot.state is SlotState.BOUND
            self._leave_slot(slot, now, keep=not done and slot.group.gang)
        if group is not None:
            self._leave_group(group, uid, now)

    def _leave_slot(self, slot: Slot, now: float, *, keep: bool = False) -> None:
        """Take a pod from its place; `keep` the place for a new pod until its time is over."""
        self.slots.pop(slot.pod, None)
        slot.pod = ""
        if not keep:
            self.bookings.free(slot, now)

    def _leave_group(self, group: Group, uid: str, now: float) -> None:
        group.pods.pop(uid, None)
        group.refused.discard(uid)
        del self._group_of[uid]
        if not group.pods and not any(slot.pod for slot in group.slots):
            comes_again = group.identity.owner is None or group.identity.owner in self.workloads
            if group.planned and group.gang and comes_again and any(True for _ in group.live()):
                group.deadline = min(group.deadline, now + self.settings.bind_timeout)
                return
            self.drop(group, now)
        elif not group.planned:
            self.touch(group)

    def drop(self, group: Group, now: float) -> None:
        """Forget a group with everything that it holds."""
        self.bookings.free_all(group)
        self.matching.placer.withdraw(group.key, now)
        if group.vetoed:
            self.mirror.eligibility.mark(group.vetoed, group.veto, False)
        self.groups.pop(group.key, None)
        self.dirty.pop(group.key, None)
        for uid in list(group.pods):
            self._group_of.pop(uid, None)
            self.slots.pop(uid, None)
        for ref, keys in list(self._owners.items()):
            keys.discard(group.key)
            if not keys and ref.kind == CONFIG_MAP:  # the next one has it read as it is then
                self.workloads.pop(ref, None)
                del self._owners[ref]

    def _refused_by_kubelet(self, pod: Pod, now: float) -> None:
        """Distrust a node whose kubelet found no room for a pod that we thought would fit."""
        reason = pod.status.reason or ""
        known = pod.metadata.uid in self.pods and pod.spec.node_name
        if known and (reason.startswith("OutOf") or reason == "NodeAffinity"):
            self.mirror.suspect(known, now + self.settings.suspicion)

    # ---- owners ----

    def workload_seen(self, ref: Ref, workload: Workload, now: float) -> None:
        """Take in an owner as it is now; groups that wait for it are looked at again."""
        if self.workloads.get(ref) == workload:
            return
        self.workloads[ref] = workload
        for key in list(self._owners.get(ref, ())):
            group = self.groups.get(key)
            if group is None:
                continue
            if group.planned:
                self.touch(group)
            else:
                self._regroup(group, now)

    def workload_gone(self, ref: Ref, now: float) -> None:
        """Forget an owner; the places that none of its pods has are given back."""
        self.workloads.pop(ref, None)
        for key in list(self._owners.pop(ref, ())):
            group = self.groups.get(key)
            if group is None or not group.planned or group.identity.owner != ref:
                continue
            for slot in list(group.live()):
                if not slot.pod:
                    self.bookings.free(slot, now)
            if not group.pods:
                self.drop(group, now)

    def _regroup(self, group: Group, now: float) -> None:
        """Identify the pods of a waiting group again: an owner says more than was known."""
        pods = list(group.pods.values())
        if all(identify(pod, self.workloads.get).key == group.key for pod in pods):
            self.touch(group)
            return
        self.drop(group, now)
        for pod in pods:
            self._pending(pod, self.requests[pod.metadata.uid], now)


def _older(pod: Pod, known: Pod) -> bool:
    """Say whether a pod is an older state than the known one: versions are numbers in etcd."""
    new, old = pod.metadata.resource_version, known.metadata.resource_version
    if known.spec.node_name and not pod.spec.node_name:
        return True
    return new.isdecimal() and old.isdecimal() and int(new) < int(old)
