"""Carrying effects out: bindings, annotations, gates, evictions, events."""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from fluxion_extender.decisions.effects import Annotate, Bind, Effect, Evict, Note, PatchPod, Ungate
from fluxion_extender.decisions.settings import GATE
from fluxion_extender.groups.identity import Ref
from fluxion_extender.kube.connection import ApiError, Connection
from fluxion_extender.kube.resources import CONFIG_MAPS, PODS, path_of
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import ConfigMap

THREADS = 8
log = logging.getLogger("fluence.write")


class Writer:
    """Writes to the API server, from a few threads."""

    def __init__(self, connection: Connection, component: str = "fluence") -> None:
        self._connection = connection
        self._component = component
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="write")
        self._binding: dict[tuple[str, str], Future[str]] = {}
        self._lock = threading.Lock()

    def bind(self, order: Bind) -> str:
        """Write a binding; return what is wrong, "" if the pod is on its node now.

        kube-scheduler may ask for what we are writing of our own accord: it is written once.
        """
        key = (order.uid, order.node)
        mine: Future[str] = Future()
        with self._lock:
            under_way = self._binding.setdefault(key, mine)
        if under_way is not mine:
            return under_way.result()
        wrong = "it was interrupted"
        try:
            wrong = self._bind(order)
        finally:
            with self._lock:
                del self._binding[key]
            mine.set_result(wrong)
        return wrong

    def _bind(self, order: Bind) -> str:
        metadata: dict[str, object] = {"name": order.name, "uid": order.uid}
        if order.annotations:
            metadata["annotations"] = dict(order.annotations)
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": metadata,
            "target": {"apiVersion": "v1", "kind": "Node", "name": order.node},
        }
        path = f"{PODS.object(order.namespace, order.name)}/binding"
        try:
            self._connection.post(path, body)
        except ApiError as error:
            if error.status == 409 and self._is_on(order):
                return ""
            return str(error)
        return ""

    def _is_on(self, order: Bind) -> bool:
        """Say whether a pod is on the node already: somebody was quicker with the same answer."""
        pod = self.read_pod(order.namespace, order.name, order.uid)
        return pod is not None and pod.spec.node_name == order.node

    def read_pod(self, namespace: str, name: str, uid: str) -> Pod | None:
        """Return a pod as the API server has it; None if it is not there, or another one."""
        path = PODS.object(quote(namespace, safe=""), quote(name, safe=""))
        try:
            pod = msgspec.json.decode(self._connection.get(path), type=Pod)
        except (ApiError, msgspec.MsgspecError):
            return None
        return pod if pod.metadata.uid == uid else None

    def read_config_map(self, ref: Ref) -> ConfigMap | None:
        """Return a ConfigMap, None if it is not there or may not be read."""
        path = CONFIG_MAPS.object(quote(ref.namespace, safe=""), quote(ref.name, safe=""))
        try:
            return msgspec.json.decode(self._connection.get(path), type=ConfigMap)
        except (ApiError, msgspec.MsgspecError) as error:
            log.warning("ConfigMap %s/%s: %s", ref.namespace, ref.name, error)
            return None

    def write(self, effect: Effect) -> str:
        """Carry one effect out; return what is wrong, "" if nothing is."""
        try:
            match effect:
                case Bind():
                    return self.bind(effect)
                case Annotate():
                    self._connection.patch(path_of(effect.owner), _annotations(effect.annotations))
                case PatchPod():
                    body = _annotations(effect.annotations, effect.uid)
                    self._connection.patch(PODS.object(effect.namespace, effect.name), body)
                case Ungate():
                    self._ungate(effect)
                case Evict():
                    path = PODS.object(effect.namespace, effect.name)
                    self._connection.delete(path, {"preconditions": {"uid": effect.uid}})
                case Note():
                    self._note(effect)
        except ApiError as error:
            log.info("%s: %s", type(effect).__name__, error)
            return str(error)
        return ""

    def write_later(self, effects: Iterable[Effect]) -> None:
        """Carry effects out in the background; what fails is logged."""
        for effect in effects:
            self._threads.submit(self.write, effect)

    def write_now(self, effects: Iterable[Effect]) -> list[str]:
        """Carry effects out side by side; return what was wrong with each, in their order."""
        effects = list(effects)
        if len(effects) == 1:
            return [self.write(effects[0])]
        return list(self._threads.map(self.write, effects))

    def in_background(self, task: Callable[[], object]) -> None:
        """Run a function in one of the threads."""
        self._threads.submit(task)

    def _ungate(self, effect: Ungate) -> None:
        kept = [{"name": gate} for gate in effect.gates if gate != GATE]
        body = _annotations(effect.annotations, effect.uid)
        body["spec"] = {
            "schedulingGates": kept or None,
            "nodeSelector": {"kubernetes.io/hostname": effect.hostname},
        }
        self._connection.patch(PODS.object(effect.namespace, effect.name), body)

    def _note(self, note: Note) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        about = {"kind": note.kind, "namespace": note.namespace, "name": note.name}
        if note.uid:
            about["uid"] = note.uid
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{note.name[:200]}.", "namespace": note.namespace},
            "involvedObject": about,
            "reason": note.reason,
            "message": note.text[:1024],
            "type": "Warning",
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "firstTimestamp": now[:19] + "Z",
            "lastTimestamp": now[:19] + "Z",
            "count": 1,
        }
        self._connection.post(f"/api/v1/namespaces/{note.namespace}/events", body)


def _annotations(annotations: object, uid: str = "") -> dict[str, object]:
    metadata: dict[str, object] = {"annotations": annotations}
    if uid:
        metadata["uid"] = uid
    return {"metadata": metadata}
