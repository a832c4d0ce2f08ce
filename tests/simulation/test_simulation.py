"""What comes out of a simulation: by hand, against a slow oracle, and on the real traces."""

import pytest

from fluxion_py import Simulation
from fluxion_py.errors import InputError, PolicyError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.simulation.schedule import BACKFILL, IMMEDIATE, NEVER, RESERVED
from fluxion_py.simulation.statistics import statistics_of
from fluxion_py.simulation.trace import Trace, TraceJob
from tests.conftest import require_shared
from tests.simulation.schedules import check, first_come, jobs, random_trace, starts

POLICIES = ("fcfs", "easy", "hybrid:3", "conservative")

WORKED = jobs((0, 3, 100), (0, 4, 50), (0, 1, 80), (0, 1, 200))
"""The example of queueing.md 16, without the early end."""


def test_easy_backfills_around_the_reservation() -> None:
    """The second job waits for 100; the third passes it, the fourth would delay it."""
    schedule = Simulation(4, "easy").run(WORKED)
    assert starts(schedule) == [0, 100, 0, 150]
    assert list(schedule.how) == [IMMEDIATE, RESERVED, BACKFILL, RESERVED]


def test_fcfs_lets_nobody_pass() -> None:
    """The third job waits for the second."""
    assert starts(Simulation(4, "fcfs").run(WORKED)) == [0, 100, 150, 150]


def test_an_early_end_is_used_at_once() -> None:
    """The first job asks for 100 s and ends after 40: the reservation moves to the end of job 3."""
    trace = jobs((0, 3, 40, 100), (0, 4, 50), (0, 1, 80), (0, 1, 200))
    assert starts(Simulation(4, "easy").run(trace)) == [0, 80, 0, 130]


def test_a_job_is_ended_by_its_limit() -> None:
    """It asked for 10 s and would run for 30; it counts as timed out."""
    schedule = Simulation(1, "fcfs").run(jobs((0, 1, 30, 10), (0, 1, 5)))
    assert starts(schedule) == [0, 10]
    assert [run.timed_out for run in schedule] == [True, False]
    assert statistics_of(schedule).timed_out == 1


def test_a_job_without_run_time_comes_and_goes() -> None:
    """Its processors are free again in the same second."""
    schedule = Simulation(2, "easy").run(jobs((0, 2, 0), (0, 2, 0), (0, 2, 3)))
    assert starts(schedule) == [0, 0, 0]
    assert list(schedule.ends) == [0, 0, 3]


def test_a_job_that_is_too_large_is_kept_and_named() -> None:
    """The others run as if it was not there."""
    schedule = Simulation(4, "conservative").run(jobs((0, 5, 10), (0, 4, 10)))
    assert starts(schedule) == [-1, 0]
    assert schedule.how[0] == NEVER
    assert schedule.refused == {0: "asks for 5 cores, the machine has 4"}


@pytest.mark.parametrize("seed", range(12))
def test_fcfs_is_as_the_oracle_says(seed: int) -> None:
    """Second by second, with a counter."""
    trace = random_trace(seed, 16)
    assert starts(Simulation(16, "fcfs").run(trace)) == first_come(trace, 16)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("seed", range(6))
def test_no_schedule_uses_more_than_there_is(seed: int, policy: str) -> None:
    """At any second, recomputed from the schedule; and every run is the same."""
    trace = random_trace(seed, 16)
    schedule = Simulation(16, policy).run(trace)
    check(schedule)
    assert all(start >= 0 for start in schedule.starts)
    again = Simulation(16, policy).run(trace)
    assert again.digest == schedule.digest


def test_sizes_count_nodes_where_the_trace_tells_nodes() -> None:
    """On a machine with nodes; else cores; or what is asked for."""
    graph = {
        "version": 1,
        "cluster": "elk",
        "contains": {"node": {"count": 4, "contains": {"core": 8}}},
    }
    trace = Trace.from_jobs(
        [TraceJob("a", 0, 10, 24, nodes=3), TraceJob("b", 0, 10, 16, nodes=2)], "nodes"
    )
    by_node = Simulation(ResourceGraph.from_recipe(graph), "fcfs").run(trace)
    assert (by_node.unit, by_node.capacity, starts(by_node)) == ("node", 4, [0, 10])
    by_core = Simulation(ResourceGraph.from_recipe(graph), "fcfs", unit="core").run(trace)
    assert (by_core.unit, by_core.capacity, starts(by_core)) == ("core", 32, [0, 10])
    check(by_node)
    check(by_core)


def test_overestimates_are_drawn_with_the_seed() -> None:
    """The same seed asks for the same; limits of the trace are left alone."""
    trace = jobs((0, 1, 100), (0, 1, 100), (0, 1, 100, 150))
    drawn = Simulation(4, seed=7, overestimate=5).limits(trace)
    assert drawn == Simulation(4, seed=7, overestimate=5).limits(trace)
    assert drawn != Simulation(4, seed=8, overestimate=5).limits(trace)
    assert all(100 <= limit <= 500 for limit in drawn[:2])
    assert drawn[2] == 150


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"queue_policy": "lifo"}, PolicyError, "unknown queue policy 'lifo'"),
        ({"unit": "gpu"}, InputError, "unknown unit 'gpu'"),
        ({"overestimate": 0.5}, InputError, "an overestimate of 0.5"),
        ({"queue_depth": 0}, InputError, "queue-depth is 0"),
    ],
)
def test_bad_settings_are_told(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    """When the simulation is made, not when it runs."""
    with pytest.raises(error, match=message):
        Simulation(4, **options)  # type: ignore[arg-type]


def test_the_sample_of_the_reference() -> None:
    """Twelve public jobs on 100 nodes (mission row Q-11).

    In turn as the oracle says; with EASY as worked out by hand: six small jobs pass the fifth.
    """
    path = require_shared("conformance/flux-sched/t/data/job-traces/hype-test.csv")
    trace = Trace.from_file(path)
    graph = {"version": 1, "cluster": "hype", "contains": {"node": 100}}
    by_policy = {}
    for policy in ("fcfs", "easy"):
        schedule = Simulation(ResourceGraph.from_recipe(graph), policy).run(trace)
        check(schedule)
        by_policy[policy] = starts(schedule)
    nodes = jobs(*((job.submit, job.nodes, job.runtime, job.limit) for job in trace.jobs))
    assert by_policy["fcfs"] == first_come(nodes, 100)
    assert by_policy["easy"] == [
        *(0, 19642, 77242, 115351, 172951, 115351),
        *(115351, 115351, 122875, 144519, 115928, 230551),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "processors", "count"),
    [("lublin_256.swf", 256, 10_000), ("NASA-iPSC-1993-3.1-cln.swf", 128, 18_239)],
)
@pytest.mark.parametrize("policy", ["fcfs", "easy", "conservative"])
def test_real_traces_run_through(file: str, processors: int, count: int, policy: str) -> None:
    """All jobs run, and never on more processors than there are."""
    trace = Trace.from_file(require_shared(f"traces/{file}"))
    schedule = Simulation(processors, policy).run(trace)
    assert statistics_of(schedule).ran == count
    changes: dict[int, int] = {}
    for run in schedule:
        changes[run.start] = changes.get(run.start, 0) + run.size
        changes[run.end] = changes.get(run.end, 0) - run.size
    used = 0
    for time in sorted(changes):
        used += changes[time]
        assert used <= processors
    assert used == 0
