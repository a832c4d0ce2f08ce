"""Matches at now from an empty machine on: a compiled request in, vertices chosen and recorded.

No text is read or written. `match-*` goes through the bulk door (`allocate_many`, or a loop over
`allocate` where the library has none yet), `call-*` through one call for each job; `cancel-*` gives
those jobs back. `cold-*` is the very first match of a new matcher.
"""

from collections.abc import Sequence

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import (
    allocate,
    allocate_one_by_one,
    bulk_door,
    cancel,
    cancel_all,
    check_booked,
    check_given,
    enough,
    load,
    measure,
    room,
    systems,
)
from benches.workloads import request
from fluxion_py import Allocation, Matcher
from fluxion_py.match.prepared import Prepared

MOST = 20_000
"""Jobs of one round at most; a round stays within half of the machine."""

BULK = 100_000

CASES = [
    ("core1", "first"),
    ("core1", "low"),
    ("core1", "high"),
    ("nodex1", "first"),
    ("nodex1", "low"),
    ("nodex1", "high"),
    ("nodex16", "first"),
    ("slotnode1", "first"),
    ("slotnode16", "first"),
    ("nodecore8", "first"),
    ("gpu1core8", "first"),
    ("gpu1core8", "low"),
]
CANCELS = ["core1", "nodex1", "nodex16"]
SHAPES_USED_FIRST = [("core1", "first"), ("gpu1core8", "first"), ("gpu1core8", "low")]


def prepare(system: str, workload: str, policy: str) -> tuple[Matcher, Prepared]:
    matcher = Matcher(load(system), policy)
    return matcher, matcher.compile(request(workload, system))


def most_jobs(
    benchmark: BenchmarkFixture,
    matcher: Matcher,
    prepared: Prepared,
    most: int,
    seconds: float = 0.5,
) -> int:
    """Return how many jobs a round may have, `most` or as many as come in about `seconds`."""
    return enough(
        benchmark,
        lambda count: allocate(matcher, prepared, count),
        most,
        seconds=seconds,
        clear=lambda: cancel_all(matcher),
    )


@pytest.mark.parametrize(("workload", "policy"), CASES)
@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_match(benchmark: BenchmarkFixture, system: str, workload: str, policy: str) -> None:
    """Equal jobs, one after the other."""
    matcher, prepared = prepare(system, workload, policy)
    count = most_jobs(benchmark, matcher, prepared, room(system, workload, MOST))
    given: Sequence[Allocation] = []

    def work() -> None:
        nonlocal given
        given = allocate(matcher, prepared, count)

    row = f"match-{workload}-{policy}-{system}"
    measure(benchmark, row, work, count, setup=lambda: cancel_all(matcher))
    benchmark.extra_info["door"] = bulk_door()
    check_given(given, count, workload, system)
    check_booked(matcher, given)


@pytest.mark.parametrize(("workload", "policy"), [("core1", "first"), ("nodex1", "low")])
@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_call(benchmark: BenchmarkFixture, system: str, workload: str, policy: str) -> None:
    """The same through `Matcher.allocate`: the Python call and its result object are included."""
    matcher, prepared = prepare(system, workload, policy)
    count = most_jobs(benchmark, matcher, prepared, room(system, workload, MOST))
    given: Sequence[Allocation] = []

    def work() -> None:
        nonlocal given
        given = allocate_one_by_one(matcher, prepared, count)

    row = f"call-{workload}-{policy}-{system}"
    measure(benchmark, row, work, count, setup=lambda: cancel_all(matcher))
    check_given(given, count, workload, system)
    check_booked(matcher, given)


@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_bulk(benchmark: BenchmarkFixture, system: str) -> None:
    """As many one-core jobs as one likes in one call, up to 100,000: records and memory grow."""
    matcher, prepared = prepare(system, "core1", "first")
    count = most_jobs(benchmark, matcher, prepared, room(system, "core1", BULK), seconds=2.0)
    given: Sequence[Allocation] = []

    def work() -> None:
        nonlocal given
        given = allocate(matcher, prepared, count)

    row = f"bulk-core1-first-{system}"
    measure(benchmark, row, work, count, setup=lambda: cancel_all(matcher), rounds=3)
    check_given(given, count, "core1", system)
    check_booked(matcher, given)


@pytest.mark.parametrize("workload", CANCELS)
@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_cancel(benchmark: BenchmarkFixture, system: str, workload: str) -> None:
    """Jobs of the policy `first` go, in the order in which they came."""
    matcher, prepared = prepare(system, workload, "first")
    count = most_jobs(benchmark, matcher, prepared, room(system, workload, MOST))
    cancel_all(matcher)
    jobids: list[int] = []

    def fill() -> None:
        jobids[:] = [found.id or 0 for found in allocate(matcher, prepared, count)]
        assert len(jobids) == count

    row = f"cancel-{workload}-{system}"
    measure(benchmark, row, lambda: cancel(matcher, jobids), count, setup=fill)
    assert matcher.jobs() == []


@pytest.mark.parametrize(("workload", "policy"), SHAPES_USED_FIRST)
@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_cold(benchmark: BenchmarkFixture, system: str, workload: str, policy: str) -> None:
    """The first use of a shape: a matcher that has never seen it, with one job of another."""
    graph = load(system)
    matchers: list[Matcher] = []
    given: list[Allocation] = []

    def fresh() -> None:
        matcher = Matcher(graph, policy)
        matcher.allocate(request("nodex1", system))
        matchers[:] = [matcher]

    def work() -> None:
        given[:] = [matchers[0].allocate(request(workload, system))]

    measure(benchmark, f"cold-{workload}-{policy}-{system}", work, 1, setup=fresh)
    check_given(given, 1, workload, system)
    assert len(matchers[0].jobs()) == 2
