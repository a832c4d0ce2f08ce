"""What this process was given to schedule (E-07): an R, pods, a Slurm job, or this computer."""

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


MAX_PRETENDED = 10_000
"""The most nodes of a trial."""

_MANAGERS = (
    ("FLUXION_HOSTS", "FLUXION_CORES"),
    ("SLURM_JOB_NODELIST", "SLURM_CPUS_ON_NODE"),
)
"""Variables with the hosts that this process was given, and with the cores of each."""


def graph_from_environment() -> "ResourceGraph":
    """Return the graph of what this process was given.

    That is the file named by FLUXION_R (R or any other description); the hosts of FLUXION_HOSTS, a
    hostlist, each with FLUXION_CORES cores, as a pod of a MiniCluster knows them from its template
    and the downward API (`limits.cpu`); the nodes of a Slurm job, each with SLURM_CPUS_ON_NODE
    cores; else one node with the cores that this process may use. Raises `InputError`, `OSError`.
    """
    from fluxion_py.graph.resource_graph import ResourceGraph

    given = os.environ.get("FLUXION_R")
    if given:
        return ResourceGraph.from_file(Path(given))
    for names, cores in _MANAGERS:
        hosts = os.environ.get(names)
        if hosts:
            text = _r_of(parse_hostlist(hosts), range(_number_of(cores)))
            return ResourceGraph.from_text(text, format="rv1exec")
    host = socket.gethostname().split(".")[0] or "localhost"
    return ResourceGraph.from_text(_r_of([host], os.sched_getaffinity(0)), format="rv1exec")


def pretended_nodes(number: int) -> "ResourceGraph":
    """Return a graph of some nodes, each with the cores that this process may use: for a trial."""
    from fluxion_py.graph.resource_graph import ResourceGraph

    if not 1 <= number <= MAX_PRETENDED:
        raise InputError(f"{number} nodes: 1 to {MAX_PRETENDED} can be tried here")
    hosts = [f"test{place}" for place in range(number)]
    return ResourceGraph.from_text(_r_of(hosts, os.sched_getaffinity(0)), format="rv1exec")


def _number_of(variable: str) -> int:
    text = os.environ.get(variable, "1")
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 65536:
        raise InputError(f"{variable} is {text[:20]!r}", hint="a number of cores")
    return int(text)


def _r_of(hosts: list[str], cores: Iterable[int]) -> str:
    import json

    children = {"core": format_idset(cores)}
    lite = [{"rank": format_idset(range(len(hosts))), "children": children}]
    execution = {"R_lite": lite, "starttime": 0, "expiration": 0, "nodelist": [",".join(hosts)]}
    return json.dumps({"version": 1, "execution": execution})
