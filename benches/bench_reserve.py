"""Queues of 2,000 and 10,000 jobs that are allocated or else reserved (`backfill`, `backfillx`).

The time of a job is the mean over the queue, for a job costs more the more wait before it. Requests
are compiled before (reading one has rows of its own, `parse-*`). A queue that is not through after
`LIMIT` seconds is cut, as in the reference's figures; `operations` says how many jobs were placed.
"""

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import SMALL, load, note
from benches.processes import file_of, run_child, step
from benches.workloads import QueuedJob, backfill, queued_request
from fluxion_py import Allocation, Matcher
from fluxion_py.match.prepared import Prepared

LIMIT = 60.0
SMOKE_JOBS = 25

CASES = [
    ("g125", 2_000, False, "first"),
    ("g125", 500, True, "first"),
    ("g1000", 2_000, False, "first"),
    ("g1000", 2_000, True, "first"),
    ("large", 2_000, False, "first"),
    ("large", 2_000, True, "first"),
    ("large", 10_000, False, "first"),
    ("medhigh", 2_000, False, "low"),
]
PARAMETERS = [
    pytest.param(
        *case,
        marks=[] if case[0] in SMALL else [pytest.mark.slow],
        id=f"{case[0]}-{case[1]}-{'backfillx' if case[2] else 'backfill'}-{case[3]}",
    )
    for case in CASES
]


@pytest.mark.parametrize(("system", "jobs", "exclusive", "policy"), PARAMETERS)
def bench_reserve(
    benchmark: BenchmarkFixture, system: str, jobs: int, exclusive: bool, policy: str
) -> None:
    """A queue of jobs of 1 to 256 nodes (125 on a machine of 125), 64 seconds to a day."""
    queue = queue_for(system, SMOKE_JOBS if benchmark.disabled else jobs)
    matcher = Matcher(load(system), policy)
    requests = [matcher.compile(queued_request(job, system, exclusive=exclusive)) for job in queue]
    given: Sequence[Allocation] = []

    def work() -> None:
        nonlocal given
        given = place(matcher, requests)

    benchmark.pedantic(work, rounds=1)
    check_queue(given, queue, system)
    assert len(matcher.jobs()) == len(given)
    benchmark.extra_info["operations"] = len(given)
    benchmark.extra_info["reserved"] = sum(found.reserved for found in given)
    if benchmark.stats is not None:
        name = "backfillx" if exclusive else "backfill"
        note(benchmark, f"{name}-{jobs}-{system}", benchmark.stats.stats.min / len(given))


@pytest.mark.parametrize(
    ("system", "jobs"),
    [
        pytest.param("g125", 100, id="g125-100"),
        pytest.param("large", 2_000, id="large-2000", marks=pytest.mark.slow),
    ],
)
def bench_memory_of_reservations(benchmark: BenchmarkFixture, system: str, jobs: int) -> None:
    """What a new process holds more after a queue of exclusive nodes than before it."""
    queue = queue_for(system, SMOKE_JOBS if benchmark.disabled else jobs)
    steps = [
        step(f"node={job.nodes}{{x}}/slot=1/socket=1", 1, "reserve", job.duration) for job in queue
    ]
    file = file_of(system)
    found = benchmark.pedantic(lambda: run_child(file, "grug", steps, seconds=LIMIT), rounds=1)
    assert found["made"] == found["jobs"] > 0
    benchmark.extra_info["operations"] = found["made"]
    above = found["work_resident"] - found["matcher_resident"]
    note(benchmark, f"above-backfillx-{jobs}-{system}", above, "B")


def queue_for(system: str, jobs: int) -> list[QueuedJob]:
    return backfill(jobs, largest=125 if system == "g125" else 256)


def place(matcher: Matcher, requests: Sequence[Prepared]) -> list[Allocation]:
    """Place the jobs in order, until `LIMIT` seconds have gone."""
    end = time.perf_counter() + LIMIT
    given = []
    for request in requests:
        given.append(matcher.reserve(request))
        if time.perf_counter() > end:
            break
    return given


def check_queue(given: Sequence[Allocation], queue: Sequence[QueuedJob], system: str) -> None:
    """Check that every job has its nodes for its time, and no node two jobs at once."""
    stays: list[tuple[int, int, int]] = []
    for found, job in zip(given, queue, strict=False):
        nodes = found.vertices("node")
        assert len(nodes) == job.nodes
        assert found.duration == job.duration
        assert found.reserved == (found.at > 0)
        stays += [(node.vertex.row, found.at, found.expiration) for node in nodes]
    stays.sort()
    for (row, _, end), (other, start, _) in pairwise(stays):
        assert row != other or end <= start
