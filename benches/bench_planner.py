"""The plan of one pool: its questions and changes over 10 to 1,000,000 spans.

Spans start anywhere in a year and last up to a day, so that about `SPANS / 365` overlap.
"""

import random
from functools import lru_cache

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import SMOKE, measure
from benches.workloads import DAY
from fluxion_py.planner import Planner

YEAR = 365 * DAY
TOTAL = 10**9
QUERIES = 200
MEAN_USE = 50 * 0.5 / 365
"""Units in use at an instant by span: 50 of them for half a day, on the mean."""
SIZES = [
    pytest.param(n, id=str(n), marks=[pytest.mark.slow] if n > 10_000 else [])
    for n in (10, 100, 1_000, 10_000, 100_000, 1_000_000)
]


@lru_cache(maxsize=1)
def plan_of(spans: int) -> Planner:
    """Return a plan of many spans of 1 to 100 units, made in the order of their starts.

    In the order of a queue that starts its jobs as they come; any other order moves the points
    that lie later.
    """
    chance = random.Random(spans)
    planner = Planner(TOTAL)
    for start in sorted(chance.randrange(YEAR) for _ in range(spans)):
        planner.add_span(start, chance.randrange(1, DAY), chance.randrange(1, 100))
    assert len(planner.spans) == spans
    return planner


def times(spans: int, count: int) -> list[int]:
    chance = random.Random(-spans)
    return [chance.randrange(YEAR) for _ in range(count)]


@pytest.mark.parametrize("spans", SIZES)
def bench_planner_avail_at(benchmark: BenchmarkFixture, spans: int) -> None:
    """How much is free at an instant."""
    planner = plan_of(spans)
    at = times(spans, SMOKE if benchmark.disabled else QUERIES)
    free: list[int] = []

    def work() -> None:
        free[:] = [planner.avail_at(when) for when in at]

    measure(benchmark, f"planner-at-{spans}", work, len(at))
    assert all(TOTAL - 100 * spans <= units <= TOTAL for units in free)


@pytest.mark.parametrize("spans", SIZES)
def bench_planner_avail_during(benchmark: BenchmarkFixture, spans: int) -> None:
    """How much is free all through six hours."""
    planner = plan_of(spans)
    at = times(spans, SMOKE if benchmark.disabled else QUERIES)
    free: list[int] = []

    def work() -> None:
        free[:] = [planner.avail_during(when, DAY // 4) for when in at]

    measure(benchmark, f"planner-during-{spans}", work, len(at))
    assert all(units <= planner.avail_at(when) for when, units in zip(at, free, strict=True))


@pytest.mark.parametrize("worst", [False, True], ids=["usual", "worst"])
@pytest.mark.parametrize("spans", SIZES)
def bench_planner_first_time(benchmark: BenchmarkFixture, spans: int, worst: bool) -> None:
    """The first time with so much free for a minute: what usually is, or all of it."""
    planner = plan_of(spans)
    at = [when // 2 for when in times(spans, 3 if spans > 10_000 else 20)]
    units = TOTAL if worst else TOTAL - int(MEAN_USE * spans)
    found: list[int | None] = []

    def work() -> None:
        found[:] = [planner.avail_time_first(60, units, when) for when in at]

    row = f"planner-{'last' if worst else 'first'}-{spans}"
    measure(benchmark, row, work, len(at), rounds=3)
    assert all(when is not None and planner.avail_during(when, 60) >= units for when in found)


@pytest.mark.parametrize("spans", SIZES)
def bench_planner_span(benchmark: BenchmarkFixture, spans: int) -> None:
    """A span anywhere in the year comes and goes."""
    planner = plan_of(spans)
    at = times(spans, SMOKE if benchmark.disabled else 50)

    def work() -> None:
        for when in at:
            planner.remove_span(planner.add_span(when, DAY // 4, 7))

    measure(benchmark, f"planner-span-{spans}", work, len(at))
    assert len(planner.spans) == spans
