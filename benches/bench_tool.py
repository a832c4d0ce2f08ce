"""The command line as a whole process: `fluxion-match` with commands on its standard input.

`tool-start` is a session that loads a machine and ends. `tool-nodex1` is what one job costs on top,
from reading the command and the jobspec file to writing the R; `tool-whole` is everything by job.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.measuring import measure, note, systems
from benches.processes import file_of, folder
from benches.systems import count_of
from benches.workloads import request

OPTIONS = ("-P", "first", "-F", "rv1_nosched", "-d")
MOST = 10_000
SECONDS = 600


def tool() -> str:
    """Return the installed command."""
    beside = Path(sys.executable).with_name("fluxion-match")
    found = str(beside) if beside.exists() else shutil.which("fluxion-match")
    assert found is not None, "fluxion-match is not installed"
    return found


def session(system: str, commands: list[str]) -> int:
    """Run a session on a machine; return how many resource sets it has written."""
    out = folder() / "out.txt"
    subprocess.run(
        [tool(), "-L", file_of(system), "-f", "grug", *OPTIONS, "-t", out],
        input="".join(f"{command}\n" for command in [*commands, "quit"]),
        cwd=folder(),
        text=True,
        check=True,
        timeout=SECONDS,
        stdout=subprocess.DEVNULL,
    )
    with out.open(encoding="utf-8") as lines:
        return sum('"R_lite"' in line for line in lines)


@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_tool_start(benchmark: BenchmarkFixture, system: str) -> None:
    """Start, load, quit."""
    measure(benchmark, f"tool-start-{system}", lambda: session(system, []), 1, rounds=3)


@pytest.mark.parametrize("system", systems("g125", "large"))
def bench_tool(benchmark: BenchmarkFixture, system: str) -> None:
    """Jobs of one exclusive node until every node is taken, the jobspec as JSON."""
    jobs = min(MOST, count_of(system, "node"))
    jobspec = json.dumps(request("nodex1", system).to_dict())
    (folder() / "nodex1.json").write_text(jobspec, encoding="utf-8")
    commands = ["match allocate nodex1.json"] * jobs
    written: list[int] = []

    def work() -> None:
        written[:] = [session(system, commands)]

    measure(benchmark, f"tool-whole-{system}", work, jobs, rounds=3)
    assert written == [jobs]
    if benchmark.stats is not None:
        start = [_seconds_of_start(system) for _ in range(3)]
        note(benchmark, f"tool-nodex1-{system}", (benchmark.stats.stats.min - min(start)) / jobs)


def _seconds_of_start(system: str) -> float:
    begin = time.perf_counter()
    session(system, [])
    return time.perf_counter() - begin
