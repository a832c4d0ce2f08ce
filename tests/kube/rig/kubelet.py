"""A stand-in for all kubelets: bound pods run, some end after a time, deleted ones vanish."""

import logging
import threading
from contextlib import suppress
from http.client import HTTPException

from tests.kube.rig.api import PODS, Api, ApiError, Json

RUN_SECONDS = "rig/run-seconds"
LOG = logging.getLogger("kubelet")
WATCH_SECONDS = 300


def pod_path(pod: Json) -> str:
    """Return the path of a pod."""
    metadata = pod["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"


class Kubelet:
    """Follows all pods in a thread. The annotation `rig/run-seconds` says when a pod succeeds."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.hollow: frozenset[str] = frozenset()  # nodes whose kubelet is silent
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet", daemon=True)

    def start(self) -> None:
        """Start to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Do nothing more. The API server must have ended, which ends the watch."""
        self._halt.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._halt.is_set():
            try:
                self._follow()
            except (OSError, HTTPException, ApiError, ValueError) as error:
                LOG.info("the watch ended: %r", error)
                self._halt.wait(0.2)

    def _follow(self) -> None:
        listed = self.api.get(PODS)
        for pod in listed["items"]:
            self._handle(pod)
        version = listed["metadata"]["resourceVersion"]
        for event in self.api.watch(PODS, version, WATCH_SECONDS):
            if self._halt.is_set() or event["type"] == "ERROR":
                return
            if event["type"] in ("ADDED", "MODIFIED"):
                self._handle(event["object"])

    def _handle(self, pod: Json) -> None:
        node = pod["spec"].get("nodeName")
        if not node or node in self.hollow:
            return
        metadata = pod["metadata"]
        phase = pod["status"].get("phase")
        if metadata.get("deletionTimestamp"):
            if phase not in ("Succeeded", "Failed"):
                self._set_phase(pod, "Failed")  # the job controller wants to know how it ended
            with suppress(ApiError):
                self.api.delete(pod_path(pod), uid=metadata["uid"])
        elif phase == "Pending":
            self._set_phase(pod, "Running")
            seconds = metadata.get("annotations", {}).get(RUN_SECONDS)
            if seconds is not None:
                timer = threading.Timer(float(seconds), self._finish, (pod,))
                timer.daemon = True
                timer.start()

    def _finish(self, pod: Json) -> None:
        """Say that a pod has succeeded, until the API server hears it."""
        while not self._halt.is_set():
            with suppress(OSError, HTTPException):
                self._set_phase(pod, "Succeeded")
                return
            self._halt.wait(0.2)

    def _set_phase(self, pod: Json, phase: str) -> None:
        """Patch the phase of this very pod; one that is gone, or is another by now, is left."""
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": {"phase": phase}}
        with suppress(ApiError):
            self.api.patch(f"{pod_path(pod)}/status", body)
