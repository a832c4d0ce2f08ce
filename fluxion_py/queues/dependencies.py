"""Dependencies of jobs (RFC 26): on other jobs, and on time."""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fluxion_py.errors import FormatError, short
from fluxion_py.match.job import parse_jobid
from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.states import Result

SCHEMES = ("after", "afterany", "afterok", "afternotok", "begin-time", "singleton", "max-active")
"""`max-active` is the queue's own: the user has as many jobs there as are allowed."""

_GIVEN = SCHEMES[:-1]
_WITHOUT_VALUE = ("singleton", "max-active")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One condition: `scheme`, and the job id (after*), seconds (begin-time) or 0.

    `singleton`: all earlier jobs of the same user and name have ended.
    """

    scheme: str
    value: float = 0

    def __str__(self) -> str:
        """Return the text that `parse_dependency` reads back, for example afterok:f7Zs."""
        if self.scheme in _WITHOUT_VALUE:
            return self.scheme
        if self.scheme == "begin-time":
            return f"begin-time:{self.value!r}"
        return f"{self.scheme}:{format_jobid(int(self.value), ascii=True)}"


def parse_dependency(text: str, schemes: Iterable[str] = _GIVEN) -> Dependency:
    """Return the dependency of a text such as "afterok:ƒ2Wk8mBq" or "begin-time:1700000000".

    Raises `FormatError`.
    """
    scheme, colon, value = text.partition(":")
    if scheme not in schemes or bool(colon) == (scheme in _WITHOUT_VALUE):
        raise FormatError(
            f"unknown dependency {short(text)}", hint="write it like afterok:ƒ2Wk8mBq"
        )
    if scheme == "begin-time":
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1
        if not 0 <= seconds < 2**53:
            raise FormatError(f"{short(value)} is no time", hint="seconds since 1970")
        return Dependency(scheme, seconds)
    return Dependency(scheme, parse_jobid(value) if value else 0)


class DependencyTable:
    """Which jobs wait for which, and until when."""

    def __init__(self) -> None:
        self._on: dict[int, dict[int, list[Dependency]]] = {}
        self._times: list[tuple[float, int]] = []

    def add(self, jobid: int, dependency: Dependency) -> None:
        """Record that a job waits for another, or for a time."""
        if dependency.scheme == "begin-time":
            heapq.heappush(self._times, (dependency.value, jobid))
        else:
            waiting = self._on.setdefault(int(dependency.value), {})
            waiting.setdefault(jobid, []).append(dependency)

    def started(self, jobid: int) -> list[tuple[int, Dependency]]:
        """Return the (waiting job, dependency) that the start of a job fulfils, and forget them."""
        found = []
        for waiting, dependencies in self._on.get(jobid, {}).items():
            for dependency in [entry for entry in dependencies if entry.scheme == "after"]:
                dependencies.remove(dependency)
                found.append((waiting, dependency))
        return found

    def ended(
        self, jobid: int, result: Result
    ) -> tuple[list[tuple[int, Dependency]], list[tuple[int, Dependency]]]:
        """Return what the end of a job fulfils and what it makes impossible, and forget both."""
        fulfilled: list[tuple[int, Dependency]] = []
        impossible: list[tuple[int, Dependency]] = []
        for waiting, dependencies in self._on.pop(jobid, {}).items():
            for dependency in dependencies:
                good = fulfils(dependency.scheme, result)
                (fulfilled if good else impossible).append((waiting, dependency))
        return fulfilled, impossible

    def due(self, now: float) -> list[tuple[int, Dependency]]:
        """Return the begin-times that have come, and forget them."""
        found = []
        while self._times and self._times[0][0] <= now:
            time, jobid = heapq.heappop(self._times)
            found.append((jobid, Dependency("begin-time", time)))
        return found

    def next_time(self) -> float | None:
        """Return the next begin-time."""
        return self._times[0][0] if self._times else None

    def forget(self, jobid: int, dependencies: Iterable[Dependency]) -> None:
        """Strike a job that waits no longer; its begin-times come and find it gone."""
        for dependency in dependencies:
            waiting = self._on.get(int(dependency.value))
            if waiting is not None:
                waiting.pop(jobid, None)
                if not waiting:
                    del self._on[int(dependency.value)]


class Singletons:
    """The active jobs of those users and names of which one waits for its turn, in their order."""

    def __init__(self) -> None:
        self._active: dict[tuple[int, str], OrderedDict[int, None]] = {}

    def follow(self, owner: tuple[int, str], active: Callable[[], Iterable[int]]) -> int:
        """Begin to follow the jobs of a user and name, unless they are; return the first one."""
        if owner not in self._active:
            self._active[owner] = OrderedDict.fromkeys(sorted(active()))
        return next(iter(self._active[owner]))

    def enter(self, owner: tuple[int, str], jobid: int) -> None:
        """Note a new job."""
        if owner in self._active:
            self._active[owner][jobid] = None

    def leave(self, owner: tuple[int, str], jobid: int) -> int | None:
        """Note that a job has ended; return the one that is the first now, if there is one."""
        active = self._active.get(owner)
        if active is None:
            return None
        active.pop(jobid, None)
        if not active:
            del self._active[owner]
            return None
        return next(iter(active))


def fulfils(scheme: str, result: Result) -> bool:
    """Say whether the end of a job fulfils a condition on it. `after` needs a start before."""
    if scheme == "afterok":
        return result is Result.COMPLETED
    if scheme == "afternotok":
        return result is not Result.COMPLETED
    return scheme == "afterany"
