"""Instances that run real processes in a folder, one life after the other."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluxion_py import Jobspec, ResourceGraph
from fluxion_py.execution.local import Housekeeping, LocalExecutor
from fluxion_py.instances.instance import Instance
from fluxion_py.queues.job import Job

PATIENCE = 60.0
"""Seconds after which a test gives up waiting for what should come at once."""


def machine(nodes: int, cores: int) -> ResourceGraph:
    """Return n[0-...] with the same cores each."""
    hosts = f"n[0-{nodes - 1}]" if nodes > 1 else "n0"
    ranks, ids = (f"0-{number - 1}" if number > 1 else "0" for number in (nodes, cores))
    execution = {
        "R_lite": [{"rank": ranks, "children": {"core": ids}}],
        "starttime": 0,
        "expiration": 0,
        "nodelist": [hosts],
    }
    return ResourceGraph.from_text(
        json.dumps({"version": 1, "execution": execution}), format="rv1exec"
    )


class Life:
    """An instance that runs, and shortcuts."""

    def __init__(self, folder: Path, graph: ResourceGraph, **options: Any) -> None:  # noqa: ANN401
        self.folder = folder
        executor = LocalExecutor(folder / "execution", **options)
        self.instance = Instance(
            graph,
            policy="low",
            queue="easy",
            journal=folder / "journal.db",
            executor=executor,
            directory=folder / "jobs",
        )
        self.instance.run()

    def submit(self, *command: str, **options: Any) -> int:  # noqa: ANN401
        """Submit a command."""
        return self.instance.submit(Jobspec.from_command(command, **options))

    def wait(self, jobid: int) -> Job:
        """Wait until a job has ended."""
        return self.instance.wait(jobid, PATIENCE)

    def run(self, *command: str, **options: Any) -> Job:  # noqa: ANN401
        """Submit a command and wait until it has ended."""
        return self.wait(self.submit(*command, **options))

    def until(self, jobid: int, name: str) -> None:
        """Wait for an event of a job."""

        def there() -> bool:
            return any(event.name == name for _, event in self.instance.events(jobid))

        self.instance._wait_until(there, PATIENCE)

    def output(self, jobid: int, name: str = "stdout") -> str:
        """Return what a job has printed."""
        return (self.folder / "jobs" / f"{jobid}.{name}").read_text()

    def names(self, jobid: int) -> Sequence[str]:
        """Return the names of the events of a job."""
        return [event.name for _, event in self.instance.events(jobid)]


class Lives:
    """One folder, and the lives in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lives: list[Life] = []

    def begin(self, nodes: int = 1, cores: int = 4, **options: Any) -> Life:  # noqa: ANN401
        """Start an instance, on what the one before has left."""
        life = Life(self.folder, machine(nodes, cores), **options)
        self._lives.append(life)
        return life

    def end(self, *, kill: bool = True) -> None:
        """Stop the last one; its jobs go on unless they are killed."""
        if self._lives:
            self._lives.pop().instance.close(kill=kill)


def housekeeping(script: str, release_after: float = 0) -> Housekeeping:
    """Return a shell script as housekeeping."""
    return Housekeeping(["sh", "-c", script], release_after)
