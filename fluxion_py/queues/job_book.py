"""The jobs of a queue and what happens to them: events, dependencies, limits on numbers."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fluxion_py.allocation import Allocation
from fluxion_py.errors import UnknownJobError
from fluxion_py.graph.topology import below
from fluxion_py.idset import IDset
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.bookings import Bookings
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.dependencies import Dependency, DependencyTable, Singletons, fulfils
from fluxion_py.queues.errors import QueueError
from fluxion_py.queues.events import INSTANCE, Event
from fluxion_py.queues.fold import apply, new_job
from fluxion_py.queues.job import Job, priority_of
from fluxion_py.queues.lane import Lane
from fluxion_py.queues.request import RequestTable
from fluxion_py.queues.states import Chosen, JobState, Result

MAX_ACTIVE = Dependency("max-active")
SINGLETON = Dependency("singleton")


class JobBook:
    """The part of a `Queue` that moves jobs from state to state: see there."""

    def __init__(self, matcher: Matcher, configs: Iterable[QueueConfig], record: bool) -> None:
        self.matcher = matcher
        self.jobs: dict[int, Job] = {}
        self.requests = RequestTable()
        self.bookings = Bookings(matcher)
        self.lanes: dict[str, Lane] = {}
        for config in configs:
            if config.name in self.lanes:
                raise QueueError(f"there are two queues {config.name}")
            self.lanes[config.name] = Lane(config, self.bookings, self.jobs, self._tell)
        self.results: dict[int, Result] = {}
        self.last_id = 0
        self._record = record
        self._events: list[Event] = []
        self._dependencies = DependencyTable()
        self._singletons = Singletons()
        self._active: Counter[tuple[str, int]] = Counter()
        self._held_back: dict[tuple[str, int], deque[int]] = {}

    def job(self, jobid: int) -> Job:
        """Return a job. Raises `UnknownJobError`."""
        found = self.jobs.get(jobid)
        if found is None:
            raise UnknownJobError(jobid)
        return found

    def take_events(self) -> list[Event]:
        """Return the events since the last call, in order."""
        events, self._events = self._events, []
        return events

    # ---- events ----

    def _event(self, job: Job, name: str, now: float, **context: Any) -> None:  # noqa: ANN401
        event = Event(job.id, now, name, context)
        apply(job, event, self.requests.by_number)
        if self._record:
            self._events.append(event)

    def _instance_event(self, name: str, now: float, context: Mapping[str, Any]) -> None:
        if self._record:
            self._events.append(Event(INSTANCE, now, name, dict(context)))

    def _tell(
        self,
        job: Job,
        what: str,
        now: float,
        allocation: Allocation | None,
        chosen: Chosen | None,
    ) -> None:
        """Write down what a lane has done with a job."""
        if what == "alloc":
            assert allocation is not None
            assert chosen is not None
            job.planned = None
            job.allocation = allocation
            self.lanes[job.queue].pending -= 1
            given = summary(allocation) if self._record else {}
            self._event(job, "alloc", now, selection_type=chosen.name.lower(), **given)
            for waiting, dependency in self._dependencies.started(job.id):
                self._fulfil(waiting, dependency, now)
        elif what == "reserve":
            assert allocation is not None
            job.planned = allocation
            self._event(job, "reserve", now, t_estimate=allocation.at)
        else:
            job.planned = None
            self._event(job, "unreserve", now)

    # ---- from submission to consideration ----

    def _take_in(self, event: Event, depends: Sequence[Dependency]) -> Job:
        """Make the job of a `submit` event and bring it as far as it may go."""
        job = new_job(event, self.requests.by_number)
        self.jobs[job.id] = job
        self.last_id = max(self.last_id, job.id)
        job.request.users += 1
        lane = self.lanes[job.queue]
        lane.pending += 1
        if self._record:
            self._events.append(event)
        self._singletons.enter((job.userid, job.name), job.id)
        now = event.timestamp
        for dependency in depends:
            if dependency == SINGLETON:
                if self._first_of_its_name(job) == job.id:
                    continue
            elif self._is_fulfilled(dependency, now):
                continue
            else:
                self._dependencies.add(job.id, dependency)
            self._event(job, "dependency-add", now, description=str(dependency))
        if not job.dependencies:
            self._admit(job, now)
        return job

    def _is_fulfilled(self, dependency: Dependency, now: float) -> bool:
        """Say whether a condition holds already. Raises `QueueError` if it never can."""
        if dependency == SINGLETON:
            return False  # `_take_in` knows whose it is
        if dependency.scheme == "begin-time":
            return dependency.value <= now
        target = int(dependency.value)
        result = self.results.get(target)
        if result is not None:
            if dependency.scheme == "after" or fulfils(dependency.scheme, result):
                return True
            raise QueueError(f"{dependency} can never be: that job is {result.name}")
        job = self.jobs.get(target)
        if job is None:
            raise QueueError(f"{dependency}: there is no such job")
        return dependency.scheme == "after" and job.t_run >= 0

    def _first_of_its_name(self, job: Job) -> int:
        """Return the first active job of the user and name of one. O(jobs) the first time."""
        owner = (job.userid, job.name)
        return self._singletons.follow(
            owner,
            lambda: (
                other.id
                for other in self.jobs.values()
                if (other.userid, other.name) == owner and other.state is not JobState.INACTIVE
            ),
        )

    def _fulfil(self, jobid: int, dependency: Dependency, now: float) -> None:
        job = self.jobs.get(jobid)
        if job is None or dependency not in job.dependencies:
            return
        self._event(job, "dependency-remove", now, description=str(dependency))
        if not job.dependencies and job.state is JobState.DEPEND:
            self._admit(job, now)

    def _admit(self, job: Job, now: float) -> None:
        """Consider a job whose dependencies are fulfilled, if its user may have one more."""
        limit = self.lanes[job.queue].config.limits.active_per_user
        if limit is not None:
            owner = (job.queue, job.userid)
            if self._active[owner] >= limit:
                self._held_back.setdefault(owner, deque()).append(job.id)
                self._event(job, "dependency-add", now, description=str(MAX_ACTIVE))
                return
            self._active[owner] += 1
        self._event(job, "depend", now)
        self._event(job, "priority", now, priority=priority_of(job.urgency))
        self._consider(job)

    def _consider(self, job: Job) -> None:
        if job.state is JobState.SCHED and not job.held and job.key < 0:
            self.lanes[job.queue].insert(job)

    # ---- the end ----

    def _fail_pending(self, job: Job, now: float, kind: str, note: str) -> None:
        """End a job that has not started."""
        if job.key >= 0:
            self.lanes[job.queue].remove(job, now)
        self.lanes[job.queue].pending -= 1
        self._event(job, "exception", now, type=kind, severity=0, note=note)
        self._end(job, now)

    def _end(self, job: Job, now: float) -> None:
        """Make a job inactive; those that depend on it go on, or end as well."""
        ending = deque([job])
        while ending:
            job = ending.popleft()
            self._event(job, "clean", now)
            result = job.result
            assert result is not None
            self.results[job.id] = result
            self._leave(job, now)
            fulfilled, impossible = self._dependencies.ended(job.id, result)
            for waiting, dependency in fulfilled:
                self._fulfil(waiting, dependency, now)
            for waiting, dependency in impossible:
                blocked = self.jobs.get(waiting)
                if blocked is None or blocked.state is not JobState.DEPEND or blocked.ending:
                    continue
                self.lanes[blocked.queue].pending -= 1
                note = f"{dependency} can never be: that job is {result.name}"
                self._event(blocked, "exception", now, type="dependency", severity=0, note=note)
                ending.append(blocked)

    def _leave(self, job: Job, now: float) -> None:
        """Let a job go out of the counts and the dependencies."""
        job.request.users -= 1
        self._dependencies.forget(job.id, job.dependencies)
        following = self._singletons.leave((job.userid, job.name), job.id)
        if following is not None:
            self._fulfil(following, SINGLETON, now)
        if job.t_depend >= 0:
            self._user_has_room(job, now)

    def _user_has_room(self, job: Job, now: float) -> None:
        owner = (job.queue, job.userid)
        if self.lanes[job.queue].config.limits.active_per_user is None:
            return
        self._active[owner] -= 1
        waiting = self._held_back.get(owner)
        while waiting:
            following = self.jobs.get(waiting.popleft())
            if following is not None and following.dependencies == (MAX_ACTIVE,):
                self._fulfil(following.id, MAX_ACTIVE, now)
                break

    def _free(self, job: Job, now: float) -> None:
        """Give back all that a job still holds."""
        self.bookings.release(job.request, job.id, int(now))
        job.allocation = None
        self._event(job, "release", now, ranks="all", final=True)
        self._event(job, "free", now)


def summary(allocation: Allocation) -> dict[str, Any]:
    """Return what a job table tells of an allocation: counts, ranks, nodes, end."""
    flat = allocation.flat
    ranks = [row for row, _, _, _ in allocation.selection.vertices if flat.type(row) == "node"]
    return {
        "nnodes": len(ranks),
        "ncores": _cores(allocation),
        "ranks": str(IDset(rank for rank in map(flat.rank, ranks) if rank >= 0)),
        "nodelist": str(allocation.nodes),
        "expiration": allocation.expiration,
    }


def _cores(allocation: Allocation) -> int:
    """Return how many cores are given, those of whole vertices without listed ones included."""
    flat = allocation.flat
    listed = {source for source, _, _ in allocation.selection.edges}
    whole = [
        row
        for row, _, exclusive, _ in allocation.selection.vertices
        if exclusive and row not in listed and flat.type(row) != "core"
    ]
    inside = sum(flat.type(row) == "core" for row in below(flat, whole)) if whole else 0
    return allocation.counts.get("core", 0) + inside
