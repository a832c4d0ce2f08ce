"""An instance: a queue that lives, with a clock, an executor and a journal."""

import os
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from fluxion_py.errors import FluxionError, InputError
from fluxion_py.execution.executor import Executor
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.instances.clock import Clock, WallClock
from fluxion_py.instances.dump import Dumped, write_dump
from fluxion_py.instances.futures import InstanceExecutor
from fluxion_py.instances.journal import Journal
from fluxion_py.instances.recovery import Recovered, Recovery
from fluxion_py.instances.spawning import IN_PROCESS, SpawningInstance
from fluxion_py.instances.submission import Submission
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.events import INSTANCE, Event
from fluxion_py.queues.job import DEFAULT_URGENCY, Job
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import PENDING, RUNNING, JobState

_SIGTERM = 15


class Instance(SpawningInstance):
    """A batch system in this process.

    `graph` is a `ResourceGraph` or the path of a description. `queue` is a policy for the one queue
    "default", or the configurations of several. Without `journal` nothing is kept; an existing
    journal is gone on with, see `recovered`. Without `executor` nothing is run: jobs are started
    and stay until `finish_job`. Every method is one step for other threads, and raises
    `FluxionError` with one line. `directory` is where jobs have their own folders.

    `requeue_running` has jobs wait again that ran in an earlier life: for a journal that came with
    a dump from elsewhere.
    """

    def __init__(
        self,
        graph: ResourceGraph | str | PathLike[str],
        *,
        policy: str = "first",
        queue: str | Iterable[QueueConfig] = "fcfs",
        journal: str | PathLike[str] | Journal | None = None,
        executor: Executor | None = None,
        clock: Clock | None = None,
        name: str = "",
        directory: str | PathLike[str] | None = None,
        requeue_running: bool = False,
    ) -> None:
        if not isinstance(graph, ResourceGraph):
            graph = ResourceGraph.from_file(graph)
        clock = clock or WallClock()
        matcher = Matcher(graph, policy, now=int(clock.now()))
        jobs = (
            Queue(matcher, policy=queue) if isinstance(queue, str) else Queue(matcher, list(queue))
        )
        kept = journal if isinstance(journal, Journal) else Journal(journal or ":memory:")
        super().__init__(
            jobs, kept, clock, executor, None if directory is None else Path(directory)
        )
        self.name = name
        try:
            self.recovered = self._recover(requeue_running)
        except BaseException:
            kept.close()
            raise

    @classmethod
    def from_environment(cls, **options: Any) -> "Instance":  # noqa: ANN401
        """Return an instance on what this process was given; `options` as for the class.

        That is: the R named by FLUXION_R, the nodes of a Slurm job, or the cores of this machine.
        """
        from fluxion_py.instances.environment import graph_from_environment

        return cls(graph_from_environment(), **options)

    # ---- jobs in ----

    def submit(
        self,
        jobspec: Jobspec,
        *,
        urgency: int = DEFAULT_URGENCY,
        depends: Sequence[str] = (),
        userid: int | None = None,
        queue: str | None = None,
        name: str = "",
    ) -> int:
        """Take a job in and return its id when it is durable. Raises as `Queue.submit`."""
        user = os.getuid() if userid is None else userid
        with self._lock:
            jobid = self.accept(Submission(jobspec, urgency, depends, user, queue, name))
            self.commit()
        self._wake()
        return jobid

    def submit_many(self, submissions: Iterable[Submission | Jobspec]) -> list[int | FluxionError]:
        """Take many jobs in with one commit; a bad one gives its error in its place."""
        found: list[int | FluxionError] = []
        with self._lock:
            for entry in submissions:
                try:
                    found.append(
                        self.accept(entry if isinstance(entry, Submission) else Submission(entry))
                    )
                except FluxionError as error:
                    found.append(error)
            self.commit()
        self._wake()
        return found

    # ---- jobs: changes ----

    def cancel(self, jobid: int, *, note: str = "", userid: int = 0) -> None:
        """End a job; a running one is sent SIGTERM."""
        with self._change() as now:
            self.queue.cancel(jobid, now=now, note=note, userid=userid)
            if self.queue.job(jobid).state in RUNNING:
                self._end_running(jobid, _SIGTERM, now)
        self._end_children()

    def kill(self, jobid: int, signal: int) -> None:
        """Send a signal to a running job."""
        with self._change() as now:
            job = self.queue.job(jobid)
            if job.state not in RUNNING:
                raise InputError(f"job {format_jobid(jobid)} is not running but {job.state.name}")
            self._end_running(jobid, signal, now)

    def set_urgency(self, jobid: int, urgency: int) -> None:
        """Change the urgency of a pending job, 0 (hold) to 31 (expedite)."""
        with self._change() as now:
            self.queue.set_urgency(jobid, urgency, now=now)

    def update_duration(self, jobid: int, duration: float) -> str:
        """Change the duration, in seconds; return a sentence about what follows from it."""
        with self._change() as now:
            job = self.queue.job(jobid)
            old, running = job.duration, job.state is JobState.RUN
            self.queue.update_duration(jobid, duration, now=now)
            if running and self._executor is not None and job.allocation is not None:
                self._executor.set_deadline(jobid, job.allocation.expiration)
        self._end_moved(jobid)
        return f"updated {format_jobid(jobid)}: duration {old:g} s -> {duration:g} s"

    def post_event(self, jobid: int, name: str, context: dict[str, Any]) -> None:
        """Write an event of one's own into the log of a job."""
        with self._change() as now:
            self.queue.post(jobid, name, context, now=now)

    def finish_job(self, jobid: int, status: int = 0) -> None:
        """Say that a job has ended, where no executor does."""
        with self._change() as now:
            self.queue.finished(jobid, now=now, status=status)

    # ---- looking ----

    def jobs(
        self,
        *,
        states: Iterable[str] = ("pending", "running"),
        userid: int | None = None,
        queue: str | None = None,
        name: str | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Return jobs: running ones first, then pending ones in order, then ended, newest first.

        `states` are names of `JobState` in small letters, or pending, running, active, inactive.
        `since` keeps ended jobs that ended later.
        """
        wanted = _states(states)
        found: list[Job] = []
        with self._lock:
            for job in self._in_order(wanted, limit):
                if (
                    job.state in wanted
                    and userid in (None, job.userid)
                    and queue in (None, job.queue)
                    and name in (None, job.name)
                    and (since is None or job.t_inactive < 0 or job.t_inactive > since)
                ):
                    found.append(job)
                    if limit is not None and len(found) >= limit:
                        break
        return found

    def _in_order(self, wanted: set[JobState], limit: int | None) -> Iterator[Job]:
        active = list(self.queue.jobs.values())
        yield from sorted((job for job in active if job.state in RUNNING), key=lambda job: job.id)
        if wanted.intersection(PENDING):
            yield from self.queue.pending()
            rest = (job for job in active if job.state in PENDING and job.key < 0)
            yield from sorted(rest, key=lambda job: job.id)
        if JobState.INACTIVE in wanted:
            yield from self.ended_jobs(limit)

    def why(self, jobid: int) -> str:
        """Say in one line why a job waits."""
        with self._lock:
            return self.queue.why(jobid)

    # ---- saving, and futures ----

    def dump(self, path: str | PathLike[str], *, wait: bool = False) -> Dumped:
        """Save everything to one file; with `wait` when the running jobs have ended.

        Jobs that run are in it as they are; whoever starts from it says what becomes of them.
        """
        if wait:
            self._wait_until(lambda: not any(job.state in RUNNING for job in self._all()), None)
        with self._lock:
            self.checkpoint()
            jobs = self._all()
            running = sum(job.state in RUNNING for job in jobs)
            pending = sum(job.state in PENDING for job in jobs)
            return write_dump(self.journal, path, running=running, pending=pending)

    def executor(self, cores_per_task: int = 1, **options: Any) -> InstanceExecutor:  # noqa: ANN401
        """Return a `concurrent.futures.Executor` whose tasks are jobs here."""
        return InstanceExecutor(self, {"cores_per_task": cores_per_task, **options})

    # ---- an earlier life ----

    def _recover(self, requeue_running: bool) -> Recovered:
        """Go on with what is in the journal; raises `JournalError`."""
        journal, now = self.journal, self.clock.now()
        if journal.last == 0:
            journal.set_meta("machine", self.machine.signature)
            return Recovered(notes=tuple(journal.notes))
        moved = journal.meta("machine") != self.machine.signature
        self._replay()
        notes = [*journal.notes, *self._replay_machine(moved)]
        recovery = Recovery(self, now)
        recovery.resume(requeue_running=requeue_running, moved=moved)
        recovery.end_in_process(IN_PROCESS)
        recovery.ask(self._executor, self._launch_of)
        self._to_launch.extend(recovery.relaunch)
        journal.set_meta("machine", self.machine.signature)
        journal.append([Event(INSTANCE, now, "restart", {"moved": moved})])
        self.commit()
        jobs = self._all()
        never = (job.id for job in jobs if job.state in PENDING and job.request.never)
        return Recovered(
            sum(job.state in PENDING for job in jobs),
            sum(job.state in RUNNING for job in jobs),
            recovery.requeued,
            tuple(recovery.lost),
            tuple(sorted(never)),
            tuple(notes),
        )


def _states(names: Iterable[str]) -> set[JobState]:
    groups = {
        "pending": set(PENDING),
        "running": set(RUNNING),
        "active": {*PENDING, *RUNNING},
        "inactive": {JobState.INACTIVE},
    }
    groups.update({state.name.lower(): {state} for state in JobState})
    found: set[JobState] = set()
    for name in names:
        if name not in groups:
            raise InputError(f"unknown state {name[:40]!r}", hint=", ".join(groups))
        found |= groups[name]
    return found
