"""Jobspecs as JSON, read and kept quickly: most of them differ from the last ones in little."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from fluxion_py.errors import JobspecError
from fluxion_py.instances.journal import Journal
from fluxion_py.jobspec.attributes import Attributes, read_attributes
from fluxion_py.jobspec.document import Document, check_size
from fluxion_py.jobspec.model import Jobspec, Resource, Task
from fluxion_py.jobspec.parser import parse_object
from fluxion_py.jobspec.problem import Problem
from fluxion_py.jobspec.reading import Reading

_MOST = 1000
"""Parts that are remembered."""

_LONGEST = 65_536
"""The longest part that is, in bytes."""

Raws = dict[str, msgspec.Raw]


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    command: list[str]
    slot: str
    count: dict[str, int] | None = None


class _Parts(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    resources: msgspec.Raw
    tasks: msgspec.Raw
    attributes: Raws


_encode = msgspec.json.Encoder().encode
_parts = msgspec.json.Decoder(_Parts).decode
_tasks = msgspec.json.Decoder(list[_Task]).decode
_raws = msgspec.json.Decoder(Raws).decode
_number = msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=0, lt=2**53)]).decode
_variables = msgspec.json.Decoder(dict[str, str]).decode
_BAD = (msgspec.MsgspecError, Problem, RecursionError, UnicodeDecodeError)


class JobspecText:
    """A jobspec as JSON, taken apart: the attributes of `parts` are without the other two.

    `parts` is None if it is not of the plain form; then it is kept and read as a whole.
    """

    __slots__ = ("duration", "environment", "parts", "whole")

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        self.parts: _Parts | None = None
        self.duration = self.environment = b""
        try:
            parts = _parts(whole)
            system = _raws(parts.attributes["system"])
            self.environment = bytes(system.pop("environment", b""))
            self.duration = bytes(system.pop("duration", b""))
            parts.attributes["system"] = msgspec.Raw(_encode(system))
            self.parts = parts
        except (KeyError, *_BAD):
            self.duration = self.environment = b""

    def with_environment(self, value: object) -> bytes:
        """Return the text with another environment, or what stands for one."""
        assert self.parts is not None
        parts = self.parts
        system = {**_raws(parts.attributes["system"]), "environment": value}
        if self.duration:
            system["duration"] = msgspec.Raw(self.duration)
        attributes = {**parts.attributes, "system": system}
        return _encode(
            {
                "version": parts.version,
                "resources": parts.resources,
                "tasks": parts.tasks,
                "attributes": attributes,
            }
        )


class JobspecReader:
    """Reads jobspecs as `jobspec.parser.parse_object` does, remembering what comes often.

    What is not of the plain form (one task with a known slot, one count) goes the long way.
    """

    def __init__(self) -> None:
        self._resources: dict[bytes, tuple[tuple[Resource, ...], frozenset[str]]] = {}
        self._attributes: dict[bytes, Attributes] = {}
        self._environments: dict[bytes, Mapping[str, str]] = {}

    def read(self, text: JobspecText) -> Jobspec:
        """Return the jobspec of a JSON text. Raises `JobspecError`."""
        try:
            found = None if text.parts is None else self._quickly(text, text.parts)
        except _BAD:
            found = None
        return found or self._slowly(text.whole)

    def _quickly(self, text: JobspecText, parts: _Parts) -> Jobspec | None:
        known = self._resources.get(bytes(parts.resources))
        tasks = _tasks(parts.tasks)
        if known is None or len(tasks) != 1 or parts.version != 1:
            return None
        resources, labels = known
        task = tasks[0]
        count = next(iter((task.count or {}).items()), None)
        counted = count is not None and count[0] in ("per_slot", "total") and 0 < count[1] < 2**31
        if task.slot not in labels or not task.command or not counted or len(task.count or ()) != 1:
            return None
        known_attributes = self._read_attributes(parts.attributes)
        everything, duration = known_attributes.everything, known_attributes.duration
        if text.duration or text.environment:
            system = dict(everything["system"])
            if text.duration:
                system["duration"] = duration = _number(text.duration)
            if text.environment:
                system["environment"] = self._read_environment(text.environment)
            everything = {**everything, "system": system}
        made = Task(tuple(task.command), task.slot, count)
        queue, constraints = known_attributes.queue, known_attributes.constraints
        return Jobspec(1, resources, (made,), everything, duration, queue, constraints)

    def _read_attributes(self, attributes: Raws) -> Attributes:
        text = _encode(attributes) if len(attributes) > 1 else bytes(attributes["system"])
        found = self._attributes.get(text)
        if found is None:
            value = msgspec.json.decode(_encode(attributes))
            check_size(value)
            found = read_attributes(value, ("attributes",), Reading(Document(value)))
            _remember(self._attributes, text, found)
        return found

    def _read_environment(self, text: bytes) -> Mapping[str, str]:
        found = self._environments.get(text)
        if found is None:
            found = _variables(text)
            _remember(self._environments, text, found)
        return found

    def _slowly(self, text: bytes) -> Jobspec:
        try:
            document = msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise JobspecError(f"the jobspec is no JSON: {error}") from None
        jobspec = parse_object(document)
        labels = frozenset(_labels(jobspec.resources))
        key = bytes(msgspec.json.decode(text, type=_Top).resources)
        _remember(self._resources, key, (jobspec.resources, labels))
        return jobspec


class JobspecShelf:
    """The jobspecs of a journal: an environment that many jobs have is kept with the first."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._owners: dict[bytes, int] = {}
        self._reader = JobspecReader()

    def append(self, jobid: int, text: JobspecText) -> None:
        """Have the journal take the jobspec of a job."""
        kept = text.whole
        if text.environment:
            owner = self._owners.get(text.environment)
            if owner is None:
                _remember(self._owners, text.environment, jobid)
            else:
                kept = text.with_environment(owner)
        self.journal.append_document(jobid, "jobspec", kept.decode())

    def withdraw(self) -> None:
        """Refer no more to jobs that may have been withdrawn."""
        self._owners.clear()

    def read(self, jobid: int) -> Jobspec | None:
        """Return the jobspec of a job; None if there is none. Raises `JobspecError`."""
        found = self.journal.document(jobid, "jobspec")
        if found is None:
            return None
        text = JobspecText(found.encode())
        if text.environment.isdigit():  # it is with another job
            owner = self.journal.document(int(text.environment), "jobspec")
            text.environment = b"{}" if owner is None else JobspecText(owner.encode()).environment
            text.whole = text.with_environment(msgspec.Raw(text.environment))
        return self._reader.read(text)


class _Top(msgspec.Struct):
    resources: msgspec.Raw


def _remember(known: dict[bytes, Any], key: bytes, value: object) -> None:
    if len(key) > _LONGEST:
        return
    if len(known) >= _MOST:
        known.pop(next(iter(known)))
    known[key] = value


def _labels(resources: tuple[Resource, ...]) -> list[str]:
    found = []
    for resource in resources:
        if resource.label is not None:
            found.append(resource.label)
        found += _labels(resource.children)
    return found
