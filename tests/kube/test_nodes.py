"""Nodes that go away while they are promised, and watches that have missed something."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.kube.rig import books
from tests.kube.rig.api import NODES
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import PODS, PREFIX, bare_gang, wait_bound, wait_refused
from tests.kube.rig.objects import node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess


def planned(service: FluenceProcess, name: str) -> dict[str, str]:
    """Return the nodes that the service has planned for the pods of a bare gang."""
    found = {}
    for group in service.json("/status")["groups"]:
        if group["name"] == name:
            for number in range(group["pods"]):
                told = service.json(f"/explain/default/{name}-{number}")
                if told["verdict"] == "planned":
                    found[f"{name}-{number}"] = told["node"]
    return found


def test_nodes_that_are_reserved_for_a_gang_may_be_cordoned_and_deleted(
    plane: ControlPlane, service: FluenceProcess
) -> None:
    """The gang has its nodes and is not bound yet: it gets others, or waits whole."""
    plane.add_nodes(node(f"n{number}") for number in range(5))
    service.start_ready()
    for one in bare_gang("gang", 3, "5"):
        plane.api.create(PODS, one)
    wait_until(lambda: len(planned(service, "gang")) == 3, "it has its nodes", 20, 0.1)
    first, second, _ = sorted(planned(service, "gang").values())
    plane.api.patch(f"{NODES}/{first}", {"spec": {"unschedulable": True}})
    plane.api.delete(f"{NODES}/{second}")
    start_with_extender(plane, service.url)
    pods = wait_bound(plane, "gang", 3)
    assert not {first, second} & set(books.bound(pods).values())
    assert books.shared_nodes(pods) == []


def test_a_gang_that_waits_for_its_reservation_outlives_the_node(
    plane: ControlPlane, service: FluenceProcess
) -> None:
    """Reserved in time behind a running gang; a node of that goes, another one comes."""
    plane.add_nodes(node(f"n{number}") for number in range(3))
    service.start_ready()
    start_with_extender(plane, service.url)
    for name in ("first", "second"):
        for one in bare_gang(name, 3, "5"):
            one["metadata"]["annotations"][f"{PREFIX}duration"] = "3600"
            plane.api.create(PODS, one)
        if name == "first":
            wait_bound(plane, name, 3)
    wait_refused(plane, "second", 3)
    plane.api.delete(f"{PODS}/first-0")
    gone = next(iter({"n0", "n1", "n2"} - set(books.bound(plane.api.items(PODS)).values())))
    plane.api.delete(f"{NODES}/{gone}")
    plane.api.delete(f"{PODS}?labelSelector=gang%3Dfirst")
    wait_until(lambda: len(plane.api.items(PODS)) == 3, "the first gang is gone")
    wait_refused(plane, "second", 3)
    plane.add_nodes([node("n9")])
    pods = wait_bound(plane, "second", 3)
    assert gone not in books.bound(pods).values()


class Line:
    """A line to the API server that can be cut: a port that passes bytes on."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._up = True
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones end at once."""
        self._up = False
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Pass on again."""
        self._up = True

    def close(self) -> None:
        """Listen no more; return when all connections have ended."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        wait_until(lambda: not self._open, "the connections have ended", 10)

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        """Pass on what comes from both sides, until one of them ends."""
        with near, suppress(OSError):
            if not self._up:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                ends = {near, far}
                self._open |= ends
                back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
                back.start()
                _pass_on(near, far)
                back.join()
                self._open -= ends


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(plane: ControlPlane) -> Iterator[Line]:
    """A line from the service to the API server."""
    one = Line(plane.api.port)
    yield one
    one.close()


def through(plane: ControlPlane, line: Line) -> Path:
    """Return a kubeconfig that takes the line."""
    config = json.loads(plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{line.port}"
    path = plane.folder / "line.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def restarts(service: FluenceProcess) -> int:
    """Return how often a watch has begun anew with a list."""
    text = service.request("GET", "/metrics")[1].decode()
    lines = [one for one in text.splitlines() if one.startswith("fluence_watch_restarts")]
    return int(float(lines[0].split()[-1]))


def test_what_a_cut_watch_has_missed_is_learned_from_lists(plane: ControlPlane, line: Line) -> None:
    """Meanwhile pods end, strangers come, a node goes; and what happened since is forgotten (410).

    A new API server knows no older state than that of its start.
    """
    plane.add_nodes(node(f"n{number}") for number in range(4))
    service = FluenceProcess(plane.folder, through(plane, line))
    try:
        service.start_ready()
        start_with_extender(plane, service.url)
        for one in bare_gang("old", 2, "8"):
            plane.api.create(PODS, one)
        taken = set(books.bound(wait_bound(plane, "old", 2)).values())
        plane.scheduler.stop()
        before = restarts(service)
        line.cut()
        free = sorted({f"n{number}" for number in range(4)} - taken)
        plane.api.delete(f"{PODS}?labelSelector=gang%3Dold")
        wait_until(lambda: not plane.api.items(PODS), "the old gang is gone")
        plane.api.create(PODS, pod("stranger", "7", scheduler="other"))
        plane.api.bind("default", "stranger", free[0])
        plane.api.delete(f"{NODES}/{free[1]}")
        plane.add_nodes([node("n9")])
        plane.apiserver.kill()
        plane.start_apiserver()
        line.mend()
        wait_until(lambda: restarts(service) > before, "a watch begins anew", 60, 0.2)
        start_with_extender(plane, service.url)
        for one in bare_gang("new", 3, "8"):
            plane.api.create(PODS, one)
        pods = wait_bound(plane, "new", 3)
        assert set(books.bound(pods).values()) == taken | {"n9"}
        assert books.overbooked(plane.api.items(NODES), plane.api.items(PODS)) == []
    finally:
        plane.scheduler.stop()
        service.stop()
