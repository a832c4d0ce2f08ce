"""`OracleEngine`: the interface of the compiled engine, following the page (matching.md 7)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Resource
from fluxion_py.match.policy import POLICIES, Policy
from fluxion_py.outcome import Errno, Outcome, Release, Selection

from . import cancel, growth, masks
from .commit import Charger, UpdateWalk, charge
from .filters import prime, register
from .finish import NO_SOURCE, select
from .first import refresh_weights
from .machine import Machine, Topology
from .planner import END_OF_TIME
from .request import aggregate, demands_of, exclusive_types, variants
from .restore import restore
from .walk import Attempt

DEFAULT_FILTERS = (("ALL", "core"), ("ALL", "node"))
OPS = (
    "allocate",
    "allocate_with_satisfiability",
    "allocate_orelse_reserve",
    "satisfiability",
    "without_allocating",
    "without_allocating_future",
)
RESERVING = ("allocate_orelse_reserve", "without_allocating_future")
NOW_ONLY = ("allocate", "without_allocating")
RECORDING = ("allocate", "allocate_with_satisfiability", "allocate_orelse_reserve")
Request = tuple[Resource, ...]


@dataclass
class Operation:
    """One match operation under way."""

    op: str
    request: Request
    duration: int
    jobid: int
    now: int
    allowed: bytes | None
    variants: list[Request]
    demand: dict[str, int]
    """The aggregates of the whole, unexpanded request (errata G18)."""
    messages: list[str] = field(default_factory=list)
    preorder: int = 0
    postorder: int = 0

    def outcome(self, errno: Errno) -> Outcome:
        """Return a failure, or a success without a selection."""
        return Outcome(
            errno,
            messages="".join(self.messages),
            preorder=self.preorder,
            postorder=self.postorder,
        )


class OracleEngine:
    """The matching engine, slow and obvious; methods as in `fluxion_py/_core/engine.pyi`."""

    def __init__(
        self,
        graph: FlatGraph,
        *,
        subsystems: Sequence[str] = ("containment",),
        policy: Policy = POLICIES["first"],
        filters: Sequence[tuple[str, str]] = DEFAULT_FILTERS,
        flexible: bool = False,
        reference_ties: bool = False,
        strict: bool = False,
        graph_end: int = 3153600000,
    ) -> None:
        self._machine = Machine(
            Topology(graph, subsystems), policy, flexible, reference_ties, strict, graph_end
        )
        register(self._machine, filters)
        prime(self._machine)

    @property
    def graph(self) -> FlatGraph:
        """The graph under the engine."""
        return self._machine.graph

    @property
    def graph_end(self) -> int:
        """The end of the graph's life time (exclusive), in seconds."""
        return self._machine.graph_end

    @graph_end.setter
    def graph_end(self, end: int) -> None:
        self._machine.graph_end = end

    # matching

    def compile(self, resources: Sequence[Resource]) -> Request:
        """Keep the request as it is."""
        return tuple(resources)

    def match(
        self,
        op: str,
        request: Request,
        duration: int,
        jobid: int,
        now: int = 0,
        allowed: bytes | None = None,
    ) -> Outcome:
        """Carry out one operation of the table of matching.md 7."""
        if op not in OPS:
            raise ValueError(f"no operation {op!r}; known: {', '.join(OPS)}")
        if not request:
            return Outcome(Errno.INVALID)
        machine = self._machine
        machine.topology.refresh()
        machine.last_error = Errno.NOTTY
        try:
            ways = variants(request) if machine.flexible else [request]
        except OverflowError:
            return Outcome(Errno.INVALID)
        whole = demands_of(request, machine.tracked, machine.flexible)
        demand = aggregate(whole, machine.tracked, machine.flexible)
        operation = Operation(op, request, duration, jobid, now, allowed, ways, demand)
        return self._run(operation)

    def _run(self, operation: Operation) -> Outcome:
        op = operation.op
        if op == "satisfiability":
            satisfiable = self._satisfiable(operation)
            return operation.outcome(Errno.OK if satisfiable else Errno.NEVER)
        if not self._enough_nodes(operation):
            never = op == "allocate_with_satisfiability"
            return operation.outcome(Errno.NEVER if never else Errno.BUSY)
        attempt = self._select(operation, operation.now)
        if attempt is None and op in RESERVING:
            attempt = self._select_later(operation)
        if attempt is not None:
            return self._finish(operation, attempt)
        if op in NOW_ONLY or self._satisfiable(operation):
            return operation.outcome(Errno.BUSY)
        return operation.outcome(Errno.NEVER)

    def _enough_nodes(self, operation: Operation) -> bool:
        """The pre-check: are there enough nodes that are up, allowed and free at T?"""
        machine, graph = self._machine, self.graph
        wanted = operation.demand.get("node", 0)
        if wanted > machine.nodes_up:
            return False
        if operation.allowed is None:
            return True
        at = operation.now if operation.op in NOW_ONLY else machine.graph_end - 1
        any_status = operation.op == "allocate_with_satisfiability"
        nodes = [
            row
            for row in graph.rows_of_type("node")
            if operation.allowed[row]
            and (any_status or graph.up(row))
            and machine.available(row, at, operation.duration) == 1
        ]
        return len(nodes) >= wanted

    def _select(self, operation: Operation, at: int, everlasting: bool = False) -> Attempt | None:
        """One select: every variant in order, the first that succeeds (errata G18)."""
        machine = self._machine
        for way in operation.variants:
            attempt = Attempt(at, operation.duration, operation.now, everlasting, operation.allowed)
            wanted = demands_of(way, machine.tracked, machine.flexible)
            success = select(machine, attempt, wanted)
            operation.messages += attempt.messages
            operation.preorder += attempt.preorder
            operation.postorder += attempt.postorder
            if success:
                return attempt
        return None

    def _satisfiable(self, operation: Operation) -> bool:
        """Select ignoring status at T∞, where everything is free."""
        at = END_OF_TIME - operation.duration - 1
        return self._select(operation, at, everlasting=True) is not None

    def _select_later(self, operation: Operation) -> Attempt | None:
        """Select at each candidate time; the next one is asked for before the answer is used."""
        candidates = self._candidates(operation)
        time = next(candidates, None)
        while time is not None:
            attempt = self._select(operation, time)
            time = next(candidates, None)
            if time is None:
                self._machine.last_error = Errno.NOENT
            if attempt is not None:
                return attempt
        self._machine.last_error = Errno.NOENT
        return None

    def _candidates(self, operation: Operation) -> Iterator[int]:
        """Yield the start times to try after now: points of the root filter where all types fit.

        Not strict: also the starts and ends of all jobs; they alone if the root has no filter.
        """
        machine = self._machine
        prune = machine.filter(machine.topology.root)
        times = set(prune.points(operation.now + 1)) if prune else set()
        if not machine.strict:
            ends = {time for job in machine.jobs.values() for time in (job.start, job.end)}
            times |= {time for time in ends if time > operation.now}
        for time in sorted(times):
            if not prune or prune.avail_during(time, operation.duration, operation.demand):
                yield time

    def _finish(self, operation: Operation, attempt: Attempt) -> Outcome:
        """Clip the duration, run the update walk, charge, refresh the weights."""
        machine = self._machine
        if attempt.at >= machine.graph_end:
            return operation.outcome(Errno.BUSY)
        duration = min(operation.duration, machine.graph_end - attempt.at)
        emission = UpdateWalk(
            machine,
            lambda source, target: (
                (claim.needs, claim.exclusive)
                if (claim := attempt.marks.get((source, target)))
                else None
            ),
            exclusive_types(operation.request, machine.policy.node_exclusive),
        ).run(*attempt.marks[NO_SOURCE, machine.topology.root][2:])
        selection = emission.selection
        if not selection.vertices:
            return operation.outcome(machine.last_error)
        future = attempt.at > operation.now
        if operation.op in RECORDING:
            charger = Charger(machine, operation.jobid, attempt.at, duration, future)
            if not charge(charger, emission):
                return operation.outcome(Errno.INVALID)
        refresh_weights(machine, selection.edges, operation.now)
        labels = machine.labels
        selection.labels = {row: labels[row] for row, *_ in selection.vertices if row in labels}
        outcome = operation.outcome(Errno.OK)
        outcome.at, outcome.duration, outcome.reserved = attempt.at, duration, future
        outcome.selection = selection
        return outcome

    # restoring and giving back

    def restore(
        self, jobid: int, claims: Mapping[int, bool], at: int, duration: int, now: int = 0
    ) -> Outcome:
        """Record a job from R (matching.md 9)."""
        return restore(self._machine, jobid, claims, at, duration)

    def cancel(self, jobid: int) -> Release:
        """Give a whole job back (matching.md 10)."""
        return cancel.cancel(self._machine, jobid)

    def cancel_ranks(self, jobid: int, ranks: Iterable[int]) -> Release:
        """Give back what a job holds on ranks (matching.md 10)."""
        return cancel.cancel_ranks(self._machine, jobid, ranks)

    def cancel_vertices(self, jobid: int, rows: Iterable[int]) -> Release:
        """Give back vertices that a job holds whole; all or nothing."""
        return cancel.cancel_vertices(self._machine, jobid, rows)

    # change of the graph

    def reprime(self) -> None:
        """Adapt the filters to a graph that has changed."""
        prime(self._machine)

    def remove(self, row: int) -> None:
        """Detach a vertex and what is below it (resource-graph.md 7)."""
        growth.remove(self._machine, row)

    def remove_ranks(self, ranks: Iterable[int]) -> list[int]:
        """Take ranks away and return the affected jobs (resource-graph.md 7)."""
        return growth.remove_ranks(self._machine, ranks)

    def set_status(self, row: int, up: bool) -> None:
        """Flip a vertex's own status (resource-graph.md 7)."""
        growth.set_status(self._machine, row, up)

    # looking

    def mask(self, kind: str, jobid: int = 0) -> bytes:
        """Return the rows for which a find predicate holds (matching.md 11)."""
        return masks.mask(self._machine, kind, jobid)

    def emit(self, mask: bytes) -> Selection:
        """Return the vertices of a mask with everything above them (matching.md 11)."""
        return masks.emit(self._machine, mask)

    def filter_usage(
        self, row: int, at: int, jobid: int | None = None
    ) -> list[tuple[str, int, int]]:
        """Return (type, used, total) of a vertex's filter, alphabetically."""
        return masks.filter_usage(self._machine, row, at, jobid)

    def holds(self, row: int) -> list[tuple[int, int, int, int, bool, bool]]:
        """Return (jobid, start, end, needs, exclusive, reserved) of a vertex, by job id."""
        state = self._machine.states.get(row)
        if state is None:
            return []
        return [
            (jobid, held.start, held.end, held.needs, held.exclusive, held.reserved)
            for jobid, held in sorted(state.holdings.items())
        ]

    def jobs(self) -> list[int]:
        """Return the ids of the jobs that hold something, ascending."""
        return sorted(self._machine.jobs)

    def available(self, row: int, at: int, duration: int) -> int:
        """Return the units of the vertex's own pool that are free in the whole window."""
        return self._machine.available(row, at, duration)
