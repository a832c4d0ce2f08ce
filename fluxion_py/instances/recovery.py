"""What becomes of the jobs of an earlier life: booked again, run on, launched, requeued, lost."""

from collections.abc import Callable
from dataclasses import dataclass

from fluxion_py.errors import FluxionError
from fluxion_py.execution.executor import Executor, Fate, Launch
from fluxion_py.instances.store import JobStore
from fluxion_py.queues.job import Job
from fluxion_py.queues.states import RUNNING, JobState

_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found in a journal: numbers of jobs, by what became of them.

    `lost` may have run and are not run again; `never_fit` are kept pending. `notes` are sentences
    about the journal.
    """

    pending: int = 0
    running: int = 0
    requeued: int = 0
    lost: tuple[int, ...] = ()
    never_fit: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class Recovery:
    """Goes on with what a store has replayed. `relaunch` are the jobs that never started."""

    def __init__(self, store: JobStore, now: float) -> None:
        self.store = store
        self.now = now
        self.lost: list[int] = []
        self.requeued = 0
        self.relaunch: list[Job] = []

    def resume(self, *, requeue_running: bool, moved: bool) -> None:
        """Book what jobs hold; with `requeue_running` they wait again and hold nothing.

        On another machine (`moved`) jobs whose resources are not there wait again, too.
        """
        queue = self.store.queue
        for job in list(queue.jobs.values()):
            if requeue_running and _runs(job):
                queue.forget_start(job.id, "its instance has moved", now=self.now)
                self.requeued += 1
        for job in queue.resume(self._book, now=self.now):
            if job.state is JobState.INACTIVE:
                queue.released(job.id, now=self.now)
            elif moved and not job.ending:
                queue.requeue(job.id, "its resources are not here", now=self.now)
                self.requeued += 1
            else:
                self._lose(job, "its resources could not be booked again")

    def end_in_process(self, document: str) -> None:
        """End the jobs that were instances in the process that died: nothing is left of them."""
        for job in list(self.store.queue.jobs.values()):
            if job.state in RUNNING and self.store.journal.document(job.id, document) is not None:
                self._lose(job, "it was an instance in a process that has ended")

    def ask(self, executor: Executor | None, launch_of: Callable[[Job], Launch]) -> None:
        """Ask the executor about the running jobs."""
        for job in list(self.store.queue.jobs.values()):
            if job.state is JobState.INACTIVE and not job.freed:
                self._clean(job, executor, launch_of)
            if executor is None or not _runs(job) or job.allocation is None:
                continue
            fate = executor.recover(launch_of(job), self.now)
            if fate is Fate.NEVER_STARTED and not job.ending:
                self.relaunch.append(job)
            elif fate is Fate.NEVER_STARTED:
                self.store.queue.finished(job.id, now=self.now, status=_SIGKILL)
            elif fate is Fate.UNKNOWN:
                self._lose(job, "it may have run while the instance was away; not run again")
            elif job.ending and fate is Fate.RUNNING:
                executor.kill(job.id, 15, self.now)

    def _clean(
        self, job: Job, executor: Executor | None, launch_of: Callable[[Job], Launch]
    ) -> None:
        """Go on with the housekeeping of a job, or give its resources back where there is none.

        Without an executor it is the affair of whoever said that the job has finished.
        """
        if executor is None:
            return
        known = None
        if executor.housekeeping and job.allocation is not None:
            known = executor.recover(launch_of(job), self.now)
        if known is not Fate.FINISHED:
            self.store.queue.released(job.id, now=self.now)

    def _book(self, job: Job) -> bool:
        planned = job.freed
        text = self.store.journal.document(job.id, "plan" if planned else "R")
        if text is None:
            return False
        try:
            found = self.store.queue.bookings.restore(text, job.id, planned=planned)
        except FluxionError:
            return False
        if planned:
            job.planned = found
        else:
            job.allocation = found
        return True

    def _lose(self, job: Job, note: str) -> None:
        queue = self.store.queue
        queue.failed(job.id, "lost", note, now=self.now)
        queue.finished(job.id, now=self.now, status=_SIGKILL)
        self.lost.append(job.id)


def _runs(job: Job) -> bool:
    return job.state in RUNNING and job.status < 0
