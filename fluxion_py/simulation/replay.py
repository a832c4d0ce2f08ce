"""The loop: a trace through one queue. The time is that of the next thing that happens."""

import heapq
from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise

from fluxion_py.errors import MatchError, Unsatisfiable
from fluxion_py.queues.job import Job
from fluxion_py.queues.queue import Queue
from fluxion_py.queues.request import Request
from fluxion_py.queues.states import Chosen
from fluxion_py.simulation.failures import Failures
from fluxion_py.simulation.machine import jobspec_of
from fluxion_py.simulation.schedule import BACKFILL, IMMEDIATE, NEVER, RESERVED, WAITING, Places

_HOW = {Chosen.IMMEDIATE: IMMEDIATE, Chosen.BACKFILL: BACKFILL, Chosen.RESERVED: RESERVED}

REPORT_EVERY = 1000
"""Jobs between two calls of `watch`."""

SWEEP_EVERY = 20_000
"""Submissions between two looks for requests that nobody has any more."""


class Replay:
    """One run of jobs, given as columns, through a queue with a virtual clock.

    At one time first all jobs end that are to, then jobs arrive, then the queue has its cycles. A
    job of more than `capacity` units can never run. `units` are the rows that are listed as places,
    in order; without them no places are kept. `failures` has runs fail, drawn with `seed`: then
    starts, ends and places are those of the last run of a job, `restarts` counts the runs before,
    `lost` their units x seconds, and `failed` lists the jobs that were given up. `watch` is called
    now and then with the number of jobs that have ended.
    """

    def __init__(
        self,
        queue: Queue,
        unit: str,
        submits: Sequence[int],
        runtimes: Sequence[int],
        sizes: Sequence[int],
        limits: Sequence[int],
        capacity: int,
        *,
        units: Sequence[int] = (),
        failures: Failures | None = None,
        seed: int = 1,
        watch: Callable[[int], None] | None = None,
    ) -> None:
        self.queue = queue
        self.unit = unit
        self.submits = submits
        self.runtimes = runtimes
        self.sizes = sizes
        self.limits = limits
        self.capacity = capacity
        nothing = array("q", [-1]) * len(submits)
        self.starts = array("q", nothing)
        self.ends = array("q", nothing)
        self.how = bytearray([WAITING]) * len(submits)
        self.places: list[Places] = [()] * len(submits) if units else []
        self.refused: dict[int, str] = {}
        self.cycles = 0
        self.restarts: dict[int, int] = {}
        self.failed: list[int] = []
        self.lost = 0
        self._failures = failures
        self._seed = seed
        self._fates: dict[int, str] = {}
        self._counted: dict[int, int] = {}
        self._position = {row: at for at, row in enumerate(units)}
        self._watch = watch
        self._requests: dict[tuple[int, int], Request | str] = {}
        self._ending: list[tuple[int, int]] = []
        self._ended = 0

    def run(self) -> None:
        """Go on until nothing can happen any more; fills the columns."""
        submits, ending, queue = self.submits, self._ending, self.queue
        arrived, total = 0, len(submits)
        while True:
            times = [ending[0][0]] if ending else []
            if arrived < total:
                times.append(submits[arrived])
            due = queue.next_time()
            if due is not None:
                times.append(int(due))
            if not times:
                break
            now = min(times)
            while ending and ending[0][0] == now:
                self._end(heapq.heappop(ending)[1], now)
            while arrived < total and submits[arrived] == now:
                self._arrive(arrived, now)
                arrived += 1
                if arrived % SWEEP_EVERY == 0:
                    self._forget_requests()
            try:
                self._cycle(now)
            except MatchError as error:  # the life of the graph, 100 years, is over
                if queue.matcher.now == now:
                    raise
                raise MatchError(f"the simulation goes on for too long: {error}") from None

    def _arrive(self, index: int, now: int) -> None:
        key = (self.sizes[index], self.limits[index])
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = self._request(*key)
        if isinstance(request, str):
            self.how[index] = NEVER
            self.refused[index] = request
        else:
            self.queue.submit(request, now=now, jobid=index + 1)

    def _request(self, size: int, limit: int) -> Request | str:
        """Return the request of jobs of a kind, or why they can never run."""
        if size > self.capacity:
            return f"asks for {size} {self.unit}s, the machine has {self.capacity}"
        try:
            return self.queue.request(jobspec_of(size, self.unit, limit))
        except Unsatisfiable as refusal:
            return str(refusal)

    def _cycle(self, now: int) -> None:
        more = True
        while more:
            cycle = self.queue.cycle(now)
            self.cycles += 1
            more = cycle.more
            for job in cycle.started:
                self._start(job, now)

    def _start(self, job: Job, now: int) -> None:
        index = job.id - 1
        end = now + self._time_of_run(index)
        self.starts[index] = now
        self.ends[index] = end
        assert job.chosen is not None
        self.how[index] = _HOW[job.chosen]
        if self.places:
            self.places[index] = self._places(job)
        heapq.heappush(self._ending, (end, job.id))

    def _time_of_run(self, index: int) -> int:
        """Return the seconds of a run that begins, and note if it is to fail."""
        whole = min(self.runtimes[index], self.limits[index])
        if self._failures is None:
            return whole
        met = self._failures.of_run(self._seed, index, self.restarts.get(index, 0))
        if met is None:
            return whole
        self._fates[index] = met[0]
        return int(whole * met[1])

    def _fails(self, index: int, kind: str, now: int) -> bool:
        """Note a failed run; return whether the job waits for another one."""
        assert self._failures is not None
        runs = self.restarts.get(index, 0) + 1
        again, counted = self._failures.runs_again(kind, self._counted.get(index, 0), runs)
        self._counted[index] = counted
        if not again:
            self.failed.append(index)
            return False
        self.restarts[index] = runs
        self.lost += self.sizes[index] * (now - self.starts[index])
        self.queue.requeue(index + 1, kind, now=now)
        return True

    def _end(self, jobid: int, now: int) -> None:
        kind = self._fates.pop(jobid - 1, None)
        if kind is not None and self._fails(jobid - 1, kind, now):
            return
        self.queue.finished(jobid, now=now, status=0 if kind is None else 256)
        self.queue.forget(jobid)
        self._ended += 1
        if self._watch is not None and self._ended % REPORT_EVERY == 0:
            self._watch(self._ended)

    def _places(self, job: Job) -> Places:
        """Return the units that a job holds as ranges."""
        assert job.allocation is not None
        position = self._position
        held = sorted(
            position[row] for row, *_ in job.allocation.selection.vertices if row in position
        )
        found = [held[0]]
        for before, after in pairwise(held):
            if after != before + 1:
                found += (before, after)
        return (*found, held[-1])

    def _forget_requests(self) -> None:
        """Keep no request that no waiting or running job has."""
        self._requests = {
            key: request
            for key, request in self._requests.items()
            if isinstance(request, str) or request.users > 0
        }
        self.queue.requests.drop_unused()
