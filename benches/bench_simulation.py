"""Whole simulations: the traces of the reference data, and a large synthetic one."""

from math import ceil
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.simulation import Simulation
from fluxion_py.simulation.statistics import statistics_of
from fluxion_py.simulation.trace import Trace, TraceJob
from tests.conftest import require_shared

POLICIES = ("fcfs", "easy", "conservative")
REAL = {"lublin_256.swf": 256, "NASA-iPSC-1993-3.1-cln.swf": 128}
LIMITS = (300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)
"""Time limits that people ask for."""


def synthetic(count: int, processors: int, load: float = 0.85, seed: int = 1) -> Trace:
    """Return a trace that asks for `load` of a machine on average.

    Sizes are mostly powers of two up to a sixth of the machine, a few go up to all of it; run times
    are log-normal (median 20 minutes); limits are round figures above them; twice as many jobs come
    by day as by night.
    """
    random = Random(seed)
    largest = max((processors // 6).bit_length() - 1, 1)
    shapes = []
    for _ in range(count):
        draw = random.random()
        if draw < 0.25:
            size = 1
        elif draw < 0.99:
            size = min(2 ** random.randint(0, largest) * random.choice((1, 1, 1, 3)), processors)
        else:
            size = random.randint(1, processors)
        runtime = min(max(int(random.lognormvariate(7.1, 1.5)), 1), LIMITS[-1])
        wanted = runtime * random.choice((1, 1.5, 3, 10))
        limit = next((limit for limit in LIMITS if limit >= wanted), LIMITS[-1])
        shapes.append((size, runtime, limit))
    gap = sum(size * runtime for size, runtime, _ in shapes) / (load * processors) / count
    now, jobs = 0.0, []
    for number, (size, runtime, limit) in enumerate(shapes, start=1):
        by_day = 7 <= now % 86400 / 3600 < 19
        now += random.expovariate(1 / gap) * (0.75 if by_day else 1.5)
        jobs.append(TraceJob(str(number), ceil(now), runtime, size, limit=limit))
    return Trace.from_jobs(jobs, f"synthetic-{count}")


def once(benchmark: BenchmarkFixture, trace: Trace, processors: int, policy: str) -> None:
    """Run one simulation and keep its figures."""
    schedule: Schedule = benchmark.pedantic(
        Simulation(processors, policy).run, args=(trace,), rounds=1
    )
    figures = statistics_of(schedule)
    assert figures.ran == figures.jobs
    benchmark.extra_info |= {"jobs": figures.jobs, "schedule": schedule.digest}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", REAL)
def bench_real_trace(benchmark: BenchmarkFixture, name: str, policy: str) -> None:
    """The goal is 20 s on one core."""
    once(benchmark, Trace.from_file(require_shared(f"traces/{name}")), REAL[name], policy)


@pytest.mark.parametrize(
    ("count", "processors"),
    [(2000, 2048), pytest.param(188_000, 24_515, marks=pytest.mark.slow)],
)
def bench_synthetic_trace(benchmark: BenchmarkFixture, count: int, processors: int) -> None:
    """With EASY; the goal for the large one is 60 s."""
    once(benchmark, synthetic(count, processors), processors, "easy")
