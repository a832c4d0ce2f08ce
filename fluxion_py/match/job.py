"""The jobs that a matcher knows."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation


class JobState(Enum):
    """The state of a job; the value is the printed word (matching.md 14)."""

    ALLOCATED = "ALLOCATED"
    RESERVED = "RESERVED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True)
class Job:
    """One job that holds resources now or later.

    `planned` says that the job was booked for a later time than its match; `state` is RESERVED as
    long as that time has not come.
    """

    allocation: "Allocation"
    state: JobState
    planned: bool = False

    @property
    def id(self) -> int:
        """The job id."""
        return self.allocation.id if self.allocation.id is not None else -1

    @property
    def at(self) -> int:
        """The start, seconds."""
        return self.allocation.at

    @property
    def expiration(self) -> int:
        """The end (exclusive), seconds."""
        return self.allocation.expiration
