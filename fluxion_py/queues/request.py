"""What jobs ask for, shared among those that ask for the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fluxion_py.jobspec.model import Jobspec, Resource
from fluxion_py.match.prepared import Prepared
from fluxion_py.queues.config import QueueConfig


@dataclass(slots=True, eq=False)
class Shape:
    """Requests that differ in their duration alone.

    `shortest` is the least duration that was refused at `refused` releases: then longer ones are
    refused, too.
    """

    refused: int = -1
    shortest: int = 0


ShapeKey = tuple[str, tuple[Resource, ...], str]
"""Queue, resources, constraints as JSON."""

RequestKey = tuple[ShapeKey, float]
"""A shape and a duration."""


@dataclass(slots=True, eq=False)
class Request:
    """A class of jobs: same resources, constraints and duration, same queue.

    `jobspec` is the first one seen, with the constraint of the queue in it. `number` names the
    class in the journal, `users` counts the jobs that have it. `waiting` is a heap of the order
    keys of the jobs that are considered and have no reservation; entries of jobs that left are
    dropped when they come to the top, `head` is the first valid one (-1: none). `refused` and
    `unplannable` are the count of releases at which the matcher last refused to start or to plan
    it, `never` says that it cannot fit this graph.
    """

    number: int
    queue: str
    jobspec: Jobspec
    shape: Shape
    key: RequestKey
    prepared: Prepared | None = None
    duration: int = 0
    users: int = 0
    waiting: list[int] = field(default_factory=list)
    head: int = -1
    refused: int = -1
    unplannable: int = -1
    never: bool = False


class RequestTable:
    """The requests of all queues: equal ones are one object."""

    def __init__(self) -> None:
        self.by_number: dict[int, Request] = {}
        self._known: dict[RequestKey, Request] = {}
        self._shapes: dict[ShapeKey, Shape] = {}
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
        shape_key = (config.name, tuple(jobspec.resources), text)
        found = self._known.get((shape_key, duration))
        if found is not None and number is None:
            return found, False
        shape = self._shapes.setdefault(shape_key, Shape())
        self._last = max(self._last + 1, number or 0)
        merged = replace(
            jobspec, duration=duration, constraints=constraints, queue=config.name, attributes={}
        )
        key = (shape_key, duration)
        request = Request(number or self._last, config.name, merged, shape, key)
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
        self._shapes = {key[0]: found.shape for key, found in self._known.items()}
        self.by_number = {found.number: found for found in self._known.values()}


def request_to_dict(request: Request) -> dict[str, Any]:
    """Return a request as a jobspec document with its queue, for a journal."""
    jobspec = request.jobspec
    system: dict[str, Any] = {"duration": jobspec.duration, "queue": request.queue}
    if jobspec.constraints:
        system["constraints"] = jobspec.constraints
    return replace(jobspec, tasks=(), attributes={"system": system}).to_dict()


def _joined(
    own: Mapping[str, Any] | None, queue: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if own and queue:
        return own if own == queue else {"and": [own, queue]}
    return own or queue
