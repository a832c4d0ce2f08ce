"""What this process was given to schedule: an R, a Slurm allocation, or this computer's cores."""

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fluxion_py.errors import InputError
from fluxion_py.hostlist import parse_hostlist
from fluxion_py.idset import format_idset

if TYPE_CHECKING:
    from fluxion_py.graph.resource_graph import ResourceGraph


def graph_from_environment() -> "ResourceGraph":
    """Return the graph of what this process was given.

    That is the file named by FLUXION_R (R or any other description); the nodes of a Slurm job, each
    with SLURM_CPUS_ON_NODE cores; else one node with the cores that this process may use. Raises
    `InputError`, `OSError`.
    """
    from fluxion_py.graph.resource_graph import ResourceGraph

    given = os.environ.get("FLUXION_R")
    if given:
        return ResourceGraph.from_file(Path(given))
    nodes = os.environ.get("SLURM_JOB_NODELIST")
    if nodes:
        return ResourceGraph.from_text(
            _r_of(parse_hostlist(nodes), range(_slurm_cores())), format="rv1exec"
        )
    host = socket.gethostname().split(".")[0] or "localhost"
    return ResourceGraph.from_text(_r_of([host], os.sched_getaffinity(0)), format="rv1exec")


def _slurm_cores() -> int:
    text = os.environ.get("SLURM_CPUS_ON_NODE", "1")
    if not text.isdigit() or not 1 <= int(text) <= 65536:
        raise InputError(f"SLURM_CPUS_ON_NODE is {text[:20]!r}", hint="a number of cores")
    return int(text)


def _r_of(hosts: list[str], cores: Iterable[int]) -> str:
    import json

    children = {"core": format_idset(cores)}
    lite = [{"rank": format_idset(range(len(hosts))), "children": children}]
    execution = {"R_lite": lite, "starttime": 0, "expiration": 0, "nodelist": [",".join(hosts)]}
    return json.dumps({"version": 1, "execution": execution})
