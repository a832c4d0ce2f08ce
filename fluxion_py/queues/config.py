"""The configuration of a named queue: policy, depth, constraint, limits."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxion_py.errors import InputError, PolicyError, short
from fluxion_py.jobspec.constraint import compile_constraint
from fluxion_py.plugins import QUEUE_POLICIES, plugged
from fluxion_py.queues.limits import Limits

MAX_RESERVATIONS = 100_000
"""The reservation depth of "conservative" (queueing.md 2)."""

HYBRID_DEPTH = 64
"""The reservation depth of "hybrid" without a number."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_POLICY = re.compile(r"(fcfs|easy|hybrid|conservative)(?::([0-9]{1,6}))?\Z")


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How far a queue plans: jobs that get a reservation, and whether others may pass them.

    `reservation_depth` counts from the front of the queue. Without `backfill` a cycle ends at the
    first job that does not fit.
    """

    name: str
    reservation_depth: int
    backfill: bool


def parse_policy(text: str) -> QueuePolicy:
    """Return a policy: "fcfs", "easy", "hybrid", "hybrid:K", "conservative", "conservative:K".

    Or one of another package (`fluxion_py.plugins`). K, from 1, is the reservation depth. Raises
    `PolicyError`.
    """
    match = _POLICY.match(text)
    other = plugged(QUEUE_POLICIES, text, QueuePolicy) if match is None else None
    if other is not None:
        return other
    if match is None or (match[2] and (match[1] in ("fcfs", "easy") or int(match[2]) < 1)):
        raise PolicyError(
            f"unknown queue policy {short(text)}", hint="fcfs, easy, hybrid:K or conservative"
        )
    depths = {"fcfs": 0, "easy": 1, "hybrid": HYBRID_DEPTH, "conservative": MAX_RESERVATIONS}
    depth = int(match[2]) if match[2] else depths[match[1]]
    return QueuePolicy(text, min(depth, MAX_RESERVATIONS), backfill=match[1] != "fcfs")


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One named queue.

    `queue_depth` is how many classes of jobs one cycle looks at; planning one counts for 20.
    `requires` is an RFC 31 constraint that is joined to that of every job. `default_duration`,
    seconds, is for jobs that name none.
    """

    name: str = "default"
    policy: str = "fcfs"
    queue_depth: int = 1000
    requires: Mapping[str, Any] | None = None
    limits: Limits = field(default_factory=Limits)
    default_duration: float = 0

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise InputError(
                f"bad name of a queue: {short(self.name)}", hint="letters, digits, ._-"
            )
        if self.queue_depth < 1:
            raise InputError(f"queue-depth is {self.queue_depth}", hint="at least 1")
        if not 0 <= self.default_duration < math.inf:
            raise InputError(f"the default duration is {self.default_duration}", hint="seconds")
        parse_policy(self.policy)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "QueueConfig":
        """Return the configuration of a mapping (JSON, TOML). Raises `InputError`."""
        for key, value in document.items():
            kind = _KINDS.get(key)
            if kind is None:
                raise InputError(f"unknown key {short(key)} of a queue", hint=", ".join(_KINDS))
            if not isinstance(value, kind) or isinstance(value, bool):
                raise InputError(f"{short(value)} is not right here", where=f"queues.{key}")
        values = dict(document)
        if "limits" in values:
            values["limits"] = Limits.from_dict(values["limits"])
        if "requires" in values:
            compile_constraint(values["requires"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return data that `from_dict` reads back."""
        found: dict[str, Any] = {key: getattr(self, key) for key in _KINDS}
        found["limits"] = self.limits.to_dict()
        return {key: value for key, value in found.items() if value is not None}


_KINDS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "policy": str,
    "queue_depth": int,
    "requires": Mapping,
    "limits": Mapping,
    "default_duration": (int, float),
}
