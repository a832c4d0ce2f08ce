"""An instance as a child: what its parent orders, and the end of its time."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fluxion_py.allocation import Allocation
from fluxion_py.errors import InputError, Unsatisfiable
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.hostlist import Hostlist, format_hostlist, parse_hostlist
from fluxion_py.instances.grant import mapped_down
from fluxion_py.instances.lineage import InProcessLink
from fluxion_py.instances.parent import ParentInstance
from fluxion_py.instances.submission import Submission
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.states import RUNNING, Result
from fluxion_py.subgraph import whole_selection

_SIGTERM = 15
_POLL = 0.05


class NestedInstance(ParentInstance):
    """The part of an `Instance` that has a parent: see there."""

    name = ""

    # ---- orders ----

    def obey(self, name: str, context: Mapping[str, Any]) -> None:
        """Do what the parent orders; what is not here (any more) is nothing to do.

        drain and undrain {hosts, reason}; revoke {path}: it is taken away, jobs on it fail;
        expiration {expiration}: the end moves.
        """
        with suppress(InputError):
            if name == "drain":
                self.drain(self._mine(context["hosts"]), context.get("reason", ""))
            elif name == "undrain":
                self.undrain(self._mine(context["hosts"]))
            elif name == "revoke":
                super().detach(self.machine.lonely_above(context["path"]), force=True)
                self._forget_ranks()
            elif name == "expiration":
                self.end_at(context["expiration"])

    def detach(self, path: str, *, force: bool = False) -> str:
        """Take vertices out; see `ParentInstance.detach`. They are the parent's again."""
        if self.link is None:
            return super().detach(path, force=force)
        self._check_link()
        flat = self.queue.matcher.graph.flat
        lead = min(self.machine.present(), default=-1)
        if not self.machine.rows_below(path).isdisjoint(flat.rows_of_rank(lead)):
            raise InputError(f"{path}: the first node of an instance stays with it")
        told = super().detach(self.machine.lonely_above(path), force=force)
        self._forget_ranks()
        self.link.give_back([path])
        return told

    def _forget_ranks(self) -> None:
        with self._lock:
            self.ranks.trim(self.queue.matcher.graph.flat.ranks())

    def _mine(self, hosts: str) -> str:
        here = {name for name, _ in self.machine.hosts()}
        return format_hostlist(name for name in Hostlist(parse_hostlist(hosts)) if name in here)

    # ---- what it has is the grant ----

    def accept(self, submission: Submission) -> int:
        """Take a job in; see `JobStore.accept`. More than the grant, or longer, is never, not busy.

        Raises `Unsatisfiable`, which says that there is a parent, and `QueueError` after `close`.
        """
        if self._closed:
            raise QueueError(f"{self._who()} has been closed")
        if self.link is None:
            return super().accept(submission)
        if self.ends_at is not None:
            left = self.ends_at - int(self.clock.now())
            wanted = submission.jobspec.duration
            if wanted > left:
                raise Unsatisfiable(f"never: needs {wanted:g} s; {self._who()} ends in {left} s")
        try:
            return super().accept(submission)
        except Unsatisfiable as refusal:
            text = f"{refusal} (that is {self._who()}; its parent may grant more)"
            raise Unsatisfiable(text, refusal.explanation) from None

    @property
    def graph(self) -> ResourceGraph:
        """What this instance has: its graph, not to be changed."""
        return self.queue.matcher.graph

    def R(self, jobid: int | None = None) -> str:
        """Return the resource set of a job; without one that of this whole instance (RFC 20).

        For a child it is what its parent has on its books for it (a process: what that has said
        when it began), so `graph.validate_against(R())` asks whether both say the same.
        """
        if jobid is not None:
            return super().R(jobid)
        if self.link is not None:
            return mapped_down(self.link.granted(), self.ranks)
        with self._lock:
            flat = self.graph.flat
            end = self.ends_at or self.queue.matcher.graph_end
            start = min(int(self.started), end)
            whole = whole_selection(flat, {flat.root(): True})
            return Allocation(flat, whole, None, start, end - start).write("rv1").strip()

    def _who(self) -> str:
        name = f"instance {self.name}" if self.name else "this instance"
        return f"{name} at depth {self.depth}"

    # ---- the end of its time ----

    def end_at(self, seconds: int) -> None:
        """Have this instance and all its jobs end at a time of the clock, at the latest."""
        with self._lock:
            matcher = self.queue.matcher
            before, self.ends_at = matcher.graph_end, seconds
            matcher.graph_end = seconds
            if seconds == before:
                return
            now = self.clock.now()
            for lane in self.queue.lanes.values():
                lane.drop_plans(now)
            self.queue.bookings.changed(int(now))
            for job in list(self.queue.jobs.values()):
                held = job.allocation
                if (
                    job.state in RUNNING
                    and held is not None
                    and held.expiration >= min(before, seconds)
                ):
                    wanted = held.at + (int(job.duration) or seconds - held.at)
                    self._move_end(job.id, min(wanted, seconds))
        self._wake()

    def _move_end(self, jobid: int, expiration: int) -> None:
        """Have a running job end with the instance, or when it was to end by itself."""
        job = self.queue.jobs[jobid]
        if job.allocation is None:
            return
        moved = job.allocation.with_end(expiration)
        job.allocation = self.queue.bookings.rebook(moved)
        if self._executor is not None:
            self._executor.set_deadline(jobid, job.allocation.expiration)
        self._end_moved(jobid)

    def step(self) -> float | None:
        """Do what is to be done now; see `InstanceLoop.step`."""
        now = self.clock.now()
        if self.ends_at is not None and now >= self.ends_at:
            return self._last_step(now)
        pause = super().step()
        self._settle()
        self._end_children()
        if pause is not None and self.ends_at is not None:
            pause = min(pause, max(0.0, self.ends_at - now))
        return pause

    def _last_step(self, now: float) -> float | None:
        """End everything: the parent's time is over. Nothing is started any more."""
        with self._lock:
            if self._closed:
                return None
            for job in list(self.queue.jobs.values()):
                if job.result is None and not job.ending:
                    note = "the time of its instance is over"
                    self.queue.failed(job.id, "timeout", note, now=now)
                    if job.state in RUNNING:
                        self._end_running(job.id, _SIGTERM, now)
            if self._executor is not None:
                for report in self._executor.poll(now):
                    self._note(report, now)
            self._to_launch.clear()
            self.commit()
            self._changes.notify_all()
            running = any(job.state in RUNNING for job in self.queue.jobs.values())
        if running:
            return _POLL
        if isinstance(self.link, InProcessLink):
            self.close(kill=True)
        return None

    def _end_children(self) -> None:
        """End those in this process whose job has ended, whatever ended it."""
        for child in list(self.children):
            if child.instance is not None and child.jobid not in self._running_children():
                child.instance.close(kill=True)

    def _running_children(self) -> set[int]:
        now = self.clock.now()
        return {
            jobid
            for jobid in self._children
            if (job := self.queue.jobs.get(jobid)) is not None
            and job.state in RUNNING
            and (job.allocation is None or job.allocation.expiration > now)
        }

    # ---- numbers ----

    def numbers(self) -> dict[str, int]:
        """Return how many jobs are pending and running, have completed and failed in this life."""
        with self._lock:
            running = sum(job.state in RUNNING for job in self.queue.jobs.values())
            active = sum(job.result is None for job in self.queue.jobs.values())
            completed = self.ended[Result.COMPLETED]
            return {
                "pending": active - running,
                "running": running,
                "completed": completed,
                "failed": self.ended.total() - completed,
            }

    def overview(self) -> dict[str, Any]:
        """Return what is to be seen of this instance and those in it, ready for JSON.

        Of one that is another process there is only where it is (`uri`). O(jobs that are active).
        """
        with self._lock:
            flat = self.queue.matcher.graph.flat
            running = [job for job in self.queue.jobs.values() if job.state in RUNNING]
            found = {
                "name": self.name,
                "depth": self.depth,
                "size": self.size,
                "cores": len(flat.rows_of_type("core")),
                "gpus": len(flat.rows_of_type("gpu")),
                "cores_used": sum((job.given or {}).get("ncores", 0) for job in running),
                "jobs": self.numbers(),
                "tasks": sum(job.ntasks for job in running),
                "now": self.clock.now(),
                "started": self.started,
                "ends_at": self.ends_at,
                "calls_from_children": self.calls_from_children,
            }
            children = list(self.children)
        found["children"] = [
            {**child.to_dict(), **({} if child.instance is None else child.instance.overview())}
            for child in children
        ]
        return found
