"""`bench throughput`: jobs per second of one flat instance and of instances in it, as a curve.

All are real processes: an instance with its journal, and with N children N instances in it, each
on its share of the nodes. The time is from the first submission to the last end, the starts of the
children in it. CPU seconds are those of all processes together, from start to end of everything.
"""

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxion_py.cli.arguments import (
    Parser,
    add_command,
    add_output,
    at_least_one,
    example,
    file_name,
    wants_json,
)
from fluxion_py.cli.tool import DONE
from fluxion_py.errors import FluxionError, InputError
from fluxion_py.idset import parse_idset

if TYPE_CHECKING:
    from fluxion_py.server.client import Client

MAX_CHILDREN, MAX_JOBS = 1000, 1_000_000

MACHINE = """\
version: 1
cluster: slide
contains:
  rack:
    count: 4
    contains:
      node: {count: 10, name: "node[0-39]", contains: {socket: {count: 2, contains: {core: 18}}}}
"""
"""The machine of the slides, 1,565 vertices, unless -L names another."""

NOTHING = ("--setattr", "exec.test.run_duration=0s", "-n", "1", "true")
PROGRAM = "fluxion_py.console"
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured with so many children; `parent_jobs` is what the outer instance saw."""

    children: int
    jobs: int
    seconds: float
    cpu_seconds: float
    parent_jobs: int
    messages: int

    @property
    def rate(self) -> float:
        """Jobs per second."""
        return self.jobs / self.seconds


def add_throughput(parser: Parser) -> None:
    """Add the options of `bench throughput`."""
    parser.add_argument(
        "--children", default="0-2,8", metavar="IDS", help="numbers of children; 0: flat (0-2,8)"
    )
    parser.add_argument(
        "--jobs", type=at_least_one, default=2000, metavar="N", help="jobs of each line (2000)"
    )
    parser.add_argument(
        "-L", "--graph", type=file_name, metavar="GRAPH", help="the machine (40 nodes, 1440 cores)"
    )
    add_output(parser)
    add_command(parser, required=False)
    example(
        parser,
        "bench throughput --children 0,8      # jobs of 0 seconds, for which no process starts",
        "bench throughput --jobs 500 true     # a process for each",
    )


def run_throughput(arguments: Namespace) -> int:
    """Measure, line by line."""
    from fluxion_py.graph.resource_graph import ResourceGraph

    numbers = sorted(parse_idset(arguments.children, limit=MAX_CHILDREN))
    if not numbers or numbers[-1] > MAX_CHILDREN or arguments.jobs > MAX_JOBS:
        limits = f"{MAX_CHILDREN} children and {MAX_JOBS} jobs"
        raise InputError(f"--children {arguments.children[:60]}: {limits} at most")
    text = MACHINE if arguments.graph is None else Path(arguments.graph).read_text("utf-8")
    nodes = len(ResourceGraph.from_text(text, source=arguments.graph).flat.rows_of_type("node"))
    if numbers[-1] > nodes:
        raise InputError(f"{numbers[-1]} children: the machine has {nodes} nodes")
    words = ["-n", "1", *arguments.command] if arguments.command else list(NOTHING)
    found: list[Figure] = []
    for number in numbers:
        found.append(measure(text, nodes, number, arguments.jobs, words))
        if not wants_json(arguments):
            _print_line(found)
    if wants_json(arguments):
        from fluxion_py.console.connection import print_json

        print_json([{**asdict(figure), "jobs_per_second": figure.rate} for figure in found])
    return DONE


def _print_line(found: Sequence[Figure]) -> None:
    last = found[-1]
    if len(found) == 1:
        print("CHILDREN   JOBS SECONDS JOBS/S  RATIO CPU-MS/JOB JOBS-ABOVE MESSAGES")
    print(
        f"{last.children or 'flat':>8} {last.jobs:>6} {last.seconds:>7.2f} {last.rate:>6.0f} "
        f"{last.rate / found[0].rate:>6.2f} {1000 * last.cpu_seconds / last.jobs:>10.2f} "
        f"{last.parent_jobs:>10} {last.messages:>8}",
        flush=True,
    )


def measure(machine: str, nodes: int, children: int, jobs: int, words: Sequence[str]) -> Figure:
    """Return the figure of one number of children. Raises `FluxionError` if jobs fail."""
    import tempfile

    from fluxion_py.server.client import SOCKET, Client

    _adopt_orphans()
    cpu = _cpu_seconds()
    with tempfile.TemporaryDirectory(prefix="fluxion-bench-", ignore_cleanup_errors=True) as name:
        file, folder = Path(name, "machine"), Path(name, "instance")
        file.write_text(machine, encoding="utf-8")
        root = _start(file, folder)
        try:
            with Client(folder / SOCKET) as client:
                start = time.monotonic()
                if children:
                    number = _in_children(client, children, nodes, jobs, words)
                else:
                    number = _run([*_submission(jobs), "--uri", client.uri, *words], jobs)
                seconds = time.monotonic() - start
                told = client.call("overview")
                client.call("shutdown", kill=True)
        finally:
            root.terminate()
            root.wait()
            _bury_orphans()
    seen = sum(told["jobs"].values())
    return Figure(
        children, number, seconds, _cpu_seconds() - cpu, seen, told["calls_from_children"]
    )


def _start(file: Path, folder: Path) -> subprocess.Popen[str]:
    """Start an instance and wait until it serves."""
    command = [sys.executable, "-P", "-m", PROGRAM, "start", "-L", str(file), "--dir", str(folder)]
    hidden = ("FLUX_", "FLUXION_")
    outside = {key: text for key, text in os.environ.items() if not key.startswith(hidden)}
    root = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=outside)
    assert root.stdout is not None
    if not root.stdout.readline():
        root.wait()
        raise InputError("the instance did not start")
    return root


def _submission(jobs: int) -> list[str]:
    options = ["submit", f"--cc=1-{jobs}", "--wait", "--quiet"]
    return [sys.executable, "-P", "-m", PROGRAM, *options]


def _run(command: list[str], jobs: int) -> int:
    """Submit all jobs to one instance and wait for them."""
    if subprocess.run(command, check=False).returncode:
        raise InputError("a job has failed")
    return jobs


def _in_children(
    client: "Client", children: int, nodes: int, jobs: int, words: Sequence[str]
) -> int:
    """Have each child run its share; return the number of jobs that they say have completed."""
    from fluxion_py.console.spawning import add_batch, batch_job

    parser = Parser(prog="batch")
    add_batch(parser)
    options = [f"-N{nodes // children}", "--output", os.devnull, "--job-name", "share"]
    since = client.call("info")["seq"]
    shares = [jobs // children + (place < jobs % children) for place in range(children)]
    wanted = []
    for share in filter(None, shares):
        arguments = parser.parse_args([*options, *_submission(share), *words])
        arguments.command = arguments.words
        wanted.append(batch_job(arguments))
    left = set()
    for jobid in client.submit_many(wanted):
        if isinstance(jobid, FluxionError):
            raise jobid
        left.add(jobid)
    completed = 0
    watch = client.watch(since=since)
    while left:
        found = watch.next()
        event: dict[str, Any] = {} if found is None else found[1]
        if event.get("name") == "goodbye":
            completed += event["context"]["completed"]
        elif event.get("name") == "clean":
            left.discard(event["jobid"])
    if completed != jobs:
        raise InputError(f"{jobs - completed} jobs have failed")
    return completed


# ---- the CPU time of everybody ----


def _adopt_orphans() -> None:
    """Have processes whose parent ends before them be ours, so that their time is counted."""
    import ctypes

    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def _bury_orphans() -> None:
    with suppress(ChildProcessError):
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)


def _cpu_seconds() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
