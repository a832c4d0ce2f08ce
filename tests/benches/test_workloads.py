"""Workloads ask for what their names say, and queues come from a seed."""

import pytest

from benches.measuring import room
from benches.systems import grug
from benches.workloads import (
    DAY,
    WORKLOADS,
    backfill,
    many_shapes,
    queued_request,
    request,
    takes,
)
from fluxion_py import Matcher, ResourceGraph

# The smallest system that has what a workload asks for.
SYSTEM_OF = {"paper": "medlow2", "nodex16": "g125", "slotnode16": "g125"}
CASES = [(name, SYSTEM_OF.get(name, "tiny")) for name in WORKLOADS if name != "chassisssd"]


@pytest.mark.parametrize(("workload", "system"), CASES)
def test_a_job_owns_what_its_workload_says(workload: str, system: str) -> None:
    matcher = Matcher(ResourceGraph.from_text(grug(system)), "low")
    given = matcher.allocate(request(workload, system))
    owned = [vertex for vertex in given.vertices() if vertex.exclusive]
    for type, amount in takes(workload, system).items():
        assert sum(v.units for v in owned if v.vertex.type == type) == amount


def test_a_queue_comes_from_its_seed_and_stays_within_its_bounds() -> None:
    queue = backfill(500)
    assert queue == backfill(500)
    assert queue != backfill(500, seed=2)
    assert queue[:100] == backfill(100)
    assert {1, 256} >= {min(job.nodes for job in queue)}
    assert all(1 <= job.nodes <= 256 and 64 <= job.duration <= DAY for job in queue)


def test_small_jobs_are_as_frequent_as_large_ones_by_the_logarithm() -> None:
    queue = backfill(4000)
    small = sum(job.nodes <= 16 for job in queue)
    assert 0.45 < small / len(queue) < 0.56


def test_a_queued_job_asks_for_its_nodes_whole_or_by_slots() -> None:
    matcher = Matcher(ResourceGraph.from_text(grug("g125")), "low")
    for exclusive, cores in ((True, 64), (False, 0)):
        job = backfill(1)[0]
        given = matcher.reserve(queued_request(job, "g125", exclusive=exclusive))
        assert given.count("node") == job.nodes
        assert given.count("core") == cores * job.nodes
        assert given.duration == job.duration


def test_there_are_64_different_shapes() -> None:
    assert len({jobspec.resources for jobspec in many_shapes("g125")}) == 64


def test_a_round_stays_within_half_of_the_machine() -> None:
    assert room("g125", "nodex1", 1000) == 62
    assert room("g125", "core1", 1000) == 1000
    assert room("tiny", "nodex16", 1000) == 1
