"""The service: one scheduler behind one lock, fed by watches, asked by kube-scheduler."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fluxion_extender.auditing import Auditor
from fluxion_extender.decisions import views
from fluxion_extender.decisions.binding import (
    PATIENCE,
    about_to_be_bound,
    bound,
    failed,
    order_binding,
)
from fluxion_extender.decisions.effects import Bind
from fluxion_extender.decisions.preemption import allowed_nodes
from fluxion_extender.decisions.recovery import Recovered, recover
from fluxion_extender.decisions.scheduler import Scheduler, Verdict
from fluxion_extender.decisions.settings import Settings
from fluxion_extender.decisions.timers import tick
from fluxion_extender.following import Follower
from fluxion_extender.groups.identity import Ref
from fluxion_extender.kube.connection import Connection
from fluxion_extender.kube.writer import Writer
from fluxion_extender.objects.pod import Pod
from fluxion_py.errors import FluxionError

TICK = 1.0
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
        self._writer = Writer(connection, self.settings.scheduler_name)
        self._clock = clock
        self._lock = threading.RLock()
        self._scheduler = Scheduler(self.settings)
        self._bindings = threading.Condition(self._lock)
        self.stopped = threading.Event()
        self._follower = Follower(connection, self._scheduler, self._lock, self._settle, clock)
        self._auditor = Auditor(
            connection,
            self._scheduler,
            self._lock,
            self._settle,
            clock,
            self.counts,
            self.stopped,
        )

    # ---- life ----

    def start(self, epoch: int = 0) -> Recovered:
        """Read the cluster, resume what was, and follow it from then on. Raises `ApiError`."""
        there = self._follower.read()
        with self._lock:
            self._scheduler.epoch = epoch
            found = recover(
                self._scheduler,
                there.nodes,
                there.workloads,
                there.pods,
                self._clock(),
                there.daemon_sets,
            )
            self._flush()
        self._follower.start()
        self.ready = True
        threading.Thread(target=self._tick, name="ticker", daemon=True).start()
        self._auditor.start()
        return found

    def stop(self) -> None:
        """Answer no more."""
        self.ready = False
        self.stopped.set()
        self._follower.stop()

    def _settle(self) -> None:
        self._scheduler.settle(self._clock())
        self._flush()

    def _flush(self) -> None:
        """Hand what is to be written to the writer; the lock is held."""
        effects, self._scheduler.outbox = self._scheduler.outbox, []
        if effects:
            self._writer.write_later(effects)
        waiting = self._scheduler.waiting
        wanted, waiting.wanted = waiting.wanted, []
        for ref in wanted:
            self._writer.in_background(partial(self._read, ref))

    def _read(self, ref: Ref) -> None:
        """Read a ConfigMap for the groups that want it."""
        found = self._writer.read_config_map(ref)
        if found is not None:
            with self._lock:
                self._scheduler.members.workload_seen(ref, found, self._clock())
                self._settle()

    def _tick(self) -> None:
        while not self.stopped.wait(TICK):
            try:
                with self._lock:
                    tick(self._scheduler, self._clock())
                    self._flush()
            except Exception:
                log.exception("tick")
                self.counts["internal_errors"] += 1

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
        if verdict.nodes:
            self._await_siblings(pod.metadata.uid)
        self.counts["filter_refused"] += not verdict.nodes
        return verdict

    def _await_siblings(self, uid: str) -> None:
        """Keep kube-scheduler, which tries one pod at a time, while the rest of a gang is bound."""
        with self._bindings:
            self._bindings.wait_for(
                lambda: not about_to_be_bound(self._scheduler, uid, self._clock()), PATIENCE
            )

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
            order = order_binding(self._scheduler, namespace, name, uid, node, self._clock())
            self._flush()
        if order is None:
            return ""
        wrong = order if isinstance(order, str) else self._write(order)
        if wrong:
            self.counts["bind_errors"] += 1
            with self._bindings:
                failed(self._scheduler, uid)
                self._bindings.notify_all()
        return wrong

    def _write(self, order: Bind) -> str:
        """Write a binding, and let those of siblings follow; return what is wrong."""
        wrong = self._writer.bind(order)
        if wrong:
            return wrong
        with self._bindings:
            more = bound(self._scheduler, order.uid, order.node, self._clock())
            self._bindings.notify_all()
        for each in more:
            self._writer.in_background(partial(self._bind_sibling, each))
        return ""

    def _bind_sibling(self, order: Bind) -> None:
        self.counts["bind_sibling"] += 1
        self._write(order)

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
            found = views.status(self._scheduler, self._clock())
        found["differences"] = [str(each) for each in self._auditor.last]
        return found

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
                "watch_restarts": self._follower.restarts,
                "ready": int(self.ready),
            }

    def _need_ready(self) -> None:
        if not self.ready:
            raise NotReadyError("not ready")
