"""What jobs ask for, shared among those that ask for the same."""

from dataclasses import dataclass, field

from fluxion_py.jobspec.model import Jobspec
from fluxion_py.match.prepared import Prepared


@dataclass(slots=True, eq=False)
class Request:
    """A class of jobs: same resources, constraints and duration, same queue.

    `jobspec` is the first one seen, with the constraint of the queue in it. `number` names the
    class in the journal. `waiting` is a heap of the order keys of the jobs that are considered and
    have no reservation; entries of jobs that left are dropped when they come to the top.
    `refused` is the count of releases at which the matcher last refused it (see `Lane`).
    """

    number: int
    queue: str
    jobspec: Jobspec
    prepared: Prepared | None = None
    duration: int = 0
    waiting: list[int] = field(default_factory=list)
    head: int = -1
    refused: int = -1
    unplannable: int = -1
    never: bool = False
