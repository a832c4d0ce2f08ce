"""Pods a second: kube-scheduler with the service beside kube-scheduler alone, in one run.

`python -m benches.kube` (or `make bench-kube`) starts a control plane as the tests do. All pods are
created before the scheduler starts; the clock runs from then to the last binding. Nothing else
should run on the machine; the ratios say more than the figures.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from fluxion_py.cli.table_text import format_table
from tests.kube.rig.api import NODES, PODS, Api, Json
from tests.kube.rig.binaries import find_binaries
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import Recorder
from tests.kube.rig.gangs import PODS as DEFAULT_PODS
from tests.kube.rig.gangs import bare_gang
from tests.kube.rig.objects import SCHEDULER, node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_alone, start_with_extender
from tests.kube.rig.service import FluenceProcess

PLAIN = "default-scheduler"
GANG = 8
LIMIT = 900
"""Seconds for one variant."""


class Bindings:
    """Counts the pods that get a node, from a watch."""

    def __init__(self, api: Api) -> None:
        self.count, self.last = 0, 0.0
        self._api, self._halt = api, threading.Event()
        self._version = api.get(f"{PODS}?limit=1")["metadata"]["resourceVersion"]
        self._seen: set[str] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Count no more."""
        self._halt.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._halt.is_set():
            for event in self._api.watch(PODS, self._version, 2):
                one = event["object"]
                self._version = one["metadata"]["resourceVersion"]
                uid = one["metadata"]["uid"]
                if one["spec"].get("nodeName") and uid not in self._seen:
                    self._seen.add(uid)
                    self.count, self.last = len(self._seen), time.monotonic()


def create(plane: ControlPlane, path: str, objects: list[Json]) -> None:
    """Create objects, some at the same time."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: plane.api.create(path, one), objects))


class Figures(NamedTuple):
    """Pods a second, and the processor milliseconds for each pod: of the scheduler, the service."""

    rate: float
    scheduler: float
    service: float


def rate(
    plane: ControlPlane,
    pods: list[Json],
    start: Callable[[], None],
    service: FluenceProcess | None = None,
) -> Figures:
    """Return what it took from the start of a scheduler to the last binding."""
    create(plane, DEFAULT_PODS, pods)
    bindings = Bindings(plane.api)
    used = service.cpu_seconds() if service else 0
    began = time.monotonic()
    try:
        start()
        wait_until(lambda: bindings.count == len(pods), "all pods are bound", LIMIT, 0.05)
        each = 1000 / len(pods)
        return Figures(
            len(pods) / (bindings.last - began),
            plane.scheduler.cpu_seconds() * each,
            (service.cpu_seconds() - used) * each if service else 0,
        )
    finally:
        plane.scheduler.kill()
        bindings.stop()
        plane.api.delete(DEFAULT_PODS)
        wait_until(lambda: not plane.api.items(PODS), "the pods are gone", 120, 0.5)


@contextmanager
def serving(plane: ControlPlane) -> Iterator[FluenceProcess]:
    """Run the service."""
    service = FluenceProcess(plane.folder, plane.kubeconfig)
    try:
        service.start_ready()
        yield service
    finally:
        service.stop()


def single_pods(count: int, scheduler: str) -> list[Json]:
    """Return pods of one shape."""
    return [pod(f"p{number}", "500m", "512Mi", scheduler) for number in range(count)]


def gangs(count: int) -> list[Json]:
    """Return the pods of gangs of 8."""
    names = [f"g{number}" for number in range(count // GANG)]
    return [one for name in names for one in bare_gang(name, GANG, "500m", "512Mi")]


def measure(plane: ControlPlane, count: int, names: list[str]) -> dict[str, Figures]:
    """Return the pods a second of the variants asked for."""

    def served(pods: list[Json]) -> Figures:
        with serving(plane) as service:
            return rate(plane, pods, lambda: start_with_extender(plane, service.url), service)

    variants: dict[str, Callable[[], Figures]] = {
        "alone, all nodes": lambda: rate(
            plane, single_pods(count, PLAIN), lambda: start_alone(plane, 100)
        ),
        "alone, its own sampling": lambda: rate(
            plane, single_pods(count, PLAIN), lambda: start_alone(plane, 0)
        ),
        "service, single pods": lambda: served(single_pods(count, SCHEDULER)),
        "service, gangs of 8": lambda: served(gangs(count)),
    }
    found = {}
    for name, run in variants.items():
        if not names or any(word in name for word in names):
            found[name] = run()
            print(f"{name}: {found[name].rate:.0f} pods/s", flush=True)
    return found


def latency(plane: ControlPlane, names: int, calls: int = 300) -> tuple[float, float]:
    """Return median and 99th percentile, in ms, of filter calls with many names, for a client."""
    with serving(plane) as service:
        recorder = Recorder(service)
        start_with_extender(plane, recorder.url)
        create(plane, DEFAULT_PODS, single_pods(1, SCHEDULER))
        wait_until(lambda: recorder.of("filter"), "kube-scheduler asks")
        raw = recorder.of("filter")[0].raw
        plane.scheduler.kill()
        recorder.close()
        assert raw.count(b'"n') >= names
        connection = HTTPConnection("127.0.0.1", service.port)
        times = sorted(_timed(connection, raw) for _ in range(calls))
        connection.close()
    plane.api.delete(DEFAULT_PODS)
    return 1000 * statistics.median(times), 1000 * times[int(len(times) * 0.99)]


def _timed(connection: HTTPConnection, raw: bytes) -> float:
    began = time.perf_counter()
    connection.request("POST", "/fluence/filter", raw, {"Content-Type": "application/json"})
    with connection.getresponse() as response:
        response.read()
    return time.perf_counter() - began


def report(found: dict[str, Figures]) -> str:
    """Return the table; a ratio is to kube-scheduler alone with all nodes."""
    base = found.get("alone, all nodes")
    rows = [
        (
            name,
            f"{one.rate:.0f}",
            f"{one.rate / base.rate:.2f}" if base else "",
            f"{one.scheduler:.1f}",
            f"{one.service:.1f}",
        )
        for name, one in found.items()
    ]
    titles = ("VARIANT", "PODS/S", "RATIO", "SCHEDULER MS/POD", "SERVICE MS/POD")
    return format_table(titles, rows, right=titles[1:])


def machines(numbers: range) -> list[Json]:
    """Return nodes."""
    return [node(f"n{number:04}", "16", "64Gi") for number in numbers]


def main() -> None:
    """Measure and print a table, then the time of filter calls."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=5000)
    parser.add_argument(
        "--names", type=int, default=5000, help="nodes of the timed filter calls (0: none)"
    )
    parser.add_argument("variants", nargs="*", help="words of the names of variants")
    arguments = parser.parse_args()
    binaries = find_binaries()
    if binaries is None:
        parser.error("no control plane: `make kube` builds one")
    print(f"{arguments.nodes} nodes, {arguments.pods} pods, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        plane = ControlPlane(binaries, Path(folder))
        try:
            plane.start()
            create(plane, NODES, machines(range(arguments.nodes)))
            print(report(measure(plane, arguments.pods, arguments.variants)), end="", flush=True)
            if arguments.names:
                create(plane, NODES, machines(range(arguments.nodes, arguments.names)))
                middle, high = latency(plane, max(arguments.nodes, arguments.names))
                print(f"a filter call with {arguments.names} names, as a client sees it: ", end="")
                print(f"median {middle:.2f} ms, 99 % within {high:.2f} ms")
        finally:
            plane.stop()
    print(f"{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
