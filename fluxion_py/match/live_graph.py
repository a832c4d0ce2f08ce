"""A resource graph with an engine on it: its clock, and the changes of the graph while it runs."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

from fluxion_py._core.engine import Engine
from fluxion_py.errors import GraphError, InputError, MatchError, PolicyError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.graph.topology import below
from fluxion_py.graph.vertex import Vertex
from fluxion_py.idset import IDset
from fluxion_py.match import release, state
from fluxion_py.match.candidates import Candidates
from fluxion_py.match.constraint_mask import ConstraintMasks
from fluxion_py.match.job import JobTable
from fluxion_py.match.policy import Policy, parse_policy
from fluxion_py.match.prepared import Preparer
from fluxion_py.match.pruning import DEFAULT_FILTERS, parse_filters
from fluxion_py.match.subsystems import SUBSYSTEM_SETS, parse_subsystems

TRAVERSERS = ("simple", "flexible")
"""How sibling slots are read: refused, or as alternatives (jobspec.md 5)."""


class LiveGraph:
    """The part of a `Matcher` that is not about requests: see there."""

    def __init__(
        self,
        graph: ResourceGraph,
        policy: str | Policy = "first",
        *,
        prune_filters: str | None = None,
        subsystems: str = "containment",
        traverser: str = "simple",
        now: int = 0,
        search: str = "quick",
    ) -> None:
        if traverser not in TRAVERSERS:
            raise PolicyError(
                f"unknown traverser {traverser!r}", hint=f"one of {', '.join(TRAVERSERS)}"
            )
        if graph.flat.vertex_count == 0:
            raise GraphError("the graph is empty", source=graph.source)
        self.graph = graph
        self.policy = parse_policy(policy) if isinstance(policy, str) else policy
        self.prune_filters = prune_filters or DEFAULT_FILTERS
        self._setting = (subsystems, traverser)
        names = _subsystem_names(subsystems)
        self._possible: dict[object, bool] = {}
        self._possible_at = (-1, -1)
        self._dominant = names[0]
        self._subsystem = graph.flat.find_subsystem(self._dominant)
        self._engine = Engine(
            graph.flat,
            subsystems=names,
            policy=self.policy,
            filters=parse_filters(self.prune_filters),
            flexible=traverser == "flexible",
            search=search,
        )
        self._masks = ConstraintMasks(graph.flat)
        self._candidates = Candidates(graph.flat)
        self._preparer = Preparer(
            self._engine,
            node_exclusive=self.policy.node_exclusive,
            flexible=traverser == "flexible",
        )
        self._jobs = JobTable(self._engine)
        self._lock = RLock()
        self._epoch = graph.flat.epoch
        self._changes = 0
        self._status_changes = 0
        self._digest = ""
        self._growth: list[list[str]] = []
        self._touched: set[int] = set()
        self._now = 0
        self.now = now

    # ---- time ----

    @property
    def now(self) -> int:
        """The present time, seconds. The caller moves it, only forward (else `MatchError`).

        It is before the end of the graph's life time, 100 years from 0.
        """
        return self._now

    @now.setter
    def now(self, seconds: int) -> None:
        seconds = operator.index(seconds)
        if seconds < self._now:
            raise MatchError(f"time runs forward: it is {self._now} already, not {seconds}")
        if seconds >= self._engine.graph_end:
            raise MatchError(f"{seconds} is past the graph's time, 0 to {self._engine.graph_end}")
        self._now = seconds

    @property
    def graph_end(self) -> int:
        """The end of the graph's life time: what is booked ends then at the latest."""
        return self._engine.graph_end

    @graph_end.setter
    def graph_end(self, seconds: int) -> None:
        self._engine.graph_end = seconds

    @contextmanager
    def _steady(self) -> Iterator[None]:
        """Hold the lock, with the engine in step with the graph's vertices and edges."""
        with self._lock:
            if self.graph.flat.epoch != self._epoch:
                self._catch_up()
            yield

    def _catch_up(self) -> None:
        """Take in vertices and edges that were added to the graph."""
        self._engine.reprime()
        self._epoch = self.graph.flat.epoch
        self._changes += 1

    @property
    def machine_epoch(self) -> tuple[int, int]:
        """What differs as soon as a vertex comes, goes, or changes its status."""
        return self.graph.flat.epoch, self._status_changes

    # ---- looking ----

    def find(self, expression: str) -> list[Vertex]:
        """Return the vertices that satisfy an expression, in the order of the graph.

        For example "status=down", "sched-now=allocated and names=elk[0-9]" (matching.md 11).
        Raises `FormatError`.
        """
        from fluxion_py.match.find import parse_criteria

        flat = self.graph.flat
        criteria = parse_criteria(expression)
        with self._steady():
            mask = criteria.mask(self._engine)
            return [Vertex(flat, row) for row in flat.rows() if mask[row]]

    # ---- changes of the graph ----

    def set_status(self, path: str, status: bool | str) -> None:
        """Mark every vertex of a path "up" or "down" (or True, False).

        Nothing at or below a down vertex is given out; jobs on it stay. Raises `GraphError` for an
        unknown path, `InputError` for another status.
        """
        if status not in (True, False, "up", "down"):
            raise InputError(f"unknown status {status!r}", hint="up or down")
        with self._steady():
            for row in self._rows(path):
                self._engine.set_status(row, status in (True, "up"))
            self._changes += 1
            self._status_changes += 1

    def resize(self, path: str, size: int) -> None:
        """Change the units of the divisible vertices of a path; jobs keep what they have of them.

        If that is more, nothing is free until enough is given back. Raises `GraphError` for an
        unknown path, a vertex that is not divisible, and a size below 0 or too large. O(depth).
        """
        with self._steady():
            for row in self._rows(path):
                self._engine.resize(row, size)
            self._changes += 1
            self._status_changes += 1

    def available(self, path: str, *, at: int | None = None, duration: int = 1) -> int:
        """Return the units of a vertex that are free all through a window, from now or `at` on.

        Of all vertices of the path together. Raises `GraphError` for an unknown path.
        """
        with self._steady():
            start = self._now if at is None else at
            return sum(self._engine.available(row, start, duration) for row in self._rows(path))

    def set_property(self, path: str, key: str, value: str = "") -> None:
        """Set a property of every vertex of a path. Raises `GraphError`."""
        with self._steady():
            self.graph.set_property(path, key, value)
            self._property_changed(path)

    def remove_property(self, path: str, key: str) -> None:
        """Remove a property of every vertex of a path, if it is there. Raises `GraphError`."""
        with self._steady():
            self.graph.remove_property(path, key)
            self._property_changed(path)

    def attach(self, text: str, *, source: str | None = None) -> list[Vertex]:
        """Add the vertices of a JGF text, all or none, and return them (resource-graph.md 7).

        Jobs go on. Raises `GraphError` with the place of what is wrong; `source` names the text.
        """
        from fluxion_py.readers import attach_jgf

        with self._steady():
            self._remember_digest()
            rows = attach_jgf(self.graph.flat, text, source=source, keep_units=True)
            self._grown("attach", text)
            return [Vertex(self.graph.flat, row) for row in rows]

    def remove(self, path: str) -> list[int]:
        """Take the vertices of a path and all below them out; return the jobs that lost something.

        Raises `GraphError` for an unknown path and for the root.
        """
        flat = self.graph.flat
        with self._steady():
            rows = self._rows(path)
            if flat.root(self._dominant) in rows:
                raise GraphError("the root cannot be removed", where=path)
            self._remember_digest()
            affected = self._jobs.evict(below(flat, rows, self._subsystem))
            for row in rows:
                if flat.alive(row):
                    self._engine.remove(row)
            self._grown("remove", path)
            return affected

    def remove_ranks(self, ranks: str | Iterable[int]) -> list[int]:
        """Take the vertices of some ranks and all below them out; return the jobs that lost some.

        `ranks` is an idset text or numbers. Raises `GraphError` for an unknown rank, with
        nothing changed.
        """
        flat = self.graph.flat
        with self._steady():
            wanted = IDset(ranks)
            parts = release.rows_of_ranks(flat, wanted, self._subsystem)
            gone = set().union(*parts.values())
            if flat.root(self._dominant) in gone:
                raise GraphError("the root cannot be removed", where=str(wanted))
            self._remember_digest()
            affected = self._jobs.evict(gone)
            self._engine.remove_ranks(wanted)
            self._grown("remove_ranks", str(wanted))
            return affected

    def _rows(self, path: str) -> list[int]:
        """Return the rows of a path; raises `GraphError`, which says what is there instead."""
        return [self.graph[path].row, *self.graph.flat.rows_at(path)[1:]]

    def _property_changed(self, path: str) -> None:
        self._touched.update(self.graph.flat.rows_at(path))
        self._changes += 1

    # ---- state ----

    def _remember_digest(self) -> None:
        self._digest = self._digest or state.digest(self.graph.flat)

    def _grown(self, how: str, what: str) -> None:
        self._growth.append([how, what])
        self._engine.reprime()
        self._epoch = self.graph.flat.epoch
        self._changes += 1

    def _state(self) -> dict[str, Any]:
        """Return the part of a saved state that is about the setting and the graph."""
        flat = self.graph.flat
        subsystems, traverser = self._setting
        touched = sorted(row for row in self._touched if flat.alive(row))
        return {
            "version": state.VERSION,
            "graph": self._digest or state.digest(flat),
            "policy": state.policy_to_dict(self.policy),
            "prune_filters": self.prune_filters,
            "subsystems": subsystems,
            "traverser": traverser,
            "growth": list(self._growth),
            "down": [row for row in flat.rows() if not flat.up(row)],
            "properties": [[row, flat.properties(row)] for row in touched],
            "sizes": state.sizes(flat),
        }

    def _resume(self, saved: Mapping[str, Any]) -> None:
        """Bring the graph of a new matcher to a saved state; raises `InputError`."""
        flat = self.graph.flat
        self._remember_digest()
        if self._digest != saved["graph"]:
            raise InputError("the state belongs to another graph", source=self.graph.source)
        grow: dict[str, Callable[[str], object]] = {
            "attach": self.attach,
            "remove": self.remove,
            "remove_ranks": self.remove_ranks,
        }
        for how, what in state.pairs(saved["growth"], "growth"):
            if how not in grow:
                raise InputError(f"unknown change {how!r}", where="growth")
            grow[how](what)
        for row, size in state.pairs(saved.get("sizes", ()), "sizes"):
            if not (isinstance(row, int) and 0 <= row < len(flat) and flat.divisible(row)):
                raise InputError(f"the graph has no divisible vertex {row}", where="sizes")
            self._engine.resize(row, size)
        down = set(saved["down"])
        for row in flat.rows():
            if flat.up(row) != (row not in down):
                self._engine.set_status(row, row not in down)
        for row, properties in state.pairs(saved["properties"], "properties"):
            for key in flat.properties(row):
                flat.remove_property(row, key)
            for key, value in properties.items():
                flat.set_property(row, key, value)
            self._touched.add(row)


def _subsystem_names(text: str) -> tuple[str, ...]:
    """Return the subsystems of a set such as "C+PA", or of names separated by commas."""
    if text.upper() in SUBSYSTEM_SETS:
        return parse_subsystems(text)
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise PolicyError(
            f"{text!r} names no subsystem", hint=f"or one of {', '.join(SUBSYSTEM_SETS)}"
        )
    return names
