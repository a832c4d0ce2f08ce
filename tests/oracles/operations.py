"""The match operations: pre-check, selects, candidate times, commit (matching.md 7)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fluxion_py.jobspec.model import Resource
from fluxion_py.outcome import Errno, Outcome

from .commit import Charger, UpdateWalk, charge
from .finish import NO_SOURCE, select
from .first import refresh_weights
from .machine import Machine
from .planner import END_OF_TIME
from .request import aggregate, demands_of, exclusive_types, variants
from .walk import Attempt

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

    machine: Machine
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

    def run(self) -> Outcome:
        """Carry out the row of the table of matching.md 7."""
        op = self.op
        if op == "satisfiability":
            satisfiable = self._satisfiable()
            return self.outcome(Errno.OK if satisfiable else Errno.NEVER)
        if not self._enough_nodes():
            never = op == "allocate_with_satisfiability"
            return self.outcome(Errno.NEVER if never else Errno.BUSY)
        attempt = self._select(self.now)
        if attempt is None and op in RESERVING:
            attempt = self._select_later()
        if attempt is not None:
            return self._finish(attempt)
        if op in NOW_ONLY or self._satisfiable():
            return self.outcome(Errno.BUSY)
        return self.outcome(Errno.NEVER)

    def _enough_nodes(self) -> bool:
        """The pre-check: are there enough nodes that are up, allowed and free at T?"""
        machine, graph = self.machine, self.machine.graph
        wanted = self.demand.get("node", 0)
        if wanted > machine.nodes_up:
            return False
        if self.allowed is None or not machine.strict:
            return True  # not strict: what a constraint excludes, the walk finds out itself
        at = self.now if self.op in NOW_ONLY else machine.graph_end - 1
        any_status = self.op == "allocate_with_satisfiability"
        nodes = [
            row
            for row in graph.rows_of_type("node")
            if self.allowed[row]
            and (any_status or graph.up(row))
            and machine.available(row, at, self.duration) == 1
        ]
        return len(nodes) >= wanted

    def _select(self, at: int, everlasting: bool = False) -> Attempt | None:
        """One select: every variant in order, the first that succeeds (errata G18)."""
        machine = self.machine
        for way in self.variants:
            whole = frozenset(exclusive_types(self.request, machine.policy.node_exclusive))
            attempt = Attempt(at, self.duration, self.now, everlasting, self.allowed, whole)
            wanted = demands_of(way, machine.tracked, machine.flexible)
            success = select(machine, attempt, wanted)
            self.messages += attempt.messages
            self.preorder += attempt.preorder
            self.postorder += attempt.postorder
            if success:
                return attempt
        return None

    def _satisfiable(self) -> bool:
        """Select ignoring status at T∞, where everything is free."""
        at = END_OF_TIME - self.duration - 1
        return self._select(at, everlasting=True) is not None

    def _select_later(self) -> Attempt | None:
        """Select at each candidate time; the next one is asked for before the answer is used."""
        candidates = self._candidates()
        time = next(candidates, None)
        while time is not None:
            attempt = self._select(time)
            time = next(candidates, None)
            if time is None:
                self.machine.last_error = Errno.NOENT
            if attempt is not None:
                return attempt
        self.machine.last_error = Errno.NOENT
        return None

    def _candidates(self) -> Iterator[int]:
        """Yield the start times to try after now: points of the root filter where all types fit.

        Not strict: also the starts and ends of all jobs. They alone, strict or not, if the root has
        no filter (the reference aborts there).
        """
        machine = self.machine
        prune = machine.filter(machine.topology.root)
        times = set(prune.points(self.now + 1)) if prune else set()
        if not machine.strict or not (prune and prune.planners):
            ends = {time for job in machine.jobs.values() for time in (job.start, job.end)}
            times |= {time for time in ends if time > self.now}
        for time in sorted(times):
            if not prune or prune.avail_during(time, self.duration, self.demand):
                yield time

    def _finish(self, attempt: Attempt) -> Outcome:
        """Clip the duration, run the update walk, charge, refresh the weights."""
        machine = self.machine
        if attempt.at >= machine.graph_end:
            return self.outcome(Errno.BUSY)
        duration = min(self.duration, machine.graph_end - attempt.at)
        emission = UpdateWalk(
            machine,
            lambda source, target: (
                (claim.needs, claim.exclusive, claim.listed)
                if (claim := attempt.marks.get((source, target)))
                else None
            ),
            exclusive_types(self.request, machine.policy.node_exclusive),
        ).run(*attempt.marks[NO_SOURCE, machine.topology.root][2:4])
        selection = emission.selection
        if not selection.vertices:
            return self.outcome(machine.last_error)
        future = attempt.at > self.now
        if self.op in RECORDING:
            charger = Charger(machine, self.jobid, attempt.at, duration, future)
            if not charge(charger, emission):
                return self.outcome(Errno.INVALID)
        if machine.strict or self.op in RECORDING:  # the reference lets a mere look count, too
            refresh_weights(machine, selection.edges, self.now)
        labels = machine.labels
        selection.labels = {row: labels[row] for row, *_ in selection.vertices if row in labels}
        outcome = self.outcome(Errno.OK)
        outcome.at, outcome.duration, outcome.reserved = attempt.at, duration, future
        outcome.selection = selection
        return outcome


def match(
    machine: Machine,
    op: str,
    request: Request,
    duration: int,
    jobid: int,
    now: int,
    allowed: bytes | None,
) -> Outcome:
    """Carry out one operation; an empty request or too many variants are EINVAL."""
    if op not in OPS:
        raise ValueError(f"no operation {op!r}; known: {', '.join(OPS)}")
    try:
        ways = variants(request) if machine.flexible else [request]
    except OverflowError:
        return Outcome(Errno.INVALID)
    if not request:
        return Outcome(Errno.INVALID)
    machine.topology.refresh()
    machine.last_error = Errno.NOTTY
    whole = demands_of(request, machine.tracked, machine.flexible)
    demand = aggregate(whole, machine.tracked, machine.flexible)
    operation = Operation(machine, op, request, duration, jobid, now, allowed, ways, demand)
    return operation.run()
