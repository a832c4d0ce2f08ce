"""The update walk: emission and charging of what a select has marked (matching.md 8)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from fluxion_py.outcome import Selection

from .machine import Holding, Job, Machine
from .planner import PlannerError

Marked = Callable[[int, int], tuple[int, bool, bool] | None]
"""(source, target) -> (needs, exclusive, listed) of a marked edge, else None."""


@dataclass
class Emission:
    """What the update walk found: the selection, and for each vertex the aggregate below it."""

    selection: Selection = field(default_factory=Selection)
    below: dict[int, dict[str, int]] = field(default_factory=dict)


class UpdateWalk:
    """The walk from the root along marked edges; in shadow mode along all dominant edges."""

    def __init__(self, machine: Machine, marked: Marked, exclusive: Collection[str]) -> None:
        self.machine = machine
        self.marked = marked
        self.exclusive_types = exclusive
        self.emission = Emission()
        self._seen: set[int] = set()

    def run(self, needs: int, exclusive: bool) -> Emission:
        """Walk from the root, whose virtual in-edge has these needs and mode."""
        self.visit(self.machine.topology.root, needs, exclusive, False, False, 1)
        return self.emission

    def visit(
        self, row: int, needs: int, exclusive: bool, listed: bool, shadow: bool, depth: int
    ) -> dict[str, int] | None:
        """Emit below the vertex, then the vertex; return its aggregate, None if not emitted.

        A vertex is emitted if it is exclusive or something below it is. Its type may start
        shadow mode, whether the request named it or not (errata G1).
        """
        topology, selection = self.machine.topology, self.emission.selection
        self._seen.add(row)
        shadow = shadow or topology.type(row) in self.exclusive_types
        size = self.machine.graph.size(row)
        if shadow:
            needs, exclusive = size, True
        below: dict[str, int] = {}
        emitted = exclusive or listed or (self.machine.divisible(row) and needs > 0)
        for child in topology.children(row):
            mark = self.marked(row, child)
            if child in self._seen or (mark is None and not shadow):
                continue
            part = self.visit(child, *(mark or (0, False, False)), shadow, depth + 1)
            if part is None:
                continue
            emitted = True
            edge = self.machine.graph.find_subsystem(topology.dominant)
            selection.edges.append((row, child, edge))
            for name, amount in part.items():
                below[name] = below.get(name, 0) + amount
        if not emitted:
            return None
        selection.vertices.append((row, needs, exclusive, depth))
        self.emission.below[row] = below
        return self.passed_up(row, needs, exclusive, below)

    def passed_up(
        self, row: int, needs: int, exclusive: bool, below: dict[str, int]
    ) -> dict[str, int]:
        """Return below plus the vertex: its size if exclusive, else size - needs (G5: maybe 0)."""
        own = self.machine.topology.type(row)
        size = self.machine.graph.size(row)
        total = dict(below)
        if own in self.machine.tracked:
            whole = exclusive and not self.machine.divisible(row)
            shared = not exclusive and not self.machine.divisible(row)
            total[own] = total.get(own, 0) + (size if whole else size - needs if shared else needs)
        return total


@dataclass(slots=True)
class Charger:
    """Writes a job's records; `undo` takes back all that it has written (matching.md 2)."""

    machine: Machine
    jobid: int
    start: int
    duration: int
    reserved: bool
    _undo: list[Callable[[], object]] = field(default_factory=list)

    def charge_plans(self, row: int, amount: int) -> None:
        """Take units of the vertex itself and record the allocation or reservation."""
        state = self.machine.state(row)
        if self.machine.divisible(row):  # its holdings say it all
            notes = state.reservations if self.reserved else state.allocations
            notes[self.jobid] = amount
            self._undo.append(lambda: notes.pop(self.jobid))
            return
        span = state.plans.add_span(self.start, self.duration, amount)
        records = state.reservations if self.reserved else state.allocations
        records[self.jobid] = span
        self._undo += [lambda: records.pop(self.jobid), lambda: state.plans.rem_span(span)]

    def charge_vertex(self, row: int, needs: int, exclusive: bool, below: dict[str, int]) -> None:
        """Tag an emitted vertex and charge its x_checker and its filter.

        The filter gets a span if something tracked was emitted below, even one of zeros (G5).
        """
        state = self.machine.state(row)
        x_span = state.x_checker.add_span(self.start, self.duration, 1)
        state.x_spans[self.jobid] = x_span
        self._undo += [
            lambda: state.x_spans.pop(self.jobid),
            lambda: state.x_checker.rem_span(x_span),
        ]
        if state.filter is not None and below:
            prune = state.filter
            span = prune.add_span(self.start, self.duration, below)
            state.job2span[self.jobid] = span
            self._undo += [
                lambda: state.job2span.pop(self.jobid),
                lambda: prune.rem_span(span),
            ]
        self.hold(row, needs, exclusive)

    def hold(self, row: int, needs: int, exclusive: bool) -> None:
        """Note what the job has on the vertex, for whoever asks."""
        holdings = self.machine.state(row).holdings
        end = self.start + self.duration
        holdings[self.jobid] = Holding(self.start, end, needs, exclusive, self.reserved)
        self._undo.append(lambda: holdings.pop(self.jobid, None))

    def record_job(self) -> None:
        """Note the job's window."""
        self.machine.jobs[self.jobid] = Job(self.start, self.start + self.duration)

    def undo(self) -> None:
        """Take everything back."""
        for step in reversed(self._undo):
            step()


def charge(charger: Charger, emission: Emission, planned: Collection[int] = ()) -> bool:
    """Charge an emission, all or nothing; `planned` vertices have their own span already."""
    try:
        for row, needs, exclusive, _ in emission.selection.vertices:
            owned = exclusive or (charger.machine.divisible(row) and needs > 0)
            if owned and row not in planned:
                charger.charge_plans(row, needs)
            charger.charge_vertex(row, needs, exclusive, emission.below[row])
    except PlannerError:
        charger.undo()
        return False
    charger.record_job()
    return True
