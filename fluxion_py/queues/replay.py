"""Back from events: fold them into jobs, and make the queue ready to go on."""

from collections import deque
from collections.abc import Callable, Iterable

from fluxion_py.jobspec.model import Jobspec
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.events import INSTANCE, JOB_EVENTS, Event
from fluxion_py.queues.fold import apply, new_job
from fluxion_py.queues.job import Job
from fluxion_py.queues.job_book import MAX_ACTIVE, SINGLETON, JobBook
from fluxion_py.queues.states import PENDING, JobState

_MEANINGFUL = JOB_EVENTS - {"memo"}


class JobReplay(JobBook):
    """The part of a `Queue` that goes on with an earlier life: see there."""

    def replay(self, events: Iterable[Event], find_request: Callable[[int], Jobspec]) -> None:
        """Fold events of an earlier life, in order; then call `resume`.

        `find_request` returns the jobspec of a request's number. Raises `QueueError` for an event
        of a job that is not known.
        """
        for event in events:
            if event.jobid == INSTANCE:
                self._replay_instance(event)
                continue
            number = event.context.get("request")
            if number is not None and number not in self.requests.by_number:
                self.add_request(number, find_request(number))
            if event.name == "submit":
                self.jobs[event.jobid] = new_job(event, self.requests.by_number)
                self.last_id = max(self.last_id, event.jobid)
                continue
            job = self.jobs.get(event.jobid)
            if job is None and event.name not in _MEANINGFUL:
                continue  # somebody's note on a job that had ended
            if job is None:
                raise QueueError(f"event {event.name} of job {event.jobid}, which is not known")
            apply(job, event, self.requests.by_number)

    def add_request(self, number: int, jobspec: Jobspec) -> None:
        """Make a request known by its number; one of a queue that is no more gets the first."""
        name = jobspec.queue
        lane = self.lanes.get(name) if name is not None else None
        lane = lane or next(iter(self.lanes.values()))
        self.requests.intern(jobspec, lane.config, number)

    def forget_start(self, jobid: int, reason: str, *, now: float) -> None:
        """Have a job that ran wait again; between `replay` and `resume`."""
        self._event(self.job(jobid), "requeue", now, reason=reason)

    def resume(self, book: Callable[[Job], bool], *, now: float) -> list[Job]:
        """Make everything ready after `replay`: order, dependencies, reservations.

        `book` is asked to book (`bookings.restore`) what a job holds, or has reserved, and says
        whether it could; it sets `allocation` or `planned`. A reservation that could not be booked
        is made anew. Returns the jobs whose resources could not be booked.
        """
        lost = []
        for job in self.jobs.values():
            self.bookings.prepare(job.request)
            if not job.freed and not book(job):
                lost.append(job)
        jobs = sorted(self.jobs.values(), key=lambda job: job.id)
        for job in jobs:
            if job.state is JobState.INACTIVE:
                if job.result is not None:
                    self.results[job.id] = job.result
                continue
            job.request.users += 1
            if job.t_depend >= 0:
                self._active[job.queue, job.userid] += 1
            if job.state in PENDING:
                self.lanes[job.queue].pending += 1
                self._resume_pending(job, book, now)
        return lost

    def _resume_pending(self, job: Job, book: Callable[[Job], bool], now: float) -> None:
        for dependency in job.dependencies:
            if dependency == MAX_ACTIVE:
                owner = (job.queue, job.userid)
                self._held_back.setdefault(owner, deque()).append(job.id)
            elif dependency == SINGLETON:
                if self._first_of_its_name(job) == job.id:
                    self._fulfil(job.id, SINGLETON, now)
            else:
                self._dependencies.add(job.id, dependency)
        if job.state is JobState.DEPEND and not job.dependencies:
            self._admit(job, now)
        elif job.promise >= 0 and not job.held and book(job) and job.planned is not None:
            self.lanes[job.queue].adopt_plan(job, job.planned)
        else:
            if job.promise >= 0:
                self._event(job, "unreserve", now)
            self._consider(job)

    def _replay_instance(self, event: Event) -> None:
        if event.name == "queue-change":
            lane = self.lanes.get(event.context.get("queue", ""))
            if lane is not None:
                lane.started = event.context.get("started", lane.started)
                lane.enabled = event.context.get("enabled", lane.enabled)
                lane.disabled_reason = event.context.get("reason", lane.disabled_reason)
