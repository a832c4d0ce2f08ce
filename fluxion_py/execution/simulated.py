"""An executor for which jobs take the time that they are told to."""

import heapq
from collections.abc import Callable

from fluxion_py.execution.executor import Fate, Finished, Launch, Report, Started


class SimulatedExecutor:
    """Runs nothing: a job ends after `runtime(launch)` seconds, at its deadline at the latest.

    Without `runtime` a job takes its `attributes.user.runtime`, or its whole time.
    """

    housekeeping = False

    def __init__(self, runtime: Callable[[Launch], float] | None = None) -> None:
        self._runtime = runtime or _told_runtime
        self._reports: list[Report] = []
        self._ends: list[tuple[float, int]] = []
        self._running: dict[int, tuple[float, Finished]] = {}
        self._starts: dict[int, tuple[float, float]] = {}

    def attach(self, wake: Callable[[], None]) -> None:
        """Never wakes: ends are known beforehand (`next_time`)."""

    def launch(self, launch: Launch, now: float) -> None:
        """Note when it will end."""
        jobid = launch.jobid
        self._starts[jobid] = (now, now + self._runtime(launch))
        self._reports.append(Started(jobid, now))
        self.set_deadline(jobid, launch.deadline)

    def set_deadline(self, jobid: int, deadline: int | None) -> None:
        """Change the deadline of a job."""
        if jobid not in self._starts:
            return
        end = self._starts[jobid][1]
        if deadline is not None and deadline < end:
            self._ends_at(deadline, Finished(jobid, deadline, 15, timed_out=True))
        else:
            self._ends_at(end, Finished(jobid, end, 0))

    def kill(self, jobid: int, signal: int, now: float) -> None:
        """End a job now, by a signal."""
        if jobid in self._starts:
            self._ends_at(now, Finished(jobid, now, signal))

    def poll(self, now: float) -> list[Report]:
        """Return the starts, and the ends up to now in order of time and id."""
        reports, self._reports = self._reports, []
        while (end := self.next_time()) is not None and end <= now:
            _, jobid = heapq.heappop(self._ends)
            reports.append(self._running.pop(jobid)[1])
            del self._starts[jobid]
        return reports

    def next_time(self) -> float | None:
        """Return the next end."""
        while self._ends:
            end, jobid = self._ends[0]
            if jobid in self._running and self._running[jobid][0] == end:
                return end
            heapq.heappop(self._ends)
        return None

    def recover(self, launch: Launch, now: float) -> Fate:
        """Say NEVER_STARTED: a simulated job leaves nothing behind."""
        return Fate.NEVER_STARTED

    def close(self, *, kill: bool) -> None:
        """Forget all."""
        self._ends.clear()
        self._running.clear()
        self._starts.clear()

    def _ends_at(self, end: float, report: Finished) -> None:
        self._running[report.jobid] = (end, report)
        heapq.heappush(self._ends, (end, report.jobid))


def _told_runtime(launch: Launch) -> float:
    user = launch.jobspec.attributes.get("user")
    told = user.get("runtime") if isinstance(user, dict) else None
    if isinstance(told, (int, float)) and told >= 0:
        return float(told)
    return launch.allocation.duration
