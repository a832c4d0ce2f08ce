"""A running job that gets more, or gives a part back: its R is what it holds now (row K-11)."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.allocation import Allocation
from fluxion_py.graph.topology import ancestors, below
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.release import held as held_rows
from fluxion_py.match.release import remaining, rows_of_paths
from fluxion_py.outcome import Selection
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.job import Job
from fluxion_py.queues.job_book import summary
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.replay import JobReplay
from fluxion_py.queues.states import JobState


class Resizing(JobReplay):
    """The part of a `Queue` that changes what a running job holds: see there."""

    def grow(self, jobid: int, jobspec: Jobspec, *, now: float) -> Allocation:
        """Give a running job more, from now to its end; return what came to it.

        Nothing that is planned for others moves. Raises `Busy` or `Unsatisfiable`, `QueueError`
        for a job that does not run; then nothing has changed.
        """
        job, held = self._running_with(jobid)
        rest = held.expiration - int(now)
        if rest <= 0:
            raise QueueError(f"job {format_jobid(jobid)} is past its end")
        matcher = self.bookings.matcher
        matcher.now = max(matcher.now, int(now))
        more = matcher.without_allocating(replace(jobspec, duration=rest))
        self._hold(job, held.with_selection(joined(held.flat, held.selection, more.selection)), now)
        return more

    def shrink(self, jobid: int, paths: Iterable[str], *, now: float) -> None:
        """Take vertices and all below them from a running job, which keeps something.

        Of a rack that it owns and that loses a node the job keeps the other nodes. Raises
        `QueueError` for a job that does not run or has nothing there, or nothing else; `GraphError`
        for an unknown path.
        """
        job, held = self._running_with(jobid)
        flat, name = held.flat, format_jobid(jobid)
        gone = set().union(*rows_of_paths(flat, paths, 0).values())
        loose = loosened(flat, held.selection, gone)
        left = remaining(loose, gone)
        if held_rows(loose) == held_rows(left):
            raise QueueError(f"job {name} has nothing of its own there")
        if not held_rows(left):
            raise QueueError(f"job {name} would have nothing left; cancel it instead")
        self._hold(job, held.with_selection(left), now)
        self.bookings.gave_back(job.request, int(now))

    def keep_out(self, rows: Collection[int], *, now: float) -> None:
        """Have no running job own vertices that have just come below something that it owns."""
        flat = self.bookings.matcher.graph.flat
        above = ancestors(flat, rows)
        for job in self.jobs.values():
            held = job.allocation
            if held is not None and any(
                whole and row in above for row, _, whole, _ in held.selection.vertices
            ):
                left = remaining(loosened(flat, held.selection, rows), rows)
                self._hold(job, held.with_selection(left), now)

    def _running_with(self, jobid: int) -> tuple[Job, Allocation]:
        job = self.job(jobid)
        if job.state is not JobState.RUN or job.allocation is None:
            raise QueueError(f"job {format_jobid(jobid)} is not running but {job.state.name}")
        return job, job.allocation

    def _hold(self, job: Job, wanted: Allocation, now: float) -> None:
        """Book what a job holds from now on."""
        job.allocation = self.bookings.rebook(wanted)
        self._event(job, "resize", now, **summary(job.allocation))


def joined(flat: FlatGraph, one: Selection, other: Selection) -> Selection:
    """Return what is in either selection, children before their parents; parts of pools add up."""
    owned: dict[int, tuple[int, bool, int]] = {}
    for row, needs, whole, depth in (*one.vertices, *other.vertices):
        before = owned.get(row)
        if before is not None and not whole and not before[1] and flat.divisible(row):
            owned[row] = (before[0] + needs, False, depth)
        elif before is None or (whole and not before[1]):
            owned[row] = (needs, whole, depth)
    edges = list(dict.fromkeys((*one.edges, *other.edges)))
    return _ordered(owned, edges)


def loosened(flat: FlatGraph, selection: Selection, gone: Collection[int]) -> Selection:
    """Return a selection that owns nothing above `gone` any more, but what else is below that."""
    owned = {row: (needs, whole, depth) for row, needs, whole, depth in selection.vertices}
    edges = dict.fromkeys(selection.edges)
    stack = [row for row, (_, whole, _) in owned.items() if whole and row not in gone]
    while stack:
        row = stack.pop()
        if below(flat, [row]).isdisjoint(gone):
            continue
        needs, _, depth = owned[row]
        owned[row] = (needs, False, depth)
        for target, kind in flat.out_edges(row):
            if kind == 0:
                owned[target] = (flat.size(target), True, depth + 1)
                edges[row, target, kind] = None
                if target not in gone:
                    stack.append(target)
    return _ordered(owned, list(edges))


def _ordered(
    owned: dict[int, tuple[int, bool, int]], edges: list[tuple[int, int, int]]
) -> Selection:
    """Return vertices, children before their parents, and edges as a selection."""
    children: dict[int, list[int]] = {}
    for source, target, _ in edges:
        children.setdefault(source, []).append(target)
    targets = {target for _, target, _ in edges}
    stack = [row for row in owned if row not in targets]
    seen = set(stack)
    vertices = []
    while stack:
        row = stack.pop()
        vertices.append((row, *owned[row]))
        for child in children.get(row, ()):
            if child not in seen:
                seen.add(child)
                stack.append(child)
    vertices.reverse()
    return Selection(vertices, edges)
