"""The complete walk per visited vertex, in the engine alone: an answer is found, none is booked."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import load, measure, new_matcher, systems
from benches.workloads import HOUR, request
from fluxion_py.outcome import Errno, Outcome


@pytest.mark.parametrize("system", systems("tiny", "g125", "g1000", "large", "elcap"))
def bench_walk(benchmark: BenchmarkFixture, system: str) -> None:
    """The policy `low` looks at every core before it takes one: the whole machine is visited."""
    matcher = new_matcher(load(system), "low", search="walk")
    prepared = matcher.compile(request("core1", system))
    answers: list[Outcome] = []

    def work() -> None:
        answers[:] = [
            matcher._engine.match("without_allocating", prepared.request, HOUR, 0, 0, None)
        ]

    work()
    visited = answers[0].preorder
    assert answers[0].errno is Errno.OK
    assert visited > 0.6 * len(load(system))
    benchmark.extra_info["visited"] = visited
    measure(benchmark, f"walk-{system}", work, visited, rounds=10)
    assert answers[0].preorder == visited
