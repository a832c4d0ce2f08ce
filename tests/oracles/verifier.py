"""The independent verifier: judges any answer from the graph, the jobspec and what was booked.

It shares no code with the compiled core or with the oracle matcher; from the package it takes
only data (the graph, the jobspec classes, `Selection`). It keeps a book of its own, and it does
not search for an answer: it reads the given one. What an answer means: jobspec.md 3-5 and 9,
matching.md 2, 4 and 8, with the errata.

Rules, as `VerificationError.rule`:

* `vertex` a vertex is unknown, removed or named twice; `tree` the vertices do not form a tree
  under the root, or the emission order or a depth is wrong;
* `down`, `constraint` a vertex on the way is down or not allowed; `down-below` a vertex that
  came along with a whole one is down (the reference grants these, see its fault
  `down-child-granted`);
* `units` an exclusive vertex is not given with its whole pool;
* `shape` rules (`count`, `slot`, `siblings`, `conflict`, `flag`, `needless`, `incomplete`);
* `booked` a vertex is taken by another job, or lies below or above something taken;
* `time` the start, the duration or the end is wrong.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.jobspec.model import Jobspec, Resource
from fluxion_py.outcome import Selection
from tests.oracles import verifier_pools
from tests.oracles.verifier_constraint import satisfies
from tests.oracles.verifier_machine import Machine, VerificationError
from tests.oracles.verifier_shape import Shape

GRAPH_END = 3153600000


@dataclass(frozen=True, slots=True)
class Hold:
    """One vertex held by one job on [start, end), with `units` of its pool."""

    row: int
    start: int
    end: int
    units: int
    exclusive: bool


class Verifier:
    """Keeps the book of one graph and judges answers.

    `tolerated` lists rules whose breach is accepted (see the module's docstring).
    """

    def __init__(
        self,
        flat: FlatGraph,
        *,
        subsystem: str = "containment",
        node_exclusive: bool = False,
        flexible: bool = False,
        graph_end: int = GRAPH_END,
        tolerated: Iterable[str] = (),
    ) -> None:
        self.flat = flat
        self.machine = Machine(flat, subsystem)
        self.node_exclusive = node_exclusive
        self.flexible = flexible
        self.graph_end = graph_end
        self.tolerated = frozenset(tolerated)
        self.holds: dict[int, list[Hold]] = {}
        self.ways: dict[int, dict[int, int]] = {}
        """Job -> vertex -> the one above it in the answer; also of what was given back since."""

    # the book
    def book(self, jobid: int, selection: Selection, at: int, duration: int) -> None:
        """Write an answer into the book."""
        ways = self.ways[jobid] = self.ways.get(jobid, {}) if jobid in self.holds else {}
        ways.update((child, up) for up, child, _ in selection.edges)
        self.holds.setdefault(jobid, []).extend(
            Hold(row, at, at + duration, needs, exclusive)
            for row, needs, exclusive, _ in selection.vertices
        )

    def cancel(self, jobid: int) -> None:
        """Strike a whole job."""
        del self.holds[jobid]

    def release(self, jobid: int, rows: Iterable[int]) -> None:
        """Strike some vertices of a job, and those above them that hold nothing any more.

        One above goes too, even an exclusive one, if the answer reached nothing else through it.
        """
        held = {hold.row for hold in self.holds.get(jobid, ())}
        gone = held.intersection(rows)
        touched = {up for row in gone for up in self.above(jobid, row)} - gone
        needed = {up for row in held - gone - touched for up in self.above(jobid, row)}
        gone |= touched - needed
        left = [hold for hold in self.holds.pop(jobid, []) if hold.row not in gone]
        if left:
            self.holds[jobid] = left

    def above(self, jobid: int, row: int) -> Iterator[int]:
        """Yield what is above a vertex on the way of the job's answer, from below."""
        ways = self.ways.get(jobid, {})
        while row in ways:
            row = ways[row]
            yield row

    def reached(self, jobid: int, rows: Collection[int]) -> set[int]:
        """Return the rows and what the job's answer reached through them."""
        ways = self.ways.get(jobid, {})
        return {*rows, *(row for row in ways if not set(rows).isdisjoint(self.above(jobid, row)))}

    def overlapping(self, start: int, end: int) -> list[Hold]:
        """Return the holds of all jobs that overlap with [start, end)."""
        return [h for held in self.holds.values() for h in held if h.start < end and start < h.end]

    def ends(self) -> list[int]:
        """Return the times at which some hold ends, ascending."""
        return sorted({hold.end for held in self.holds.values() for hold in held})

    # the judgement
    def check_grant(
        self,
        jobspec: Jobspec,
        selection: Selection,
        at: int,
        duration: int,
        now: int = 0,
        jobid: int = 0,
        reserved: bool | None = None,
    ) -> None:
        """Raise `VerificationError` unless the answer is right. Books nothing.

        `reserved`: whether the answer claims to be a reservation; None if it claims nothing.
        """
        self.machine.refresh()
        self._check_time(jobspec, at, duration, now, reserved)
        self._check_tree(selection)
        chosen = {row: exclusive for row, _, exclusive, _ in selection.vertices}
        edges: dict[int, list[int]] = {}
        for source, target, _ in selection.edges:
            edges.setdefault(source, []).append(target)
        shape = Shape(
            self.machine,
            chosen,
            edges,
            self.whole_types(jobspec.resources),
            self._usable(jobspec, chosen, at, at + duration, jobid),
            self.flexible,
        )
        shape.check(jobspec.resources)
        self._check_vertices(jobspec, selection, shape)
        self._check_booked(selection, at, at + duration, jobid)

    def check_pools(
        self, jobspec: Jobspec, selection: Selection, at: int, duration: int, now: int, jobid: int
    ) -> None:
        """Judge an answer on a machine with pools: all but the shape, of which the shares.

        See `verifier_pools`; the given counts of whole vertices are not laid over the request.
        """
        self.machine.refresh()
        self._check_time(jobspec, at, duration, now, None)
        self.check_free(selection, at, duration, jobid)
        for row, _, exclusive, _ in selection.vertices:
            if not exclusive and not satisfies(self.flat, row, jobspec.constraints):
                self._fail("constraint", f"{self.machine.label(row)} is not allowed")
        if not self.node_exclusive:
            verifier_pools.check_shares(self.flat, selection, jobspec.resources)

    def check_free(self, selection: Selection, at: int, duration: int, jobid: int = 0) -> None:
        """Raise `VerificationError` unless the vertices form a tree and are free for the job.

        For answers that have no jobspec, such as that of a restore.
        """
        self.machine.refresh()
        self._check_tree(selection)
        self._check_booked(selection, at, at + duration, jobid)
        others = [
            (hold.row, (hold.start, hold.end, hold.units, hold.exclusive))
            for other, held in self.holds.items()
            for hold in held
            if other != jobid
        ]
        verifier_pools.check_units(self.flat, selection)
        verifier_pools.check_room(self.flat, selection, at, at + duration, others)

    def whole_types(self, request: Sequence[Resource]) -> set[str]:
        """Return the types that are given with everything below them (matching.md 8)."""
        types = {"node"} if self.node_exclusive else set()
        waiting = list(request)
        while waiting:
            entry = waiting.pop()
            waiting += entry.children
            if entry.exclusive:
                types.add(entry.type)
        return types

    def _fail(self, rule: str, text: str) -> None:
        if rule not in self.tolerated:
            raise VerificationError(rule, text)

    def _check_time(
        self, jobspec: Jobspec, at: int, duration: int, now: int, reserved: bool | None
    ) -> None:
        wanted = math.ceil(jobspec.duration) or self.graph_end
        if at < now:
            self._fail("time", f"starts at {at}, before now ({now})")
        if duration != min(wanted, self.graph_end - at) or duration < 1:
            self._fail("time", f"lasts {duration} s from {at}, asked for {wanted} s")
        if reserved is not None and reserved != (at > now):
            self._fail("time", f"starts at {at} with now = {now}, reserved is {reserved}")

    def _check_tree(self, selection: Selection) -> None:
        flat, machine = self.flat, self.machine
        depths: dict[int, int] = {}
        order: dict[int, int] = {}
        for place, (row, _, _, depth) in enumerate(selection.vertices):
            if row not in machine.parents or not flat.alive(row):
                self._fail("vertex", f"row {row} is no vertex of the graph")
            if row in depths:
                self._fail("vertex", f"{machine.label(row)} is named twice")
            depths[row], order[row] = depth, place
        if not selection.vertices or selection.vertices[-1][0] != machine.root:
            self._fail("tree", "the root is not the last vertex")
        hung: set[int] = set()
        subsystem = flat.find_subsystem(machine.subsystem)
        for source, target, label in selection.edges:
            if source not in depths or target not in depths:
                self._fail("tree", f"the edge {source} -> {target} leaves the selection")
            if label != subsystem or target not in machine.children[source]:
                self._fail("tree", f"the graph has no edge {source} -> {target}")
            if order[target] > order[source]:
                self._fail("tree", f"{machine.label(target)} comes after its parent")
            if depths[target] == depths[source] + 1:
                hung.add(target)
        loose = set(depths) - hung - {machine.root}
        if loose:
            self._fail("tree", f"{machine.label(min(loose))} hangs in the air")
        if depths.get(machine.root) != 1:
            self._fail("tree", "the root is not at depth 1")
        if len(set(selection.edges)) != len(selection.edges):
            self._fail("tree", "an edge is named twice")

    def _check_vertices(self, jobspec: Jobspec, selection: Selection, shape: Shape) -> None:
        flat, label = self.flat, self.machine.label
        for row, needs, exclusive, _ in selection.vertices:
            if (exclusive and needs != flat.size(row)) or not 1 <= needs <= flat.size(row):
                self._fail("units", f"{needs} of {flat.size(row)} units of {label(row)}")
            on_the_way = row in shape.expected
            if not flat.up(row):
                self._fail("down" if on_the_way else "down-below", f"{label(row)} is down")
            if on_the_way and not satisfies(flat, row, jobspec.constraints):
                self._fail("constraint", f"{label(row)} does not satisfy the constraint")

    def _check_booked(self, selection: Selection, start: int, end: int, jobid: int) -> None:
        taken = {row: exclusive for row, _, exclusive, _ in selection.vertices}
        label = self.machine.label
        for other, held in self.holds.items():
            overlapping = [hold for hold in held if hold.start < end and start < hold.end]
            if other == jobid:
                if held:
                    self._fail("booked", f"job {jobid} is in the book already")
                continue
            for hold in overlapping:
                mine = taken.get(hold.row)
                if mine is not None and (mine or hold.exclusive):
                    self._fail("booked", f"{label(hold.row)} is held by job {other}")
                if mine is None and hold.exclusive:
                    self._check_above(hold, other, taken)

    def _check_above(self, hold: Hold, other: int, taken: dict[int, bool]) -> None:
        """Fail if the other job's vertex lies below a vertex that is now to be taken."""
        for row, exclusive in taken.items():
            if exclusive and self.machine.dominated(hold.row, row):
                label = self.machine.label
                self._fail("booked", f"{label(row)} is taken over job {other}'s {label(hold.row)}")

    def _usable(
        self, jobspec: Jobspec, chosen: dict[int, bool], start: int, end: int, jobid: int
    ) -> Callable[[int], bool]:
        taken = {
            hold.row
            for other, held in self.holds.items()
            if other != jobid
            for hold in held
            if hold.exclusive and hold.start < end and start < hold.end
        }

        def usable(row: int) -> bool:
            return (
                self.flat.up(row)
                and satisfies(self.flat, row, jobspec.constraints)
                and (row in chosen or row not in taken)
            )

        return usable
