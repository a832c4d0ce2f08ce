"""An instance as a parent: who is on which job, what they are granted, what reaches them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fluxion_py._core.flatgraph import FlatGraph
from fluxion_py.allocation import Allocation
from fluxion_py.errors import FluxionError
from fluxion_py.execution.executor import Executor
from fluxion_py.graph.topology import ancestors, below
from fluxion_py.hostlist import Hostlist, parse_hostlist
from fluxion_py.instances.clock import Clock
from fluxion_py.instances.elastic import ElasticInstance
from fluxion_py.instances.grant import grant_text
from fluxion_py.instances.journal import Journal
from fluxion_py.instances.lineage import Child
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.outcome import Selection
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.events import Event
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import RUNNING, JobState, Result
from fluxion_py.readers.grant_check import GrantCheck, GrantError
from fluxion_py.subgraph import completed, rows_on, shared_units, whole_selection


class ParentInstance(ElasticInstance):
    """The part of an `Instance` that is about those on its jobs: see there."""

    def __init__(
        self,
        queue: Queue,
        journal: Journal,
        clock: Clock,
        executor: Executor | None,
        directory: Path | None,
    ) -> None:
        super().__init__(queue, journal, clock, executor, directory)
        self.children: list[Child] = []
        self.calls_from_children = 0
        self.started = clock.now()
        self.ended: Counter[Result | None] = Counter()
        self.watch(self._count_end)

    @property
    def depth(self) -> int:
        """How many instances are above this one."""
        return 0 if self.link is None else self.link.depth + 1

    def _count_end(self, seq: int, event: Event) -> None:
        if event.name == "clean":
            job = self.queue.jobs.get(event.jobid)
            self.ended[None if job is None else job.result] += 1

    # ---- grants ----

    def end_of(self, jobid: int) -> int | None:
        """Return when what a running job holds is over; None if it has no end."""
        allocation = self.job(jobid).allocation
        if allocation is None:
            return None
        last = self.queue.matcher.graph_end
        endless = self.ends_at is None and allocation.expiration >= last
        return None if endless else allocation.expiration

    def _held(self, jobid: int) -> Allocation:
        """Return what a running job holds. Raises `QueueError`."""
        job = self.job(jobid)
        if job.state is not JobState.RUN or job.allocation is None:
            raise QueueError(f"job {format_jobid(jobid)} is not running but {job.state.name}")
        return job.allocation

    def check_grant(
        self, R: str | Mapping[str, Any], jobid: int, *, source: str | None = None
    ) -> Selection:
        """Return what an R claims, if it is within what a job holds, and no child has it.

        Raises `GrantError`, which names the first vertex that is wrong.
        """
        with self._lock:
            held = self._held(jobid)
            rows = {
                row: owned for row, _, owned, _ in completed(held.flat, held.selection).vertices
            }
            check = GrantCheck(
                self.queue.matcher.graph.flat,
                format_jobid(jobid),
                rows,
                held.expiration,
                units=shared_units(held.flat, held.selection),
                holder=lambda row: self._holder(row, jobid),
                source=source,
            )
            claimed = check.check(R, self.clock.now())
            given = whole_selection(held.flat, claimed, check.claimed_units)
            self._check_free(given, held, source)
            return given

    def _holder(self, row: int, jobid: int) -> str | None:
        """Return the name of another job that holds a row or something above it."""
        flat = self.queue.matcher.graph.flat
        above = {row, *ancestors(flat, [row])}
        for job in self.queue.jobs.values():
            if job.id != jobid and job.allocation is not None:
                owned = (r for r, _, whole, _ in job.allocation.selection.vertices if whole)
                if not above.isdisjoint(owned):
                    return format_jobid(job.id)
        return None

    def _check_free(self, given: Selection, held: Allocation, source: str | None) -> None:
        """Raise `GrantError` if the children of a job have something of it already."""
        rows, units, most = _owned(given), _units(given, held), _units(held.selection, held)
        left = Counter(most)
        for child in (child for child in self.children if child.jobid == held.id):
            left.subtract(child.units)
            twice = child.rows.intersection(rows)
            twice |= {row for row, number in units.items() if number > left[row]}
            if twice:
                path = held.flat.path(min(twice))
                name = child.name or "another"
                message = f"{path} is given to the instance {name} on {format_jobid(child.jobid)}"
                raise GrantError(f"{message} already", source=source)

    def adopt(self, child: Child, *, R: str | None = None) -> str:
        """Take in a child that says on which job it is; return the R that it is granted.

        With `child.part` that is the part of the job on one node, with `R` what it names, else the
        whole job. Raises `GrantError`, `QueueError`.
        """
        with self._lock:
            self.calls_from_children += 1
            held = self._held(child.jobid)
            given = completed(held.flat, held.selection)
            if child.part:
                part = rows_on(held.flat, given, child.part)
                if not part:
                    name = format_jobid(child.jobid)
                    raise GrantError(f"{child.part} is not part of the grant {name}")
                given = whole_selection(held.flat, part, shared_units(held.flat, held.selection))
            if R is not None:
                given = self.check_grant(R, child.jobid)
            self._check_free(given, held, None)
            child.rows, child.units = _owned(given), _units(given, held)
            self.children.append(child)
            return grant_text(held, given)

    def forget(self, child: Child) -> None:
        """Note that a child is gone, however that came."""
        with self._lock:
            if child in self.children:
                self.children.remove(child)

    def grant_of(self, child: Child) -> str:
        """Return the R of what a child has according to the books here."""
        with self._lock:
            held = self._held(child.jobid)
            rows = dict.fromkeys(ancestors(held.flat, {*child.rows, *child.units}), False)
            rows.update(dict.fromkeys(child.units, False))
            rows.update(dict.fromkeys(child.rows, True))
            return grant_text(held, whole_selection(held.flat, rows, child.units))

    # ---- what children ask ----

    def grow_child(self, jobid: int, jobspec: Jobspec) -> str:
        """Give the job of a child more; return the R of what came. Raises as `Queue.grow`."""
        with self._change() as now:
            self.calls_from_children += 1
            found = self.queue.grow(jobid, jobspec, now=now)
            self._claims_changed(jobid)
            return grant_text(found)

    def take_back(self, jobid: int, paths: Iterable[str]) -> None:
        """Take vertices back that a child gives. Raises as `Queue.shrink`."""
        with self._change() as now:
            self.calls_from_children += 1
            self.queue.shrink(jobid, paths, now=now)
            self._claims_changed(jobid)

    def _claims_changed(self, jobid: int) -> None:
        """Have the one child of a job claim what the job holds now."""
        mine = [child for child in self.children if child.jobid == jobid]
        if len(mine) == 1 and not mine[0].part:
            held = self._held(jobid)
            given = completed(held.flat, held.selection)
            mine[0].rows, mine[0].units = _owned(given), _units(given, held)

    def child_ended(self, jobid: int, summary: Mapping[str, Any], *, finish: bool) -> None:
        """Note the last words of a child; `finish` ends its job, which nothing else does."""
        with self._change() as now:
            self.calls_from_children += 1
            self.children = [
                child
                for child in self.children
                if child.jobid != jobid or not (finish or _is_closed(child))
            ]
            self._children.discard(jobid)
            with suppress(FluxionError):  # it may have been ended, and forgotten
                self.queue.post(jobid, "goodbye", summary, now=now)
                if finish and self.queue.job(jobid).state in RUNNING:
                    self.queue.finished(jobid, now=now, status=0)

    # ---- what reaches children ----

    def drain(self, hosts: str, reason: str = "") -> None:
        """Give out nothing more on some hosts (a hostlist), at no depth; jobs there go on."""
        super().drain(hosts, reason)
        self._tell_below(hosts, "drain", reason=reason)

    def undrain(self, hosts: str) -> None:
        """Give hosts out again."""
        super().undrain(hosts)
        self._tell_below(hosts, "undrain")

    def detach(self, path: str, *, force: bool = False) -> str:
        """Take vertices out; refused if jobs run there, unless `force` fails them.

        An instance loses the part that goes, unless that is its first node: then it fails.
        """
        if not force:
            return super().detach(path)
        with self._lock:
            rows = self.machine.rows_below(path)
            losing = [child for child in self.children if not child.rows.isdisjoint(rows)]
            staying = [child for child in losing if self._take_away(child, path, rows)]
            told = super().detach(path, force=True)
        self._order(staying, "revoke", {"path": path})
        return told

    def _take_away(self, child: Child, path: str, rows: set[int]) -> bool:
        """Take a path from the job of a child; False if it cannot go on without."""
        flat = self.queue.matcher.graph.flat
        lead = min((row for row in child.rows if flat.rank(row) >= 0), key=flat.rank, default=-1)
        if lead in rows or child.part:
            return False
        try:
            with self._change() as now:
                self.queue.shrink(child.jobid, [path], now=now)
        except FluxionError:
            return False
        child.rows = child.rows - rows
        return True

    def leave_children(self) -> None:
        """Tell those in other processes that this instance ends and comes back: they live on."""
        self._order([child for child in self.children if child.instance is None], "away", {})

    def _end_moved(self, jobid: int) -> None:
        """Tell the children of a job that its end is another one."""
        children = [child for child in self.children if child.jobid == jobid]
        end = self.end_of(jobid)
        if children and end is not None:
            self._order(children, "expiration", {"expiration": end})

    def _tell_below(self, hosts: str, name: str, **context: Any) -> None:  # noqa: ANN401
        """Tell the children on some hosts."""
        wanted = set(Hostlist(parse_hostlist(hosts)))
        flat = self.queue.matcher.graph.flat
        with self._lock:
            nodes = {host: row for host, row in self.machine.hosts() if host in wanted}
            for child in list(self.children):
                there = [h for h, row in nodes.items() if _touches(flat, row, child.rows)]
                if there:
                    self._order([child], name, {"hosts": ",".join(there), **context})

    def _order(self, children: Iterable[Child], name: str, context: Mapping[str, Any]) -> None:
        """Tell some children something: a process by an event of its job, others by a call."""
        for child in children:
            with self._change() as now:
                self.queue.post(child.jobid, f"instance-{name}", context, now=now)
            if child.instance is not None:
                child.instance.obey(name, context)


def _owned(given: Selection) -> frozenset[int]:
    return frozenset(row for row, _, whole, _ in given.vertices if whole)


def _units(given: Selection, held: Allocation) -> dict[int, int]:
    return shared_units(held.flat, given)


def _is_closed(child: Child) -> bool:
    return child.instance is not None and child.instance.closed


def _touches(flat: FlatGraph, node: int, rows: frozenset[int]) -> bool:
    return node in rows or not rows.isdisjoint(below(flat, [node]))
