"""All that happened to the pods, in the order of the API server, and what must always hold."""

import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import NamedTuple

from tests.kube.rig import books
from tests.kube.rig.api import NODES, PODS, Api, ApiError, Json

WATCH_SECONDS = 2


class Event(NamedTuple):
    """What became of a pod: ADDED, MODIFIED or DELETED; `at` is when we heard of it."""

    at: float
    kind: str
    pod: Json


class History:
    """Follows the pods in a thread. When the API server was away it lists them anew."""

    def __init__(self, api: Api) -> None:
        self.events: list[Event] = []
        self._api = api
        self._known: dict[str, Json] = {}
        self._halt = threading.Event()
        self._listed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Start to follow; what there is now is listed when this returns."""
        self._thread.start()
        assert self._listed.wait(30), "the pods cannot be listed"

    def stop(self) -> None:
        """Follow no more."""
        self._halt.set()
        self._thread.join()

    def overbooked(self) -> list[str]:
        """Return a line for each moment at which pods took more of a node than it has."""
        nodes = self._api.items(NODES)
        pods: dict[str, Json] = {}
        found: list[str] = []
        for event in self.events:
            uid = event.pod["metadata"]["uid"]
            before = pods.get(uid)
            if event.kind == "DELETED":
                pods.pop(uid, None)
                continue
            pods[uid] = event.pod
            if books.uses_node(event.pod) and not (before and books.uses_node(before)):
                name = event.pod["spec"]["nodeName"]
                here = [pod for pod in pods.values() if pod["spec"].get("nodeName") == name]
                lines = books.overbooked(nodes, here)
                found += [f"{event.pod['metadata']['name']} came: {line}" for line in lines]
        return found

    def _run(self) -> None:
        while not self._halt.is_set():
            with suppress(OSError, HTTPException, ApiError, ValueError):
                self._follow()
            self._halt.wait(0.05)

    def _follow(self) -> None:
        listed = self._api.get(PODS)
        there = {pod["metadata"]["uid"]: pod for pod in listed["items"]}
        for uid in [uid for uid in self._known if uid not in there]:
            self._take("DELETED", self._known[uid])
        for pod in there.values():
            self._take("MODIFIED", pod)
        self._listed.set()
        version = listed["metadata"]["resourceVersion"]
        while not self._halt.is_set():
            for event in self._api.watch(PODS, version, WATCH_SECONDS):
                if event["type"] == "ERROR":
                    return
                version = event["object"]["metadata"]["resourceVersion"]
                self._take(event["type"], event["object"])

    def _take(self, kind: str, pod: Json) -> None:
        self.events.append(Event(time.monotonic(), kind, pod))
        uid = pod["metadata"]["uid"]
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = pod
