"""Whether what we believe is so: the books against the graph, and both against the API server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.objects.meta import Metadata
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be: a node or a pod, and what is wrong with it.

    `found` is the object as the API server has it, or, if it is `gone`, as we know it.
    """

    kind: str
    name: str
    what: str
    found: Node | Pod | None = field(default=None, compare=False)
    gone: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.what}"


def check_books(scheduler: Scheduler) -> Iterator[Difference]:
    """Go through the nodes whose sums, or whose room in the graph, are not those of the charges.

    Members that run longer than they said take room that the graph has given back: no fault.
    O(charges + nodes).
    """
    mirror = scheduler.mirror
    for name in mirror.ledger.recount():
        yield Difference("node", name, "has sums that are not those of its pods")
    for name in mirror.graph.nodes:
        book = mirror.ledger.book(name)
        timed = any(slot.group.shape.duration for slot in scheduler.bookings.on_node.get(name, ()))
        for resource, free in mirror.graph.free(name).items():
            expected = book.free(resource)
            if free < expected or (free > expected and not timed):
                yield Difference("node", name, f"has {free} {resource} free, not {expected}")
                break


def compare(
    scheduler: Scheduler, nodes: Iterable[Node], pods: Iterable[Pod], version: str
) -> Iterator[Difference]:
    """Go through what differs from all nodes and pods there are as of a version.

    News on their way differ for a moment: only what is found twice, some time apart, is a fault.
    O(nodes + pods).
    """
    known_nodes, known_pods = scheduler.mirror.nodes, scheduler.members.pods
    names = set()
    for node in nodes:
        name = node.metadata.name
        names.add(name)
        known = known_nodes.get(name)
        if known is None:
            yield Difference("node", name, "is not known", node)
        elif _later(node.metadata, known.metadata.resource_version) and _matters(node, known):
            yield Difference("node", name, "is out of date", node)
    for name, node in known_nodes.items():
        if name not in names and not _later(node.metadata, version):
            yield Difference("node", name, "is not there any more", node, True)
    uids = set()
    for pod in pods:
        uids.add(pod.metadata.uid)
        what = _differs(scheduler, pod)
        if what:
            yield Difference("pod", pod.key, what, pod)
    for uid, pod in known_pods.items():
        if uid not in uids and not _later(pod.metadata, version):
            yield Difference("pod", pod.key, "is not there any more", pod, True)


def accept(scheduler: Scheduler, differences: Iterable[Difference], now: float) -> None:
    """Take in what was found to be different, as if a watch had told of it."""
    for each in differences:
        match each.found, each.gone:
            case Node() as node, False:
                scheduler.node_seen(node, now)
            case Node() as node, True:
                scheduler.node_gone(node.metadata.name, now)
            case Pod() as pod, False:
                scheduler.members.pod_seen(pod, now)
            case Pod() as pod, True:
                scheduler.members.pod_gone(pod.metadata.uid, now)


def repair(scheduler: Scheduler, name: str, now: float) -> None:
    """Make the books and the vertex of a node anew, from the pods and places that are known."""
    scheduler.mirror.ledger.resum(name)
    scheduler.mirror.remake(name)
    scheduler.bookings.rebook_node(name, now)
    scheduler.mirror.graph.changes += 1


def _differs(scheduler: Scheduler, pod: Pod) -> str:
    known = scheduler.members.pods.get(pod.metadata.uid)
    if known is None:
        absent = pod.finished or scheduler.members.is_gone(pod.metadata.uid)
        return "" if absent else "is not known"
    if not _later(pod.metadata, known.metadata.resource_version):
        return ""
    if pod.finished:
        return "has ended"
    if pod.spec.node_name != known.spec.node_name:
        return f"is on {pod.spec.node_name}"
    return ""


def _matters(node: Node, known: Node) -> bool:
    return (node.metadata.labels, node.spec, node.status) != (
        known.metadata.labels,
        known.spec,
        known.status,
    )


def _later(metadata: Metadata, version: str) -> bool:
    """Say whether an object is newer than a version: versions are numbers in etcd."""
    own = metadata.resource_version
    return own.isdecimal() and version.isdecimal() and int(own) > int(version)
