"""An instance: a queue that lives, with a clock, an executor and a journal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from fluxion_py.errors import FluxionError
from fluxion_py.execution.executor import Executor
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.instances.clock import Clock
from fluxion_py.instances.dump import Dumped
from fluxion_py.instances.futures import InstanceExecutor
from fluxion_py.jobspec.model import Jobspec
from fluxion_py.queues.config import QueueConfig
from fluxion_py.queues.events import Event
from fluxion_py.queues.job import DEFAULT_URGENCY, Job


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to be taken in; `text` is the jobspec's JSON if it is known already."""

    jobspec: Jobspec
    urgency: int = DEFAULT_URGENCY
    depends: Sequence[str] = ()
    userid: int = 0
    queue: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found in a journal: numbers of jobs, by what became of them.

    `lost` may have run and are not run again; `never_fit` are kept pending. `notes` are sentences
    about the journal.
    """

    pending: int = 0
    running: int = 0
    requeued: int = 0
    lost: tuple[int, ...] = ()
    never_fit: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class Instance:
    """A batch system in this process.

    `graph` is a `ResourceGraph` or the path of a description. `queue` is a policy for the one queue
    "default", or the configurations of several. Without `journal` nothing is kept; an existing
    journal is gone on with, see `recovered`. Without `executor` nothing is run: jobs are started
    and stay until `finish_job`. Every method is one step for other threads, and raises
    `FluxionError` with one line.
    """

    recovered: Recovered

    def __init__(
        self,
        graph: ResourceGraph | str | PathLike[str],
        *,
        policy: str = "first",
        queue: str | Iterable[QueueConfig] = "fcfs",
        journal: str | PathLike[str] | None = None,
        executor: Executor | None = None,
        clock: Clock | None = None,
        name: str = "",
        requeue_running: bool = False,
    ) -> None:
        raise NotImplementedError

    @classmethod
    def from_environment(cls, **options: Any) -> "Instance":  # noqa: ANN401
        """Return an instance on what this process was given; `options` as for the class.

        That is: the R named by FLUXION_R, the nodes of a Slurm job, or the cores of this machine.
        """
        raise NotImplementedError

    # ---- jobs in ----

    def submit(
        self,
        jobspec: Jobspec,
        *,
        urgency: int = DEFAULT_URGENCY,
        depends: Sequence[str] = (),
        userid: int | None = None,
        queue: str | None = None,
    ) -> int:
        """Take a job in and return its id when it is durable. Raises as `Queue.submit`."""
        raise NotImplementedError

    def submit_many(self, submissions: Iterable[Submission | Jobspec]) -> list[int | FluxionError]:
        """Take many jobs in with one commit; a bad one gives its error in its place."""
        raise NotImplementedError

    def accept(self, submission: Submission) -> int:
        """Take a job in; it is durable, and its id may be told, only after `commit`."""
        raise NotImplementedError

    def commit(self) -> None:
        """Make all so far durable. On `JournalError` what was accepted since is withdrawn."""
        raise NotImplementedError

    # ---- jobs: changes ----

    def cancel(self, jobid: int, *, note: str = "", userid: int = 0) -> None:
        """End a job; a running one is sent SIGTERM."""
        raise NotImplementedError

    def kill(self, jobid: int, signal: int) -> None:
        """Send a signal to a running job."""
        raise NotImplementedError

    def set_urgency(self, jobid: int, urgency: int) -> None:
        """Change the urgency of a pending job, 0 (hold) to 31 (expedite)."""
        raise NotImplementedError

    def update_duration(self, jobid: int, duration: float) -> str:
        """Change the duration, in seconds; return a sentence about what follows from it."""
        raise NotImplementedError

    def post_event(self, jobid: int, name: str, context: dict[str, Any]) -> None:
        """Write an event of one's own into the log of a job."""
        raise NotImplementedError

    def finish_job(self, jobid: int, status: int = 0) -> None:
        """Say that a job has ended, where no executor does."""
        raise NotImplementedError

    # ---- looking ----

    def job(self, jobid: int) -> Job:
        """Return a job, also one that has ended. Raises `UnknownJobError`."""
        raise NotImplementedError

    def jobs(
        self,
        *,
        states: Iterable[str] = ("pending", "running"),
        userid: int | None = None,
        queue: str | None = None,
        name: str | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> list[Job]:
        """Return jobs: running ones first, then pending ones in order, then ended, newest first.

        `states` are names of `JobState` in small letters, or pending, running, active, inactive.
        """
        raise NotImplementedError

    def why(self, jobid: int) -> str:
        """Say in one line why a job waits."""
        raise NotImplementedError

    def jobspec(self, jobid: int) -> Jobspec:
        """Return the jobspec of a job."""
        raise NotImplementedError

    def R(self, jobid: int) -> str:
        """Return the resource set (RFC 20) that a job got, as text. Raises `QueueError` if none."""
        raise NotImplementedError

    def events(self, jobid: int | None = None, *, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Go through the committed events after a sequence number, of one job or all."""
        raise NotImplementedError

    def watch(self, callback: Callable[[int, Event], None]) -> Callable[[], None]:
        """Have a function called with (seq, event) after each commit; returns what ends it.

        The function must return at once and not call the instance.
        """
        raise NotImplementedError

    def wait(self, jobid: int, timeout: float | None = None) -> Job:
        """Wait in this thread until a job is inactive; needs `run`. Raises `TimeoutError`."""
        raise NotImplementedError

    # ---- queues and machine ----

    def queue_stop(self, name: str | None = None) -> None:
        """Start no more jobs of a queue (of all)."""
        raise NotImplementedError

    def queue_start(self, name: str | None = None) -> None:
        """Start jobs again."""
        raise NotImplementedError

    def queue_disable(self, name: str | None = None, reason: str = "") -> None:
        """Take no more jobs in."""
        raise NotImplementedError

    def queue_enable(self, name: str | None = None) -> None:
        """Take jobs in again."""
        raise NotImplementedError

    def queues(self) -> list[dict[str, Any]]:
        """Return each queue: name, policy, enabled, started, numbers of jobs by state."""
        raise NotImplementedError

    def drain(self, hosts: str, reason: str = "") -> None:
        """Give out nothing more on some hosts (a hostlist); jobs there go on."""
        raise NotImplementedError

    def undrain(self, hosts: str) -> None:
        """Give hosts out again."""
        raise NotImplementedError

    def attach(self, text: str, *, source: str | None = None) -> str:
        """Add vertices (JGF) and say what came of it: type counts, jobs looked at again."""
        raise NotImplementedError

    def detach(self, path: str, *, force: bool = False) -> str:
        """Take vertices out; refused if jobs run there, unless `force` fails them."""
        raise NotImplementedError

    def resources(self) -> list[dict[str, Any]]:
        """Return each node: name, rank, cores, gpus, state, reason and time of a drain, job ids.

        States: free, allocated, drained, draining, down.
        """
        raise NotImplementedError

    # ---- going on ----

    def step(self) -> float | None:
        """Do what is to be done now; return the seconds until it wants to be called again.

        0: at once. None: when something comes in (`attach_wake`).
        """
        raise NotImplementedError

    def attach_wake(self, wake: Callable[[], None]) -> None:
        """Take the function that is called, from any thread, when `step` has something to do."""
        raise NotImplementedError

    def run(self) -> None:
        """Step in a thread of its own until `close`."""
        raise NotImplementedError

    def run_until_idle(self) -> None:
        """Step, moving a `VirtualClock` on, until no job is active or nothing can happen."""
        raise NotImplementedError

    def dump(self, path: str | PathLike[str], *, wait: bool = False) -> Dumped:
        """Save everything to one file; with `wait` when the running jobs have ended."""
        raise NotImplementedError

    def executor(self, cores_per_task: int = 1, **options: Any) -> InstanceExecutor:  # noqa: ANN401
        """Return a `concurrent.futures.Executor` whose tasks are jobs here."""
        raise NotImplementedError

    def spawn(
        self, jobspec: Jobspec, *, policy: str = "first", queue: str = "fcfs", name: str = ""
    ) -> "Instance":
        """Return an instance on resources that are allocated for it here and now.

        Raises `Busy` or `Unsatisfiable`.
        """
        raise NotImplementedError

    def close(self, *, kill: bool = False) -> None:
        """Stop; what is journaled can be gone on with. `kill` ends the running jobs."""
        raise NotImplementedError
