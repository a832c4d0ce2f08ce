"""Machines and requests that several tests of the library use."""

from pathlib import Path

from fluxion_py import Jobspec, ResourceGraph
from tests.conftest import ROOT

RESOURCES = ROOT / "resources"
EXAMPLES = ROOT / "jobspec" / "examples"


def elk() -> ResourceGraph:
    """4 racks, 10 nodes each, 2 sockets, 18 cores: the machine of the slides."""
    return ResourceGraph.from_file(RESOURCES / "elk.yaml")


def tiny() -> ResourceGraph:
    """1 rack, 2 nodes, 2 sockets; 4 cores, 1 gpu and 2 memory pools of 8 GB per socket."""
    return ResourceGraph.from_file(RESOURCES / "tiny.yaml")


def recipe(contains: dict[str, object], cluster: str = "c") -> ResourceGraph:
    """A machine of a recipe."""
    return ResourceGraph.from_recipe({"version": 1, "cluster": cluster, "contains": contains})


def nodes(count: int = 4, cores: int = 4) -> ResourceGraph:
    """Nodes directly below the root, cores directly below nodes."""
    return recipe({"node": {"count": count, "contains": {"core": cores}}})


def example(name: str) -> Path:
    """The path of a jobspec of the gallery."""
    return EXAMPLES / name


def slide() -> Jobspec:
    """The request of the slides: 2 racks, 3 whole nodes in each, for an hour."""
    return Jobspec.from_file(example("slide.yaml"))


def shape(text: str, duration: float = 100) -> Jobspec:
    """A request in one line, for 100 seconds unless told."""
    return Jobspec.from_shape(text, duration=duration)
