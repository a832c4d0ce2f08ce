"""The life of an instance: step by step, by itself in a thread, or with a virtual clock."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Thread, current_thread

from fluxion_py.errors import MatchError
from fluxion_py.execution.executor import Cleaned, Executor, Finished, Launch, Report, Started
from fluxion_py.instances.clock import Clock, VirtualClock
from fluxion_py.instances.journal import Journal, JournalError
from fluxion_py.instances.store import CHECKPOINT_EVERY, JobStore
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.job import Job
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.states import JobState

RETRY_AFTER = 1.0
"""Seconds after which a failed write is tried again."""

CYCLE = 0.02
"""Seconds after which a cycle is cut short, so that clients are heard."""


class InstanceLoop(JobStore):
    """The part of an `Instance` that goes on by itself: see there."""

    def __init__(
        self,
        queue: Queue,
        journal: Journal,
        clock: Clock,
        executor: Executor | None,
        directory: Path | None,
    ) -> None:
        super().__init__(queue, journal, clock)
        self._executor = executor
        self._directory = directory
        self._to_launch: list[Job] = []
        self._children: set[int] = set()
        self.ends_at: int | None = None
        self._changes = Condition(self._lock)
        self._called = Condition()
        self._news = False
        self._thread: Thread | None = None
        self._closed = False
        self._outer_wake: Callable[[], None] | None = None
        if executor is not None:
            executor.attach(self._wake)

    # ---- one step ----

    def step(self) -> float | None:
        """Do what is to be done now; return the seconds until it wants to be called again.

        0: at once. None: when something comes in (`attach_wake`).
        """
        with self._lock:
            now = self.clock.now()
            if self._executor is not None:
                for report in self._executor.poll(now):
                    self._note(report, now)
            end = time.monotonic() + CYCLE
            cycle = self.queue.cycle(now, lambda: time.monotonic() > end)
            self._to_launch.extend(job for job in cycle.started if job.id not in self._children)
            try:
                self.commit()
                self._launch(now)
                if self._since_checkpoint >= CHECKPOINT_EVERY:
                    self.checkpoint()
            except JournalError:
                return RETRY_AFTER
            self._changes.notify_all()
            return 0 if cycle.more else self._pause(now)

    def _pause(self, now: float) -> float | None:
        times = [self.queue.next_time()]
        if self._executor is not None:
            times.append(self._executor.next_time())
        at = min((entry for entry in times if entry is not None), default=None)
        return None if at is None else max(0.0, at - now)

    def _note(self, report: Report, now: float) -> None:
        """Pass on what an executor reports; of a job that has ended otherwise it is nothing new."""
        with suppress(QueueError, MatchError):
            if isinstance(report, Started):
                self.queue.started(report.jobid, now=report.at)
            elif isinstance(report, Cleaned):
                self.queue.released(report.jobid, now=now, ranks=report.ranks)
            else:
                self._note_end(report, now)

    def _note_end(self, report: Finished, now: float) -> None:
        if report.timed_out:
            self.queue.failed(report.jobid, "timeout", "it reached its time limit", now=now)
        elif report.note:
            self.queue.failed(report.jobid, "exec", report.note, now=now)
        cleaning = self._executor is not None and self._executor.housekeeping
        self.queue.finished(report.jobid, now=now, status=report.status, release=not cleaning)

    def _launch(self, now: float) -> None:
        """Launch the jobs whose start is durable."""
        ready, self._to_launch = self._to_launch, []
        if self._executor is None:
            return
        for job in ready:
            if job.state is JobState.RUN and job.allocation is not None:
                self._executor.launch(self._launch_of(job), now)
            elif job.status < 0:  # it was ended before it was launched
                with suppress(QueueError):
                    self.queue.finished(job.id, now=now, status=15)

    def _launch_of(self, job: Job) -> Launch:
        assert job.allocation is not None
        jobspec = self.jobspec(job.id)
        ends = bool(job.duration) or self.ends_at is not None
        deadline = job.allocation.expiration if ends else None
        return Launch(
            job.id, jobspec, job.allocation, deadline, self.directory_of(job.id), job.userid
        )

    def directory_of(self, jobid: int) -> Path | None:
        """Return the folder of a job; beside it is its output. None if this instance keeps none."""
        return None if self._directory is None else self._directory / f"{jobid}"

    def _end_running(self, jobid: int, signal: int, now: float) -> None:
        """Have a running job end, by the executor, or at once where there is none."""
        if any(job.id == jobid for job in self._to_launch):
            return  # `_launch` finds it ended
        if self._executor is not None and jobid not in self._children:
            self._executor.kill(jobid, signal, now)
        else:
            self.queue.finished(jobid, now=now, status=signal)

    # ---- waiting ----

    @contextmanager
    def still(self) -> Iterator[None]:
        """Have nothing happen meanwhile in other threads."""
        with self._lock:
            yield

    @contextmanager
    def _change(self) -> Iterator[float]:
        """Make a change at the present time; it is durable afterwards."""
        with self._lock:
            if self.trouble:
                raise JournalError(self.trouble)
            yield self.clock.now()
            self.commit()
            self._changes.notify_all()
        self._wake()

    def attach_wake(self, wake: Callable[[], None]) -> None:
        """Take the function that is called, from any thread, when `step` has something to do."""
        self._outer_wake = wake

    def _wake(self) -> None:
        with self._called:
            self._news = True
            self._called.notify_all()
        if self._outer_wake is not None:
            self._outer_wake()

    def wait(self, jobid: int, timeout: float | None = None) -> Job:
        """Wait in this thread until a job is inactive; needs `run`. Raises `TimeoutError`."""
        self._wait_until(lambda: self.job(jobid).state is JobState.INACTIVE, timeout)
        return self.job(jobid)

    def _wait_until(self, reached: Callable[[], bool], timeout: float | None) -> None:
        with self._lock:
            if not self._changes.wait_for(reached, timeout):
                raise TimeoutError(f"it did not happen within {timeout} s")

    def _all(self) -> list[Job]:
        return list(self.queue.jobs.values())

    # ---- going on ----

    def run(self) -> None:
        """Step in a thread of its own until `close`."""
        self._thread = Thread(target=self._loop, name="fluxion-instance", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._closed:
            pause = self.step()
            with self._called:
                if not self._news and pause != 0:
                    self._called.wait(pause)
                self._news = False

    def run_until_idle(self) -> None:
        """Step, moving a `VirtualClock` on, until nothing more can happen by itself."""
        while (pause := self.step()) is not None:
            if pause and isinstance(self.clock, VirtualClock):
                self.clock.move_to(self.clock.now() + pause)
            elif pause:
                time.sleep(pause)

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def close(self, *, kill: bool = False) -> None:
        """Stop; what is journaled can be gone on with. `kill` ends the running jobs."""
        self._closed = True
        self._wake()
        if self._thread is not None and self._thread is not current_thread():
            self._thread.join()
        self._thread = None
        with self._lock:
            if self._executor is not None:
                self._executor.close(kill=kill)
            with suppress(JournalError):
                self.commit()
            self.journal.close()
