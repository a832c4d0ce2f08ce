"""The seam to the matcher: start now, plan for later, give back, and put back."""

import heapq
import json
import math
from contextlib import suppress
from typing import Any, NamedTuple

from fluxion_py.allocation import Allocation
from fluxion_py.errors import Busy, GraphError, MatchError, UnknownJobError
from fluxion_py.match.matcher import Matcher
from fluxion_py.queues.request import Request


class Growth(NamedTuple):
    """From when until when there is more than was planned with; `plan`: a reservation left it."""

    since: int
    until: float
    plan: bool = False


class Bookings:
    """What the jobs of all lanes hold in one matcher.

    `releases` counts everything that gave something back: a refusal stays one while it is the
    same. `growth` lists what plans did not count on; a job that ends when it was to end changes no
    plan and is not in it.
    """

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.releases = 0
        self.growth: list[Growth] = []
        self._last_plan = -1
        self._ends: list[tuple[int, int]] = []
        self._running: dict[int, Allocation] = {}
        self._planned: dict[int, tuple[int, int]] = {}

    def prepare(self, request: Request) -> None:
        """Compile a request, if it is not, or for an older graph. Raises `JobspecError`."""
        epoch = self.matcher.graph.flat.epoch
        if request.prepared is not None and request.prepared.epoch == epoch:
            return
        form = request.form
        request.prepared = self.matcher.compile(request.jobspec, like=form.prepared)
        request.duration = request.prepared.duration
        if form.prepared is None or form.prepared.epoch != epoch:
            form.prepared = request.prepared
            form.never = not self.matcher.satisfiable(request.prepared)

    def start(self, request: Request, jobid: int, now: int) -> Allocation | None:
        """Book a job from now on; None if it does not fit."""
        found = self._try_allocate(request, jobid, now)
        if found is not None:
            self._runs(found)
        return found

    def plan(self, request: Request, jobid: int, now: int) -> Allocation | None:
        """Book a job from now on or for the earliest later time; None if there is none."""
        assert request.prepared is not None
        self._last_plan = now
        found = self.matcher.attempt(request.prepared, jobid=jobid, now=now, later=True)
        if found is None:
            return None
        if found.reserved:
            self._planned[jobid] = self.matcher.machine_epoch
        else:
            self._runs(found)
        return found

    def start_planned(self, request: Request, planned: Allocation, now: int) -> Allocation | None:
        """Start a job whose time has come; None if it cannot be, then its plan is gone.

        Ask `waits_for` first: a job past its end may be in the way.
        """
        self._give_back(request)
        jobid = _id(planned)
        usable = self._usable(planned)
        self._planned.pop(jobid, None)
        if planned.at == now and usable:
            found: Allocation | None = self.matcher.rebook(planned, reserved=False)
        else:
            self.matcher.cancel(jobid)
            found = self._try_allocate(request, jobid, now)
            self.growth.append(Growth(min(now, planned.at), math.inf, True))
        if found is not None:
            self._runs(found)
        return found

    def waits_for(self, planned: Allocation, now: int) -> int | None:
        """Return a job past its end that holds something which a plan needs now."""
        while self._ends and self._ends[0][0] <= now:
            end, jobid = self._ends[0]
            late = self._running.get(jobid)
            if late is None or late.expiration != end:
                heapq.heappop(self._ends)
                continue
            break
        if not self._ends or self._ends[0][0] > now:
            return None
        wanted = {row: exclusive for row, _, exclusive, _ in planned.selection.vertices}
        for end, jobid in self._ends:
            late = self._running.get(jobid)
            if end <= now and late is not None and late.expiration == end:
                for row, _, exclusive, _ in late.selection.vertices:
                    if row in wanted and (exclusive or wanted[row]):
                        return jobid
        return None

    def replan(self, request: Request, planned: Allocation, now: int) -> Allocation | None:
        """Return an earlier plan, booked in place of the old one; the old one if there is none.

        If vertices of the old one went down or away there is a new one, maybe later, or None.
        """
        jobid = _id(planned)
        usable = self._usable(planned)
        before = self._planned.pop(jobid, None)
        self.matcher.cancel(jobid)
        found = self.plan(request, jobid, now)
        if usable and (found is None or found.at >= planned.at):
            if found is not None:
                self.matcher.cancel(jobid)
            self._planned[jobid] = before or _UNKNOWN
            self.matcher.rebook(planned, reserved=True)
            return planned
        if found is None or found.at != planned.at:
            self._give_back(request)
            self.growth.append(Growth(planned.at, planned.expiration, True))
        return found

    def may_improve(self, planned: Allocation, seen: int) -> bool:
        """Say whether what `growth` lists from `seen` on can help a reservation.

        If there is and was no other one, then what is free only grows with time, as jobs end: more
        until a time before the reservation is no more than there was at that time, which was too
        little.
        """
        alone = len(self._planned) == 1
        return any(
            since < planned.expiration and not (alone and not plan and until < planned.at)
            for since, until, plan in self.growth[seen:]
        )

    def unplan(self, request: Request, planned: Allocation) -> None:
        """Give a reservation back, or what a removal of vertices has left of it."""
        with suppress(UnknownJobError):
            self.matcher.cancel(_id(planned))
        self._planned.pop(_id(planned), None)
        self._give_back(request)
        self.growth.append(Growth(planned.at, planned.expiration, True))

    def release(self, request: Request, jobid: int, now: int, ranks: str | None = None) -> bool:
        """Give back what a job holds, or its part on some ranks; return True if nothing is left.

        Raises as `Matcher.release`.
        """
        allocation = self._running.get(jobid)
        if allocation is None:  # it could not be booked again after a restart
            return True
        gone = True
        if ranks is None:
            with suppress(UnknownJobError):  # all of it was taken out of the machine
                self.matcher.cancel(jobid)
        else:
            gone = self.matcher.release(jobid, ranks=ranks)
        if gone:
            del self._running[jobid]
        else:
            self._running[jobid] = self.matcher.info(jobid).allocation
        self._give_back(request)
        end = allocation.expiration
        if end != now or self._last_plan >= now:
            # What is past its end was not free for a plan that begins at once: that may be now.
            self.growth.append(Growth(now, end if end > now else math.inf))
        return gone

    def rebook(self, allocation: Allocation) -> Allocation:
        """Book other vertices for a running job; they must be its own or free."""
        found = self.matcher.rebook(allocation, reserved=False)
        self._runs(found)
        return found

    def gave_back(self, request: Request, now: int) -> None:
        """Note that a running job, which goes on, has given a part back."""
        self._give_back(request)
        self.growth.append(Growth(now, math.inf))

    def extend(self, allocation: Allocation, expiration: int, now: int) -> Allocation | None:
        """Move the end of a running job; None, with nothing changed, if others hold the time."""
        jobid = _id(allocation)
        self.matcher.cancel(jobid)
        moved = self._restore(allocation, expiration)
        if moved is None:
            self._runs(self.matcher.rebook(allocation, reserved=False))
            return None
        self._runs(moved)
        if expiration < allocation.expiration:
            self.releases += 1
            self.growth.append(Growth(max(now, expiration), allocation.expiration))
        return moved

    def restore(self, document: str | dict[str, Any], jobid: int, *, planned: bool) -> Allocation:
        """Book an R of an earlier life. Raises as `Matcher.restore`."""
        found = self.matcher.restore(document, jobid)
        if planned:
            self._planned[jobid] = _UNKNOWN
        else:
            self._runs(found)
        return found

    def changed(self, now: int) -> None:
        """Note that the machine is another: every refusal and every plan may be otherwise now."""
        self.releases += 1
        self.growth.append(Growth(now, math.inf))

    def hand_over(self, jobid: int) -> None:
        """Forget a started job: what it holds stays booked, and is somebody else's now."""
        del self._running[jobid]

    def holder(self, jobid: int) -> Allocation | None:
        """Return what a started job holds."""
        return self._running.get(jobid)

    def _give_back(self, request: Request) -> None:
        """Count a release of what a request has, so that refusals are asked again."""
        if not self.matcher.policy.node_exclusive:  # there one core gives a whole node back
            request.carry_refusals(self.releases)
        self.releases += 1

    def _usable(self, planned: Allocation) -> bool:
        """Say whether all vertices of a reservation are there and up."""
        if self._planned.get(_id(planned)) == self.matcher.machine_epoch:
            return True  # it was made on the machine as it is
        flat = planned.flat
        return all(flat.alive(row) and flat.up(row) for row, *_ in planned.selection.vertices)

    def _try_allocate(self, request: Request, jobid: int, now: int) -> Allocation | None:
        assert request.prepared is not None
        return self.matcher.attempt(request.prepared, jobid=jobid, now=now)

    def _runs(self, allocation: Allocation) -> None:
        jobid = _id(allocation)
        self._running[jobid] = allocation
        heapq.heappush(self._ends, (allocation.expiration, jobid))
        if len(self._ends) > 2 * len(self._running) + 64:
            self._ends = [(held.expiration, jobid) for jobid, held in self._running.items()]
            heapq.heapify(self._ends)

    def _restore(self, allocation: Allocation, expiration: int) -> Allocation | None:
        """Book the vertices of an answer until another end; None if they are taken."""
        document = json.loads(allocation.write("rv1"))
        document["execution"]["expiration"] = expiration
        try:
            return self.matcher.restore(document, _id(allocation))
        except (Busy, GraphError, MatchError):
            return None


_UNKNOWN = (-1, -1)
"""The epoch of a reservation of which is not known on what machine it was made."""


def _id(allocation: Allocation) -> int:
    return -1 if allocation.id is None else allocation.id
