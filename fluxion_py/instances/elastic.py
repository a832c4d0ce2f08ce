"""The size of an instance: nodes declared and not there yet, nodes that go, more from the parent.

A root has all its nodes declared; those beyond its size are down (row K-04). A child asks its
parent for further ones, and gives back what it no longer wants.
"""

from dataclasses import dataclass
from pathlib import Path

from fluxion_py.errors import InputError
from fluxion_py.execution.executor import Executor
from fluxion_py.graph.topology import below
from fluxion_py.instances.clock import Clock
from fluxion_py.instances.grant import pools_of, renumbered_jgf
from fluxion_py.instances.journal import Journal
from fluxion_py.instances.lineage import ParentLink
from fluxion_py.instances.operations import InstanceOperations
from fluxion_py.instances.size import check_size, leaving
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.queues.job import Job
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import RUNNING
from fluxion_py.subgraph import RankMap

_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Growth:
    """A size to be reached with the help of the parent: `came` are own nodes that are back."""

    before: int
    size: int
    came: list[int]

    @property
    def missing(self) -> int:
        """The nodes that the parent is to give."""
        return self.size - self.before - len(self.came)

    @property
    def wanted(self) -> Jobspec:
        """What it is to be asked."""
        return Jobspec.from_shape(f"slot={self.missing}/node")

    def told(self, new: list[int]) -> str:
        """Return the sentence, with the ranks of the nodes that the parent has given."""
        return f"growing {self.before} -> {self.size}: ranks {_listed(self.came + new)}"


class ElasticInstance(InstanceOperations):
    """The part of an `Instance` that is about its size: see there."""

    def __init__(
        self,
        queue: Queue,
        journal: Journal,
        clock: Clock,
        executor: Executor | None,
        directory: Path | None,
    ) -> None:
        super().__init__(queue, journal, clock, executor, directory)
        self.link: ParentLink | None = None
        self.ranks = RankMap(())
        self.max_size = max(1, len(self.machine.hosts()))

    @property
    def size(self) -> int:
        """The number of nodes that are here to stay."""
        return len(self.machine.present())

    def resize(self, size: int, *, requeue: bool = False) -> str:
        """Have another number of nodes; return a sentence about what goes, comes and waits.

        Nodes on which jobs run go when these end; with `requeue` the jobs wait again, at once. What
        a child gets are whole nodes; `grow` asks for something else.
        Raises `InputError` for a size below 1 or above `max_size`, and what the parent says, if a
        child wants more than it has.
        """
        found = self.begin_resize(size, requeue=requeue)
        return found if isinstance(found, str) else found.told(self.grow(found.wanted))

    def begin_resize(self, size: int, *, requeue: bool = False) -> "str | Growth":
        """Do what can be done without the parent; return the sentence, or what it is to be asked.

        For whoever does not want to wait for the parent: what that grants is for `take_in`.
        """
        with self._lock:
            check_size(size, self.max_size)
            before = self.size
            came = self._bring_back(size)
        if size < before or (size == before and self.machine.away and requeue):
            return self._shrink(before, size, requeue=requeue)
        if size == before:
            return f"the size is {size} already"
        growth = Growth(before, size, came)
        if not growth.missing:
            return growth.told([])
        self._check_link()
        return growth

    def grow(self, jobspec: Jobspec) -> list[int]:
        """Ask the parent for more, whatever it is; return the ranks of nodes that are new.

        Raises what the parent says, `InputError` if there is none.
        """
        return self.take_in(self._check_link().grow(jobspec))

    def _check_link(self) -> ParentLink:
        if self.link is None:
            raise InputError(
                "this instance has no parent that could give more",
                hint="`fluxion resource attach` adds nodes to the machine itself",
            )
        if self.link.away:
            raise InputError("the instance above is about to come back", hint="try again then")
        return self.link

    def take_in(self, text: str) -> list[int]:
        """Add what the parent has granted, an R; return the ranks of nodes that are new."""
        with self._lock:
            before = len(self.ranks.above)
            flat = self.queue.matcher.graph.flat
            first = len(flat)
            more = {
                path: units + self.queue.matcher.graph[path].size
                for path, units in pools_of(text).items()
                if path in self.queue.matcher.graph
            }
            self.attach(renumbered_jgf(text, self.ranks))
            with self._change() as now:
                for path, units in more.items():
                    self.queue.matcher.resize(path, units)
                    self._machine_event("pool", now, path=path, size=units)
                self.queue.keep_out(range(first, len(flat)), now=now)
            self.max_size = max(self.max_size, self.size)
            return list(range(before, len(self.ranks.above)))

    def start_with(self, size: int) -> None:
        """Have only the first `size` of all declared nodes, for a start."""
        check_size(size, self.max_size)
        self._set_away(set(leaving(self.machine.present(), size)))

    # ---- fewer ----

    def _shrink(self, before: int, size: int, *, requeue: bool) -> str:
        going = leaving(self.machine.present(), size) or sorted(self.machine.away)[::-1]
        with self._lock:
            self._set_away(self.machine.away.union(going))
            if requeue:
                self._requeue_on(going)
            waiting = {rank: jobs for rank in going if (jobs := self._jobs_on(rank))}
        self._settle()
        told = f"shrinking {before} -> {size}: removing ranks {_listed(going)}"
        told += " (rank 0 is never removed)"
        if waiting:
            number = len({job.id for jobs in waiting.values() for job in jobs})
            plural = "s" if number > 1 else ""
            told += f"; waiting for {number} job{plural} on rank {_listed(waiting)}"
            told += "" if requeue else f" (--requeue to move {'them' if plural else 'it'})"
        return told

    def _bring_back(self, size: int) -> list[int]:
        """Have declared nodes that are away here again, the lowest ranks first."""
        came = sorted(self.machine.away)[: max(0, size - self.size)]
        if came:
            self._set_away(self.machine.away.difference(came))
        return came

    def _set_away(self, ranks: set[int]) -> None:
        with self._change() as now:
            self.machine.set_away(ranks)
            self._machine_event("size", now, away=sorted(ranks))

    def _jobs_on(self, rank: int) -> list[Job]:
        """Return the jobs that hold something on a node."""
        flat = self.queue.matcher.graph.flat
        rows = below(flat, flat.rows_of_rank(rank))
        return self.machine.jobs_on(self.queue.jobs.values(), rows)

    def _requeue_on(self, ranks: list[int]) -> None:
        """Have the jobs on some nodes wait again; one that has just been started is let be."""
        with self._change() as now:
            for job in {job.id: job for rank in ranks for job in self._jobs_on(rank)}.values():
                started = -1 if job.allocation is None else job.allocation.at
                if job.state not in RUNNING or job.id in self._children or started >= int(now):
                    continue
                if self._executor is not None:
                    self._executor.kill(job.id, _SIGKILL, now)
                self.queue.requeue(job.id, "its node goes away", now=now)

    # ---- with the parent ----

    def _settle(self) -> None:
        """Give the parent back what is no longer wanted and no longer used; without the lock."""
        if self.link is None or self.link.away or not self.machine.away:
            return
        with self._lock:
            idle = sorted(rank for rank in self.machine.away if not self._jobs_on(rank))
            paths = self.machine.paths_of(idle)
            if idle:
                self._remove_nodes(idle, paths)
        if paths:
            self.link.give_back(paths)

    def _remove_nodes(self, ranks: list[int], paths: list[str]) -> None:
        """Take idle nodes out of the graph: they are the parent's again."""
        with self._change() as now:
            for lane in self.queue.lanes.values():
                lane.drop_plans(now)
            for path in map(self.machine.lonely_above, paths):
                self.machine.remove(path)
                self._machine_event("remove", now, path=path)
            self.machine.away.difference_update(ranks)
            self.ranks.trim(self.queue.matcher.graph.flat.ranks())


def _listed(ranks: "list[int] | dict[int, list[Job]]") -> str:
    return ",".join(map(str, ranks))
