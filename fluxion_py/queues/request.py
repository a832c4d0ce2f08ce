"""What jobs ask for, shared among those that ask for the same."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fluxion_py.jobspec.model import Count, Jobspec, Resource
from fluxion_py.match.prepared import Prepared
from fluxion_py.queues.config import QueueConfig


class Refusals:
    """What was refused since something was last released, of requests that differ in size alone.

    Size is the number of units on the first level. More of the same, or the same for longer, does
    not fit where less did not: so the refused (size, duration) that no other one implies are kept,
    sizes ascending and durations descending.
    """

    __slots__ = ("_durations", "_releases", "_sizes")

    def __init__(self) -> None:
        self._releases = -1
        self._sizes: list[int] = []
        self._durations: list[int] = []

    def add(self, size: int, duration: int, releases: int) -> None:
        """Note a refusal; those of another count of releases are forgotten."""
        if self._releases != releases:
            self._releases = releases
            self._sizes.clear()
            self._durations.clear()
        if self.imply(size, duration, releases):
            return
        sizes, durations = self._sizes, self._durations
        at = behind = bisect_left(sizes, size)
        while behind < len(sizes) and durations[behind] >= duration:
            behind += 1
        sizes[at:behind] = [size]
        durations[at:behind] = [duration]

    def imply(self, size: int, duration: int, releases: int) -> bool:
        """Say whether a request cannot fit, by what was refused. O(log refusals)."""
        if self._releases != releases:
            return False
        at = bisect_right(self._sizes, size) - 1
        return at >= 0 and self._durations[at] <= duration

    def carry(self, size: int, releases: int) -> None:
        """Keep what still holds after so many units are given back, as the next release.

        Where n fitted not, n + `size` does not now.
        """
        if self._releases == releases:
            self._releases = releases + 1
            self._sizes = [refused + size for refused in self._sizes]

    def take(self, size: int, duration: int, releases: int) -> None:
        """Sharpen what is known after so many units were given for a time from now on.

        Where n fitted not for at most that long, n - `size` does not now.
        """
        sizes, durations = self._sizes, self._durations
        if self._releases != releases or not sizes or durations[-1] > duration:
            return
        first = next(at for at, refused in enumerate(durations) if refused <= duration)
        kept = bisect_left(sizes, sizes[first] - size, 0, first)
        self._sizes = sizes[:kept] + [refused - size for refused in sizes[first:]]
        self._durations = durations[:kept] + durations[first:]


ShapeKey = tuple[str, tuple[Resource, ...], str]
"""Queue, resources (their size taken out), constraints as JSON."""

RequestKey = tuple[ShapeKey, int, float]
"""A shape, a size and a duration."""


@dataclass(slots=True, eq=False)
class Request:
    """A class of jobs: same resources, constraints and duration, same queue.

    `jobspec` is the first one seen, with the constraint of the queue in it. `number` names the
    class in the journal, `users` counts the jobs that have it. `waiting` is a heap of the order
    keys of the jobs that are considered and have no reservation; entries of jobs that left are
    dropped when they come to the top, `head` is the first valid one (-1: none). `refusals` are
    shared by requests that differ only in `size` and duration. `unplannable` is the count of
    releases at which the matcher last refused to plan it, `never` says that it cannot fit this
    graph.
    """

    number: int
    queue: str
    jobspec: Jobspec
    refusals: Refusals
    size: int
    key: RequestKey
    prepared: Prepared | None = None
    duration: int = 0
    users: int = 0
    waiting: list[int] = field(default_factory=list)
    head: int = -1
    unplannable: int = -1
    never: bool = False

    @property
    def additive(self) -> bool:
        """Whether a job of n gives room for n more of its kind, and takes as much.

        So it is if a slot is one vertex, which has one holder.
        """
        if self.size == 0 or self.jobspec.resources[0].type != "slot":
            return False
        inner = self.jobspec.resources[0].children
        return len(inner) == 1 and inner[0].count == _ONE and not inner[0].children

    def carry_refusals(self, releases: int) -> None:
        """Keep the refusals that hold when a job of this kind gives back what it has."""
        if self.additive:
            self.refusals.carry(self.size, releases)


class RequestTable:
    """The requests of all queues: equal ones are one object."""

    def __init__(self) -> None:
        self.by_number: dict[int, Request] = {}
        self._known: dict[RequestKey, Request] = {}
        self._refusals: dict[ShapeKey, Refusals] = {}
        self._last = 0

    def intern(
        self, jobspec: Jobspec, config: QueueConfig, number: int | None = None
    ) -> tuple[Request, bool]:
        """Return the request of a jobspec in a queue, and whether it is new.

        `number` is given where it is read back from a journal.
        """
        duration = jobspec.duration or config.default_duration
        constraints = _joined(jobspec.constraints, config.requires)
        text = json.dumps(constraints, sort_keys=True) if constraints else ""
        resources, size = _without_size(tuple(jobspec.resources))
        shape = (config.name, resources, text)
        key = (shape, size, duration)
        found = self._known.get(key)
        if found is not None and number is None:
            return found, False
        refusals = self._refusals.setdefault(shape, Refusals())
        self._last = max(self._last + 1, number or 0)
        merged = replace(
            jobspec, duration=duration, constraints=constraints, queue=config.name, attributes={}
        )
        request = Request(number or self._last, config.name, merged, refusals, size, key)
        self._known[key] = request
        self.by_number[request.number] = request
        return request, True

    def remove(self, request: Request) -> None:
        """Forget a request."""
        del self.by_number[request.number]
        del self._known[request.key]

    def continue_at(self, last: int) -> None:
        """Give no number up to `last` any more."""
        self._last = max(self._last, last)

    def drop_unused(self) -> None:
        """Forget the requests that no job has. O(requests)."""
        self._known = {key: found for key, found in self._known.items() if found.users > 0}
        self._refusals = {key[0]: found.refusals for key, found in self._known.items()}
        self.by_number = {found.number: found for found in self._known.values()}


def request_to_dict(request: Request) -> dict[str, Any]:
    """Return a request as a jobspec document with its queue, for a journal."""
    jobspec = request.jobspec
    system: dict[str, Any] = {"duration": jobspec.duration, "queue": request.queue}
    if jobspec.constraints:
        system["constraints"] = jobspec.constraints
    return replace(jobspec, tasks=(), attributes={"system": system}).to_dict()


def _without_size(resources: tuple[Resource, ...]) -> tuple[tuple[Resource, ...], int]:
    """Return resources with the count of the only one on the first level taken out, and that.

    A count that is a range stays, and the size is 0.
    """
    first = resources[0] if len(resources) == 1 else None
    if first is None or first.count.min != first.count.max or first.count.choices:
        return resources, 0
    return (replace(first, count=_NO_COUNT),), first.count.min


_NO_COUNT = Count(0, 0)
_ONE = Count(1, 1)


def _joined(
    own: Mapping[str, Any] | None, queue: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if own and queue:
        return own if own == queue else {"and": [own, queue]}
    return own or queue
