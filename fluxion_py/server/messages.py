"""What clients ask: one JSON object a line, with `id` (echoed) and `method`; and what they get.

An answer is `{"id": ..., "result": ...}` or `{"id": ..., "error": {"kind", "message", "hint"}}`.
What a `watch` brings is `{"watch": id, "seq": ..., "event": {...}}`, and `{"watch": id, "end":
true}` when nothing more can come. Job ids are numbers, or texts as people write them.
"""

from typing import Annotated, Any

import msgspec

MAX_LINE = 16 * 2**20
"""The longest message, in bytes."""

MAX_JOBS = 10_000
"""The most jobs that one message may submit or name."""

MAX_ANSWER = 64 * 2**20
"""The longest answer, in bytes."""

Text = Annotated[str, msgspec.Meta(max_length=4096)]
Words = Annotated[list[Text], msgspec.Meta(max_length=1000)]
JobId = int | Text
JobIds = Annotated[list[JobId], msgspec.Meta(min_length=1, max_length=MAX_JOBS)]


class Request(msgspec.Struct, tag_field="method", kw_only=True, forbid_unknown_fields=True):
    """What all requests have."""

    id: int | Text | None = None


class NewJob(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One job of a submission; `jobspec` is a jobspec document."""

    jobspec: msgspec.Raw
    urgency: int = 16
    depends: Words = []
    queue: Text | None = None
    name: Text = ""


class Info(Request, tag="info"):
    """What instance this is: name, process, machine, protocol, numbers of jobs by state."""


class Numbers(Request, tag="numbers"):
    """How many jobs are pending and running, have completed and failed."""


class Submit(Request, tag="submit"):
    """Take jobs in. The result has, in `jobs`, each one's id or error, and `seq` from before."""

    jobs: Annotated[list[NewJob], msgspec.Meta(max_length=MAX_JOBS)]


class Jobs(Request, tag="jobs"):
    """List jobs; the filters are those of `Instance.jobs`. `hosts` is a hostlist."""

    states: Words = msgspec.field(default_factory=lambda: ["pending", "running"])
    ids: Annotated[list[JobId], msgspec.Meta(max_length=MAX_JOBS)] = []
    user: int | None = None
    queue: Text | None = None
    name: Text | None = None
    since: float | None = None
    hosts: Text | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000


class Show(Request, tag="show"):
    """Return one job: its record, why it waits, its jobspec, R, files of its output."""

    job: JobId


class Watch(Request, tag="watch"):
    """Send the events after `since` (None: from now on), of one job or of all, as they come."""

    job: JobId | None = None
    since: int | None = None


class Cancel(Request, tag="cancel"):
    """End jobs."""

    jobs: JobIds
    note: Text = ""


class Kill(Request, tag="kill"):
    """Send a signal to running jobs."""

    jobs: JobIds
    signal: Annotated[int, msgspec.Meta(ge=1, le=64)] = 15


class Urgency(Request, tag="urgency"):
    """Change the urgency of pending jobs; None gives a held one the default."""

    jobs: JobIds
    urgency: int | None


class Update(Request, tag="update"):
    """Change the duration of a job: "2h", or "+30m", "-20m" relative to what it has."""

    job: JobId
    duration: Text


class Memo(Request, tag="memo"):
    """Write an event of one's own into the log of a job."""

    job: JobId
    name: Text
    context: dict[str, Any] = {}


class Queues(Request, tag="queues"):
    """List the queues."""


class QueueChange(Request, tag="queue-change"):
    """Change a queue, or all: `action` is stop, start, disable or enable."""

    action: Text
    queue: Text | None = None
    reason: Text = ""


class Resources(Request, tag="resources"):
    """List the nodes."""


class Drain(Request, tag="drain"):
    """Give out nothing more on some hosts."""

    hosts: Text
    reason: Text = ""


class Undrain(Request, tag="undrain"):
    """Give hosts out again."""

    hosts: Text


class Attach(Request, tag="attach"):
    """Add vertices: a JGF text with the way from the root, or any description and where it goes."""

    graph: str
    source: Text | None = None
    under: Text | None = None


class Resize(Request, tag="resize"):
    """Have another number of nodes; `requeue` moves the jobs of those that go."""

    size: int
    requeue: bool = False


class Overview(Request, tag="overview"):
    """Say what is to be seen of this instance, and where those on its jobs are."""


class Claim(Request, tag="claim"):
    """Say, as an instance that is a job, that it is there; get its grant, and what is ordered.

    `part` is the node of which it wants the part; with `R` it claims just that. What is ordered
    comes as events of the job until the connection ends, which says that the child has ended.
    """

    job: JobId
    name: Text = ""
    uri: Text = ""
    pid: int = 0
    part: Text = ""
    R: str | None = None


class Grow(Request, tag="grow"):
    """Give the job of a child more, as a jobspec says; the result is the R of what came."""

    job: JobId
    jobspec: msgspec.Raw


class GiveBack(Request, tag="give-back"):
    """Take vertices of a child's job back."""

    job: JobId
    paths: Words


class Goodbye(Request, tag="goodbye"):
    """Note the last words of a child: the numbers of the jobs that it had."""

    job: JobId
    summary: dict[str, int] = {}


class Detach(Request, tag="detach"):
    """Take a vertex and all below it out of the machine."""

    path: Text
    force: bool = False


class Cleaning(Request, tag="housekeeping"):
    """List the jobs that have ended and whose nodes are being cleaned."""


class Dump(Request, tag="dump"):
    """Save everything to a file, now."""

    path: Text


class Shutdown(Request, tag="shutdown"):
    """End the instance; with `kill` its running jobs too."""

    kill: bool = False


AnyRequest = (
    Info
    | Numbers
    | Submit
    | Jobs
    | Show
    | Watch
    | Cancel
    | Kill
    | Urgency
    | Update
    | Memo
    | Queues
    | QueueChange
    | Resources
    | Drain
    | Undrain
    | Attach
    | Resize
    | Overview
    | Claim
    | Grow
    | GiveBack
    | Goodbye
    | Detach
    | Cleaning
    | Dump
    | Shutdown
)


class Problem(msgspec.Struct, omit_defaults=True):
    """Why something was not done: the kind of error, one line, perhaps what would be right."""

    kind: str
    message: str
    hint: str | None = None


class Answer(msgspec.Struct, omit_defaults=True):
    """What a client gets; see above."""

    id: int | str | None = None
    result: Any = None
    error: Problem | None = None
    watch: int | str | None = None
    seq: int = 0
    event: dict[str, Any] | None = None
    end: bool = False
