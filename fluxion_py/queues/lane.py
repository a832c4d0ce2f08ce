"""One named queue: the order of its jobs, its reservations, and its part of a cycle."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field

from fluxion_py.allocation import Allocation
from fluxion_py.match.job import MAX_JOBID
from fluxion_py.queues.bookings import Bookings
from fluxion_py.queues.config import QueueConfig, parse_policy
from fluxion_py.queues.heads import Heads
from fluxion_py.queues.job import Job, order_key
from fluxion_py.queues.refusals import Unimproved
from fluxion_py.queues.request import Request
from fluxion_py.queues.states import Chosen

PLAN_COST = 20
"""Looks of a `queue_depth` that planning one job counts for: it is so much slower."""


@dataclass(slots=True)
class Cycle:
    """What a cycle did.

    `started` jobs have their `allocation`; `planned` got or changed a reservation; `lost` lost
    one. `more` says that the look was cut short, by a queue depth or because `enough` said so,
    which is asked after every search: call again. What comes out of it all is the same.
    """

    enough: Callable[[], bool] | None = None
    started: list[Job] = field(default_factory=list)
    planned: list[Job] = field(default_factory=list)
    lost: list[Job] = field(default_factory=list)
    more: bool = False


@dataclass(slots=True, eq=False)
class Plan:
    """A reservation; `seen` is how much of `Bookings.growth` it knows."""

    job: Job
    key: int
    allocation: Allocation
    seen: int


class Lane:
    """The jobs of one queue that are considered (SCHED, not held), in order.

    `jobs` has all jobs by id; `pending` counts all of the queue that have not started, `waiting`
    those that are considered. `tell` is called with a job, what happened to it (alloc, reserve,
    unreserve), the time, the allocation or None, and why it was chosen.
    """

    def __init__(
        self,
        config: QueueConfig,
        bookings: Bookings,
        jobs: dict[int, Job],
        tell: Callable[[Job, str, float, Allocation | None, Chosen | None], None],
    ) -> None:
        self.config = config
        self.policy = parse_policy(config.policy)
        self.enabled = True
        self.started = True
        self.disabled_reason = ""
        self.waiting = 0
        self.pending = 0
        self.plans: dict[int, Plan] = {}
        self._bookings = bookings
        self._jobs = jobs
        self._tell = tell
        self._plan_keys: list[int] = []
        self._due: list[tuple[int, int]] = []
        self._overdue: dict[int, Plan] = {}
        self._heads = Heads(jobs, self.plans)
        self._releases = -1
        self._seen = 0
        self._revised = 0
        self._first_new: int | None = None
        self._unimproved = Unimproved()

    # ---- jobs in and out ----

    def insert(self, job: Job) -> None:
        """Take a job in. O(log jobs)."""
        job.key = order_key(job)
        self.waiting += 1
        if self._first_new is None or job.key < self._first_new:
            self._first_new = job.key
        self._heads.insert(job)

    def remove(self, job: Job, now: float) -> None:
        """Take a job out, with its reservation. O(log jobs)."""
        self.waiting -= 1
        if job.id in self.plans:
            self._bookings.unplan(job.request, self._drop_plan(job.id).allocation)
            self._tell(job, "unreserve", now, None, None)
        job.key = -1
        if job.request.head >= 0 and job.request.head & MAX_JOBID == job.id:
            self._heads.advance(job.request)

    def has(self, job: Job) -> bool:
        """Say whether a job is considered here."""
        return job.key >= 0

    def reconsider(self) -> list[Request]:
        """Compile all requests for the present graph; return those that can never fit."""
        for request in self._heads.requests():
            self._bookings.prepare(request)
        return self._heads.sort_anew()

    def drop_plans(self, now: float) -> list[Job]:
        """Give all reservations back, for example as the queue stops; return their jobs."""
        return [self._unplan(plan, now) for plan in list(self.plans.values())]

    # ---- the cycle ----

    def cycle(self, now: float, cycle: Cycle) -> None:
        """Start and plan what can be."""
        if not self.started:
            self._seen = len(self._bookings.growth)
            return
        time = int(now)
        self._give_way(now, cycle)
        self._start_due(now, time, cycle)
        if self._revise(now, time, cycle):
            self._fill(now, time, cycle)

    @property
    def settled(self) -> bool:
        """Whether all reservations know everything that was released."""
        return self._seen == len(self._bookings.growth)

    def forget_growth(self) -> None:
        """Begin anew with an empty `Bookings.growth`."""
        self._seen = 0
        self._unimproved.clear()
        for plan in self.plans.values():
            plan.seen = 0

    def next_time(self) -> int | None:
        """Return the time of the next reservation; one that waits for a late job is not counted."""
        while self._due:
            at, jobid = self._due[0]
            plan = self.plans.get(jobid)
            if plan is not None and plan.allocation.at == at:
                return at
            heapq.heappop(self._due)
        return None

    def _give_way(self, now: float, cycle: Cycle) -> None:
        """Take the reservations of jobs behind a new one of a higher priority."""
        first, self._first_new = self._first_new, None
        if first is None or not self._plan_keys or self._plan_keys[-1] >> 63 <= first >> 63:
            return
        at = bisect_left(self._plan_keys, ((first >> 63) + 1) << 63)
        for key in self._plan_keys[at:]:
            cycle.lost.append(self._unplan(self.plans[key & MAX_JOBID], now))

    def _start_due(self, now: float, time: int, cycle: Cycle) -> None:
        due = dict(self._overdue)
        while (at := self.next_time()) is not None and at <= time:
            jobid = heapq.heappop(self._due)[1]
            due[jobid] = self.plans[jobid]
        for plan in sorted(due.values(), key=lambda plan: plan.key):
            jobid = plan.job.id
            if self._bookings.waits_for(plan.allocation, time) is not None:
                self._overdue[jobid] = plan
                continue
            self._drop_plan(jobid)
            found = self._bookings.start_planned(plan.job.request, plan.allocation, time)
            if found is not None:
                self._start(plan.job, found, Chosen.RESERVED, now, cycle)
            else:
                self._tell(plan.job, "unreserve", now, None, None)
                cycle.lost.append(plan.job)
                self._heads.insert(plan.job)

    def _revise(self, now: float, time: int, cycle: Cycle) -> bool:
        """Plan anew, in order, what could be earlier; return whether nothing of it is left.

        One pass; what a reservation leaves as it moves up may help one before it: then there is
        another one, in the next cycle.
        """
        growth = self._bookings.growth
        if self.settled:
            return True
        left = self.config.queue_depth
        for key in self._plan_keys[bisect_left(self._plan_keys, self._revised) :]:
            plan = self.plans[key & MAX_JOBID]
            if plan.seen == len(growth):
                continue
            if left <= 0:
                self._revised = key
                cycle.more = True
                return False
            left -= 1
            old = plan.allocation
            if old.at > time and self._bookings.may_improve(old, plan.seen):
                self._unimproved.follow(growth)
                if not self._unimproved.imply(plan.job.request, old.at):
                    left -= PLAN_COST
                    self._improve(plan, now, time, cycle)
                    if cycle.enough is not None and cycle.enough():
                        left = 0
            plan.seen = len(growth)
        self._revised = 0
        if any(plan.seen != len(growth) for plan in self.plans.values()):
            cycle.more = True
            return False
        self._seen = len(growth)
        return True

    def _improve(self, plan: Plan, now: float, time: int, cycle: Cycle) -> None:
        old = plan.allocation
        found = self._bookings.replan(plan.job.request, old, time)
        if found is old:
            self._unimproved.add(plan.job.request, old.at)
        elif found is None:
            self._drop_plan(plan.job.id)
            self._tell(plan.job, "unreserve", now, None, None)
            cycle.lost.append(plan.job)
            self._heads.insert(plan.job)
        elif found.at <= time:
            self._drop_plan(plan.job.id)
            self._start(plan.job, found, Chosen.RESERVED, now, cycle)
        else:
            plan.allocation = found
            heapq.heappush(self._due, (found.at, plan.job.id))
            self._tell(plan.job, "reserve", now, found, None)
            cycle.planned.append(plan.job)

    def _fill(self, now: float, time: int, cycle: Cycle) -> None:
        """Try the jobs without a reservation in order; plan those that the depth allows."""
        bookings, heads, jobs = self._bookings, self._heads.keys, self._jobs
        depth, backfill, enough = self.policy.reservation_depth, self.policy.backfill, cycle.enough
        if self._releases != bookings.releases:
            self._releases = bookings.releases
            self._heads.cursor = 0
        releases = self._releases
        at = bisect_left(heads, self._heads.cursor)
        left = self.config.queue_depth
        while at < len(heads):
            if left <= 0:
                self._heads.cursor = heads[at]
                cycle.more = True
                return
            left -= 1
            request = jobs[heads[at] & MAX_JOBID].request
            if len(self.plans) < depth and request.unplannable != releases:
                left -= PLAN_COST
                fits = self._plan_first(request, now, time, cycle)
            else:
                form = request.form
                if form.refusals.imply(form.size, request.duration, releases):
                    fits = False
                else:
                    fits = self._start_first(request, now, time, cycle)
            if not fits:
                if not backfill:
                    self._heads.cursor = heads[at]
                    return
                at += 1
            if enough is not None and enough():
                left = 0
        self._heads.cursor = heads[-1] + 1 if heads else 0

    def _plan_first(self, request: Request, now: float, time: int, cycle: Cycle) -> bool:
        """Start or plan the first job of a request; False if neither can be."""
        form = request.form
        job = self._jobs[request.head & MAX_JOBID]
        found = self._bookings.plan(request, job.id, time)
        if found is None:
            request.unplannable = self._releases
            form.refusals.add(form.size, request.duration, self._releases)
            return False
        if found.at <= time:
            if form.additive:
                form.refusals.take(form.size, request.duration, self._releases)
            self._start_head(job, found, now, cycle)
            return True
        form.refusals.add(form.size, request.duration, self._releases)
        self.plans[job.id] = Plan(job, job.key, found, len(self._bookings.growth))
        self._heads.advance(request)
        insort(self._plan_keys, job.key)
        heapq.heappush(self._due, (found.at, job.id))
        self._tell(job, "reserve", now, found, None)
        cycle.planned.append(job)
        return True

    def _start_first(self, request: Request, now: float, time: int, cycle: Cycle) -> bool:
        """Start the first job of a request; False if it does not fit."""
        form, duration, releases = request.form, request.duration, self._releases
        job = self._jobs[request.head & MAX_JOBID]
        found = self._bookings.start(request, job.id, time)
        if found is None:
            form.refusals.add(form.size, duration, releases)
            return False
        if form.additive:
            form.refusals.take(form.size, duration, releases)
        self._start_head(job, found, now, cycle)
        return True

    def _start_head(self, job: Job, found: Allocation, now: float, cycle: Cycle) -> None:
        chosen = self._chosen(job.key)
        job.key = -1
        self._heads.advance(job.request)
        self._start(job, found, chosen, now, cycle)

    def _start(self, job: Job, found: Allocation, chosen: Chosen, now: float, cycle: Cycle) -> None:
        self.waiting -= 1
        job.key = -1
        self._tell(job, "alloc", now, found, chosen)
        cycle.started.append(job)

    def _chosen(self, key: int) -> Chosen:
        passed = bool(self._plan_keys) and self._plan_keys[0] < key
        return Chosen.BACKFILL if passed else Chosen.IMMEDIATE

    # ---- reservations ----

    def _unplan(self, plan: Plan, now: float) -> Job:
        self._bookings.unplan(plan.job.request, self._drop_plan(plan.job.id).allocation)
        self._tell(plan.job, "unreserve", now, None, None)
        self._heads.insert(plan.job)
        return plan.job

    def _drop_plan(self, jobid: int) -> Plan:
        plan = self.plans.pop(jobid)
        del self._plan_keys[bisect_left(self._plan_keys, plan.key)]
        self._overdue.pop(jobid, None)
        self._heads.cursor = 0  # the first job without a reservation may get one now
        return plan

    def adopt_plan(self, job: Job, allocation: Allocation) -> None:
        """Take over a reservation of an earlier life, which is booked."""
        self.waiting += 1
        job.key = order_key(job)
        self.plans[job.id] = Plan(job, job.key, allocation, len(self._bookings.growth))
        insort(self._plan_keys, job.key)
        heapq.heappush(self._due, (allocation.at, job.id))
