"""Nothing is lost: the service, kube-scheduler and the API server die at random moments.

`FLUXION_KUBE_KILLS` says how often. All is counted from the objects of the API server.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException

import pytest

from tests.kube.rig import books
from tests.kube.rig.api import NODES, Api, ApiError, Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import JOBS, PODS, PREFIX, bare_gang, describe, members, wait_bound
from tests.kube.rig.history import History
from tests.kube.rig.kubelet import RUN_SECONDS
from tests.kube.rig.objects import job, node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

KILLS = int(os.environ.get("FLUXION_KUBE_KILLS", "6"))
SEED = int(os.environ.get("FLUXION_SEED", "1"))
NODE_COUNT = 12
LONGEST_PAUSE = 1.5


class Users(threading.Thread):
    """Hand in gangs and single pods, all the time, until told to stop; each runs for a moment."""

    def __init__(self, api: Api, seed: int) -> None:
        super().__init__(name="users", daemon=True)
        self.api, self.chance = api, random.Random(seed)
        self.jobs: list[str] = []
        self.halt = threading.Event()

    def run(self) -> None:
        while not self.halt.wait(self.chance.uniform(0.2, 0.6)):
            size = self.chance.choice((1, 2, 4, 6, 9))
            name = f"j{len(self.jobs)}"
            marks = {RUN_SECONDS: str(self.chance.randint(0, 3))}
            if self.chance.random() < 0.5:
                marks[f"{PREFIX}one-pod-per-node"] = "true"
            cpu = self.chance.choice(("500m", "3", "5"))
            with suppress(OSError, HTTPException, ApiError):
                self.api.create(JOBS, job(name, size, cpu, annotations=marks))
                self.jobs.append(name)


def test_random_kills_lose_nothing(plane: ControlPlane, service: FluenceProcess) -> None:
    """In the end all jobs are done, no node was ever overbooked, and all room is free again."""
    history = History(plane.api)
    history.start()
    plane.add_nodes(node(f"n{number:02}") for number in range(NODE_COUNT))
    service.start_ready()
    start_with_extender(plane, service.url)
    chance = random.Random(SEED)
    users = Users(plane.api, SEED)
    users.start()

    def kill_service() -> None:
        service.kill()
        service.start()

    def kill_scheduler() -> None:
        plane.scheduler.kill()
        start_with_extender(plane, service.url)

    def kill_apiserver() -> None:
        plane.apiserver.kill()
        plane.start_apiserver()

    others: list[Callable[[], None]] = [kill_scheduler, kill_apiserver]
    for number in range(KILLS):
        time.sleep(chance.uniform(0, LONGEST_PAUSE))  # the random moment
        kill_service()
        if number % 5 == 2:
            others[number // 5 % 2]()
    users.halt.set()
    users.join()
    service.wait_ready()
    wait_for_all(plane, f"all jobs end (seed {SEED})")

    assert users.jobs
    assert history.overbooked() == []
    assert wrong_gangs(history) == []
    wait_until(lambda: not any(map(books.uses_node, plane.api.items(PODS))), "no pod runs")
    # Nothing leaked: one gang gets each node whole.
    plane.api.create(JOBS, job("all", NODE_COUNT, cpu="8"))
    wait_bound(plane, "all", NODE_COUNT)
    history.stop()


def unfinished(plane: ControlPlane) -> list[str]:
    """Return the jobs that are not complete."""
    return [
        one["metadata"]["name"]
        for one in plane.api.items(JOBS)
        if one["status"].get("succeeded", 0) < one["spec"]["completions"]
    ]


def wait_for_all(plane: ControlPlane, what: str) -> None:
    """Wait until all jobs are complete; otherwise say which pods have no node, and why."""

    def waiting() -> str:
        pods = [one for one in plane.api.items(PODS) if not one["spec"].get("nodeName")]
        return f"{len(unfinished(plane))} jobs are not; {describe(pods)}"

    wait_until(lambda: not unfinished(plane), what, 120, 0.2, waiting)


def wrong_gangs(history: History) -> list[str]:
    """Return the members of a one-pod-per-node gang that shared a node, at any time."""
    wrong: list[str] = []
    running: dict[str, Json] = {}
    for event in history.events:
        uid = event.pod["metadata"]["uid"]
        before = running.pop(uid, None)
        if event.kind == "DELETED" or not books.uses_node(event.pod):
            continue
        running[uid] = event.pod
        if before is None and f"{PREFIX}one-pod-per-node" in annotations(event.pod):
            wrong += [
                f"{one['metadata']['name']} and {event.pod['metadata']['name']}"
                for one in running.values()
                if one is not event.pod
                and owner(one) == owner(event.pod)
                and one["spec"]["nodeName"] == event.pod["spec"]["nodeName"]
            ]
    return wrong


def annotations(pod: Json) -> Json:
    found: Json = pod["metadata"].get("annotations", {})
    return found


def owner(pod: Json) -> str:
    owners = pod["metadata"].get("ownerReferences", [{"uid": pod["metadata"]["uid"]}])
    return str(owners[0]["uid"])


def test_a_kill_between_plan_and_bindings_leaves_no_half_gang(
    plane: ControlPlane, service: FluenceProcess
) -> None:
    """The service dies at the first binding of a gang; the next one completes it."""
    plane.add_nodes(node(f"n{number}") for number in range(8))
    service.start_ready()
    start_with_extender(plane, service.url)
    for number in range(3):
        name = f"gang{number}"
        for one in bare_gang(name, 8, cpu="8"):
            plane.api.create(PODS, one)
        wait_until(lambda name=name: books.bound(members(plane, name)), "one is bound", 30, 0.001)  # type: ignore[misc]
        service.kill()
        service.start()
        pods = wait_bound(plane, name, 8, 60)
        assert books.overbooked(plane.api.items(NODES), plane.api.items(PODS)) == []
        assert len(set(books.bound(pods).values())) == 8, describe(pods)
        plane.api.delete(f"{PODS}?labelSelector=gang%3D{name}")
        wait_until(lambda: not plane.api.items(PODS), "the gang is gone")


@pytest.mark.slow  # it measures how late the service hears
def test_pods_of_another_scheduler_are_counted_as_soon_as_they_are_seen(
    plane: ControlPlane, service: FluenceProcess
) -> None:
    """Somebody binds pods of other kinds meanwhile; ours never overcommit what they could see."""
    count = int(os.environ.get("FLUXION_KUBE_FOREIGN", "120"))
    plane.add_nodes(node(f"n{number:02}", cpu="16", memory="64Gi") for number in range(20))
    service.start_ready()
    start_with_extender(plane, service.url)
    history = History(plane.api)
    history.start()
    users = Users(plane.api, SEED)
    users.start()
    chance = random.Random(SEED)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: bind_foreign(plane, number, chance), range(count)))
    users.halt.set()
    users.join()
    wait_for_all(plane, "all jobs end")
    history.stop()
    assert blind_bindings(history, plane.api.items(NODES)) == []


def bind_foreign(plane: ControlPlane, number: int, chance: random.Random) -> None:
    """Create a pod of no scheduler of ours and bind it where there seems to be room."""
    cpu = chance.choice(("1", "2500m", "4"))
    marks = {RUN_SECONDS: "2"}
    made = plane.api.create(PODS, pod(f"foreign{number}", cpu, "2Gi", "other", annotations=marks))
    while True:
        nodes, pods = plane.api.items(NODES), plane.api.items(PODS)
        chance.shuffle(nodes)
        roomy = next((one for one in nodes if books.places([one], pods, made)), None)
        if roomy is not None:
            plane.api.bind("default", f"foreign{number}", roomy["metadata"]["name"])
            return
        time.sleep(0.05)


SEEN_WITHIN = 1.0
"""Seconds within which a watch has told the service of a binding, on a busy machine."""


def blind_bindings(history: History, nodes: list[Json]) -> list[str]:
    """Return where one of ours was bound although what was known by then filled the node."""
    wrong: list[str] = []
    pods: dict[str, tuple[float, Json]] = {}
    for event in history.events:
        uid = event.pod["metadata"]["uid"]
        before = pods.get(uid)
        if event.kind == "DELETED":
            pods.pop(uid, None)
            continue
        if not books.uses_node(event.pod):
            pods.pop(uid, None)
            continue
        pods[uid] = (before[0] if before else event.at, event.pod)
        if before or event.pod["spec"]["schedulerName"] == "other":
            continue
        known = [
            one
            for at, one in pods.values()
            if one["spec"]["schedulerName"] != "other" or event.at - at > SEEN_WITHIN
        ]
        here = [one for one in known if one["spec"]["nodeName"] == event.pod["spec"]["nodeName"]]
        wrong += books.overbooked(nodes, here)
    return wrong
