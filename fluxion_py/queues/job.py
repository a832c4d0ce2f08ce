"""The record of a job: compact, since there may be a million of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxion_py.queues.jobid import format_jobid
from fluxion_py.queues.limits import sizes
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
    """One job; events change it (`fold.apply`), but for the last line of fields.

    Times are seconds of the caller's clock, -1 if it did not happen. `status` is a wait status as
    of `os.waitpid`, -1 as long as there is none. `dependencies` are those not yet fulfilled.
    `given` sums up what it got: nnodes, ncores, ranks, nodelist, expiration. `note` says why it
    failed or was cancelled; `ending` is the type of the exception that is ending a running job.
    `freed` is False while it holds resources, `promise` the start of its reservation. `allocation`
    is there from `alloc` to `free`, `planned` while a reservation is held, `key` is its place
    while a lane considers it.
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
    dependencies: "tuple[Dependency, ...]" = ()
    given: Mapping[str, Any] | None = None
    note: str = ""
    ending: str = ""
    freed: bool = True
    promise: int = -1

    key: int = -1
    allocation: "Allocation | None" = None
    planned: "Allocation | None" = None

    @property
    def queue(self) -> str:
        """The name of its queue."""
        return self.request.queue

    @property
    def held(self) -> bool:
        """Whether it waits for an urgency above 0."""
        return self.priority == 0

    @property
    def duration(self) -> float:
        """The seconds it may run, 0 without a limit."""
        return self.request.jobspec.duration

    @property
    def t_estimate(self) -> int | None:
        """The time for which it holds a reservation."""
        return self.planned.at if self.planned is not None else None

    @property
    def backfilled(self) -> bool:
        """Whether it passed a job with a reservation."""
        return self.chosen is Chosen.BACKFILL

    @property
    def returncode(self) -> int | None:
        """The exit code, 128 + signal if it was killed, None as long as there is none."""
        if self.status < 0:
            return None
        code = os.waitstatus_to_exitcode(self.status)
        return code if code >= 0 else 128 - code

    @property
    def runtime(self) -> float:
        """The seconds from start to finish, 0 if it did not run or still does."""
        return self.t_cleanup - self.t_run if self.t_run >= 0 and self.t_cleanup >= 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of a job table (RFC 43; mission row F-12), ready for JSON."""
        given = self.given or {}
        wanted = sizes(self.request.jobspec)
        return {
            "id": self.id,
            "f58": format_jobid(self.id),
            "userid": self.userid,
            "name": self.name,
            "queue": self.queue,
            "state": self.state.name,
            "result": self.result.name if self.result is not None else None,
            "urgency": self.urgency,
            "priority": self.priority,
            "ntasks": self.ntasks,
            "nnodes": given.get("nnodes", wanted.get("node", 0)),
            "ncores": given.get("ncores", wanted.get("core", 0)),
            "ranks": given.get("ranks", ""),
            "nodelist": given.get("nodelist", ""),
            "duration": self.duration,
            "expiration": given.get("expiration", 0),
            "runtime": self.runtime,
            "returncode": self.returncode,
            "waitstatus": self.status if self.status >= 0 else None,
            "exception": self.note,
            "dependencies": [str(dependency) for dependency in self.dependencies],
            "annotations": self._annotations(),
            **{
                key: value if value >= 0 else None
                for key, value in (
                    ("t_submit", self.t_submit),
                    ("t_depend", self.t_depend),
                    ("t_run", self.t_run),
                    ("t_cleanup", self.t_cleanup),
                    ("t_inactive", self.t_inactive),
                )
            },
        }

    def _annotations(self) -> dict[str, Any]:
        """Return `sched` as RFC 27 has it, without what is not known."""
        if self.planned is not None:
            return {"sched": {"t_estimate": float(self.planned.at), "selection_type": "reserved"}}
        if self.chosen is not None:
            return {"sched": {"selection_type": self.chosen.name.lower()}}
        return {}


def order_key(job: Job) -> int:
    """Return the place of a job in its queue: higher priority first, then the earlier id."""
    return (MAX_PRIORITY - job.priority) << 63 | job.id


def priority_of(urgency: int) -> int:
    """Return the priority that an urgency gives: 31 the highest, 0 holds the job."""
    return MAX_PRIORITY if urgency == EXPEDITE else urgency
