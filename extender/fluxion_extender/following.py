"""Keeping a scheduler at what the API server has: one list and one watch of every kind."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fluxion_extender.decisions.scheduler import Scheduler
from fluxion_extender.groups.identity import Ref
from fluxion_extender.kube.connection import Connection
from fluxion_extender.kube.resources import DAEMON_SETS, NODES, PODS, WORKLOADS, Resource
from fluxion_extender.kube.watcher import Event, Watcher
from fluxion_extender.objects.meta import Metadata
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import DaemonSet, Workload


@dataclass(frozen=True, slots=True)
class Kind:
    """What a scheduler is told of one kind of objects.

    `missing` returns what it knows of that is not among all objects there are.
    """

    resource: Resource
    seen: Callable[[Any, float], None]
    gone: Callable[[Metadata, float], None]
    missing: Callable[[Iterable[Any]], list[Metadata]]


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything there is at a time."""

    nodes: Sequence[Node]
    pods: Sequence[Pod]
    workloads: Mapping[Ref, Workload]
    daemon_sets: Sequence[DaemonSet]


class Follower:
    """Tells a scheduler of all changes, many at a time where they come so fast.

    `settled` is called after each batch; the lock is held then.
    """

    def __init__(
        self,
        connection: Connection,
        scheduler: Scheduler,
        lock: threading.RLock,
        settled: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._scheduler, self._lock = scheduler, lock
        self._settled, self._clock = settled, clock
        self._watchers = {
            kind.resource.kind: Watcher(
                connection,
                kind.resource,
                partial(self._listed, kind),
                partial(self._told, kind),
            )
            for kind in self._kinds()
        }

    def read(self) -> Listed:
        """Read everything. Raises `ApiError`."""
        found = {kind: watcher.read() or [] for kind, watcher in self._watchers.items()}
        workloads = {
            _ref(resource, each.metadata): each
            for resource in WORKLOADS
            for each in found[resource.kind]
        }
        return Listed(found[NODES.kind], found[PODS.kind], workloads, found[DAEMON_SETS.kind])

    def start(self) -> None:
        """Follow from the last list on, in threads."""
        for watcher in self._watchers.values():
            watcher.start()

    def stop(self) -> None:
        """Follow no more."""
        for watcher in self._watchers.values():
            watcher.stop()

    @property
    def restarts(self) -> int:
        """How often something had to be listed anew."""
        return sum(watcher.restarts for watcher in self._watchers.values())

    def _listed(self, kind: Kind, objects: Sequence[Any]) -> None:
        """Tell of all objects there are: what is known and not among them is gone."""
        with self._lock:
            now = self._clock()
            for metadata in kind.missing(objects):
                kind.gone(metadata, now)
            for each in objects:
                kind.seen(each, now)
            self._settled()

    def _told(self, kind: Kind, events: Sequence[Event]) -> None:
        with self._lock:
            now = self._clock()
            for event in events:
                if isinstance(event, Metadata):
                    kind.gone(event, now)
                else:
                    kind.seen(event, now)
            self._settled()

    def _kinds(self) -> list[Kind]:
        scheduler, members = self._scheduler, self._scheduler.members

        def missing_nodes(objects: Iterable[Node]) -> list[Metadata]:
            there = {node.metadata.name for node in objects}
            return [Metadata(name=n) for n in scheduler.mirror.nodes if n not in there]

        def missing_pods(objects: Iterable[Pod]) -> list[Metadata]:
            there = {pod.metadata.uid for pod in objects}
            return [Metadata(uid=uid) for uid in members.pods if uid not in there]

        return [
            Kind(
                NODES,
                scheduler.node_seen,
                lambda metadata, now: scheduler.node_gone(metadata.name, now),
                missing_nodes,
            ),
            Kind(
                PODS,
                members.pod_seen,
                lambda metadata, now: members.pod_gone(metadata.uid, now),
                missing_pods,
            ),
            self._daemon_sets(),
            *map(self._workloads, WORKLOADS),
        ]

    def _workloads(self, resource: Resource) -> Kind:
        members = self._scheduler.members

        def missing(objects: Iterable[Any]) -> list[Metadata]:
            there = {_ref(resource, each.metadata) for each in objects}
            return [
                Metadata(name=ref.name, namespace=ref.namespace)
                for ref in members.workloads
                if ref.kind == resource.kind and ref not in there
            ]

        return Kind(
            resource,
            lambda each, now: members.workload_seen(_ref(resource, each.metadata), each, now),
            lambda metadata, now: members.workload_gone(_ref(resource, metadata), now),
            missing,
        )

    def _daemon_sets(self) -> Kind:
        headroom = self._scheduler.headroom

        def missing(objects: Iterable[DaemonSet]) -> list[Metadata]:
            there = {each.metadata.uid for each in objects}
            return [Metadata(uid=uid) for uid in headroom.sets if uid not in there]

        return Kind(
            DAEMON_SETS,
            headroom.set_seen,
            lambda metadata, now: headroom.set_gone(metadata.uid),
            missing,
        )


def _ref(resource: Resource, metadata: Metadata) -> Ref:
    return Ref(resource.kind, metadata.namespace, metadata.name)
