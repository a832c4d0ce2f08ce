"""The whole queue: jobs from submission to the end, in lanes above one matcher. No clock here."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.dependencies import Dependency
from fluxion_py.queues.events import Event
from fluxion_py.queues.job import DEFAULT_URGENCY, Job
from fluxion_py.queues.lane import Cycle, Lane
from fluxion_py.queues.request import Request


class Queue:
    """Jobs that wait for and hold resources of one matcher.

    `queues` are the named queues, in the order in which they are served; without them there is one,
    "default", with `policy`. Time is an argument of every method, in seconds, and runs forward;
    the matcher sees whole seconds, rounded down. With `record` events are kept for `take_events`.
    One thread at a time. All raise `UnknownJobError` for a job that is not there and `QueueError`
    for what a job cannot do in its state; then nothing has changed.
    """

    def __init__(
        self,
        matcher: Matcher,
        queues: Iterable[QueueConfig] = (),
        *,
        policy: str = "fcfs",
        record: bool = True,
    ) -> None:
        self.matcher = matcher
        self.jobs: dict[int, Job] = {}
        self.lanes: dict[str, Lane] = {}
        raise NotImplementedError

    # ---- submitting ----

    def request(self, jobspec: Jobspec, queue: str | None = None) -> Request:
        """Return the class of jobs to which a jobspec belongs; makes it if it is new.

        `queue` is instead of the jobspec's. Raises `QueueError` for an unknown or disabled queue,
        `LimitError`, `JobspecError`, `Unsatisfiable` if it can never fit.
        """
        raise NotImplementedError

    def submit(
        self,
        jobspec: Jobspec | Request,
        *,
        now: float,
        jobid: int | None = None,
        userid: int = 0,
        urgency: int = DEFAULT_URGENCY,
        depends: Sequence[str | Dependency] = (),
        name: str = "",
        ntasks: int = 1,
    ) -> Job:
        """Take a job in; raises as `request`, and `FormatError` for a bad dependency.

        `jobid` must be above all ids so far (the next one if not given). O(log jobs).
        """
        raise NotImplementedError

    def withdraw(self, jobid: int) -> None:
        """Undo the submission of a job of which nobody has seen anything yet, with its events."""
        raise NotImplementedError

    # ---- changing jobs ----

    def cancel(self, jobid: int, *, now: float, note: str = "", userid: int = 0) -> None:
        """End a job: a pending one at once; a running one when its `finished` comes."""
        raise NotImplementedError

    def set_urgency(self, jobid: int, urgency: int, *, now: float) -> None:
        """Change the urgency of a pending job, 0 (hold) to 31 (expedite)."""
        raise NotImplementedError

    def update_duration(self, jobid: int, duration: float, *, now: float) -> None:
        """Change the duration, in seconds, of a pending or running job.

        A running one is only extended into time that nobody holds, else `QueueError` names the job
        that is in the way.
        """
        raise NotImplementedError

    def post(self, jobid: int, name: str, context: dict[str, object], *, now: float) -> None:
        """Write an event of one's own; the names in `JOB_EVENTS` are refused."""
        raise NotImplementedError

    # ---- what executors report ----

    def started(self, jobid: int, *, now: float) -> None:
        """Note that the tasks of a job run."""
        raise NotImplementedError

    def finished(self, jobid: int, *, now: float, status: int = 0, release: bool = True) -> None:
        """Note that all tasks have ended, with a wait status; the job is done for its user.

        Its resources come back at once, unless `release` is False (housekeeping): then `released`
        tells. A timed-out job has had an exception of type "timeout" before.
        """
        raise NotImplementedError

    def released(self, jobid: int, *, now: float, ranks: str | None = None) -> None:
        """Give back the resources of a finished job, all or those on some ranks (an idset)."""
        raise NotImplementedError

    def failed(self, jobid: int, kind: str, note: str, *, now: float, severity: int = 0) -> None:
        """Raise an exception on a job; severity 0 ends it as `cancel` does."""
        raise NotImplementedError

    def requeue(self, jobid: int, reason: str, *, now: float) -> None:
        """Put a running job back among the pending ones, in its old place."""
        raise NotImplementedError

    # ---- queues and machine ----

    def stop(self, name: str | None = None) -> None:
        """Consider no more jobs of a queue (of all); jobs are still taken in."""
        raise NotImplementedError

    def start(self, name: str | None = None) -> None:
        """Consider jobs again."""
        raise NotImplementedError

    def disable(self, name: str | None = None, reason: str = "") -> None:
        """Take no more jobs in."""
        raise NotImplementedError

    def enable(self, name: str | None = None) -> None:
        """Take jobs in again."""
        raise NotImplementedError

    def resources_changed(self, *, now: float) -> list[Job]:
        """Look again at everything after a change of the matcher's graph (status, growth).

        Returns the pending jobs that can never fit now.
        """
        raise NotImplementedError

    # ---- the cycle ----

    def cycle(self, now: float) -> Cycle:
        """Start and plan what can be; call it after every change, and at `next_time`."""
        raise NotImplementedError

    def next_time(self) -> float | None:
        """Return when the next reservation or begin-time comes; None if nothing is due."""
        raise NotImplementedError

    # ---- looking ----

    def job(self, jobid: int) -> Job:
        """Return a job. Raises `UnknownJobError`."""
        raise NotImplementedError

    def pending(self, queue: str | None = None) -> Iterator[Job]:
        """Go through the jobs that wait, in order of queues and keys. O(jobs)."""
        raise NotImplementedError

    def why(self, jobid: int) -> str:
        """Say in one line why a job waits: hold, dependency, stopped queue, what is short."""
        raise NotImplementedError

    # ---- events ----

    def take_events(self) -> list[Event]:
        """Return the events since the last call, in order."""
        raise NotImplementedError

    def replay(self, events: Iterable[Event]) -> None:
        """Fold events of an earlier life, in order; then call `resume`."""
        raise NotImplementedError

    def resume(self, book: Callable[[Job], bool], *, now: float) -> list[Job]:
        """Make everything ready after `replay`: order, dependencies, reservations.

        `book` books what a job held or had planned in the matcher and says whether it could.
        Returns the running jobs that could not be booked.
        """
        raise NotImplementedError

    def forget(self, jobid: int) -> None:
        """Drop an inactive job from memory; only its result is kept, for dependencies."""
        raise NotImplementedError
