"""An executor for which jobs take the time that they are told to."""

from collections.abc import Callable

from fluxion_py.execution.executor import Fate, Launch, Report


class SimulatedExecutor:
    """Runs nothing: a job ends after `runtime(launch)` seconds, at its deadline at the latest.

    Without `runtime` a job takes its `attributes.user.runtime`, or its whole time.
    """

    housekeeping = False

    def __init__(self, runtime: Callable[[Launch], float] | None = None) -> None:
        raise NotImplementedError

    def attach(self, wake: Callable[[], None]) -> None:
        """Never wakes: ends are known beforehand (`next_time`)."""

    def launch(self, launch: Launch, now: float) -> None:
        """Note when it will end."""
        raise NotImplementedError

    def kill(self, jobid: int, signal: int, now: float) -> None:
        """End a job now, by a signal."""
        raise NotImplementedError

    def poll(self, now: float) -> list[Report]:
        """Return the starts, and the ends up to now in order of time and id."""
        raise NotImplementedError

    def next_time(self) -> float | None:
        """Return the next end."""
        raise NotImplementedError

    def recover(self, launch: Launch, now: float) -> Fate:
        """Say NEVER_STARTED: a simulated job leaves nothing behind."""
        raise NotImplementedError

    def close(self, *, kill: bool) -> None:
        """Forget all."""
        raise NotImplementedError
