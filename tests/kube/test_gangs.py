"""Gangs start whole or not at all, beside each other, in any order of arrival.

Seen from the objects of the API server alone. `FLUXION_KUBE_ROUNDS` interleavings are tried.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kube.rig import books
from tests.kube.rig.api import NODES, Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import (
    JOBS,
    ONE_PER_NODE,
    PODS,
    bare_gang,
    bound_count,
    members,
    wait_bound,
    wait_refused,
)
from tests.kube.rig.history import History
from tests.kube.rig.objects import job, node
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

ROUNDS = int(os.environ.get("FLUXION_KUBE_ROUNDS", "10"))
SEED = int(os.environ.get("FLUXION_SEED", "1"))


@pytest.fixture
def fluence(plane: ControlPlane, service: FluenceProcess) -> Iterator[ControlPlane]:
    """The service and its kube-scheduler, at work; nothing may ever be overbooked."""
    history = History(plane.api)
    history.start()
    service.start_ready()
    start_with_extender(plane, service.url)
    yield plane
    history.stop()
    assert history.overbooked() == []


def create_all(plane: ControlPlane, pods: list[Json]) -> None:
    """Create pods in this order, some at the same time."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: plane.api.create(PODS, one), pods))


def delete_gang(plane: ControlPlane, name: str) -> None:
    plane.api.delete(f"{PODS}?labelSelector=gang%3D{name}")


def test_of_two_gangs_that_do_not_fit_together_one_runs_whole(fluence: ControlPlane) -> None:
    """Two times 6 pods on 8 nodes: the second waits with a reason, and follows the first."""
    fluence.add_nodes(node(f"n{number}") for number in range(8))
    chance = random.Random(SEED)
    for number in range(ROUNDS):
        names = (f"red{number}", f"blue{number}")
        pods = [one for name in names for one in bare_gang(name, 6, cpu="5")]
        chance.shuffle(pods)
        create_all(fluence, pods)
        wait_until(
            lambda names=names: max(bound_count(fluence, name) for name in names) == 6,  # type: ignore[misc]
            f"round {number} (seed {SEED}): one gang has its nodes",
        )
        first, second = sorted(names, key=lambda name: -bound_count(fluence, name))
        reasons = wait_refused(fluence, second, 6)
        assert all(second in reason for reason in reasons), reasons
        assert books.shared_nodes(members(fluence, first)) == []
        delete_gang(fluence, first)
        wait_bound(fluence, second, 6)
        delete_gang(fluence, second)
        wait_until(lambda: not fluence.api.items(PODS), "the round is over")


def test_nine_pods_get_nine_nodes_and_ten_wait_whole(fluence: ControlPlane) -> None:
    """As a MiniCluster does: an Indexed Job, one pod for each node, rank by index."""
    fluence.add_nodes(node(f"n{number}") for number in range(9))
    fluence.api.create(JOBS, job("ten", 10, cpu="6", annotations=ONE_PER_NODE))
    wait_refused(fluence, "ten", 10)
    fluence.api.delete(f"{JOBS}/ten")
    wait_until(lambda: not fluence.api.items(PODS), "the ten are gone")
    fluence.api.create(JOBS, job("nine", 9, cpu="6", annotations=ONE_PER_NODE))
    pods = wait_bound(fluence, "nine", 9)
    assert len(set(books.bound(pods).values())) == 9


@pytest.mark.parametrize("cpu", [pytest.param("94", marks=pytest.mark.slow), "1"])
def test_gangs_from_8_to_64_on_65_nodes(fluence: ControlPlane, cpu: str) -> None:
    """With pods that fill a node, and with small ones that want a node each."""
    fluence.add_nodes(node(f"n{number:02}", "96", "384Gi") for number in range(65))
    for size in (8, 16, 32, 64):
        name = f"lmp-{size}"
        fluence.api.create(JOBS, job(name, size, cpu=cpu, annotations=ONE_PER_NODE))
        pods = wait_bound(fluence, name, size, 60)
        assert books.shared_nodes(pods) == []
        fluence.api.delete(f"{JOBS}/{name}")
        wait_until(lambda: not fluence.api.items(PODS), "it is gone", 60)


def test_a_launcher_and_64_workers_fit_64_nodes(fluence: ControlPlane) -> None:
    """The launcher takes what a worker leaves of its node."""
    fluence.add_nodes(node(f"n{number:02}", "96", "384Gi") for number in range(64))
    launcher, workers = bare_gang("mpi", 65, cpu="1")[:1], bare_gang("mpi", 65, cpu="94")[1:]
    create_all(fluence, [*workers, *launcher])
    pods = wait_bound(fluence, "mpi", 65, 60)
    assert len(set(books.bound(pods).values())) == 64
    assert books.overbooked(fluence.api.items(NODES), pods) == []
