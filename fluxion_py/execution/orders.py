"""What an executor and its keeper tell each other, one JSON object a line.

`key` names what runs: the id of a job, or `ID.h.RANK` for the housekeeping of one of its nodes.
`at` tells one start of a job from another. Times are seconds since 1970.
"""

import msgspec


class TaskOrder(msgspec.Struct, omit_defaults=True):
    """One process: its command, what it has in its environment over the job's, its CPUs."""

    command: list[str]
    environment: dict[str, str] = {}
    cpus: list[int] = []


class Run(msgspec.Struct, tag="run", omit_defaults=True):
    """Start something. `environment` None is the keeper's own; files without a name go nowhere.

    `directory`, of the files, is made if it is not there.
    """

    key: str
    at: int
    tasks: list[TaskOrder]
    deadline: int | None = None
    cwd: str | None = None
    environment: dict[str, str] | None = None
    stdout: str | None = None
    stderr: str | None = None
    directory: str | None = None


class Kill(msgspec.Struct, tag="kill"):
    """Send a signal to all processes."""

    key: str
    signal: int


class SetDeadline(msgspec.Struct, tag="deadline"):
    """Change the deadline."""

    key: str
    deadline: int | None


class Booted(msgspec.Struct, tag="booted"):
    """The evidence is complete since this time, if the machine's boot is still the same."""

    boot: str
    time: float


class Began(msgspec.Struct, tag="began"):
    """It is about to be started: written before anything of it runs."""

    key: str
    at: int
    time: float


class Processes(msgspec.Struct, tag="processes"):
    """The process ids, each with the start time that tells it from a later one."""

    key: str
    processes: list[tuple[int, int]]


class Ended(msgspec.Struct, tag="ended", omit_defaults=True):
    """All processes are gone; `status` is the highest wait status.

    `lost`: nobody saw how it ended.
    """

    key: str
    at: int
    time: float
    status: int
    timed_out: bool = False
    note: str = ""
    lost: bool = False


class Ready(msgspec.Struct, tag="ready"):
    """All that is known has been told; evidence is complete since `since`."""

    since: float


Order = Run | Kill | SetDeadline
Record = Booted | Began | Processes | Ended
Told = Began | Ended | Ready
