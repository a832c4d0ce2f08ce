"""The service: one scheduler behind one lock, fed by watches, asked by kube-scheduler."""

import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from fluxion_extender.decisions import views
from fluxion_extender.decisions.preemption import allowed_nodes
from fluxion_extender.decisions.recovery import Recovered, recover
from fluxion_extender.decisions.scheduler import Scheduler, Verdict
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.decisions.timers import tick
from fluxion_extender.groups.identity import Ref
from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.lease import DURATION, RENEW_EVERY, Lease
from fluxion_extender.kube.resources import NODES, PODS, WORKLOADS, Resource
from fluxion_extender.kube.watcher import Watcher
from fluxion_extender.kube.writer import Writer
from fluxion_extender.objects.meta import Metadata
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_py.errors import FluxionError

TICK = 1.0
CHECK_EVERY = 60.0
log = logging.getLogger("fluence")


class NotReadyError(FluxionError):
    """The service does not know the cluster yet, or does not lead."""


class Service:
    """Everything that runs. The verbs may be called from any thread."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or Settings()
        self.counts: Counter[str] = Counter()
        self.ready = False
        self.lost = False
        self._connection = connection
        self._writer = Writer(connection, self.settings.scheduler_name)
        self._clock = clock
        self._lock = threading.RLock()
        self._scheduler = Scheduler(self.settings)
        self._watchers: list[Watcher[Any]] = []
        self._stopped = threading.Event()

    # ---- life ----

    def start(self, epoch: int = 0) -> Recovered:
        """Read the cluster, resume what was, and follow it from then on. Raises `ApiError`."""
        nodes = self._watcher(NODES, self._nodes_listed, self._nodes_seen, self._node_gone)
        pods = self._watcher(PODS, self._pods_listed, self._pods_seen, self._pod_gone)
        owners = [self._owner_watcher(resource) for resource in WORKLOADS]
        workloads = {}
        for watcher in owners:
            for each in watcher.list() or ():
                workloads[_ref(watcher.resource, each.metadata)] = each
        known_nodes, known_pods = nodes.list() or [], pods.list() or []
        with self._lock:
            self._scheduler.epoch = epoch
            found = recover(self._scheduler, known_nodes, workloads, known_pods, self._clock())
            self._flush()
        for watcher in self._watchers:
            watcher.start()
        self.ready = True
        threading.Thread(target=self._tick, name="ticker", daemon=True).start()
        return found

    def start_in_background(self, say: Callable[[str], None], lease: str | None = None) -> None:
        """Start in a thread, again and again until the API server answers; `say` what is found.

        With `lease` (NAMESPACE/NAME) only while it is ours.
        """
        held = None
        if lease is not None:
            identity = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
            held = Lease(self._connection, lease, identity, time.monotonic)
        threading.Thread(target=self._lead, args=(say, held), name="start", daemon=True).start()

    def _lead(self, say: Callable[[str], None], lease: Lease | None) -> None:
        """Start once the lease is ours; stop for good when it is lost."""
        if lease is None:
            self._keep_starting(say, 0)
            return
        held_at = 0.0
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                held = lease.try_hold()
                held_at = begun if held else held_at
            except ApiError as error:
                log.info("lease: %s", error)
                held = self.ready and begun - held_at < DURATION - RENEW_EVERY
            if held and not self.ready:
                self._keep_starting(say, lease.epoch)
            elif not held and self.ready:
                say("the lease is lost")
                self.lost = True
                self.stop()
                os.kill(os.getpid(), signal.SIGTERM)
            self._stopped.wait(RENEW_EVERY)
        if not self.lost:
            lease.release()

    def _keep_starting(self, say: Callable[[str], None], epoch: int) -> None:
        begun = ""
        while not self._stopped.is_set():
            try:
                found = self.start(epoch)
            except ApiError as error:
                if str(error) != begun:
                    begun = str(error)
                    say(f"waits for the API server: {error}")
                self._watchers.clear()
                self._stopped.wait(TICK)
                continue
            say(
                f"{len(self._scheduler.mirror.nodes)} nodes; recovered {found.groups} groups "
                f"({found.pods} pods), {found.foreign} foreign pods counted, "
                f"{found.plans} plans kept, {found.dropped} dropped; ready"
            )
            return

    def stop(self) -> None:
        """Answer no more."""
        self.ready = False
        self._stopped.set()
        for watcher in self._watchers:
            watcher.stop()

    def _watcher(
        self,
        resource: Resource,
        listed: Callable[[list[Any]], None],
        seen: Callable[[list[Any]], None],
        gone: Callable[[Metadata], None],
    ) -> Watcher[Any]:
        watcher: Watcher[Any] = Watcher(self._connection, resource, listed, seen, gone)
        self._watchers.append(watcher)
        return watcher

    def _owner_watcher(self, resource: Resource) -> Watcher[Any]:
        def seen(objects: Sequence[Any]) -> None:
            with self._lock:
                for each in objects:
                    ref = _ref(resource, each.metadata)
                    self._scheduler.members.workload_seen(ref, each, self._clock())
                self._settle()

        def gone(metadata: Metadata) -> None:
            with self._lock:
                self._scheduler.members.workload_gone(_ref(resource, metadata), self._clock())
                self._settle()

        def listed(objects: Sequence[Any]) -> None:
            with self._lock:
                known = {_ref(resource, each.metadata) for each in objects}
                for ref in [
                    r for r in self._scheduler.members.workloads if r.kind == resource.kind
                ]:
                    if ref not in known:
                        self._scheduler.members.workload_gone(ref, self._clock())
                seen(objects)

        return self._watcher(resource, listed, seen, gone)

    # ---- news ----

    def _nodes_seen(self, nodes: Sequence[Node]) -> None:
        with self._lock:
            for node in nodes:
                self._scheduler.node_seen(node, self._clock())
            self._settle()

    def _node_gone(self, metadata: Metadata) -> None:
        with self._lock:
            self._scheduler.node_gone(metadata.name, self._clock())
            self._settle()

    def _nodes_listed(self, nodes: Sequence[Node]) -> None:
        with self._lock:
            known = {node.metadata.name for node in nodes}
            for name in [name for name in self._scheduler.mirror.nodes if name not in known]:
                self._scheduler.node_gone(name, self._clock())
            self._nodes_seen(nodes)

    def _pods_seen(self, pods: Sequence[Pod]) -> None:
        with self._lock:
            for pod in pods:
                self._scheduler.members.pod_seen(pod, self._clock())
            self._settle()

    def _pod_gone(self, metadata: Metadata) -> None:
        with self._lock:
            self._scheduler.members.pod_gone(metadata.uid, self._clock())
            self._settle()

    def _pods_listed(self, pods: Sequence[Pod]) -> None:
        with self._lock:
            known = {pod.metadata.uid for pod in pods}
            for uid in [uid for uid in self._scheduler.members.pods if uid not in known]:
                self._scheduler.members.pod_gone(uid, self._clock())
            self._pods_seen(pods)

    def _settle(self) -> None:
        self._scheduler.settle(self._clock())
        self._flush()

    def _flush(self) -> None:
        """Hand what is to be written to the writer; the lock is held."""
        effects, self._scheduler.outbox = self._scheduler.outbox, []
        if effects:
            self._writer.write_later(effects)

    def _tick(self) -> None:
        checked = self._clock()
        while not self._stopped.wait(TICK):
            now = self._clock()
            try:
                with self._lock:
                    tick(self._scheduler, now)
                    self._flush()
                    if now - checked >= CHECK_EVERY:
                        checked = now
                        self._check()
            except Exception:
                log.exception("tick")
                self.counts["internal_errors"] += 1

    def _check(self) -> None:
        """Recount what is taken; a difference is a fault of ours (B.6)."""
        wrong = self._scheduler.mirror.ledger.recount()
        if wrong:
            self.counts["book_errors"] += len(wrong)
            log.error("the books of %d nodes are wrong, first %s", len(wrong), wrong[0])

    # ---- the verbs ----

    def filter(self, pod: Pod, names: Sequence[str]) -> Verdict:
        """Answer to which nodes a pod may go; what must be written is written before."""
        self._need_ready()
        self.counts["filter"] += 1
        known = self._known(pod)
        if known is None:
            return Verdict(reason="the API server does not know this pod")
        pod = known
        with self._lock:
            verdict = self._scheduler.filter(pod, names, self._clock())
            self._flush()
        if verdict.effects:
            wrong = self._writer.write_now(verdict.effects)
            if any(wrong):
                return Verdict(reason="its plan cannot be written")
            with self._lock:
                if verdict.group is not None:
                    self._scheduler.planned(verdict.group)
        self.counts["filter_refused"] += not verdict.nodes
        return verdict

    def _known(self, pod: Pod) -> Pod | None:
        """Return a pod as the API server has it; what a caller says of it is not believed.

        Only a pod of ours that the watch has not told of yet has to be asked for.
        """
        uid = pod.metadata.uid
        with self._lock:
            found = self._scheduler.members.pods.get(uid)
            if found is not None or not self._scheduler.members.ours(pod):
                return found or pod
        return self._writer.read_pod(pod.metadata.namespace, pod.metadata.name, uid)

    def prioritize(self, pod: Pod, names: Sequence[str]) -> list[tuple[str, int]]:
        """Return 10 for the planned node of a pod, 0 for others."""
        self._need_ready()
        self.counts["prioritize"] += 1
        with self._lock:
            slot = self._scheduler.members.slots.get(pod.metadata.uid)
            node = slot.node if slot is not None else ""
        return [(name, 10 if name == node else 0) for name in names]

    def bind(self, namespace: str, name: str, uid: str, node: str) -> str:
        """Bind a pod, and then its siblings; return what is wrong, "" if nothing is."""
        self._need_ready()
        self.counts["bind"] += 1
        with self._lock:
            order = self._scheduler.order_binding(namespace, name, uid, node, self._clock())
            self._flush()
        if order is None:
            return ""
        if isinstance(order, str):
            self.counts["bind_errors"] += 1
            return order
        wrong = self._writer.bind(order)
        if wrong:
            self.counts["bind_errors"] += 1
            return wrong
        self._bound(uid, node)
        return ""

    def _bound(self, uid: str, node: str) -> None:
        with self._lock:
            more = self._scheduler.bound(uid, node, self._clock())
        for order in more:
            self._writer.in_background(lambda order=order: self._bind_sibling(order))  # type: ignore[misc]

    def _bind_sibling(self, order: Any) -> None:  # noqa: ANN401 - a Bind
        self.counts["bind_sibling"] += 1
        if not self._writer.bind(order):
            self._bound(order.uid, order.node)

    def preempt(self, pod: Pod, victims: dict[str, list[str]]) -> list[str]:
        """Return the nodes on which victims may be evicted."""
        self._need_ready()
        self.counts["preempt"] += 1
        with self._lock:
            return allowed_nodes(self._scheduler, pod, victims)

    # ---- people ----

    def status(self) -> dict[str, Any]:
        """Return all groups."""
        self._need_ready()
        with self._lock:
            return views.status(self._scheduler, self._clock())

    def explain(self, namespace: str, name: str) -> dict[str, Any]:
        """Return all about one pod. Raises `InputError`."""
        self._need_ready()
        with self._lock:
            return views.explain(self._scheduler, namespace, name, self._clock())

    def gauges(self) -> dict[str, int]:
        """Return numbers of now, for monitors."""
        with self._lock:
            members, mirror = self._scheduler.members, self._scheduler.mirror
            return {
                "nodes": len(mirror.nodes),
                "pods": len(members.pods),
                "groups": len(members.groups),
                "groups_waiting": sum(not g.planned for g in members.groups.values()),
                "watch_restarts": sum(watcher.restarts for watcher in self._watchers),
                "ready": int(self.ready),
            }

    def _need_ready(self) -> None:
        if not self.ready:
            raise NotReadyError("not ready")


def _ref(resource: Resource, metadata: Metadata) -> Ref:
    return Ref(resource.kind, metadata.namespace, metadata.name)
