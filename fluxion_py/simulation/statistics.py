"""The figures of a schedule, and how use and queue went over time."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, TypeVar

from fluxion_py.simulation.schedule import BACKFILL, NEVER, WAITING, Schedule

Number = TypeVar("Number", int, float)

SHORTEST = 10
"""Seconds: shorter jobs count as this long in the bounded slowdown (Feitelson and others, 1997)."""


@dataclass(frozen=True)
class Statistics:
    """Figures of one schedule; times in seconds.

    `jobs` came, `ran` of them ran; `too_large` never can, `not_started` were not reached. `wait`s
    and `slowdown`s are of those that ran. The bounded slowdown of a job is (wait + run) / run with
    a run of at least `SHORTEST`, and at least 1. Percentiles are values that occur (nearest rank).
    `utilization` is the part of capacity x makespan in which units were held; `makespan` goes from
    the first submission to the last end. `restarts` are runs that were repeated after a failure,
    and `failed` jobs that were given up; the runs count as use.
    """

    jobs: int
    ran: int
    too_large: int
    not_started: int
    timed_out: int
    backfilled: int
    mean_wait: float
    median_wait: int
    p95_wait: int
    max_wait: int
    mean_slowdown: float
    p95_slowdown: float
    utilization: float
    makespan: int
    busy_unit_seconds: int
    restarts: int = 0
    failed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name, ready for JSON."""
        return asdict(self)


def statistics_of(schedule: Schedule) -> Statistics:
    """Compute the figures. O(jobs log jobs)."""
    jobs = schedule.trace.jobs
    waits, slowdowns = [], []
    busy, last, timed_out = schedule.lost, 0, 0
    failed = set(schedule.failed)
    for index, (job, size, start, end) in enumerate(
        zip(jobs, schedule.sizes, schedule.starts, schedule.ends, strict=True)
    ):
        if start < 0:
            continue
        wait, run = start - job.submit, end - start
        waits.append(wait)
        slowdowns.append(max(1.0, (wait + run) / max(run, SHORTEST)))
        busy += size * run
        last = max(last, end)
        timed_out += run < job.runtime and index not in failed
    waits.sort()
    slowdowns.sort()
    ran = len(waits)
    return Statistics(
        jobs=len(jobs),
        ran=ran,
        too_large=schedule.how.count(NEVER),
        not_started=schedule.how.count(WAITING),
        timed_out=timed_out,
        backfilled=schedule.how.count(BACKFILL),
        mean_wait=sum(waits) / ran if ran else 0.0,
        median_wait=percentile(waits, 50) if ran else 0,
        p95_wait=percentile(waits, 95) if ran else 0,
        max_wait=waits[-1] if ran else 0,
        mean_slowdown=math.fsum(slowdowns) / ran if ran else 0.0,
        p95_slowdown=percentile(slowdowns, 95) if ran else 0.0,
        utilization=busy / (schedule.capacity * last) if last else 0.0,
        makespan=last,
        busy_unit_seconds=busy,
        restarts=sum(schedule.restarts.values()),
        failed=len(schedule.failed),
    )


def percentile(values: Sequence[Number], percent: int) -> Number:
    """Return the nearest-rank percentile of ascending values: at least so many are not above it."""
    return values[max(math.ceil(len(values) * percent / 100) - 1, 0)]


@dataclass(frozen=True)
class Series:
    """Steps over time: from `times[i]` on `used[i]` units are held and `queued[i]` jobs wait."""

    times: "array[int]"
    used: "array[int]"
    queued: "array[int]"


def series_of(schedule: Schedule) -> Series:
    """Return use and queue length over time, a step for each time at which one changes.

    Jobs that never ran are not counted as waiting. O(jobs log jobs).
    """
    used: dict[int, int] = {0: 0}
    queued: dict[int, int] = {0: 0}
    for job, size, start, end in zip(
        schedule.trace.jobs, schedule.sizes, schedule.starts, schedule.ends, strict=True
    ):
        if start >= 0:
            used[start] = used.get(start, 0) + size
            used[end] = used.get(end, 0) - size
            queued[job.submit] = queued.get(job.submit, 0) + 1
            queued[start] = queued.get(start, 0) - 1
    times = sorted(used.keys() | queued.keys())
    return Series(
        array("q", times),
        array("q", accumulate(used.get(time, 0) for time in times)),
        array("q", accumulate(queued.get(time, 0) for time in times)),
    )


def sample(series: Series, end: int, buckets: int) -> tuple[list[float], list[int]]:
    """Return mean use and longest queue of equal parts of [0, end). O(steps + buckets)."""
    used, queued = [0.0] * buckets, [0] * buckets
    width = max(end, 1) / buckets
    steps = [*series.times, end]
    for at, (since, units, waiting) in enumerate(
        zip(series.times, series.used, series.queued, strict=True)
    ):
        until = min(steps[at + 1], end)
        if until <= since:
            continue
        first, last = int(since / width), min(int(until / width), buckets - 1)
        for bucket in range(first, last + 1):
            inside = min(until, (bucket + 1) * width) - max(since, bucket * width)
            if inside > 0:
                used[bucket] += units * inside / width
                queued[bucket] = max(queued[bucket], waiting)
    return used, queued
