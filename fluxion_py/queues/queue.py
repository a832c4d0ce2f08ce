"""The whole queue: jobs from submission to the end, in lanes above one matcher. No clock here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluxion_py.allocation import Allocation
from fluxion_py.errors import InputError, MatchError, Unsatisfiable
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.job import MAX_JOBID
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.dependencies import Dependency, parse_dependency
from fluxion_py.queues.errors import LimitError, QueueError
from fluxion_py.queues.events import JOB_EVENTS, Event
from fluxion_py.queues.job import DEFAULT_URGENCY, EXPEDITE, Job, priority_of
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.lane import Cycle, Lane
from fluxion_py.queues.reasons import conflicting, why
from fluxion_py.queues.request import Request
from fluxion_py.queues.resizing import Resizing
from fluxion_py.queues.states import PENDING, RUNNING, JobState

MAX_NAME = 256
"""Characters of a job's name that are kept."""


class Queue(Resizing):
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
        super().__init__(matcher, list(queues) or [QueueConfig(policy=policy)], record)

    # ---- submitting ----

    def request(self, jobspec: Jobspec, queue: str | None = None) -> Request:
        """Return the class of jobs to which a jobspec belongs; makes it if it is new.

        `queue` is instead of the jobspec's. Raises `QueueError` for an unknown queue, `LimitError`,
        `JobspecError`, `Unsatisfiable` if it can never fit.
        """
        lane = self.lane(queue or jobspec.queue)
        request, new = self.requests.intern(jobspec, lane.config)
        if new:
            try:
                lane.config.limits.check(request.jobspec, lane.config.name)
                self.bookings.prepare(request)
            except Exception:
                self.requests.remove(request)
                raise
        if request.never:
            explanation = self.matcher.explain(request.jobspec)
            if new:
                self.requests.remove(request)
            raise Unsatisfiable(explanation=explanation)
        return request

    def submit(
        self,
        jobspec: Jobspec | Request,
        *,
        now: float,
        jobid: int | None = None,
        userid: int = 0,
        urgency: int = DEFAULT_URGENCY,
        depends: Sequence[str | Dependency] = (),
        queue: str | None = None,
        name: str = "",
        ntasks: int = 1,
    ) -> Job:
        """Take a job in; raises as `request`, and `FormatError` for a bad dependency.

        `jobid` must be above all ids so far (the next one if not given). O(log jobs).
        """
        jobid = self.last_id + 1 if jobid is None else jobid
        if not self.last_id < jobid <= MAX_JOBID:
            raise QueueError(f"job ids ascend: after {self.last_id} there cannot be {jobid}")
        check_urgency(urgency)
        request = jobspec if isinstance(jobspec, Request) else self.request(jobspec, queue)
        lane = self.lanes[request.queue]
        if not lane.enabled:
            reason = f": {lane.disabled_reason}" if lane.disabled_reason else ""
            raise QueueError(f"queue {request.queue} takes no jobs in{reason}")
        most = lane.config.limits.pending
        if most is not None and lane.pending >= most:
            raise LimitError(f"queue {request.queue} has {most} pending jobs, as many as it takes")
        conditions = [parse_dependency(text) if isinstance(text, str) else text for text in depends]
        conditions = [entry for entry in conditions if not self._is_fulfilled(entry, now)]
        context: dict[str, Any] = {"userid": userid, "urgency": urgency, "request": request.number}
        if name:
            context["name"] = name[:MAX_NAME]
        if ntasks != 1:
            context["ntasks"] = ntasks
        return self._take_in(Event(jobid, now, "submit", context), conditions)

    def withdraw(self, jobid: int) -> None:
        """Undo the submission of a job of which nobody has seen anything yet, with its events."""
        job = self.job(jobid)
        if job.state not in PENDING or job.planned is not None:
            raise QueueError(f"job {format_jobid(jobid)} is on its way already")
        if job.key >= 0:
            self.lanes[job.queue].remove(job, job.t_submit)
        self.lanes[job.queue].pending -= 1
        self._leave(job, job.t_submit)
        del self.jobs[jobid]
        self._events = [event for event in self._events if event.jobid != jobid]

    # ---- changing jobs ----

    def cancel(self, jobid: int, *, now: float, note: str = "", userid: int = 0) -> None:
        """End a job: a pending one at once; a running one when its `finished` comes."""
        who = note or (f"cancelled by user {userid}" if userid else "cancelled")
        self.failed(jobid, "cancel", who, now=now)

    def failed(self, jobid: int, kind: str, note: str, *, now: float, severity: int = 0) -> None:
        """Raise an exception on a job; severity 0 ends it as `cancel` does."""
        job = self.job(jobid)
        if job.state is JobState.INACTIVE:
            raise QueueError(f"job {format_jobid(jobid)} has ended already")
        if severity == 0 and job.state in PENDING:
            self._fail_pending(job, now, kind, note)
        else:
            self._event(job, "exception", now, type=kind, severity=severity, note=note)

    def set_urgency(self, jobid: int, urgency: int, *, now: float) -> None:
        """Change the urgency of a pending job, 0 (hold) to 31 (expedite)."""
        job = self._pending_job(jobid)
        check_urgency(urgency)
        if urgency == job.urgency:
            return
        if job.key >= 0:
            self.lanes[job.queue].remove(job, now)
        self._event(job, "urgency", now, urgency=urgency)
        if job.state is JobState.SCHED:
            self._event(job, "priority", now, priority=priority_of(urgency))
            self._consider(job)

    def update_duration(self, jobid: int, duration: float, *, now: float) -> None:
        """Change the duration, in seconds, of a pending or running job.

        A running one is only extended into time that nobody holds, else `QueueError` names the job
        that is in the way.
        """
        job = self.job(jobid)
        if job.state not in (*PENDING, JobState.RUN):
            raise QueueError(f"job {format_jobid(jobid)} has ended")
        if not 0 < duration < 2**53:
            raise InputError(f"a duration of {duration} seconds", hint="above 0")
        request = self.request(replace(job.request.jobspec, duration=duration), job.queue)
        context: dict[str, Any] = {"duration": duration, "request": request.number}
        considered = job.key >= 0
        if job.state is JobState.RUN:
            context["expiration"] = self._move_end(job, request.duration, now)
        elif considered:
            self.lanes[job.queue].remove(job, now)
        job.request.users -= 1
        request.users += 1
        self._event(job, "jobspec-update", now, **context)
        if considered:
            self._consider(job)

    def _move_end(self, job: Job, duration: int, now: float) -> int:
        old = job.allocation
        assert old is not None
        end = old.at + duration
        if end <= now:
            ran = int(now) - old.at
            raise QueueError(
                f"job {format_jobid(job.id)} has run {ran} s already",
            )
        last = self.bookings.matcher.graph_end
        if end > last:
            raise QueueError(
                f"job {format_jobid(job.id)} cannot go on until {end}: its instance ends at {last}"
            )
        moved = self.bookings.extend(old, end, int(now))
        if moved is None:
            holder = conflicting(self.jobs.values(), old, end)
            by = f" by job {format_jobid(holder.id)}" if holder is not None else ""
            raise QueueError(
                f"job {format_jobid(job.id)} cannot go on until {end}: its resources are taken{by}"
            )
        job.allocation = moved
        return end

    def post(self, jobid: int, name: str, context: Mapping[str, Any], *, now: float) -> None:
        """Write an event of one's own; the names in `JOB_EVENTS`, but for memo, are refused."""
        job = self.job(jobid)
        if (name in JOB_EVENTS and name != "memo") or not name or len(name) > 64:
            raise QueueError(f"{name[:64]!r} is no name for an event of one's own")
        self._event(job, name, now, **context)

    # ---- what executors report ----

    def started(self, jobid: int, *, now: float) -> None:
        """Note that the tasks of a job run."""
        self._event(self._running_job(jobid), "start", now)

    def finished(self, jobid: int, *, now: float, status: int = 0, release: bool = True) -> None:
        """Note that all tasks have ended, with a wait status; the job is done for its user.

        Its resources come back at once, unless `release` is False (housekeeping): then `released`
        tells. A timed-out job has had an exception of type "timeout" before.
        """
        job = self._running_job(jobid)
        self._event(job, "finish", now, status=status)
        if release:
            self._free(job, now)
        self._end(job, now)

    def released(self, jobid: int, *, now: float, ranks: str | None = None) -> None:
        """Give back the resources of a finished job, all or those on some ranks (an idset)."""
        job = self.job(jobid)
        if job.freed or job.state in (JobState.RUN, *PENDING):
            raise QueueError(f"job {format_jobid(jobid)} has nothing to be given back")
        if ranks is None:
            self._free(job, now)
            return
        try:
            gone = self.bookings.release(job.request, jobid, int(now), ranks)
        except MatchError as error:
            raise QueueError(f"job {format_jobid(jobid)}: {error}") from None
        self._event(job, "release", now, ranks=ranks, final=gone)
        if gone:
            job.allocation = None
            self._event(job, "free", now)

    def requeue(self, jobid: int, reason: str, *, now: float) -> None:
        """Put a running job back among the pending ones, in its old place."""
        job = self._running_job(jobid)
        if self.bookings.holder(jobid) is not None:
            self.bookings.release(job.request, jobid, int(now))
        job.allocation = None
        self._event(job, "requeue", now, reason=reason)
        self.lanes[job.queue].pending += 1
        self._consider(job)

    def hand_over(self, jobid: int, *, now: float) -> Allocation:
        """Drop a started job; what it holds stays booked in the matcher, and is the caller's.

        For a caller that keeps the books of running jobs itself.
        """
        job = self._running_job(jobid)
        allocation = job.allocation
        if allocation is None:
            raise QueueError(f"job {format_jobid(jobid)} holds nothing")
        self.bookings.hand_over(jobid)
        self._leave(job, now)
        del self.jobs[jobid]
        return allocation

    # ---- queues and machine ----

    def lane(self, name: str | None) -> Lane:
        """Return a named queue, the first one without a name. Raises `QueueError`."""
        if name is None:
            return next(iter(self.lanes.values()))
        found = self.lanes.get(name)
        if found is None:
            raise QueueError(f"queue ({name[:64]}) doesn't exist; there is {', '.join(self.lanes)}")
        return found

    def stop(self, name: str | None = None, *, now: float) -> None:
        """Consider no more jobs of a queue (of all); jobs are still taken in."""
        for lane in self._lanes(name):
            lane.started = False
            lane.drop_plans(now)
            self._instance_event("queue-change", now, {"queue": lane.config.name, "started": False})

    def start(self, name: str | None = None, *, now: float) -> None:
        """Consider jobs again."""
        for lane in self._lanes(name):
            lane.started = True
            self._instance_event("queue-change", now, {"queue": lane.config.name, "started": True})

    def disable(self, name: str | None = None, reason: str = "", *, now: float) -> None:
        """Take no more jobs in."""
        self._set_enabled(name, False, reason, now)

    def enable(self, name: str | None = None, *, now: float) -> None:
        """Take jobs in again."""
        self._set_enabled(name, True, "", now)

    def _set_enabled(self, name: str | None, enabled: bool, reason: str, now: float) -> None:
        for lane in self._lanes(name):
            lane.enabled, lane.disabled_reason = enabled, reason
            context = {"queue": lane.config.name, "enabled": enabled, "reason": reason}
            self._instance_event("queue-change", now, context)

    def _lanes(self, name: str | None) -> list[Lane]:
        return list(self.lanes.values()) if name is None else [self.lane(name)]

    def resources_changed(self, *, now: float) -> list[Job]:
        """Look again at everything after a change of the matcher's graph (status, growth).

        Reservations are made anew. Returns the pending jobs that can never fit now, by id.
        """
        self.bookings.changed(int(now))
        never: set[int] = set()
        for lane in self.lanes.values():
            lane.drop_plans(now)
            never.update(id(request) for request in lane.reconsider())
        if not never:
            return []
        stuck = (job for job in self.jobs.values() if id(job.request) in never and job.key >= 0)
        return sorted(stuck, key=lambda job: job.id)

    # ---- the cycle ----

    def cycle(self, now: float, enough: Callable[[], bool] | None = None) -> Cycle:
        """Start and plan what can be; call it after every change, and at `next_time`.

        `enough` may cut it short; then `Cycle.more` says that it is to be called again.
        """
        for jobid, dependency in self._dependencies.due(now):
            self._fulfil(jobid, dependency, now)
        cycle = Cycle(enough)
        for lane in self.lanes.values():
            lane.cycle(now, cycle)
        if all(lane.settled for lane in self.lanes.values()):
            if self.bookings.growth:
                self.bookings.growth.clear()
                for lane in self.lanes.values():
                    lane.forget_growth()
        else:
            cycle.more = True
        return cycle

    def next_time(self) -> float | None:
        """Return when the next reservation or begin-time comes; None if nothing is due."""
        times: list[float | None] = [lane.next_time() for lane in self.lanes.values()]
        times.append(self._dependencies.next_time())
        return min((time for time in times if time is not None), default=None)

    # ---- looking ----

    def pending(self, queue: str | None = None) -> Iterator[Job]:
        """Go through the jobs that are considered, in order of queues and keys. O(jobs log jobs).

        Held jobs and those with dependencies are not among them.
        """
        wanted = {lane.config.name: place for place, lane in enumerate(self._lanes(queue))}
        found = [job for job in self.jobs.values() if job.key >= 0 and job.queue in wanted]
        yield from sorted(found, key=lambda job: (wanted[job.queue], job.key))

    def why(self, jobid: int) -> str:
        """Say in one line why a job waits: hold, dependency, stopped queue, what is short."""
        job = self._pending_job(jobid)
        return why(job, self.lanes[job.queue], self.matcher)

    def forget(self, jobid: int) -> None:
        """Drop an inactive job from memory; only its result is kept, for dependencies."""
        job = self.job(jobid)
        if job.state is not JobState.INACTIVE or not job.freed:
            raise QueueError(f"job {format_jobid(jobid)} is active")
        del self.jobs[jobid]

    def _pending_job(self, jobid: int) -> Job:
        job = self.job(jobid)
        if job.state not in PENDING:
            raise QueueError(f"job {format_jobid(jobid)} is not pending but {job.state.name}")
        return job

    def _running_job(self, jobid: int) -> Job:
        job = self.job(jobid)
        if job.state not in RUNNING or job.status >= 0:
            raise QueueError(f"job {format_jobid(jobid)} is not running but {job.state.name}")
        return job


def check_urgency(urgency: int) -> None:
    """Raise `InputError` unless an urgency is from 0 to 31."""
    if not isinstance(urgency, int) or isinstance(urgency, bool) or not 0 <= urgency <= EXPEDITE:
        raise InputError(f"an urgency of {urgency!r}", hint="0 (hold) to 31 (expedite)")
