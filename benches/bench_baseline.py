"""Other ways to do the same inside this repository, for the ratio: jobs come on an empty machine.

`plain` is the second engine of the tests, the same rules in plain Python (`tests/oracles`);
`networkx` is a first fit over a networkx graph, with none of the rules. Ours is `Matcher.allocate`,
one call for each job, as the others are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import load, measure, room, systems
from benches.networkx_first_fit import NetworkxFirstFit
from benches.workloads import HOUR, request
from fluxion_py import Matcher
from fluxion_py.match.policy import parse_policy
from fluxion_py.outcome import Errno
from tests.oracles.engine import OracleEngine

JOBS = 5
POLICY = "low"  # first fit by id: what all three do alike


@dataclass(frozen=True, slots=True)
class Baseline:
    """One engine: how a job comes and goes, and which jobs there are."""

    allocate: Callable[[int], bool]
    cancel: Callable[[int], object]
    jobs: Callable[[], list[int]]


def fluxion(system: str, workload: str) -> Baseline:
    matcher = Matcher(load(system), POLICY)
    prepared = matcher.compile(request(workload, system))
    return Baseline(
        lambda jobid: matcher.allocate(prepared, jobid=jobid).id == jobid,
        matcher.cancel,
        lambda: [job.id for job in matcher.jobs()],
    )


def plain(system: str, workload: str) -> Baseline:
    engine = OracleEngine(load(system).flat, policy=parse_policy(POLICY))
    resources = engine.compile(request(workload, system).resources)

    def allocate(jobid: int) -> bool:
        return engine.match("allocate", resources, HOUR, jobid).errno is Errno.OK

    return Baseline(allocate, engine.cancel, engine.jobs)


def networkx(system: str, workload: str) -> Baseline:
    engine = NetworkxFirstFit(load(system))
    take = engine.allocate_cores if workload == "core1" else engine.allocate_nodes
    return Baseline(lambda jobid: take(jobid, 1), engine.cancel, lambda: engine.jobs)


ENGINES = {"fluxion": fluxion, "plain": plain, "networkx": networkx}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("workload", ["core1", "nodex1"])
@pytest.mark.parametrize("system", systems("tiny", "g125"))
def bench_baseline(benchmark: BenchmarkFixture, system: str, workload: str, engine: str) -> None:
    """Equal jobs, one after the other, under the policy `low`."""
    baseline = ENGINES[engine](system, workload)
    count = room(system, workload, 2 if benchmark.disabled else JOBS)
    jobids = range(1, count + 1)

    def clear() -> None:
        for jobid in baseline.jobs():
            baseline.cancel(jobid)

    def work() -> None:
        for jobid in jobids:
            assert baseline.allocate(jobid)

    row = f"baseline-{engine}-{workload}-{system}"
    measure(benchmark, row, work, count, setup=clear, rounds=3)
    assert baseline.jobs() == list(jobids)
