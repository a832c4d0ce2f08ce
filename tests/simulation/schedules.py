"""Traces made at random, and slow checks of schedules that share nothing with the simulator."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.trace import Trace, TraceJob


def jobs(*rows: tuple[int, int, int] | tuple[int, int, int, int]) -> Trace:
    """Return the trace of (submit, processors, run time[, limit])."""
    found = []
    for number, (submit, size, runtime, *limit) in enumerate(rows, start=1):
        found.append(TraceJob(str(number), submit, runtime, size, limit=limit[0] if limit else 0))
    return Trace.from_jobs(found)


def random_trace(seed: int, processors: int, count: int = 60) -> Trace:
    """Return a trace that keeps a machine busy, with zero run times and limits of every kind."""
    random = Random(seed)
    now, rows = 0, []
    for _ in range(count):
        now += random.choice((0, 0, 1, 5, 20, 100))
        size = random.choice((1, 1, 2, random.randint(1, processors)))
        runtime = random.choice((0, 1, 7, random.randint(1, 60), random.randint(1, 400)))
        limit = random.choice((0, runtime, runtime * 3, max(runtime // 2, 1)))
        rows.append((now, size, runtime, limit))
    return jobs(*rows)


def check(schedule: Schedule) -> None:
    """Assert what must hold for every schedule: capacity, whole run times, places of its own."""
    used: Counter[int] = Counter()
    holders: dict[int, list[tuple[int, int]]] = {}
    for run in schedule:
        if run.start < 0:
            continue
        limit = run.job.limit or run.job.runtime
        assert run.start >= run.job.submit
        assert run.end - run.start == min(run.job.runtime, max(limit, 1))
        for second in range(run.start, run.end):
            used[second] += run.size
        units = [
            unit
            for low, high in zip(run.places[::2], run.places[1::2], strict=True)
            for unit in range(low, high + 1)
        ]
        assert len(units) == run.size == len(set(units))
        for unit in units:
            holders.setdefault(unit, []).append((run.start, run.end))
    assert max(used.values(), default=0) <= schedule.capacity
    for held in holders.values():
        held.sort()
        for (_, end), (start, _) in pairwise(held):
            assert start >= end


def first_come(trace: Trace, processors: int) -> list[int]:
    """Return the start of each job in strict order, second by second, with a counter."""
    waiting = [(job.submit, job.processors, job.runtime, job.limit) for job in trace.jobs]
    starts: list[int] = []
    running: list[tuple[int, int]] = []
    now = 0
    while len(starts) < len(waiting):
        submit, size, runtime, limit = waiting[len(starts)]
        running = [(end, held) for end, held in running if end > now]
        if submit <= now and size + sum(held for _, held in running) <= processors:
            starts.append(now)
            running.append((now + min(runtime, limit or max(runtime, 1)), size))
        else:
            now += 1
    return starts


def starts(schedule: Schedule) -> Sequence[int]:
    """Return the starts as a list."""
    return list(schedule.starts)
