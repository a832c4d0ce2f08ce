"""The first job of each class that waits in a lane, in order."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Container, Mapping

from fluxion_py.match.job import MAX_JOBID
from fluxion_py.queues.job import Job
from fluxion_py.queues.request import Request


class Heads:
    """`keys` are the order keys of the first jobs, one per request, ascending.

    Jobs with a reservation (`plans` has their ids) are not among them, nor those of a request that
    can never fit. Before `cursor` nothing can be started or planned as things are.
    """

    def __init__(self, jobs: Mapping[int, Job], plans: Container[int]) -> None:
        self.keys: list[int] = []
        self.cursor = 0
        self._jobs = jobs
        self._plans = plans
        self._never: set[Request] = set()

    def insert(self, job: Job) -> None:
        """Take a job in, by its `key`. O(log jobs), and a move of the keys behind it."""
        request = job.request
        heapq.heappush(request.waiting, job.key)
        if request.head < 0 or job.key < request.head:
            self._set_head(request, job.key)
        self.cursor = min(self.cursor, job.key)

    def advance(self, request: Request) -> None:
        """Drop the first job of a request and those behind it that have left."""
        waiting = request.waiting
        heapq.heappop(waiting)
        while waiting and not self._stands(waiting[0], request):
            heapq.heappop(waiting)
        self._set_head(request, waiting[0] if waiting else -1)
        if not waiting:
            self._never.discard(request)

    def requests(self) -> list[Request]:
        """Return all requests of which a job waits, by number."""
        found = {self._jobs[key & MAX_JOBID].request for key in self.keys} | self._never
        return sorted(found, key=lambda request: request.number)

    def sort_anew(self) -> list[Request]:
        """Look again at which requests can never fit; return those."""
        requests = self.requests()
        self.keys.clear()
        self._never.clear()
        self.cursor = 0
        for request in requests:
            head, request.head = request.head, -1
            if request.waiting:
                self._set_head(request, head)
        return sorted(self._never, key=lambda request: request.number)

    def _set_head(self, request: Request, key: int) -> None:
        at = bisect_left(self.keys, request.head)
        if at < len(self.keys) and self.keys[at] == request.head:
            del self.keys[at]
        request.head = key
        if request.never:
            self._never.add(request)
        elif key >= 0:
            insort(self.keys, key)

    def _stands(self, key: int, request: Request) -> bool:
        """Say whether an entry is of a job that waits here, for this, without a reservation."""
        job = self._jobs.get(key & MAX_JOBID)
        return (
            job is not None
            and job.key == key
            and job.request is request
            and job.id not in self._plans
        )
