"""Limits of a queue (RFC 33): what a job may ask for, and how many jobs there may be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fluxion_py.errors import InputError, short
from fluxion_py.jobspec.model import SLOT_TYPES, Jobspec, Resource
from fluxion_py.queues.errors import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one queue; None is no limit.

    `duration` in seconds; a job without a duration is over it. `max_size` and `min_size` map a
    type (node, core, gpu) to a number. `pending` counts jobs of the queue that wait,
    `active_per_user` jobs of one user that may be considered or run at the same time: further ones
    wait in state DEPEND.
    """

    duration: float | None = None
    max_size: Mapping[str, int] = field(default_factory=dict)
    min_size: Mapping[str, int] = field(default_factory=dict)
    pending: int | None = None
    active_per_user: int | None = None

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Limits":
        """Return the limits of a mapping. Raises `InputError`."""
        for key, value in document.items():
            if key not in cls.__dataclass_fields__:
                raise InputError(
                    f"unknown limit {short(key)}", hint=", ".join(cls.__dataclass_fields__)
                )
            numbers = value.values() if isinstance(value, Mapping) else [value]
            wants_sizes = key in ("max_size", "min_size")
            if wants_sizes != isinstance(value, Mapping) or not all(map(_is_limit, numbers)):
                kind = "a mapping of types to numbers" if wants_sizes else "a number from 0"
                raise InputError(f"{short(value)} is not {kind}", where=key)
        return cls(**document)

    def to_dict(self) -> dict[str, Any]:
        """Return data that `from_dict` reads back."""
        return {key: value for key, value in asdict(self).items() if value not in (None, {})}

    def check(self, jobspec: Jobspec, queue: str) -> None:
        """Raise `LimitError` if a job asks for more than it may, with the limit in the text."""
        if self.duration is not None and not 0 < jobspec.duration <= self.duration:
            asked = f"{jobspec.duration:g} s" if jobspec.duration else "no end"
            raise LimitError(f"queue {queue} allows {self.duration:g} s; {asked} requested")
        if not self.max_size and not self.min_size:
            return
        wanted = sizes(jobspec)
        for kind, most in self.max_size.items():
            if wanted[kind] > most:
                raise LimitError(f"queue {queue} allows {most} {kind}s; {wanted[kind]} requested")
        for kind, least in self.min_size.items():
            if wanted[kind] < least:
                raise LimitError(f"queue {queue} wants {least} {kind}s; {wanted[kind]} requested")


def _is_limit(value: object) -> bool:
    return (isinstance(value, (int, float)) and value >= 0) or value is None


def sizes(jobspec: Jobspec) -> Counter[str]:
    """Return the least number of each type that a job asks for, multiplied down the tree."""
    found: Counter[str] = Counter()
    _count(jobspec.resources, 1, found)
    return found


def _count(resources: Sequence[Resource], times: int, found: Counter[str]) -> None:
    for resource in resources:
        number = times * resource.count.min
        if resource.type not in SLOT_TYPES:
            found[resource.type] += number
        _count(resource.children, number, found)
