"""Room kept on nodes for the pods of DaemonSets that are not there yet (fluence-design.md B.8)."""

from fluxion_extender.cluster.mirror import Mirror
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod, Toleration
from fluxion_extender.objects.workloads import DaemonSet
from fluxion_extender.pods.predicates import admits
from fluxion_extender.pods.requests import effective_request
from fluxion_py.errors import InputError

PATIENCE = 600.0
"""Seconds after which a pod that did not come is waited for no longer."""

_NODE = "node.kubernetes.io/"
TOLERATED = tuple(
    Toleration(f"{_NODE}{key}", "Exists", None, effect)
    for key, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
        ("network-unavailable", "NoSchedule"),
    )
)
"""What the DaemonSet controller adds to the tolerations of its pods."""


class Headroom:
    """What is kept for every DaemonSet and node. Times are seconds of the caller's clock."""

    def __init__(self, mirror: Mirror) -> None:
        self.sets: dict[str, DaemonSet] = {}
        self._mirror = mirror
        self._there: dict[tuple[str, str], set[str]] = {}
        self._where: dict[str, tuple[str, str]] = {}
        self._until: dict[tuple[str, str], float] = {}

    def set_seen(self, found: DaemonSet, now: float) -> None:
        """Take in a DaemonSet: its pods will come to every node that lets them in."""
        uid = found.metadata.uid
        before = self.sets.get(uid)
        if before is not None and before.spec == found.spec:
            return
        self.sets[uid] = found
        for node in list(self._mirror.nodes.values()):
            self._keep(found, node, now)

    def set_gone(self, uid: str) -> None:
        """Keep nothing for a DaemonSet that was deleted."""
        self.sets.pop(uid, None)
        for key in [key for key in self._until if key[0] == uid]:
            self._release(key)

    def node_seen(self, node: Node, now: float) -> None:
        """Keep room on a node that came, or that lets other pods in now."""
        for each in self.sets.values():
            self._keep(each, node, now)

    def node_gone(self, name: str) -> None:
        """Keep nothing on a node that was deleted."""
        for key in [key for key in self._until if key[1] == name]:
            self._release(key)

    def pod_bound(self, pod: Pod, node: str) -> None:
        """Let a pod that has come have what was kept for it."""
        owner = pod.metadata.controller
        if owner is None or owner.kind != "DaemonSet":
            return
        key = (owner.uid, node)
        self._where[pod.metadata.uid] = key
        self._there.setdefault(key, set()).add(pod.metadata.uid)
        self._release(key)

    def pod_gone(self, uid: str, now: float) -> None:
        """Keep room for the successor of a pod that went: a DaemonSet makes it anew."""
        key = self._where.pop(uid, None)
        if key is None:
            return
        self._there[key].discard(uid)
        if not self._there[key]:
            del self._there[key]
        found, node = self.sets.get(key[0]), self._mirror.nodes.get(key[1])
        if found is not None and node is not None:
            self._keep(found, node, now)

    def tick(self, now: float) -> None:
        """Wait no longer for pods that do not come."""
        for key in [key for key, until in self._until.items() if until <= now]:
            self._mirror.discharge(_charge(key))
            self._until[key] = float("inf")  # known, and not waited for again
        # What was given up is forgotten with the node or the DaemonSet.

    def _keep(self, found: DaemonSet, node: Node, now: float) -> None:
        key = (found.metadata.uid, node.metadata.name)
        if key in self._there:
            return
        spec = found.spec.template.spec
        tolerations = [*(spec.tolerations or ()), *TOLERATED]
        if not admits(node, spec, tolerations):
            self._release(key)
            return
        try:
            request = effective_request(spec)
        except InputError:
            return  # the API server lets no bad quantity through
        if self._until.setdefault(key, now + PATIENCE) > now and self._until[key] != float("inf"):
            self._mirror.charge(_charge(key), node.metadata.name, request, ours=False)

    def _release(self, key: tuple[str, str]) -> None:
        if self._until.pop(key, None) is not None:
            self._mirror.discharge(_charge(key))


def _charge(key: tuple[str, str]) -> str:
    return f"daemon:{key[0]}@{key[1]}"


def is_headroom(charge: str) -> bool:
    """Say whether a charge of the ledger is room that is kept, not a pod."""
    return charge.startswith("daemon:")
