"""A long life: many operations on a machine of 5,000 vertices, its books recounted now and then.

What an engine says of itself must agree with a recount from the answers that it gave: who holds a
vertex, what is free, what every filter counts, the masks. A second engine that always walks lives
a sample of the requests. `FLUXION_OPERATIONS` sets how many operations there are.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from fluxion_py._core.engine import Engine
from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.shape import parse_shape
from fluxion_py.match.policy import POLICIES
from fluxion_py.outcome import Errno

OPERATIONS = int(os.environ.get("FLUXION_OPERATIONS", "20000"))
PARTS = (("socket", 2, 1), ("core", 16, 1), ("gpu", 4, 1), ("memory", 3, 8))
SHAPES = (
    "slot=1/core=1",
    "slot=1/core=4",
    "slot=2/[core=3;gpu=1]",
    "slot=1/[core=8;memory=16]",
    "node=1{x}/slot=1/core=1",
    "node=4{x}/slot=1/core=1",
    "slot=2/node=1",
    "node=2/slot=2/core=2",
    "rack=1/node=2/slot=1/core=1",
    "slot=3/socket=1",
)


@dataclass
class Job:
    """What a job was given: row -> whether it owns it, for [start, end)."""

    start: int
    end: int
    reserved: bool
    rows: dict[int, tuple[bool, int]]
    """Row -> whether it is owned, and its depth, in the order of the answer."""
    above: dict[int, int]

    def strike(self, gone: set[int]) -> None:
        """Take rows away, and then what is on the way to nothing."""
        while gone:
            for row in gone & self.rows.keys():
                del self.rows[row]
            needed = {self.above.get(row) for row in self.rows}
            gone = {row for row, (owns, _) in self.rows.items() if not owns and row not in needed}


@dataclass
class Life:
    """One engine and the answers that it gave."""

    flat: FlatGraph
    policy: str
    now: int = 0
    next_job: int = 1
    jobs: dict[int, Job] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    requests: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = Engine(self.flat, policy=POLICIES[self.policy])

    def match(self, rng: Random) -> None:
        shape = rng.choice(SHAPES)
        if shape not in self.requests:
            self.requests[shape] = self.engine.compile(parse_shape(shape))
        op = "allocate_orelse_reserve" if rng.random() < 0.01 else "allocate"
        asked = (op, self.requests[shape], rng.choice((50, 300, 2000)), self.next_job, self.now)
        walker = self.walking() if rng.random() < 1 / 400 else None
        outcome = self.engine.match(*asked)
        self.kinds[outcome.errno.name] += 1
        if walker is not None:
            other = walker.match(*asked)
            assert (other.errno, other.selection) == (outcome.errno, outcome.selection)
            assert other.errno is not Errno.OK or other.at == outcome.at
            self.kinds["compared"] += 1
        if outcome.errno is Errno.OK:
            assert outcome.selection is not None
            self.jobs[self.next_job] = Job(
                outcome.at,
                outcome.at + outcome.duration,
                outcome.reserved,
                {row: (owns, depth) for row, _, owns, depth in outcome.selection.vertices},
                {child: parent for parent, child, _ in outcome.selection.edges},
            )
            self.next_job += 1

    def walking(self) -> Engine:
        """Return another engine on the graph that has the same jobs and walks."""
        walker = Engine(self.flat, policy=POLICIES[self.policy], search="walk")
        for jobid, job in self.jobs.items():
            vertices = [
                (row, self.flat.size(row), owns, depth) for row, (owns, depth) in job.rows.items()
            ]
            walker.book(jobid, vertices, job.start, job.end - job.start, job.reserved)
        walker.set_edge_weights(self.engine.edge_weights())
        return walker

    def cancel(self, rng: Random) -> None:
        """Give a job back: one that is over, or any if there are many."""
        over = [jobid for jobid, job in self.jobs.items() if job.end <= self.now]
        if over or len(self.jobs) > 150:
            jobid = rng.choice(over or list(self.jobs))
            assert self.engine.cancel(jobid).full
            del self.jobs[jobid]

    def attach(self, rng: Random) -> None:
        """One more node in a rack, as the others are."""
        if self.flat.vertex_count > 5500:
            return
        number = len(self.flat.rows_of_type("node"))
        add_nodes(self.flat, [rng.choice(self.flat.rows_of_type("rack"))], [number])
        self.engine.reprime()
        self.kinds["attach"] += 1

    def remove(self, rng: Random) -> None:
        """One node less; the jobs on it go on without."""
        if self.flat.vertex_count < 4500:
            return
        node = rng.choice(self.flat.rows_of_type("node"))
        gone = set(self.flat.hanging_below(node))
        affected = {jobid for jobid, job in self.jobs.items() if gone & job.rows.keys()}
        assert set(self.engine.remove(node)) == affected
        for jobid in affected:
            self.jobs[jobid].strike(gone)
            if not self.jobs[jobid].rows:
                del self.jobs[jobid]
        self.kinds["remove"] += 1

    def set_status(self, rng: Random) -> None:
        down = [row for row in self.flat.rows_of_type("node") if not self.flat.up(row)]
        rows = down if len(down) > 3 else self.flat.rows_of_type("node")
        self.engine.set_status(rng.choice(rows), len(down) > 3)

    def recount(self) -> None:
        """Everything that the engine says follows from the jobs."""
        flat, engine = self.flat, self.engine
        assert engine.jobs() == sorted(self.jobs)
        held: dict[int, list[tuple[int, int, int, int, bool, bool]]] = {}
        used: Counter[tuple[int, str]] = Counter()
        for jobid, job in sorted(self.jobs.items()):
            for row, (owns, _) in job.rows.items():
                units = flat.size(row) if owns else 0
                entry = (jobid, job.start, job.end, units, owns, owns and job.reserved)
                held.setdefault(row, []).append(entry)
                above = job.above.get(row)
                while owns and above is not None and job.start <= self.now < job.end:
                    used[above, flat.type(row)] += units
                    above = job.above.get(above)
        masks = {kind: engine.mask(kind) for kind in ("down", "allocated", "reserved")}
        parents: dict[int, int] = {}
        for row in flat.rows():
            where = flat.path(row)
            assert engine.holds(row) == held.get(row, []), where
            mine = [hold for hold in held.get(row, []) if hold[4]]
            taken = any(start <= self.now < end for _, start, end, *_ in mine)
            assert engine.available(row, self.now, 1) == (0 if taken else flat.size(row)), where
            for kind, amount, _ in engine.filter_usage(row, self.now):
                assert amount == used[row, kind], f"{kind} below {where}"
            parents |= dict.fromkeys((target for target, _ in flat.out_edges(row)), row)
            own = {
                "down": not flat.up(row),
                "allocated": any(not hold[5] for hold in mine),
                "reserved": any(hold[5] for hold in mine),
            }
            for kind, mask in masks.items():  # a parent comes before what is below it
                above = parents.get(row)
                marked = own[kind] or (above is not None and bool(mask[above]))
                assert bool(mask[row]) == marked, f"{kind} {where}"


def machine() -> FlatGraph:
    """4 racks, 25 nodes each, 2 sockets, 16 cores, 4 gpus and 3 memory pools per socket."""
    flat = FlatGraph()
    top = flat.add_vertex("cluster", "cluster", 0, "cluster0", 0)
    flat.set_root("containment", top)
    flat.set_path_under(top, "containment", -1)
    racks = flat.add_children([top], 4, "rack", "rack", [*range(4)], 1, "", "containment", -1)
    add_nodes(flat, list(racks), [*range(100)])
    return flat


def add_nodes(flat: FlatGraph, racks: list[int], numbers: list[int]) -> None:
    """Add nodes, as many below each rack, with what is in them."""
    each = len(numbers) // len(racks)
    parents = list(
        flat.add_children(racks, each, "node", "node", numbers, 1, "", "containment", numbers[0])
    )
    for kind, count, size in PARTS:
        ids = [*range(count)] * len(parents)
        made = flat.add_children(parents, count, kind, kind, ids, size, "", "containment", -1)
        parents = list(made) if kind == "socket" else parents


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["first", "low"])
def test_the_books_of_a_long_life_agree_with_a_recount(policy: str) -> None:
    rng = Random(f"million {policy}")
    life = Life(machine(), policy)
    doing = {Life.match: 450, Life.cancel: 430, Life.set_status: 20, Life.attach: 1, Life.remove: 1}
    for number in range(OPERATIONS):
        (operation,) = rng.choices(list(doing), list(doing.values()))
        operation(life, rng)
        life.now += rng.random() < 0.3
        if number % (OPERATIONS // 20) == 0:
            life.recount()
    life.recount()
    assert OPERATIONS < 10000 or life.kinds["compared"] > OPERATIONS / 2000, life.kinds
    assert life.engine.indexed_matches > (life.kinds["OK"] + life.kinds["BUSY"]) / 2, life.kinds
