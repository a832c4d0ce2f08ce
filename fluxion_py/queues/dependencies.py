"""Dependencies of jobs (RFC 26): on other jobs, and on time."""

from collections.abc import Iterable
from dataclasses import dataclass

from fluxion_py.queues.states import Result

SCHEMES = ("after", "afterany", "afterok", "afternotok", "begin-time", "singleton")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One condition: `scheme`, and the job id (after*), seconds (begin-time) or 0 (singleton)."""

    scheme: str
    value: float

    def __str__(self) -> str:
        """Return the text that `parse_dependency` reads back, for example afterok:17."""
        raise NotImplementedError


def parse_dependency(text: str) -> Dependency:
    """Return the dependency of a text such as "afterok:ƒ2Wk8mBq" or "begin-time:1700000000".

    Raises `FormatError`.
    """
    raise NotImplementedError


class DependencyTable:
    """Which jobs wait for what."""

    def add(self, jobid: int, dependency: Dependency) -> None:
        """Record that a job waits."""
        raise NotImplementedError

    def started(self, jobid: int) -> list[tuple[int, Dependency]]:
        """Return the (waiting job, dependency) that the start of a job fulfils, and forget them."""
        raise NotImplementedError

    def ended(
        self, jobid: int, result: Result
    ) -> tuple[list[tuple[int, Dependency]], list[tuple[int, Dependency]]]:
        """Return what the end of a job fulfils and what it makes impossible, and forget both."""
        raise NotImplementedError

    def due(self, now: float) -> list[tuple[int, Dependency]]:
        """Return the begin-times that have come, and forget them."""
        raise NotImplementedError

    def next_time(self) -> float | None:
        """Return the next begin-time."""
        raise NotImplementedError

    def forget(self, jobid: int, dependencies: Iterable[Dependency]) -> None:
        """Strike a job that waits no longer."""
        raise NotImplementedError
