"""Jobspecs of messages, read quickly: most of them differ from the last ones in little."""

from typing import Any

import msgspec

from fluxion_py.errors import JobspecError
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


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    command: list[str]
    slot: str
    count: dict[str, int] | None = None


class _Parts(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    resources: msgspec.Raw
    tasks: list[_Task]
    attributes: msgspec.Raw


class JobspecReader:
    """Reads jobspecs as `jobspec.parser.parse_object` does, remembering resources and attributes.

    What is not of the plain form (one task with a known slot, one count) goes the long way.
    """

    def __init__(self) -> None:
        self._resources: dict[bytes, tuple[tuple[Resource, ...], frozenset[str]]] = {}
        self._attributes: dict[bytes, Attributes] = {}
        self._decode = msgspec.json.Decoder(_Parts).decode

    def read(self, text: bytes) -> Jobspec:
        """Return the jobspec of a JSON text. Raises `JobspecError`."""
        try:
            parts = self._decode(text)
            found = self._quickly(parts)
        except (msgspec.MsgspecError, Problem, RecursionError, UnicodeDecodeError):
            found = None
        return found or self._slowly(text)

    def _quickly(self, parts: _Parts) -> Jobspec | None:
        key = bytes(parts.resources)
        known = self._resources.get(key)
        if known is None or len(parts.tasks) != 1 or parts.version != 1:
            return None
        resources, labels = known
        task = parts.tasks[0]
        count = next(iter((task.count or {}).items()), None)
        counted = count is not None and count[0] in ("per_slot", "total") and 0 < count[1] < 2**31
        if task.slot not in labels or not task.command or not counted or len(task.count or ()) != 1:
            return None
        attributes = self._read_attributes(bytes(parts.attributes))
        made = Task(tuple(task.command), task.slot, count)
        return Jobspec(1, resources, (made,), *attributes)

    def _read_attributes(self, text: bytes) -> Attributes:
        found = self._attributes.get(text)
        if found is None:
            value = msgspec.json.decode(text)
            check_size(value)
            found = read_attributes(value, ("attributes",), Reading(Document(value)))
            _remember(self._attributes, text, found)
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
