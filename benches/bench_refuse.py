"""Refusals: "busy" on a machine without a free node, and "never" for what no node can hold.

`no-*` goes through the bulk door, whose answer to a refusal is an empty list; `busy-*` is
`Matcher.allocate`, which raises `Busy`. `never-cold-*` asks for a new shape each time.
"""

from functools import lru_cache

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import (
    allocate,
    enough,
    load,
    measure,
    satisfiable,
    systems,
)
from benches.systems import count_of, has_sockets
from benches.workloads import HOUR, request
from fluxion_py import Jobspec, Matcher
from fluxion_py.errors import Busy
from fluxion_py.match.prepared import Prepared

MOST = 20_000
NEW_SHAPES = 200


@lru_cache(maxsize=1)
def full_machine(system: str) -> Matcher:
    """Return a matcher with a job on every node, made one by one until the first refusal."""
    matcher = Matcher(load(system), "first")
    nodes = count_of(system, "node")
    given = allocate(matcher, matcher.compile(request("nodex1", system)), nodes + 1)
    assert len(given) == len(matcher.jobs()) == nodes
    return matcher


def impossible(system: str, cores: int) -> Jobspec:
    """Return a request for more cores in one node than any has, or in one socket."""
    level = "socket=1/" if has_sockets(system) else ""
    return Jobspec.from_shape(f"node=1/{level}slot=1/core={cores}", duration=HOUR)


@pytest.mark.parametrize("system", systems("g125", "large", "elcap"))
def bench_no(benchmark: BenchmarkFixture, system: str) -> None:
    """An exclusive node, `node` first in the jobspec."""
    matcher = full_machine(system)
    prepared = matcher.compile(request("nodex1", system))
    given = 0

    def ask(count: int) -> None:
        nonlocal given
        for _ in range(count):
            given += len(allocate(matcher, prepared, 1))

    count = enough(benchmark, ask, MOST)
    measure(benchmark, f"no-nodex1-{system}", lambda: ask(count), count)
    assert given == 0
    assert len(matcher.jobs()) == count_of(system, "node")


@pytest.mark.parametrize("system", systems("g125", "elcap"))
def bench_busy(benchmark: BenchmarkFixture, system: str) -> None:
    """The same as an exception, which is what a caller of `allocate` sees."""
    matcher = full_machine(system)
    prepared = matcher.compile(request("nodex1", system))

    def refuse() -> bool:
        try:
            matcher.allocate(prepared)
        except Busy:
            return True
        return False

    refused = 0

    def ask(count: int) -> None:
        nonlocal refused
        refused = sum(refuse() for _ in range(count))

    count = enough(benchmark, ask, MOST)
    measure(benchmark, f"busy-nodex1-{system}", lambda: ask(count), count)
    assert refused == count


@pytest.mark.parametrize("system", systems("g125", "large", "elcap"))
def bench_never(benchmark: BenchmarkFixture, system: str) -> None:
    """1,000 cores in one node, asked again and again on the full machine."""
    matcher = full_machine(system)
    prepared = matcher.compile(impossible(system, 1000))
    count = enough(benchmark, lambda count: satisfiable(matcher, [prepared] * count), MOST)
    answers: list[bool] = []

    def work() -> None:
        answers[:] = satisfiable(matcher, [prepared] * count)

    measure(benchmark, f"never-{system}", work, count)
    assert answers == [False] * count


@pytest.mark.parametrize("system", systems("g125", "elcap"))
def bench_never_cold(benchmark: BenchmarkFixture, system: str) -> None:
    """The same with a shape that the matcher has not seen, compiled before."""
    matcher = full_machine(system)
    sizes = iter(range(1001, 10**6))

    requests: list[Prepared] = []
    answers: list[bool] = []

    def fresh(count: int) -> None:
        requests[:] = [matcher.compile(impossible(system, next(sizes))) for _ in range(count)]

    def work() -> None:
        answers[:] = satisfiable(matcher, requests)

    def first_uses(count: int) -> None:
        fresh(count)
        work()

    count = enough(benchmark, first_uses, NEW_SHAPES)

    measure(benchmark, f"never-cold-{system}", work, count, setup=lambda: fresh(count))
    assert answers == [False] * count


@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_satisfiable(benchmark: BenchmarkFixture, system: str) -> None:
    """A node, which would fit an empty machine; this one is full."""
    matcher = full_machine(system)
    prepared = matcher.compile(request("nodex1", system))
    count = enough(benchmark, lambda count: satisfiable(matcher, [prepared] * count), MOST)
    answers: list[bool] = []

    def work() -> None:
        answers[:] = satisfiable(matcher, [prepared] * count)

    measure(benchmark, f"satisfiable-nodex1-{system}", work, count)
    assert answers == [True] * count
