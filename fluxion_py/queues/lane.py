"""One named queue: the order of its jobs, its reservations, and its part of a cycle."""

from dataclasses import dataclass, field

from fluxion_py.queues.bookings import Bookings
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.job import Job


@dataclass(slots=True)
class Cycle:
    """What a cycle did.

    `started` jobs have their `allocation`; `planned` got or changed a reservation; `lost` lost
    one. `more` says that the look was cut short by a queue depth: call again.
    """

    started: list[Job] = field(default_factory=list)
    planned: list[Job] = field(default_factory=list)
    lost: list[Job] = field(default_factory=list)
    more: bool = False


class Lane:
    """The jobs of one queue that are considered (SCHED, not held), in order."""

    def __init__(self, config: QueueConfig, bookings: Bookings) -> None:
        self.config = config
        self.bookings = bookings
        self.enabled = True
        self.started = True

    def insert(self, job: Job) -> None:
        """Take a job in. O(log jobs)."""
        raise NotImplementedError

    def remove(self, job: Job) -> None:
        """Take a job out, with its reservation. O(log jobs)."""
        raise NotImplementedError

    def cycle(self, now: int, cycle: Cycle) -> None:
        """Start and plan what can be."""
        raise NotImplementedError

    def next_time(self) -> int | None:
        """Return the time of the next reservation."""
        raise NotImplementedError
