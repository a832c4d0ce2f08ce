"""A process that is killed: an instance under load, whose jobs leave evidence in a file.

Arguments: folder, number of jobs. Prints "ready" when it has recovered. `accepted` gets an id after
the commit that makes it durable, `launched` a line when a job is launched.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from fluxion_py import Jobspec
from fluxion_py.execution.executor import Fate, Finished, Launch, Report, Started
from fluxion_py.instances.clock import VirtualClock
from fluxion_py.instances.instance import Instance
from fluxion_py.instances.submission import Submission
from tests.machines import nodes


class Evidence:
    """Jobs take one step; what was launched can be asked after a crash."""

    housekeeping = False

    def __init__(self, path: Path) -> None:
        self.launched = {int(line) for line in path.read_text().split()} if path.exists() else set()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._reports: list[Report] = []

    def attach(self, wake: Callable[[], None]) -> None: ...

    def launch(self, launch: Launch, now: float) -> None:
        os.write(self._file, b"%d\n" % launch.jobid)
        self._reports += [Started(launch.jobid, now), Finished(launch.jobid, now, 0)]

    def set_deadline(self, jobid: int, deadline: int | None) -> None: ...

    def kill(self, jobid: int, signal: int, now: float) -> None: ...

    def poll(self, now: float) -> list[Report]:
        reports, self._reports = self._reports, []
        return reports

    def next_time(self) -> float | None:
        return 0 if self._reports else None

    def recover(self, launch: Launch, now: float) -> Fate:
        if launch.jobid not in self.launched:
            return Fate.NEVER_STARTED
        self._reports.append(Finished(launch.jobid, now, 0))
        return Fate.FINISHED

    def close(self, *, kill: bool) -> None: ...


def main(folder: Path, jobs: int) -> None:
    """Take jobs in and run them until there have been enough."""
    living = Instance(
        nodes(4, 4),
        queue="conservative",
        journal=folder / "j.db",
        clock=VirtualClock(),
        executor=Evidence(folder / "launched"),
    )
    accepted = os.open(folder / "accepted", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    print("ready", flush=True)
    while living.queue.last_id < jobs:
        size = living.queue.last_id % 9 + 1
        jobspec = Jobspec.from_shape(f"slot={size}/core", ["work"], duration=100 + size)
        ids = [living.accept(Submission(jobspec)) for _ in range(size)]
        living.commit()
        os.write(accepted, b"".join(b"%d\n" % jobid for jobid in ids))
        living.step()
        if living.queue.last_id % 5 == 0:
            living.checkpoint()
    living.run_until_idle()
    living.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
