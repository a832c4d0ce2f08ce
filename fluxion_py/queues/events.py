"""Events (RFC 18, RFC 21): everything that ever happens to a job or to the instance."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

INSTANCE = 0
"""The job id of events that belong to no job."""

JOB_EVENTS = frozenset(
    [
        "submit",
        "dependency-add",
        "dependency-remove",
        "depend",
        "urgency",
        "priority",
        "jobspec-update",
        "resize",
        "reserve",
        "unreserve",
        "alloc",
        "start",
        "finish",
        "release",
        "free",
        "clean",
        "exception",
        "requeue",
        "memo",
    ]
)
"""Events of a job that mean something to the queue; other names may be posted by people."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Event(NamedTuple):
    """Something that happened, at `timestamp` seconds of the caller's clock.

    `context` is data that JSON can hold; its keys per name are in `fold`. `jobid` 0 is the
    instance.
    """

    jobid: int
    timestamp: float
    name: str
    context: Mapping[str, Any] = _NOTHING

    def to_dict(self) -> dict[str, Any]:
        """Return the object of RFC 18: timestamp, name and, if there is one, context."""
        found: dict[str, Any] = {"timestamp": self.timestamp, "name": self.name}
        return {**found, "context": self.context} if self.context else found
