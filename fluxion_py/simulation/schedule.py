"""What came out of a simulation: when each job started and ended, why then, and where."""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fluxion_py.simulation.trace import Trace, TraceJob

IMMEDIATE, BACKFILL, RESERVED, NEVER, WAITING = range(5)
HOW = ("immediate", "backfill", "reserved", "never", "waiting")
"""Why a job started when it did; "never": it is too large, "waiting": it was not started."""

Places = tuple[int, ...]
"""Units held, as first, last, first, last, ... (both inclusive), counted from 0, ascending."""


class Run(NamedTuple):
    """One job in a schedule; times in seconds after the first submission, -1 if it never ran.

    `size` is what it asked for, in units of the schedule; `timed_out` says that its limit ended it.
    """

    job: TraceJob
    size: int
    start: int
    end: int
    how: int
    timed_out: bool
    places: Places

    @property
    def wait(self) -> int:
        """Seconds from submission to start, -1 if it never ran."""
        return self.start - self.job.submit if self.start >= 0 else -1


@dataclass
class Schedule:
    """All jobs of a trace on one machine under one policy, column by column, in order of the trace.

    `capacity` is the number of `unit`s of the machine that are up. `limits` are the seconds that
    were asked for. `places` is empty if there was too much to keep. `refused` says of jobs, by
    index, why they can never run. With failures a start is that of the last run of a job:
    `restarts` are the runs before it, by index, `lost` the units x seconds of those, `failed` the
    jobs that were given up.
    """

    trace: Trace
    machine: str
    policy: str
    unit: str
    capacity: int
    sizes: "array[int]"
    limits: "array[int]"
    starts: "array[int]"
    ends: "array[int]"
    how: bytearray
    places: list[Places] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    cycles: int = 0
    restarts: dict[int, int] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)
    lost: int = 0

    def __len__(self) -> int:
        """Return the number of jobs."""
        return len(self.sizes)

    def __iter__(self) -> Iterator[Run]:
        """Go through the jobs, in order of the trace."""
        return map(self.run, range(len(self)))

    def run(self, index: int) -> Run:
        """Return one job by its place in the trace."""
        job = self.trace.jobs[index]
        start, end = self.starts[index], self.ends[index]
        return Run(
            job,
            self.sizes[index],
            start,
            end,
            self.how[index],
            start >= 0 and end - start < job.runtime,
            self.places[index] if self.places else (),
        )

    @property
    def digest(self) -> str:
        """SHA-256 over size, limit, start, end, way and places of every job: equal schedules."""
        found = hashlib.sha256(f"{self.unit} {self.capacity}\n".encode())
        for column in (self.sizes, self.limits, self.starts, self.ends):
            found.update(b"%d:" % len(column))
            found.update(b" ".join(b"%d" % value for value in column))
        found.update(bytes(self.how))
        found.update(repr(self.places).encode())
        if self.restarts or self.failed:
            found.update(repr((sorted(self.restarts.items()), sorted(self.failed))).encode())
        return found.hexdigest()
