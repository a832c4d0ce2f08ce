"""The machine of a simulation: a file, a graph, or just so many processors."""

import hashlib
from dataclasses import dataclass
from os import PathLike, fspath, path

from fluxion_py.errors import InputError
from fluxion_py.graph.resource_graph import ResourceGraph
from fluxion_py.jobspec.model import Count, Jobspec, Resource
from fluxion_py.simulation.trace import Trace, TraceJob

MAX_PROCESSORS = 5_000_000
"""The most processors of a machine given by a number."""

UNITS = ("core", "node")
"""What the size of a job may count."""


@dataclass(frozen=True)
class Machine:
    """A machine that is read or built when a simulation begins, so that it can go to a process.

    `digest` is the SHA-256 of the file, "" for a number of processors.
    """

    name: str
    file: str = ""
    processors: int = 0
    digest: str = ""

    @classmethod
    def from_file(cls, file: str | PathLike[str]) -> "Machine":
        """Return the machine of a graph file in any format. Raises `OSError`."""
        text = fspath(file)
        with open(text, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(path.splitext(path.basename(text))[0], text, digest=digest)

    @classmethod
    def from_processors(cls, count: int) -> "Machine":
        """Return a machine of equal processors and nothing else. Raises `InputError`."""
        if not 1 <= count <= MAX_PROCESSORS:
            raise InputError(f"{count} processors", hint=f"1 to {MAX_PROCESSORS}")
        return cls(f"{count}-processors", processors=count)

    def graph(self) -> ResourceGraph:
        """Build it, or read its file. Raises `GraphError`, `OSError`.

        Processors are `core` vertices right below the cluster: nothing in between has to be looked
        at or recorded for a job.
        """
        if self.file:
            return ResourceGraph.from_file(self.file)
        recipe = {"version": 1, "cluster": "machine", "contains": {"core": self.processors}}
        return ResourceGraph.from_recipe(recipe)


def choose_unit(graph: ResourceGraph, trace: Trace) -> str:
    """Return what the sizes of a trace count on a machine.

    Nodes if the trace tells them for every job and the machine has some; else cores if it has any.
    Raises `InputError` for a machine with neither.
    """
    counts = graph.counts()
    if "node" in counts and ("core" not in counts or all(job.nodes > 0 for job in trace.jobs)):
        return "node"
    if "core" in counts:
        return "core"
    raise InputError("the machine has neither nodes nor cores", source=graph.source)


def units_of(graph: ResourceGraph, unit: str) -> list[int]:
    """Return the rows of all vertices of a type. Raises `InputError` if there is none."""
    rows = graph.flat.rows_of_type(unit)
    if not rows:
        raise InputError(f"the machine has no {unit}", source=graph.source)
    return rows


def size_of(job: TraceJob, unit: str) -> int:
    """Return how many units a job asks for; the other number if that is all the trace tells."""
    if unit == "node":
        return job.nodes or job.processors
    return job.processors or job.nodes


def jobspec_of(size: int, unit: str, limit: int) -> Jobspec:
    """Return the request for some units, each whole, for some seconds."""
    inner = Resource(unit, Count(1, 1))
    slot = Resource("slot", Count(size, size), (inner,), label="default")
    return Jobspec(1, (slot,), duration=limit)
