"""Limits of a queue (RFC 33): what a job may ask for, and how many jobs there may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fluxion_py.jobspec.model import Jobspec


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

    def check(self, jobspec: Jobspec, queue: str) -> None:
        """Raise `LimitError` if a job asks for more than it may, with the limit in the text."""
        raise NotImplementedError


def sizes(jobspec: Jobspec) -> dict[str, int]:
    """Return the least number of each type that a job asks for, multiplied down the tree."""
    raise NotImplementedError
