"""The complete walk, in the engine alone: by visited vertex, and with the reference's ties."""

from itertools import count

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import load, measure, systems
from benches.workloads import HOUR, request
from fluxion_py._core.engine import Engine
from fluxion_py.match.policy import parse_policy
from fluxion_py.outcome import Errno, Outcome


@pytest.mark.parametrize("system", systems("tiny", "g125", "g1000", "large", "elcap"))
def bench_walk(benchmark: BenchmarkFixture, system: str) -> None:
    """The policy `low` looks at every core before it takes one: the whole machine is visited.

    An answer is found, none is booked.
    """
    engine = Engine(load(system).flat, policy=parse_policy("low"), search="walk")
    compiled = engine.compile(request("core1", system).resources)
    answers: list[Outcome] = []

    def work() -> None:
        answers[:] = [engine.match("without_allocating", compiled, HOUR, 0)]

    work()
    visited = answers[0].preorder
    assert answers[0].errno is Errno.OK
    assert visited > 0.6 * len(load(system))
    benchmark.extra_info["visited"] = visited
    measure(benchmark, f"walk-{system}", work, visited, rounds=10)
    assert answers[0].preorder == visited


@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_reference_ties(benchmark: BenchmarkFixture, system: str) -> None:
    """One core under the policy `low`, ties in the order of the reference: jobs come and go."""
    engine = Engine(load(system).flat, policy=parse_policy("low"), reference_ties=True)
    compiled = engine.compile(request("core1", system).resources)
    jobids = count(1)

    def work() -> None:
        assert engine.match("allocate", compiled, HOUR, next(jobids)).errno is Errno.OK

    def clear() -> None:
        for jobid in engine.jobs():
            engine.cancel(jobid)

    measure(benchmark, f"ties-core1-low-{system}", work, 1, setup=clear)
    assert len(engine.jobs()) == 1
