"""Reservations start at the first second at which the job fits: a second-by-second simulation."""

from dataclasses import dataclass, field
from random import Random

import pytest

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Count, Resource
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno
from tests.machines import add_below
from tests.oracles.second_by_second import SecondBySecond
from tests.properties.engines import core

HORIZON = 400


def cluster(nodes: int) -> FlatGraph:
    """Nodes of two cores each below one cluster."""
    flat = FlatGraph()
    root = add_below(flat, -1, "cluster", 0)
    for n in range(nodes):
        node = add_below(flat, root, "node", n)
        for c in range(2):
            add_below(flat, node, "core", c)
    return flat


def whole_nodes(count: int) -> tuple[Resource, ...]:
    node = Resource("node", Count(1, 1))
    return (Resource("slot", Count(count, count), (node,), label="task"),)


@dataclass
class Simulation:
    """Every node a time line of its own; job -> (node, span) pairs."""

    lines: dict[int, SecondBySecond]
    jobs: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def earliest(self, count: int, duration: int, now: int) -> int:
        """Return the first second from which so many nodes are each free for so long."""
        return next(
            time
            for time in range(now, HORIZON)
            if sum(line.avail_during(time, duration, 1) for line in self.lines.values()) >= count
        )

    def book(self, jobid: int, rows: list[int], at: int, duration: int) -> None:
        self.jobs[jobid] = [(row, self.lines[row].add_span(at, duration, 1)) for row in rows]

    def cancel(self, jobid: int) -> None:
        for row, span in self.jobs.pop(jobid):
            self.lines[row].rem_span(span)


@pytest.mark.parametrize("policy", ["first", "low", "high", "hinodex", "locality"])
@pytest.mark.parametrize("seed", range(40))
def test_every_start_is_the_first_second_that_fits(policy: str, seed: int) -> None:
    rng = Random(f"earliest {seed}")
    nodes = rng.randint(2, 6)
    flat = cluster(nodes)
    engine = core(flat, policy=POLICIES[policy], filters=[("ALL", "core"), ("ALL", "node")])
    rows = flat.rows_of_type("node")
    simulation = Simulation({row: SecondBySecond(1, 2 * HORIZON) for row in rows})
    for jobid in range(1, 16):
        if simulation.jobs and rng.random() < 0.25:
            gone = rng.choice(sorted(simulation.jobs))
            engine.cancel(gone)
            simulation.cancel(gone)
        count, duration = rng.randint(1, nodes), rng.randint(1, 20)
        request = engine.compile(whole_nodes(count))
        outcome = engine.match("allocate_orelse_reserve", request, duration, jobid)
        assert outcome.errno is Errno.OK
        assert outcome.selection is not None
        assert outcome.at == simulation.earliest(count, duration, 0)
        taken = [row for row, _, x, _ in outcome.selection.vertices if x and row in rows]
        assert len(taken) == count
        simulation.book(jobid, taken, outcome.at, duration)  # refuses what is taken already


def test_ten_jobs_make_a_staircase() -> None:
    """Whole machine, 3600 s each: one starts when the one before ends."""
    engine = core(cluster(2), policy=POLICIES["first"], filters=[("ALL", "core"), ("ALL", "node")])
    request = engine.compile(whole_nodes(2))
    starts = [
        engine.match("allocate_orelse_reserve", request, 3600, jobid).at for jobid in range(1, 11)
    ]
    assert starts == [3600 * n for n in range(10)]
    engine.cancel(4)
    assert engine.match("allocate_orelse_reserve", request, 3600, 11).at == 3600 * 3
