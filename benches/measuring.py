"""What benches share: loaded systems, the doors of a matcher, and how a figure is noted.

A figure is the smallest time of some rounds by the number of operations in one: a shared machine
adds, it never takes away. Every bench checks after its rounds that the work was really done.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.systems import VERTICES, count_of, grug
from benches.workloads import takes
from fluxion_py import Allocation, Matcher, ResourceGraph
from fluxion_py.errors import Busy
from fluxion_py.match.prepared import Prepared

SMALL = ("tiny", "g125")
"""Systems that take no time; benches of any other one have the mark `slow`."""

SMOKE = 5
"""Operations per bench when nothing is timed."""

SAMPLE = 200
"""Allocations of a bench that are looked at closely."""


def systems(*names: str) -> list[Any]:
    """Return parameters for systems, the large ones marked `slow`."""
    return [
        pytest.param(name, marks=[] if name in SMALL else [pytest.mark.slow], id=name)
        for name in names
    ]


@lru_cache(maxsize=2)
def load(system: str) -> ResourceGraph:
    """Return a loaded system; benches do not change it. The last two are kept."""
    graph = ResourceGraph.from_text(grug(system), "grug")
    assert len(graph) == VERTICES[system]
    return graph


# ---- doors: the bulk one where the library has it, else a loop over single calls ----


def bulk_door() -> str:
    """Return the name of the door that `allocate` goes through."""
    return "allocate_many" if hasattr(Matcher, "allocate_many") else "allocate"


def allocate(matcher: Matcher, prepared: Prepared, count: int) -> Sequence[Allocation]:
    """Allocate up to `count` equal jobs; stop at the first refusal."""
    many: Any = getattr(matcher, "allocate_many", None)
    if many is not None:
        found: Sequence[Allocation] = many(prepared, count)
        return found
    return allocate_one_by_one(matcher, prepared, count)


def allocate_one_by_one(matcher: Matcher, prepared: Prepared, count: int) -> Sequence[Allocation]:
    """Allocate up to `count` equal jobs, a call for each; stop at the first refusal."""
    found: list[Allocation] = []
    try:
        for _ in range(count):
            found.append(matcher.allocate(prepared))  # noqa: PERF401 - a refusal keeps the others
    except Busy:
        pass
    return found


def cancel(matcher: Matcher, jobids: Sequence[int]) -> None:
    """Cancel jobs."""
    many: Any = getattr(matcher, "cancel_many", None)
    if many is not None:
        many(jobids)
        return
    for jobid in jobids:
        matcher.cancel(jobid)


def cancel_all(matcher: Matcher) -> None:
    """Cancel every job, the last one first."""
    cancel(matcher, [job.id for job in reversed(matcher.jobs())])


def satisfiable(matcher: Matcher, requests: Sequence[Prepared]) -> list[bool]:
    """Say for each request whether it fits an empty machine."""
    many: Any = getattr(matcher, "satisfiable_many", None)
    if many is not None:
        found: list[bool] = many(requests)
        return found
    return [matcher.satisfiable(prepared) for prepared in requests]


# ---- figures ----


def note(benchmark: BenchmarkFixture, row: str, value: float, unit: str = "s") -> None:
    """Note a figure of a row of `budgets.toml`: seconds, bytes or a plain number."""
    figures = benchmark.extra_info.setdefault("figures", {})
    figures[row] = {"value": value, "unit": unit}


def measure(
    benchmark: BenchmarkFixture,
    row: str,
    work: Callable[[], object],
    operations: int,
    *,
    setup: Callable[[], object] | None = None,
    rounds: int = 5,
) -> None:
    """Time `work`, `operations` of something at once, and note the time of one as a row."""
    benchmark.pedantic(work, setup=setup and (lambda: _nothing(setup())), rounds=rounds)
    benchmark.extra_info["operations"] = operations
    if benchmark.stats is not None:
        note(benchmark, row, benchmark.stats.stats.min / operations)


def enough(
    benchmark: BenchmarkFixture,
    batch: Callable[[int], object],
    most: int,
    *,
    seconds: float = 0.3,
    clear: Callable[[], object] = lambda: None,
) -> int:
    """Return how many operations at once take about `seconds`, 1 to `most`, by trying.

    `batch` carries so many out, and `clear` undoes them before the next, larger trial; the last one
    stays. What is made once is made in a first operation that does not count.
    """
    if benchmark.disabled:
        return min(most, SMOKE)
    clear()
    batch(1)
    count = 1
    while True:
        clear()
        start = time.perf_counter()
        batch(count)
        if count == most or time.perf_counter() - start > seconds / 4:
            return count
        count = min(most, 4 * count)


def room(system: str, workload: str, most: int) -> int:
    """Return how many jobs of a workload fill half of a system, 1 to `most`."""
    fits = min(count_of(system, type) // n for type, n in takes(workload, system).items())
    return max(1, min(most, fits // 2))


def check_given(given: Sequence[Allocation], count: int, workload: str, system: str) -> None:
    """Check that jobs were really made: as many as asked, each whole, none sharing a vertex."""
    assert len(given) == count
    wanted = takes(workload, system)
    sample = given[:: max(1, count // SAMPLE)]
    owned: list[int] = []
    for allocation in sample:
        for type, amount in wanted.items():
            assert allocation.count(type) == amount, (workload, system, allocation.counts)
        owned += _owned(allocation)
    assert len(owned) == len(set(owned))


def check_booked(matcher: Matcher, given: Iterable[Allocation]) -> None:
    """Check that the matcher's books have these jobs and no other."""
    assert [job.id for job in matcher.jobs()] == sorted(found.id or 0 for found in given)


def _owned(allocation: Allocation) -> list[int]:
    return [given.vertex.row for given in allocation.vertices() if given.exclusive]


def _nothing(_: object) -> None:
    """Tell pytest-benchmark that a set-up has no arguments for the work."""
