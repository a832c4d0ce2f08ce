"""Waiting groups in a queue of the library, and what the placed ones hold in the graph."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from fluxion_extender.cluster.graph import ClusterGraph
from fluxion_py.allocation import Allocation
from fluxion_py.errors import UnknownJobError, Unsatisfiable
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.outcome import Selection
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.job import DEFAULT_URGENCY
from fluxion_py.queues.queue import Queue

NO_END = 2**30
"""Seconds that stand for ever: the graph lives 100 years from 1970."""

FIRST_HOLD = 2**40
"""Ids from here on are of what is booked without waiting; those of waiting groups are below."""


@dataclass(slots=True)
class Entry:
    """A group that waits: its id in the queue, 0 while it is parked because it can never fit."""

    jobspec: Jobspec
    urgency: int
    jobid: int = 0


class Placer:
    """The order of waiting groups, and every booking of ours in the graph.

    Groups that could not fit an empty cluster are parked, and tried again when it has changed.
    Time is in whole seconds.
    """

    def __init__(
        self, graph: ClusterGraph, policy: str = "easy", default_duration: float = 0
    ) -> None:
        self.graph = graph
        self.queue = Queue(
            graph.matcher,
            [QueueConfig(policy=policy, default_duration=default_duration)],
            record=False,
        )
        self.waiting: dict[str, Entry] = {}
        self._keys: dict[int, str] = {}
        self._last_hold = FIRST_HOLD
        self._aside: set[str] = set()
        self._seen = -1
        self._pressed = False

    # ---- waiting groups ----

    def submit(self, key: str, jobspec: Jobspec, priority: int, now: float) -> bool:
        """Let a group wait, at the end of its priority; False if it is parked.

        Raises `JobspecError` for a request that means nothing.
        """
        entry = self.waiting[key] = Entry(jobspec, urgency_of(priority))
        try:
            return self._enter(key, entry, now)
        except Exception:
            del self.waiting[key]
            raise

    def withdraw(self, key: str, now: float) -> None:
        """Let a group wait no longer."""
        entry = self.waiting.pop(key, None)
        if entry is not None:
            self._leave(key, entry, now)

    def step_aside(self, key: str, now: float) -> None:
        """Give back what a group was started with, and set it aside until something changes.

        It keeps its place in the order.
        """
        entry = self.waiting[key]
        job = self.queue.jobs[entry.jobid]
        if job.allocation is not None:
            self.queue.requeue(entry.jobid, "set aside", now=now)
        self.queue.set_urgency(entry.jobid, 0, now=now)
        self._aside.add(key)
        self._pressed = True

    def parked(self, key: str) -> bool:
        """Say whether a group is set aside."""
        entry = self.waiting.get(key)
        return entry is not None and (entry.jobid == 0 or key in self._aside)

    def cycle(self, now: float) -> list[tuple[str, Allocation]]:
        """Start what can start now.

        Each is booked, and the caller must `take` it or have it `step_aside`.
        """
        if self._seen != self.graph.changes:
            self._seen = self.graph.changes
            self._look_again(now)
        elif not self._pressed:
            return []
        self._pressed = False
        started: list[tuple[str, Allocation]] = []
        more = True
        while more:
            found = self.queue.cycle(now)
            more = found.more
            started += [(self._keys[j.id], j.allocation) for j in found.started if j.allocation]
        return started

    def due(self) -> float | None:
        """Return when the next reservation begins."""
        return self.queue.next_time()

    def press(self) -> None:
        """Have the next cycle look at the queue, although the cluster is as it was."""
        self._pressed = True

    def take(self, key: str, now: float) -> int:
        """Take a started group out of the queue; return the id of what it holds."""
        entry = self.waiting.pop(key)
        del self._keys[entry.jobid]
        self.queue.hand_over(entry.jobid, now=now)
        return entry.jobid

    def promise(self, key: str) -> int | None:
        """Return when a waiting group has a reservation for."""
        entry = self.waiting.get(key)
        job = self.queue.jobs.get(entry.jobid) if entry else None
        return job.promise if job is not None and job.promise >= 0 else None

    def ahead(self, key: str) -> int:
        """Return how many groups of the same or a higher urgency wait before one."""
        entry = self.waiting.get(key)
        if entry is None or not entry.jobid:
            return 0
        place = (-entry.urgency, entry.jobid)
        return sum(
            1
            for each in self.waiting.values()
            if each.jobid and (-each.urgency, each.jobid) < place
        )

    def _enter(self, key: str, entry: Entry, now: float) -> bool:
        try:
            job = self.queue.submit(entry.jobspec, now=now, urgency=entry.urgency)
        except Unsatisfiable:
            return False
        entry.jobid = job.id
        self._keys[job.id] = key
        self._pressed = True
        return True

    def _leave(self, key: str, entry: Entry, now: float) -> None:
        self._aside.discard(key)
        if not entry.jobid:
            return
        job = self.queue.jobs[entry.jobid]
        if job.allocation is not None:
            self.queue.requeue(entry.jobid, "no room", now=now)
        self.queue.cancel(entry.jobid, now=now)
        self.queue.forget(entry.jobid)
        self.queue.results.pop(entry.jobid, None)
        del self._keys[entry.jobid]
        entry.jobid = 0

    def _look_again(self, now: float) -> None:
        """Let the queue know that the cluster changed, and the parked groups try again."""
        for request in self.queue.requests.by_number.values():
            if request.never:
                request.prepared = None
        self.queue.requests.drop_unused()
        self.queue.resources_changed(now=now)
        for key in self._aside:
            entry = self.waiting[key]
            self.queue.set_urgency(entry.jobid, entry.urgency, now=now)
        self._aside.clear()
        for key, entry in self.waiting.items():
            if not entry.jobid:
                self._enter(key, entry, now)

    # ---- what is held ----

    def attempt(
        self,
        jobspec: Jobspec,
        now: float,
        *,
        within: Iterable[str] | None = None,
        without: Iterable[str] | None = None,
    ) -> Allocation | None:
        """Book a request at once, past the queue, on some nodes only; None if it does not fit."""
        self._last_hold += 1
        return self.graph.matcher.attempt(
            jobspec, jobid=self._last_hold, now=int(now), within=within, without=without
        )

    def hold(
        self, places: Iterable[tuple[str, Mapping[str, int]]], duration: int, now: float
    ) -> int:
        """Book exactly these amounts on these nodes; whether they are free is not checked."""
        return self.hold_selection(self.graph.selection(places), duration, now)

    def hold_selection(self, selection: Selection, duration: int, now: float) -> int:
        """Book exactly a selection; return the id."""
        self._last_hold += 1
        matcher = self.graph.matcher
        matcher.now = max(matcher.now, int(now))
        end = duration or NO_END
        found = Allocation(
            self.graph.matcher.graph.flat, selection, self._last_hold, matcher.now, end
        )
        matcher.rebook(found, reserved=False)
        return self._last_hold

    def holding(self, jobid: int) -> Allocation:
        """Return what is booked under an id."""
        return self.graph.matcher.info(jobid).allocation

    def release(self, jobid: int) -> None:
        """Give everything booked under an id back."""
        with suppress(UnknownJobError):  # all its nodes may be gone
            self.graph.matcher.cancel(jobid)
        self.graph.changes += 1


def urgency_of(priority: int) -> int:
    """Return the urgency of a pod's priority: 16 for 0; larger ones by their magnitude.

    Priorities of Kubernetes are 32-bit numbers, urgencies go from 1 to 31: within a power of
    eight the order of arrival decides.
    """
    steps = -(-abs(priority).bit_length() // 3)
    moved = steps if priority > 0 else -steps
    return max(1, min(30, DEFAULT_URGENCY + moved))
