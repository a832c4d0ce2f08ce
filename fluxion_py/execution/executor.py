"""The interface of executors: what starts jobs, watches them, and says how they ended.

An executor never calls into a queue or an instance. It is asked: `launch`, `kill`, `poll`. From
any thread it may call the `wake` function that it was given, when `poll` has something to tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation
    from fluxion_py.jobspec.model import Jobspec


@dataclass(frozen=True, slots=True)
class Launch:
    """A job to run: what, where, until when.

    `deadline` is the time of the clock at which it is to be ended (None: no limit). `directory`
    is the job's own, made by whoever needs it; output goes beside it, into `directory`.stdout and
    .stderr. None where nothing is kept.
    """

    jobid: int
    jobspec: "Jobspec"
    allocation: "Allocation"
    deadline: int | None = None
    directory: Path | None = None
    userid: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The tasks of a job run."""

    jobid: int
    at: float


@dataclass(frozen=True, slots=True)
class Finished:
    """All tasks of a job have ended; `status` is a wait status, the highest of the tasks'.

    `timed_out`: it was ended at its deadline. `note` says what went wrong, if it never ran.
    """

    jobid: int
    at: float
    status: int
    timed_out: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Housekeeping of a finished job is done on some ranks (an idset text; None: on all)."""

    jobid: int
    at: float
    ranks: str | None = None


Report = Started | Finished | Cleaned


class Fate(Enum):
    """What became of a job while the instance was away."""

    RUNNING = "running"  # watched again; its end will be reported
    FINISHED = "finished"  # its end will be reported by the next poll
    NEVER_STARTED = "never started"  # it may be launched
    UNKNOWN = "unknown"  # it may have run: must not be launched


class Executor(Protocol):
    """Runs jobs. All methods return at once; one thread calls them."""

    housekeeping: bool
    """Whether resources come back later, by `Cleaned`, and not with `Finished`."""

    def attach(self, wake: Callable[[], None]) -> None:
        """Take the function to call, from any thread, when `poll` has something to tell."""

    def launch(self, launch: Launch, now: float) -> None:
        """Start a job. What goes wrong is told by a `Finished` with a note, not raised."""

    def set_deadline(self, jobid: int, deadline: int | None) -> None:
        """Change the deadline of a running job; nothing happens if it has ended."""

    def kill(self, jobid: int, signal: int, now: float) -> None:
        """Send a signal to all tasks of a job; nothing happens if it has ended.

        After SIGTERM the executor itself sees to it that the job ends (SIGKILL after a grace).
        """

    def poll(self, now: float) -> list[Report]:
        """Return what happened since the last call, in order."""

    def next_time(self) -> float | None:
        """Return when `poll` should be called at the latest; None: `wake` will tell."""

    def recover(self, launch: Launch, now: float) -> Fate:
        """Say what became of a job that was launched, or was to be, by an instance that died."""

    def close(self, *, kill: bool) -> None:
        """Let go of everything; with `kill` the running jobs are ended."""
