"""`OracleEngine`: the interface of the compiled engine, following the page (matching.md 7)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Resource
from fluxion_py.match.policy import POLICIES, Policy
from fluxion_py.outcome import Outcome, Release, Selection

from . import cancel, growth, masks
from .filters import prime, register
from .machine import Machine, Topology
from .operations import Request, match
from .restore import restore

DEFAULT_FILTERS = (("ALL", "core"), ("ALL", "node"))


class OracleEngine:
    """The matching engine, slow and obvious; methods as in `fluxion_py/_core/engine.pyi`."""

    count_visits = True

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
        request: object,
        duration: int,
        jobid: int,
        now: int = 0,
        allowed: bytes | None = None,
    ) -> Outcome:
        """Carry out one operation of the table of matching.md 7."""
        return match(self._machine, op, cast(Request, request), duration, jobid, now, allowed)

    # restoring and giving back

    def restore(
        self,
        jobid: int,
        claims: Mapping[int, bool],
        at: int,
        duration: int,
        now: int = 0,
        units: Mapping[int, int] | None = None,
    ) -> Outcome:
        """Record a job from R (matching.md 9); parts of pools are not known here."""
        assert not units, "the oracle restores whole vertices only"
        return restore(self._machine, jobid, claims, at, duration)

    def cancel(self, jobid: int) -> Release:
        """Give a whole job back (matching.md 10)."""
        release = cancel.cancel(self._machine, jobid)
        machine = self._machine
        for row, counted in list(machine.too_small.items()):
            left = min(counted, max(machine.held(row), self.graph.size(row)))
            machine.too_small[row] = left
            if left == self.graph.size(row):
                del machine.too_small[row]
        if not machine.strict:
            prime(machine)
        return release

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

    def resize(self, row: int, size: int) -> None:
        """Change the size of a pool (docs/design/0007)."""
        self.graph.set_size(row, size, 0)
        self._machine.too_small.pop(row, None)
        if self._machine.held(row) > size:
            self._machine.too_small[row] = self._machine.held(row)
        prime(self._machine)

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
