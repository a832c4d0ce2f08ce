"""Nodes, pods and owners as structs, for tests without an API server."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fluxion_extender.decisions.audit import check_books
from fluxion_extender.decisions.binding import bound, order_binding
from fluxion_extender.decisions.scheduler import Scheduler, Verdict
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.groups.identity import INDEX, Ref
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import Job, Workload

GROUP = "fluence.flux-framework.org/"


def make_node(
    name: str,
    cpu: str = "8",
    memory: str = "32Gi",
    pods: str = "110",
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    ready: bool = True,
    unschedulable: bool = False,
    **extended: str,
) -> Node:
    """Return a node."""
    amounts = {"cpu": cpu, "memory": memory, "pods": pods}
    amounts |= {key.replace("__", "/").replace("_", "."): text for key, text in extended.items()}
    document = {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": list(taints), "unschedulable": unschedulable},
        "status": {
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }
    return msgspec.convert(document, Node)


def make_pod(
    name: str,
    cpu: str = "1",
    memory: str = "1Gi",
    scheduler: str = "fluence",
    node: str | None = None,
    phase: str = "Pending",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owner: tuple[str, str, str] | None = None,
    version: int = 1,
    **spec: Any,  # noqa: ANN401 - members of a pod's spec
) -> Pod:
    """Return a pod; `owner` is the kind, name and UID of its controller."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "labels": labels or {},
        "annotations": annotations or {},
    }
    if owner is not None:
        kind, owner_name, uid = owner
        metadata["ownerReferences"] = [
            {"kind": kind, "name": owner_name, "uid": uid, "controller": True}
        ]
    requests = {"cpu": cpu, "memory": memory}
    document = {
        "metadata": metadata,
        "spec": {
            "schedulerName": scheduler,
            "nodeName": node,
            "containers": [{"name": "c", "resources": {"requests": requests}}],
            **spec,
        },
        "status": {"phase": phase},
    }
    return msgspec.convert(document, Pod)


def make_job(
    name: str,
    size: int,
    completions: int | None = None,
    indexed: bool = True,
    annotations: Mapping[str, str] | None = None,
    owner: tuple[str, str, str] | None = None,
    **spec: Any,  # noqa: ANN401 - members of a Job's spec
) -> Job:
    """Return a Job with the UID job-NAME."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": "default",
        "uid": f"job-{name}",
        "annotations": annotations or {},
    }
    if owner is not None:
        kind, owner_name, uid = owner
        metadata["ownerReferences"] = [
            {"kind": kind, "name": owner_name, "uid": uid, "controller": True}
        ]
    document = {
        "metadata": metadata,
        "spec": {
            "parallelism": size,
            "completions": size if completions is None else completions,
            "completionMode": "Indexed" if indexed else "NonIndexed",
            **spec,
        },
    }
    return msgspec.convert(document, Job)


def pod_of_job(
    job: str,
    index: int | None,
    cpu: str = "1",
    annotations: Mapping[str, str] | None = None,
    **others: Any,  # noqa: ANN401 - as make_pod
) -> Pod:
    """Return a pod of a Job; with an index it is one of an Indexed Job."""
    notes = dict(annotations or {})
    if index is not None:
        notes[INDEX] = str(index)
    name = others.pop("name", f"{job}-{index}")
    return make_pod(name, cpu, annotations=notes, owner=("Job", job, f"job-{job}"), **others)


def named(pod: str, group: str, size: int, cpu: str = "1", **others: Any) -> Pod:  # noqa: ANN401
    """Return a pod of a group that has only a name and a size."""
    notes = {f"{GROUP}group": group, f"{GROUP}group-size": str(size)}
    notes |= others.pop("annotations", {})
    return make_pod(pod, cpu, annotations=notes, **others)


class World:
    """A scheduler with a clock of its own and names of nodes; what it answers is remembered."""

    def __init__(self, *nodes: Node, settings: Settings | None = None) -> None:
        self.scheduler = Scheduler(settings)
        self.now = 1000.0
        self.names: list[str] = []
        for node in nodes:
            self.add(node)

    def add(self, node: Node) -> None:
        """Add or change a node."""
        if node.metadata.name not in self.names:
            self.names.append(node.metadata.name)
        self.scheduler.node_seen(node, self.now)

    def owner(self, kind: str, workload: Workload) -> None:
        """Add or change an owner."""
        ref = Ref(kind, workload.metadata.namespace, workload.metadata.name)
        self.scheduler.members.workload_seen(ref, workload, self.now)
        self.scheduler.settle(self.now)

    def seen(self, *pods: Pod) -> None:
        """Have the watch tell of pods."""
        for pod in pods:
            self.scheduler.members.pod_seen(pod, self.now)
        self.scheduler.settle(self.now)

    def gone(self, *names: str) -> None:
        """Have the watch tell that pods were deleted."""
        for name in names:
            self.scheduler.members.pod_gone(f"uid-{name}", self.now)
        self.scheduler.settle(self.now)

    def filter(self, pod: Pod, names: Sequence[str] | None = None) -> Verdict:
        """Ask where a pod may go."""
        found = self.scheduler.filter(pod, self.names if names is None else names, self.now)
        if found.group is not None:
            self.scheduler.planned(found.group)
        return found

    def node_of(self, pod: Pod) -> str | None:
        """Ask where a pod may go; return the node, None if it is refused."""
        found = self.filter(pod)
        return found.nodes[0] if found.nodes else None

    def bind(self, pod: Pod) -> str:
        """Bind a pod where it is planned, and its siblings; return what is wrong."""
        slot = self.scheduler.members.slots.get(pod.metadata.uid)
        node = slot.node if slot else "nowhere"
        meta = pod.metadata
        order = order_binding(self.scheduler, meta.namespace, meta.name, meta.uid, node, self.now)
        if order is None or isinstance(order, str):
            return order or ""
        for sibling in bound(self.scheduler, order.uid, order.node, self.now):
            bound(self.scheduler, sibling.uid, sibling.node, self.now)
        return ""

    def used(self) -> dict[str, dict[str, int]]:
        """Return what is taken on every node, without what is nothing."""
        found = {}
        for name, book in self.scheduler.mirror.ledger.nodes.items():
            sums = {r: book.ours.get(r, 0) + book.foreign.get(r, 0) for r in book.allocatable}
            if any(sums.values()):
                found[name] = {r: n for r, n in sums.items() if n}
        return found

    def check(self) -> None:
        """Check that the books are right, the graph agrees with them, and nothing is too much."""
        assert list(check_books(self.scheduler)) == []
