"""One session of a program: run, timed by itself and by us, and what it answered."""

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benches.side_by_side.scenarios import COMMANDS

_ELAPSE = re.compile(r"^INFO: ELAPSE=([0-9.]+)$", re.MULTILINE)
_LOAD = re.compile(r"^INFO: Graph Load Time: ([0-9.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Run:
    """What a session took, in seconds and bytes, and what it answered.

    `elapsed` are the times that the program itself gives for its matches. `answers` is a digest of
    all that it wrote except those times.
    """

    wall: float
    load: float
    peak: int
    granted: int
    refused: int
    elapsed: tuple[float, ...]
    answers: str

    @property
    def median(self) -> float:
        """The median of the times of a match."""
        return median(self.elapsed) if self.elapsed else 0.0


def run_session(program: str, options: Sequence[str], folder: Path) -> Run:
    """Feed the commands of a folder to a program there. Raises `RuntimeError` if it fails."""
    out = folder / "out.txt"
    stdout = folder / "stdout.txt"
    out.unlink(missing_ok=True)
    with (folder / COMMANDS).open() as commands, stdout.open("w") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(
            [program, *options, "-t", out.name], cwd=folder, stdin=commands, stdout=stream
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{program} ended with {process.returncode}")
    written = out.read_text(encoding="utf-8")
    said = stdout.read_text(encoding="utf-8")
    load = _LOAD.search(said)
    return Run(
        wall,
        float(load[1]) if load else 0.0,
        1024 * usage.ru_maxrss,
        written.count("INFO: RESOURCES=ALLOCATED") + written.count("INFO: RESOURCES=RESERVED"),
        written.count("INFO: No matching resources") + written.count("INFO: Unsatisfiable request"),
        tuple(float(text) for text in _ELAPSE.findall(said) + _ELAPSE.findall(written)),
        hashlib.sha256(_ELAPSE.sub("", written).encode()).hexdigest(),
    )
