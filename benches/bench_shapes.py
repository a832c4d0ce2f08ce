"""64 different shapes in random order, single calls, on a machine that fills meanwhile."""

import random
from itertools import islice

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import (
    cancel_all,
    check_booked,
    enough,
    load,
    measure,
    systems,
)
from benches.systems import VERTICES
from benches.workloads import many_shapes
from fluxion_py import Allocation, Matcher

MOST = 2_000


@pytest.mark.parametrize("policy", ["first", "low"])
@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_many_shapes(benchmark: BenchmarkFixture, system: str, policy: str) -> None:
    """Every match looks for something else than the one before; all shapes were used before.

    Also since the machine was emptied, which every shape has to hear of once.
    """
    matcher = Matcher(load(system), policy)
    shapes = [matcher.compile(jobspec) for jobspec in many_shapes(system)]
    chance = random.Random(64)
    most = min(MOST, VERTICES[system] // 350)
    order = chance.choices(shapes, k=most)
    given: list[Allocation] = []

    def come(count: int) -> None:
        given[:] = [matcher.allocate(shape) for shape in islice(order, count)]

    def clear() -> None:
        cancel_all(matcher)
        for shape in shapes:
            matcher.cancel(matcher.allocate(shape).id or 0)

    clear()
    count = enough(benchmark, come, most, seconds=1.0, clear=clear)
    measure(benchmark, f"shapes64-{policy}-{system}", lambda: come(count), count, setup=clear)
    check_booked(matcher, given)
    assert len(given) == count
