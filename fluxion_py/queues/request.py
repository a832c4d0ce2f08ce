"""What jobs ask for, shared among those that ask for the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fluxion_py.jobspec.model import Count, Jobspec, Resource
from fluxion_py.jobspec.serialise import resource_to_dict
from fluxion_py.match.prepared import Prepared
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.refusals import Refusals

_MEMO = 1000
_NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True, eq=False)
class Form:
    """What requests have in common that differ in duration alone.

    `size` is the number of units on the first level, 0 if that is a range; `refusals` are shared by
    forms that differ only in it. `additive`: a job of n gives room for n more of its kind, and
    takes as much; so it is if a slot is one vertex, which has one holder. `text` are the resources
    as JSON, once they were needed. `prepared` is that of one of the requests, `never` says that it
    cannot fit this graph.
    """

    queue: str
    resources: tuple[Resource, ...]
    constraints: Mapping[str, Any] | None
    size: int
    refusals: Refusals
    additive: bool
    text: bytes = b""
    prepared: Prepared | None = None
    never: bool = False


@dataclass(slots=True, eq=False)
class Request:
    """A class of jobs: same resources, constraints and duration, same queue.

    `jobspec` says what they ask for, with the constraint of the queue in it, and nothing else.
    `number` names the class in the journal, `users` counts the jobs that have it. `waiting` is a
    heap of the order keys of the jobs that are considered and have no reservation; entries of jobs
    that left are dropped when they come to the top, `head` is the first valid one (-1: none).
    `unplannable` is the count of releases at which the matcher last refused to plan it.
    """

    number: int
    form: Form
    jobspec: Jobspec
    prepared: Prepared | None = None
    duration: int = 0
    users: int = 0
    waiting: list[int] = field(default_factory=list)
    head: int = -1
    unplannable: int = -1

    @property
    def queue(self) -> str:
        """The name of its queue."""
        return self.form.queue

    @property
    def never(self) -> bool:
        """Whether it cannot fit this graph."""
        return self.form.never

    def carry_refusals(self, releases: int) -> None:
        """Keep the refusals that hold when a job of this kind gives back what it has."""
        if self.form.additive:
            self.form.refusals.carry(self.form.size, releases)


FormKey = tuple[str, tuple[Resource, ...], str]
"""Queue, resources, constraints as JSON."""


class RequestTable:
    """The requests of all queues: equal ones are one object."""

    def __init__(self) -> None:
        self.by_number: dict[int, Request] = {}
        self._known: dict[tuple[Form, float], Request] = {}
        self._forms: dict[FormKey, Form] = {}
        self._refusals: dict[FormKey, Refusals] = {}
        self._memo: dict[tuple[str, int, str], tuple[tuple[Resource, ...], Form]] = {}
        self._last = 0

    def intern(
        self, jobspec: Jobspec, config: QueueConfig, number: int | None = None
    ) -> tuple[Request, bool]:
        """Return the request of a jobspec in a queue, and whether it is new.

        `number` is given where it is read back from a journal.
        """
        duration = jobspec.duration or config.default_duration
        form = self._form(jobspec, config)
        found = self._known.get((form, duration))
        if found is not None and number is None:
            return found, False
        self._last = max(self._last + 1, number or 0)
        asked = Jobspec(
            jobspec.version, form.resources, (), _NOTHING, duration, form.queue, form.constraints
        )
        request = Request(number or self._last, form, asked)
        self._known[form, duration] = request
        self.by_number[request.number] = request
        return request, True

    def _form(self, jobspec: Jobspec, config: QueueConfig) -> Form:
        """Return the form of a jobspec; the same tuple of resources is looked at once."""
        constraints = _joined(jobspec.constraints, config.requires)
        text = json.dumps(constraints, sort_keys=True) if constraints else ""
        resources = jobspec.resources
        memo = self._memo.get((config.name, id(resources), text))
        if memo is not None and memo[0] is resources:
            return memo[1]
        key = (config.name, tuple(resources), text)
        form = self._forms.get(key)
        if form is None:
            shape, size = _without_size(key[1])
            refusals = self._refusals.setdefault((config.name, shape, text), Refusals())
            additive = size > 0 and _is_additive(key[1])
            form = Form(config.name, key[1], constraints, size, refusals, additive)
            self._forms[key] = form
        if len(self._memo) >= _MEMO:
            self._memo.clear()
        self._memo[config.name, id(resources), text] = (resources, form)
        return form

    def remove(self, request: Request) -> None:
        """Forget a request."""
        del self.by_number[request.number]
        del self._known[request.form, request.jobspec.duration]

    def continue_at(self, last: int) -> None:
        """Give no number up to `last` any more."""
        self._last = max(self._last, last)

    def drop_unused(self) -> None:
        """Forget the requests that no job has. O(requests)."""
        self._known = {key: found for key, found in self._known.items() if found.users > 0}
        self.by_number = {found.number: found for found in self._known.values()}
        used = {form for form, _ in self._known}
        self._forms = {key: form for key, form in self._forms.items() if form in used}
        kept = {id(form.refusals) for form in used}
        self._refusals = {key: one for key, one in self._refusals.items() if id(one) in kept}
        self._memo.clear()


def request_to_json(request: Request) -> str:
    """Return a request as a jobspec document with its queue, for a journal."""
    import msgspec

    jobspec, form = request.jobspec, request.form
    if not form.text:
        form.text = msgspec.json.encode([resource_to_dict(entry) for entry in form.resources])
    system: dict[str, Any] = {"duration": jobspec.duration, "queue": form.queue}
    if form.constraints:
        system["constraints"] = form.constraints
    document = {
        "version": jobspec.version,
        "resources": msgspec.Raw(form.text),
        "tasks": [],
        "attributes": {"system": system},
    }
    return msgspec.json.encode(document).decode()


def _without_size(resources: tuple[Resource, ...]) -> tuple[tuple[Resource, ...], int]:
    """Return resources with the count of the only one on the first level taken out, and that.

    A count that is a range stays, and the size is 0.
    """
    first = resources[0] if len(resources) == 1 else None
    if first is None or first.count.min != first.count.max or first.count.choices:
        return resources, 0
    return (replace(first, count=_NO_COUNT),), first.count.min


def _is_additive(resources: tuple[Resource, ...]) -> bool:
    inner = resources[0].children
    one = len(inner) == 1 and inner[0].count == _ONE and not inner[0].children
    return resources[0].type == "slot" and one


_NO_COUNT = Count(0, 0)
_ONE = Count(1, 1)


def _joined(
    own: Mapping[str, Any] | None, queue: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if own and queue:
        return own if own == queue else {"and": [own, queue]}
    return own or queue
