"""The record of a job: compact, since there may be a million of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxion_py.queues.states import Chosen, JobState, Result

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation
    from fluxion_py.queues.dependencies import Dependency
    from fluxion_py.queues.request import Request

DEFAULT_URGENCY = 16
EXPEDITE = 31
MAX_PRIORITY = 2**32 - 1


@dataclass(slots=True, eq=False)
class Job:
    """One job; only `fold.apply` changes it.

    Times are seconds of the caller's clock, -1 if it did not happen. `status` is a wait status as
    of `os.waitpid`. `allocation` is there from `alloc` to `free`, `planned` while a reservation is
    held. `note` says why it failed or was refused.
    """

    id: int
    request: "Request"
    userid: int = 0
    urgency: int = DEFAULT_URGENCY
    priority: int = DEFAULT_URGENCY
    name: str = ""
    ntasks: int = 1
    state: JobState = JobState.NEW
    t_submit: float = -1
    t_depend: float = -1
    t_run: float = -1
    t_cleanup: float = -1
    t_inactive: float = -1
    status: int = -1
    result: Result | None = None
    chosen: Chosen | None = None
    allocation: "Allocation | None" = None
    planned: "Allocation | None" = None
    dependencies: "tuple[Dependency, ...]" = ()
    note: str = ""

    @property
    def queue(self) -> str:
        """The name of its queue."""
        return self.request.queue

    @property
    def held(self) -> bool:
        """Whether it waits for an urgency above 0."""
        return self.priority == 0

    @property
    def t_estimate(self) -> int | None:
        """The time for which it holds a reservation."""
        return self.planned.at if self.planned is not None else None

    @property
    def returncode(self) -> int | None:
        """The exit code, 128 + signal if it was killed, None as long as there is none."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of RFC 30 and the 17 of a job table (mission row F-12), for JSON."""
        raise NotImplementedError


def order_key(job: Job) -> int:
    """Return the place of a job in its queue: higher priority first, then the earlier id."""
    return (MAX_PRIORITY - job.priority) << 63 | job.id
