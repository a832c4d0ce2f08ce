"""Warm matches at now over 125 to 100,000 nodes: what grows with the machine, and how.

`growth-*` rows are curves; `make bench` draws them and gives the ratio of 100,000 nodes to 1,000.
Half of the nodes are taken by single jobs before, 5,000 at most and no more than fit in `FILLING`
seconds, so that a search has something to step over.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import (
    allocate,
    cancel,
    cancel_all,
    check_given,
    enough,
    load,
    measure,
    room,
    systems,
)
from benches.systems import count_of
from benches.workloads import request
from fluxion_py import Allocation, Matcher

SIZES = ("g125", "g1000", "g3000", "large", "g30000", "g100000")
FLAT = ("flat1000", "flat10000", "flat100000")
CASES = [
    ("core1", "first"),
    ("core1", "low"),
    ("nodex1", "first"),
    ("nodex1", "low"),
    ("nodex16", "first"),
    ("gpu1core8", "first"),
]
TAKEN = 5_000
FILLING = 2.0
MOST = 200


@pytest.mark.parametrize("system", systems(*SIZES, *FLAT))
@pytest.mark.parametrize(("workload", "policy"), CASES)
def bench_growth(benchmark: BenchmarkFixture, system: str, workload: str, policy: str) -> None:
    """Jobs come on a machine that is partly taken, and go again between the rounds."""
    matcher = Matcher(load(system), policy)
    node = matcher.compile(request("nodex1", system))
    taken = min(TAKEN, count_of(system, "node") // 2)
    taken = enough(
        benchmark,
        lambda count: allocate(matcher, node, count),
        taken,
        seconds=FILLING,
        clear=lambda: cancel_all(matcher),
    )
    allocate(matcher, node, taken - len(matcher.jobs()))
    jobs = len(matcher.jobs())
    prepared = matcher.compile(request(workload, system))
    given: list[Allocation] = []

    def go() -> None:
        cancel(matcher, [found.id or 0 for found in given])
        given.clear()

    def come(count: int) -> None:
        given.extend(allocate(matcher, prepared, count))

    count = enough(benchmark, come, room(system, workload, MOST), clear=go)
    row = f"growth-{workload}-{policy}-{system}"
    measure(benchmark, row, lambda: come(count), count, setup=go)
    check_given(given, count, workload, system)
    assert len(matcher.jobs()) == jobs + count
