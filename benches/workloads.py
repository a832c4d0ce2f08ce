"""The workloads of the benches by name (performance.md 2): shapes, and queues from a seed."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from benches.systems import count_of, has_sockets
from fluxion_py import Jobspec

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Workload:
    """Equal requests: how one is written, and what of the machine one of them takes.

    `{level}` is where cores are on a system: `socket=1/` below its nodes, or nothing. `{part}` is
    what a slot below a whole node names: the slot must name a type directly below the node.
    `takes` says what one job owns of a type; -1 of it stands for all of the node.
    """

    shape: str
    takes: Mapping[str, int]


WORKLOADS: dict[str, Workload] = {
    "slotnode1": Workload("slot=1/node=1", {"node": 1}),
    "slotnode16": Workload("slot=16/node=1", {"node": 16}),
    "nodex1": Workload("node=1{{x}}/slot=1/{part}=1", {"node": 1, "core": -1}),
    "nodex16": Workload("node=16{{x}}/slot=1/{part}=1", {"node": 16, "core": -1}),
    "core1": Workload("slot=1/core=1", {"core": 1}),
    "nodecore1": Workload("node=1/{level}slot=1/core=1", {"core": 1}),
    "nodecore8": Workload("node=1/{level}slot=1/core=8", {"core": 8}),
    "gpu1core8": Workload("slot=1/[core=8;gpu=1]", {"core": 8, "gpu": 1}),
    "paper": Workload("node=1/{level}slot=1/[core=10;memory=8;bb=1]", {"core": 10, "memory": 8}),
    "chassisssd": Workload("chassis=1/slot=1/[node=1;ssd=2]", {"node": 1, "ssd": 2}),
}


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job of a queue: how many nodes, for how many seconds."""

    nodes: int
    duration: int


def shape_of(workload: str, system: str) -> str:
    """Return the shape of a workload, written for the levels of a system."""
    sockets = has_sockets(system)
    return WORKLOADS[workload].shape.format(
        level="socket=1/" if sockets else "", part="socket" if sockets else "core"
    )


def request(workload: str, system: str) -> Jobspec:
    """Return the jobspec of a workload for a system, an hour long."""
    return Jobspec.from_shape(shape_of(workload, system), duration=HOUR)


def takes(workload: str, system: str) -> dict[str, int]:
    """Return how much of each type one job of a workload owns."""
    found = WORKLOADS[workload].takes
    cores = count_of(system, "core") // count_of(system, "node")
    return {type: cores * found["node"] if n < 0 else n for type, n in found.items()}


def backfill(jobs: int = 2000, *, largest: int = 256, seed: int = 1) -> list[QueuedJob]:
    """Return a queue: nodes log-uniform from 1 to `largest`, durations from 64 s to 24 h.

    Equal arguments give equal queues.
    """
    chance = random.Random(seed)
    return [
        QueuedJob(
            nodes=round(_log_uniform(chance, 1, largest)),
            duration=round(_log_uniform(chance, 64, DAY)),
        )
        for _ in range(jobs)
    ]


def queued_request(job: QueuedJob, system: str, *, exclusive: bool) -> Jobspec:
    """Return the jobspec of a queued job: whole nodes (`backfillx`), or slots of a node."""
    part = "socket" if has_sockets(system) else "core"
    shape = f"node={job.nodes}{{x}}/slot=1/{part}=1" if exclusive else f"slot={job.nodes}/node=1"
    return Jobspec.from_shape(shape, duration=job.duration)


def many_shapes(system: str) -> list[Jobspec]:
    """Return 64 requests of different shapes: 32 of cores, 16 with a GPU, 16 of whole nodes."""
    part = "socket" if has_sockets(system) else "core"
    shapes = [f"slot=1/core={n}" for n in range(1, 33)]
    shapes += [f"slot=1/[core={n};gpu=1]" for n in range(1, 17)]
    shapes += [f"node={n}{{x}}/slot=1/{part}=1" for n in range(1, 17)]
    return [Jobspec.from_shape(shape, duration=HOUR) for shape in shapes]


def _log_uniform(chance: random.Random, low: float, high: float) -> float:
    return math.exp(chance.uniform(math.log(low), math.log(high)))
