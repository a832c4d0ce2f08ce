"""SIGKILL of instances at random depths and moments, while they build up and while jobs run.

FLUXION_KILLS says how often, FLUXION_SEED which. After each: what was below is gone, what is above
has its nodes back, and no job of any instance has begun twice.
"""

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fluxion_py import FluxionError
from fluxion_py.server.client import Client
from tests.console.driver import Shell
from tests.hierarchy.test_processes import alive, alone, shell, until

__all__ = ["alone", "shell"]

KILLS = int(os.environ.get("FLUXION_KILLS", "3"))
SEED = int(os.environ.get("FLUXION_SEED", "1"))
DEPTH = 3

STORM = """#!/bin/sh
# Makes an instance in each instance, and lets short jobs run in all of them without end.
if [ $1 -gt 0 ]; then fluxion batch -N $1 "$0" $(($1 - 1)) >/dev/null; fi
fluxion submit --quiet --cc=1-500 sh -c 'echo $FLUXION_URI $FLUX_JOB_ID $$ >>FOLDER/ran; sleep 0.3'
exec sleep 1000
"""


@dataclass(frozen=True)
class Ran:
    """A start of a job: the socket of its instance, its id, its process."""

    uri: str
    job: str
    pid: int


def ran(folder: Path) -> list[Ran]:
    file = folder / "ran"
    lines = file.read_text().splitlines() if file.exists() else []
    words = [line.split() for line in lines if line.count(" ") == 2]
    return [Ran(uri, job, int(pid)) for uri, job, pid in words]


def standing() -> list[dict[str, Any]]:
    """The instances that answer, from the root down: uri and pid."""
    found: list[dict[str, Any]] = []
    uri: str | None = None
    while True:
        try:
            with Client(uri) as client:
                pid = client.call("info")["pid"]
                found.append({"uri": client.uri, "pid": pid})
                children = client.call("overview")["children"]
        except FluxionError:
            return found
        if not children:
            return found
        uri = children[0]["uri"]


class Round:
    """One storm, and a kill in it."""

    def __init__(self, shell: Shell, draw: random.Random) -> None:
        self.shell = shell
        self.draw = draw
        self.seconds = 0.0

    def live(self) -> int:
        """Do it; return the depth that was killed."""
        shell = self.shell
        shell.out("batch", "-N", str(DEPTH), "./storm.sh", str(DEPTH - 1))
        wanted = self.draw.randrange(DEPTH + 1)
        until(lambda: len(standing()) > wanted, "the storm does not rise")
        time.sleep(self.draw.random())  # the moment of the kill is what is random here
        found = standing()
        os.kill(found[wanted]["pid"], signal.SIGKILL)
        start = time.monotonic()
        below = os.path.dirname(found[wanted]["uri"])
        if wanted:
            above = found[wanted - 1]["uri"]
            until(lambda: self._is_free(above), "the nodes do not come back")
            self.seconds = time.monotonic() - start
            until(lambda: not self._left(below), "processes are left")
            self._clear()
        else:
            until(lambda: not self._left(below), "processes are left")
            self.seconds = time.monotonic() - start
            shell.start("--recovery", "--grace", "1s")
        until(lambda: self._is_free(None), "the machine is not free")
        until(lambda: not self._left(str(shell.folder)), "processes are left")
        starts = Counter((one.uri, one.job) for one in ran(shell.folder))
        assert max(starts.values(), default=1) == 1, starts.most_common(3)
        return wanted

    def _is_free(self, uri: str | None) -> bool:
        """Say whether no job that is an instance holds anything in an instance."""
        with Client(uri) as client:
            jobs = client.call("jobs", states=["running"])
            return not any(job["name"] == "storm.sh" for job in jobs)

    def _left(self, folder: str) -> list[int]:
        return [one.pid for one in ran(self.shell.folder) if is_of(one, folder)]

    def _clear(self) -> None:
        ids = [job["f58"] for job in self._running()]
        if ids:
            self.shell("cancel", *ids)

    def _running(self) -> list[dict[str, Any]]:
        with Client() as client:
            found: list[dict[str, Any]] = client.call("jobs", states=["active"])
            return found


def is_of(one: Ran, folder: str) -> bool:
    """Say whether a job of an instance below a folder is alive, and not a later process."""
    if not one.uri.startswith(f"{folder}/") or not alive(one.pid):
        return False
    try:
        environment = Path(f"/proc/{one.pid}/environ").read_bytes()
    except OSError:
        return False
    return f"FLUXION_URI={one.uri}\0".encode() in environment


@pytest.mark.slow
def test_kills_at_random_moments(shell: Shell) -> None:
    storm = shell.folder / "storm.sh"
    storm.write_text(STORM.replace("FOLDER", str(shell.folder)))
    storm.chmod(0o755)
    draw = random.Random(SEED)
    times: dict[int, list[float]] = {}
    for number in range(KILLS):
        round = Round(shell, draw)
        try:
            depth = round.live()
        except BaseException:
            print(f"seed {SEED}, round {number}, {[len(t) for t in times.values()]}")
            raise
        times.setdefault(depth, []).append(round.seconds)
    for depth, found in sorted(times.items()):
        found.sort()
        middle = found[len(found) // 2]
        print(
            f"depth {depth}: {len(found)} kills, seconds: {middle:.2f} median, {found[-1]:.2f} most"
        )
    assert sum(map(len, times.values())) == KILLS
    assert max(max(found) for found in times.values()) < 5  # usually below 1 s; this may be busy
