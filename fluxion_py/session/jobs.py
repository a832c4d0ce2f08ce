"""The jobs that a session knows: their states, times and files (matching.md 14)."""

from collections.abc import Iterator
from dataclasses import dataclass

from fluxion_py.match.job import JobState


@dataclass(slots=True)
class JobRecord:
    """One job: `at` is its start in seconds, `overhead` the seconds its match took."""

    jobid: int
    state: JobState
    at: int
    file: str
    overhead: float

    @property
    def line(self) -> str:
        """The line of `list` and `info`."""
        return (
            f"INFO: {self.jobid}, {self.state.value}, {self.at}, {self.file}, {self.overhead:g}\n"
        )


class JobRecords:
    """All jobs by id, the counter of ids, and the times of matches."""

    def __init__(self) -> None:
        self.counter = 1
        self.times = MatchTimes()
        self._jobs: dict[int, JobRecord] = {}

    def __iter__(self) -> Iterator[JobRecord]:
        """Iterate over all jobs in the order of their ids, the cancelled ones too."""
        return iter([self._jobs[jobid] for jobid in sorted(self._jobs)])

    def add(self, job: JobRecord) -> None:
        """Record a job; one with the same id is replaced."""
        self._jobs[job.jobid] = job

    def find(self, jobid: int) -> JobRecord | None:
        """Return the job of an id, in whatever state."""
        return self._jobs.get(jobid)

    def active(self, jobid: int) -> JobRecord | None:
        """Return the job of an id if it holds resources now or later."""
        job = self._jobs.get(jobid)
        return None if job is None or job.state is JobState.CANCELED else job


@dataclass(slots=True)
class MatchTimes:
    """How long granted matches took, in seconds."""

    count: int = 0
    total: float = 0.0
    shortest: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one granted match."""
        self.shortest = min(self.shortest, seconds) if self.count else seconds
        self.longest = max(self.longest, seconds)
        self.count += 1
        self.total += seconds

    @property
    def average(self) -> float:
        """The mean, 0 without any match."""
        return self.total / self.count if self.count else 0.0
