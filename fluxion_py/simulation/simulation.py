"""`Simulation`: one machine, one queue policy; runs traces."""

import math
import random
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike

from fluxion_py.errors import InputError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.queues.config import QueueConfig
from fluxion_py.simulation.failures import Failures
from fluxion_py.simulation.machine import UNITS, Machine, choose_unit, size_of, units_of
from fluxion_py.simulation.schedule import Schedule
from fluxion_py.simulation.trace import Trace

MAX_PLACES = 4_000_000
"""Places are kept if the sizes of all jobs sum up to no more than this."""

MAX_OVERESTIMATE = 1000.0


@dataclass(frozen=True)
class Simulation:
    """What is simulated: the scheduler itself, with a virtual clock.

    `machine` is a graph or its file, a `Machine`, or a number of processors. `unit` is what the
    sizes of a trace count, "core" or "node"; without it nodes if the trace tells them and the
    machine has some, else cores. A job without a time limit in the trace asks for exactly its run
    time, or, with `overestimate` F > 1, for up to F times that, evenly distributed and drawn with
    `seed`, as `failures` are. The same simulation of the same trace gives the same schedule,
    always.
    """

    machine: Machine | ResourceGraph | int | str | PathLike[str]
    queue_policy: str = "easy"
    match_policy: str = "low"
    unit: str = ""
    seed: int = 1
    overestimate: float = 1.0
    queue_depth: int = 1000
    failures: Failures | None = None

    def __post_init__(self) -> None:
        QueueConfig(policy=self.queue_policy, queue_depth=self.queue_depth)
        if self.unit and self.unit not in UNITS:
            raise InputError(f"unknown unit {self.unit!r}", hint=" or ".join(UNITS))
        if not 1 <= self.overestimate <= MAX_OVERESTIMATE:
            raise InputError(
                f"an overestimate of {self.overestimate}", hint=f"1 to {MAX_OVERESTIMATE:g}"
            )

    def run(
        self, trace: Trace | str | PathLike[str], watch: Callable[[int], None] | None = None
    ) -> Schedule:
        """Run a trace, or the one of a file, to its end.

        `watch` is called every thousand jobs with the number of those that have ended. Raises
        `GraphError` for a bad machine, `PolicyError`, `InputError`, `MatchError` if it takes longer
        than 100 years, `OSError`.
        """
        from fluxion_py.match.matcher import Matcher
        from fluxion_py.queues.queue import Queue
        from fluxion_py.simulation.replay import Replay

        if not isinstance(trace, Trace):
            trace = Trace.from_file(trace)
        name, graph = self._machine()
        unit = self.unit or choose_unit(graph, trace)
        units = units_of(graph, unit)
        capacity = sum(map(graph.flat.up, units))
        sizes = array("q", [size_of(job, unit) for job in trace.jobs])
        limits = self.limits(trace)
        config = QueueConfig(policy=self.queue_policy, queue_depth=self.queue_depth)
        queue = Queue(Matcher(graph, self.match_policy), [config], record=False)
        replay = Replay(
            queue,
            unit,
            [job.submit for job in trace.jobs],
            [job.runtime for job in trace.jobs],
            sizes,
            limits,
            capacity,
            units=units if sum(min(size, capacity) for size in sizes) <= MAX_PLACES else (),
            failures=self.failures,
            seed=self.seed,
            watch=watch,
        )
        replay.run()
        return Schedule(
            trace,
            name,
            self.queue_policy,
            unit,
            capacity,
            sizes,
            limits,
            replay.starts,
            replay.ends,
            replay.how,
            replay.places,
            replay.refused,
            replay.cycles,
            replay.restarts,
            replay.failed,
            replay.lost,
        )

    def limits(self, trace: Trace) -> "array[int]":
        """Return the seconds that each job asks for, at least 1."""
        drawn = random.Random(self.seed)
        found = array("q")
        for job in trace.jobs:
            limit = job.limit or job.runtime
            if not job.limit and self.overestimate > 1:
                limit = math.ceil(job.runtime * (1 + drawn.random() * (self.overestimate - 1)))
            found.append(max(limit, 1))
        return found

    def _machine(self) -> tuple[str, ResourceGraph]:
        machine = self.machine
        if isinstance(machine, ResourceGraph):
            return machine.source or "machine", machine
        if isinstance(machine, int):
            machine = Machine.from_processors(machine)
        elif not isinstance(machine, Machine):
            machine = Machine.from_file(machine)
        return machine.name, machine.graph()
