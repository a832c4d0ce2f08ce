"""Real traces through the queue: promises, capacity, the same result on every run; and scale."""

import itertools
import tracemalloc
from collections import defaultdict
from pathlib import Path

import pytest

from fluxion_py import Matcher
from fluxion_py.queues.queue import Queue
from tests.conftest import require_shared
from tests.machines import nodes, shape
from tests.queues.replaying import Arrival, Replay, replay
from tests.queues.test_promises import Promises

TRACES = {"lublin_256.swf": 256, "NASA-iPSC-1993-3.1-cln.swf": 128}


def swf(path: Path, processors: int, limit: int) -> list[Arrival]:
    """The first jobs of a trace; without a requested time a job asks for what it takes."""
    found = []
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith(";"):
            continue
        field = [int(float(text)) for text in line.split()]
        size, runtime = field[4], field[3]
        if runtime > 0 and 0 < size <= processors:
            asked = max(runtime, field[8])
            found.append(Arrival(field[1], f"slot={size}/core", asked, runtime))
    found.sort(key=lambda arrival: arrival.at)
    return found[:limit]


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["fcfs", "easy", "hybrid:8", "conservative"])
@pytest.mark.parametrize("name", TRACES)
def test_traces_keep_promises_and_capacity(name: str, policy: str) -> None:
    """1,500 jobs; some end before their time, so that reservations move."""
    trace = swf(require_shared("traces") / name, TRACES[name], 1500)
    trace = [
        arrival._replace(runtime=max(1, arrival.runtime * (3 + number % 8) // 10))
        for number, arrival in enumerate(trace)
    ]
    promises = Promises()
    found = replay(nodes(TRACES[name] // 4, 4), trace, policy, watch=promises)
    promises.check(found)
    assert set(found.ends) == set(range(1, len(trace) + 1))
    check_cores(found)


def check_cores(found: Replay) -> None:
    """No core is used by two jobs at a time: sorted by start, each after the one before it."""
    uses = defaultdict(list)
    for number, cores in found.cores.items():
        for core in cores:
            uses[core].append((found.starts[number], found.ends[number]))
    for spans in uses.values():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


@pytest.mark.slow
def test_a_trace_gives_the_same_starts_on_every_run() -> None:
    trace = swf(require_shared("traces") / "lublin_256.swf", 256, 1000)
    first, second = (replay(nodes(64, 4), trace, "easy").starts for _ in range(2))
    assert list(first.items()) == list(second.items())


def test_a_cycle_asks_the_matcher_about_classes_and_not_about_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """30,000 jobs of 60 classes: a release costs at most a question per class, then none."""
    queue = Queue(Matcher(nodes(32)), policy="easy", record=False)
    requests = [queue.request(shape(f"slot={k % 20 + 1}/node", 1000 - k)) for k in range(60)]
    for number in range(30_000):
        queue.submit(requests[number % 60], now=0)
    queue.cycle(0)
    running = [job.id for job in queue.jobs.values() if job.t_run >= 0]
    asked = 0
    start = queue.bookings.start

    def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return start(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(queue.bookings, "start", counted)
    queue.finished(running[0], now=1)
    queue.cycle(1)
    assert 0 < asked <= 60 + 32
    asked = 0
    queue.cycle(2)
    assert asked == 0


@pytest.mark.slow
def test_a_pending_job_takes_less_than_a_kilobyte() -> None:

    queue = Queue(Matcher(nodes(4)), policy="easy", record=False)
    queue.stop(now=0)
    request = queue.request(shape("slot/node", 10))
    tracemalloc.start()
    for _ in range(20_000):
        queue.submit(request, now=0)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 20_000 < 1024
