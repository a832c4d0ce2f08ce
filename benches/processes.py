"""Processes of their own: the files they read, and how one is run and what it reports."""

import atexit
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benches.systems import grug
from benches.workloads import HOUR
from fluxion_py import ResourceGraph

CHILD = Path(__file__).parent / "child.py"
SECONDS = 3600
"""Longest run of a process."""


@cache
def folder() -> Path:
    """Return the folder of the files of this run, which goes with it."""
    path = Path(mkdtemp(prefix="fluxion-benches-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def file_of(system: str, format: str = "grug") -> Path:
    """Return the file of a system: GRUG, or JGF that holds every vertex and edge."""
    path = folder() / f"{system}.{format}"
    if format == "grug":
        path.write_text(grug(system), encoding="utf-8")
        return path
    from fluxion_py.writers.whole_graph import write_whole

    graph = ResourceGraph.from_file(file_of(system), "grug")
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(write_whole("jgf", graph.flat))
    return path


def step(shape: str, count: int, op: str = "allocate", duration: int = HOUR) -> dict[str, object]:
    """Return a step of the plan of a child: `count` jobs of a shape."""
    return {"op": op, "shape": shape, "duration": duration, "count": count}


def run_child(
    file: Path,
    format: str,
    steps: Sequence[dict[str, object]] = (),
    *,
    policy: str = "first",
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Load a file in a new process, carry out steps there, and return what it measured."""
    plan = {"policy": policy, "steps": list(steps), "seconds": seconds}
    done = subprocess.run(
        [sys.executable, CHILD, file, format],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the process ended with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
