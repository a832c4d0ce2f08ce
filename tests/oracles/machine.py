"""What the engine knows besides the graph: the state of vertices, jobs, weights, the error."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.errors import GraphError
from fluxion_py.match.policy import Policy
from fluxion_py.outcome import Errno

from .planner import Planner, PlannerMulti

ALL_JOBS = 2**30
"""The quantity of an x_checker (resource-graph.md 1): more jobs than there can be."""

VIRGIN_WEIGHT = 2**64 - 1


@dataclass(slots=True)
class Holding:
    """What one job has on one vertex: [start, end), units, mode (matching.md 2)."""

    start: int
    end: int
    needs: int
    exclusive: bool
    reserved: bool


class VertexState:
    """The planners and job records of one vertex (resource-graph.md 1, matching.md 2)."""

    def __init__(self, size: int) -> None:
        self.plans = Planner(size)
        self.x_checker = Planner(ALL_JOBS)
        self.filter: PlannerMulti | None = None
        self.allocations: dict[int, int] = {}
        self.reservations: dict[int, int] = {}
        self.x_spans: dict[int, int] = {}
        self.job2span: dict[int, int] = {}
        self.holdings: dict[int, Holding] = {}

    @property
    def tags(self) -> dict[int, int]:
        """The tagged jobs: a tag and a span in the x_checker always come together."""
        return self.x_spans


@dataclass(slots=True)
class Job:
    """The window of a job that holds something."""

    start: int
    end: int


class Topology:
    """The graph as plain lists, read again whenever its epoch has changed."""

    def __init__(self, graph: FlatGraph, subsystems: Sequence[str]) -> None:
        self.graph = graph
        self.names = tuple(subsystems)
        self._epoch = -1
        self.refresh()

    def refresh(self) -> None:
        """Forget the lists of an earlier epoch."""
        if self._epoch == self.graph.epoch:
            return
        self._epoch = self.graph.epoch
        self._types: dict[int, str] = {}
        self._out: dict[int, list[tuple[int, int]]] = {}
        self._kids: dict[tuple[int, str], list[int]] = {}
        self._target_types: dict[int, frozenset[str]] = {}

    @property
    def dominant(self) -> str:
        """The first selected subsystem: the tree that is walked (matching.md, head)."""
        return self.names[0]

    @property
    def root(self) -> int:
        """The root of the dominant subsystem."""
        return self.graph.root(self.dominant)

    def type(self, row: int) -> str:
        """Return the type of a vertex."""
        if row not in self._types:
            self._types[row] = self.graph.type(row)
        return self._types[row]

    def out(self, row: int) -> list[tuple[int, int]]:
        """Return the (target, subsystem id) pairs of a vertex in edge order."""
        if row not in self._out:
            self._out[row] = self.graph.out_edges(row)
        return self._out[row]

    def children(self, row: int, subsystem: str = "") -> list[int]:
        """Return the targets in a subsystem (the dominant one if not named), in edge order."""
        key = (row, subsystem or self.dominant)
        if key not in self._kids:
            wanted = self.graph.find_subsystem(key[1])
            self._kids[key] = [target for target, edge in self.out(row) if edge == wanted]
        return self._kids[key]

    @property
    def has_shared(self) -> bool:
        """Some vertex has several parents on the dominant tree."""
        return any(len(self.parents(row)) > 1 for row in self.graph.rows())

    def parents(self, row: int) -> list[int]:
        """Return the sources of the dominant in-edges."""
        wanted = self.graph.find_subsystem(self.dominant)
        return [source for source, edge in self.graph.in_edges(row) if edge == wanted]

    def target_types(self, row: int) -> frozenset[str]:
        """Return the types among the targets of the out-edges of any subsystem."""
        if row not in self._target_types:
            self._target_types[row] = frozenset(self.type(target) for target, _ in self.out(row))
        return self._target_types[row]

    def is_leaf(self, row: int) -> bool:
        """Tell whether a vertex has no out-edge in any subsystem (errata G8)."""
        return not self.out(row)

    def subtree(self, row: int) -> list[int]:
        """Return a vertex and everything below it in the dominant subsystem, each once."""
        found: dict[int, None] = {}
        todo = [row]
        while todo:
            vertex = todo.pop()
            if vertex not in found:
                found[vertex] = None
                todo += self.children(vertex)
        return list(found)

    def ancestors(self, row: int) -> list[int]:
        """Return everything above a vertex in the dominant subsystem, nearest first."""
        found: dict[int, None] = {}
        todo = self.parents(row)
        while todo:
            vertex = todo.pop(0)
            if vertex not in found:
                found[vertex] = None
                todo += self.parents(vertex)
        return list(found)


@dataclass
class Machine:
    """Everything that the steps of the engine share."""

    topology: Topology
    policy: Policy
    flexible: bool
    reference_ties: bool
    strict: bool
    graph_end: int
    tracked: dict[str, set[str]] = field(default_factory=dict)
    """Tracked type -> anchor types, of which "ALL" stands for every type (matching.md 3)."""
    states: dict[int, VertexState] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    weights: dict[tuple[int, int], int] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    """The label that a walk left on a vertex (ephemeral of resource-graph.md 1)."""
    too_small: dict[int, int] = field(default_factory=dict)
    """Pools that were made smaller than what is held: what they count for above."""
    nodes_up: int = 0
    last_error: Errno = Errno.NOTTY
    """The error variable of errata G2; every operation starts with ENOTTY (corpus A-0030)."""

    def __post_init__(self) -> None:
        for name in self.topology.names:
            if self.graph.root(name) < 0:
                raise GraphError(f"no root in subsystem {name!r}", hint="name a subsystem that is")
        rows = self.graph.rows_of_type("node")
        self.nodes_up = sum(1 for row in rows if self.graph.up(row))

    @property
    def graph(self) -> FlatGraph:
        """The graph under the engine."""
        return self.topology.graph

    def state(self, row: int) -> VertexState:
        """Return the state of a vertex, made when first asked for."""
        if row not in self.states:
            self.states[row] = VertexState(self.graph.size(row))
        return self.states[row]

    def divisible(self, row: int) -> bool:
        """Tell whether a part of the vertex may be taken (docs/design/0007)."""
        return not self.strict and self.graph.divisible(row)

    def available(self, row: int, at: int, duration: int, now: int | None = None) -> int:
        """Return the units of the vertex's own pool that are free in the whole window.

        Of a divisible one those not held at any second that matters: the start and the starts of
        holds. In a match at `now` what is held beyond its end is not free either.
        """
        state = self.states.get(row)
        if state is None:
            return self.graph.size(row)
        if self.divisible(row):
            return self._pool_free(state, self.graph.size(row), at, duration, now)
        return state.plans.avail_resources_during(at, duration)

    def _pool_free(
        self, state: VertexState, size: int, at: int, duration: int, now: int | None
    ) -> int:
        holdings = state.holdings.values()
        seconds = [at, *(held.start for held in holdings if at < held.start < at + duration)]
        most = 0
        for second in seconds:
            there = [held for held in holdings if held.start <= second < held.end]
            most = max(
                most, size if any(h.exclusive for h in there) else sum(h.needs for h in there)
            )
        if at == now:
            late = [h for h in holdings if h.end <= at and not h.reserved]
            most += size if any(h.exclusive for h in late) else sum(h.needs for h in late)
        return max(0, size - most)

    def counted(self, row: int) -> int:
        """Return what a vertex adds to the totals of the filters above."""
        return self.too_small.get(row, self.graph.size(row))

    def held(self, row: int) -> int:
        """Return all units of a vertex that are held, now or later."""
        state = self.states.get(row)
        return sum(held.needs for held in state.holdings.values()) if state else 0

    def untouched(self, row: int, at: int, duration: int) -> bool:
        """Tell whether no job at all touches the vertex in the window (x_checker)."""
        state = self.states.get(row)
        if state is None:
            return True
        return state.x_checker.avail_resources_during(at, duration) == ALL_JOBS

    def filter(self, row: int) -> PlannerMulti | None:
        """Return the prune filter of a vertex in the dominant subsystem."""
        state = self.states.get(row)
        return state.filter if state else None
