"""Schedulers inside schedulers: an ensemble in two levels, many children, and real processes.

Times are CPU seconds of this process, but for the jobs per second of processes. What is placed is
counted again by `Audit`, which reads paths and knows nothing of matchers.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import load
from fluxion_py import Allocation, Instance, Jobspec, ResourceGraph

RACKS = 40
GPU_TASKS, CORE_TASKS = 16_000, 20_000
ACROSS = 4_000
"""Tasks of 5 cores for which only cores on both sockets of a node are left: 22 - 2 x 4 = 2 x 5 + 4.
"""

WITH_GPU = Jobspec.from_shape("socket/slot=1/[core=4;gpu=1]", ["task"], duration=3600)
IN_SOCKET = Jobspec.from_shape("slot=1/core=5", ["task"], duration=3600)
IN_NODE = Jobspec.from_shape("node=1/slot=5/core=1", ["task"], duration=3600)

PLACEMENTS = int(os.environ.get("FLUXION_PLACEMENTS", "100000"))
CHILDREN = 64


class Audit:
    """Counts what tasks hold, by path."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def task(self, found: Allocation, cores: int, gpus: int, *, one_socket: bool) -> None:
        """Book one task; it must hold so much, on one node, and nothing that another one has."""
        paths = [
            given.vertex.path
            for given in found.vertices()
            if given.exclusive and given.vertex.type in ("core", "gpu")
        ]
        kinds = Counter(path.rpartition("/")[2].rstrip("0123456789") for path in paths)
        assert (kinds["core"], kinds["gpu"]) == (cores, gpus), kinds
        above = {path.rpartition("/")[0] for path in paths}
        assert len({path.rpartition("/")[0] for path in above}) == 1, "on several nodes"
        assert not one_socket or len(above) == 1, "on several sockets"
        assert self.taken.isdisjoint(paths), "taken twice"
        self.taken.update(paths)


def place_all(root: Instance) -> tuple[list[Instance], list[list[Iterable[Allocation]]]]:
    """Give each rack's worth of nodes to a child, and all tasks to the children."""
    whole = Jobspec.from_shape(f"slot={4000 // RACKS}/node", duration=36_000)
    children = [root.spawn(whole, policy="low", name=f"c{n}") for n in range(RACKS)]
    placed: list[list[Iterable[Allocation]]] = []
    for child in children:
        matcher = child.queue.matcher
        placed.append(
            [
                matcher.allocate_many(WITH_GPU, GPU_TASKS // RACKS),
                matcher.allocate_many(IN_SOCKET, (CORE_TASKS - ACROSS) // RACKS),
                matcher.allocate_many(IN_NODE, ACROSS // RACKS),
            ]
        )
    return children, placed


@pytest.mark.slow
def bench_ensemble_in_two_levels(benchmark: BenchmarkFixture) -> None:
    """36,000 tasks held at once on 4,000 nodes, in 40 children, the spawning included (E-05)."""
    times: list[float] = []

    def once() -> tuple[list[Instance], list[list[Iterable[Allocation]]]]:
        root = Instance(load("mummi"), policy="low")
        start = time.process_time()
        found = place_all(root)
        times.append(time.process_time() - start)
        return found

    children, placed = benchmark.pedantic(once, rounds=1, iterations=1)
    audit_all(placed)
    root = children[0].parent
    assert root is not None
    assert root.calls_from_children == RACKS
    benchmark.extra_info |= {"seconds": min(times), "mib": peak_mib()}


def peak_mib() -> int:
    """Return the highest resident memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def audit_all(placed: Iterable[Iterable[Iterable[Allocation]]]) -> None:
    """Count what all 36,000 tasks hold."""
    audit = Audit()
    for with_gpu, in_socket, in_node in placed:
        for found in with_gpu:
            audit.task(found, 4, 1, one_socket=True)
        for found in in_socket:
            audit.task(found, 5, 0, one_socket=True)
        for found in in_node:
            audit.task(found, 5, 0, one_socket=False)
    assert len(audit.taken) == GPU_TASKS * 5 + CORE_TASKS * 5


def run_all(root: Instance) -> list[list[list[Allocation]]]:
    """Have all tasks be jobs of 40 children: submitted, journaled, placed, started."""
    whole = Jobspec.from_shape(f"slot={4000 // RACKS}/node", duration=36_000)
    children = [root.spawn(whole, policy="low", name=f"c{n}") for n in range(RACKS)]
    kinds = ((WITH_GPU, GPU_TASKS), (IN_SOCKET, CORE_TASKS - ACROSS), (IN_NODE, ACROSS))
    placed: list[list[list[Allocation]]] = []
    for child in children:
        ids = [child.submit_many([spec] * (number // RACKS)) for spec, number in kinds]
        while child.step() == 0:
            pass
        jobs = [[child.queue.jobs[i] for i in part if isinstance(i, int)] for part in ids]
        placed.append([[job.allocation for job in part if job.allocation] for part in jobs])
    return placed


@pytest.mark.slow
def bench_ensemble_as_jobs(benchmark: BenchmarkFixture) -> None:
    """The same 36,000 tasks as jobs with all that is written down of jobs, in one process."""
    times: list[float] = []

    def once() -> list[list[list[Allocation]]]:
        root = Instance(load("mummi"), policy="low")
        start = time.process_time()
        found = run_all(root)
        times.append(time.process_time() - start)
        return found

    audit_all(benchmark.pedantic(once, rounds=1, iterations=1))
    benchmark.extra_info |= {"seconds": min(times), "mib": peak_mib()}


def run_no_ops(instances: list[Instance], total: int) -> None:
    """Place, start and end no-op jobs, as many in each instance, a thousand at a time."""
    no_op = Jobspec.from_shape("slot=1/core", ["true"], duration=1)
    share = total // len(instances)
    for living in instances:
        left = share
        while left:
            number = min(left, 1000)
            ids = living.submit_many([no_op] * number)
            while living.step() == 0:
                pass
            for jobid in ids:
                assert isinstance(jobid, int)
                living.finish_job(jobid)
            left -= number


@pytest.mark.parametrize("number", [0, CHILDREN], ids=["flat", "children"])
def bench_no_op_placements(benchmark: BenchmarkFixture, number: int) -> None:
    """No-op jobs through 64 children, or one flat instance; at most 2 messages per child (E-04)."""
    total = PLACEMENTS if benchmark.enabled else 640
    nodes = {"node": {"count": 64, "contains": {"core": 1000}}}
    graph = ResourceGraph.from_recipe({"version": 1, "cluster": "c", "contains": nodes})
    times: list[float] = []

    def once() -> Instance:
        root = Instance(graph, policy="first")
        start = time.process_time()
        one = Jobspec.from_shape("slot=1/node")
        children = [root.spawn(one, name=f"c{n}") for n in range(number)]
        before = root.journal.last
        run_no_ops(children or [root], total)
        assert not number or root.journal.last == before
        for child in children:
            assert child.numbers()["completed"] == total // number
            child.close()
        times.append(time.process_time() - start)
        return root

    root = benchmark.pedantic(once, rounds=1, iterations=1)
    assert root.calls_from_children <= 2 * number
    benchmark.extra_info |= {"seconds": min(times), "jobs_per_second": total / min(times)}


@pytest.mark.slow
@pytest.mark.parametrize("command", [[], ["true"]], ids=["no-op", "true"])
def bench_processes(benchmark: BenchmarkFixture, command: list[str]) -> None:
    """Jobs per second of instances that are processes: flat, 1, 2 and 8 children (E-04).

    The curve of `fluxion bench throughput`, which it prints. FLUXION_JOBS of them for each number
    of children; without a command they take 0 seconds and no process is started for them.
    """
    jobs = os.environ.get("FLUXION_JOBS", "2000")
    start = [sys.executable, "-P", "-m", "fluxion_py.console", "bench", "throughput", "-o", "json"]

    def once() -> list[dict[str, float]]:
        words = [*start, "--jobs", jobs, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        found: list[dict[str, float]] = json.loads(done.stdout)
        return found

    curve = benchmark.pedantic(once, rounds=1, iterations=1)
    assert [line["children"] for line in curve] == [0, 1, 2, 8]
    for line in curve[1:]:
        assert line["parent_jobs"] == line["children"]
        assert line["messages"] == 2 * line["children"]
    benchmark.extra_info |= {
        f"jobs_per_second_of_{line['children']}": line["jobs_per_second"] for line in curve
    }
