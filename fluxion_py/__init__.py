"""Graph-based resource scheduling: where does a job fit, now or later.

A `ResourceGraph` says what a machine has, a `Jobspec` what a job needs, a `Matcher` where it goes:

    from fluxion_py import Jobspec, Matcher, ResourceGraph

    matcher = Matcher(ResourceGraph.from_file("elk.json"), policy="low")
    allocation = matcher.allocate(Jobspec.from_shape("rack=2/slot=3/node"))
    allocation.nodes        # Hostlist('elk[0-2,10-12]')
    matcher.cancel(allocation.id)

Names come from their modules at first use, so that the import is quick.
"""

from importlib import import_module

TYPE_CHECKING = False  # true for type checkers; importing typing would take most of the time

if TYPE_CHECKING:
    from fluxion_py.allocation import Allocation
    from fluxion_py.errors import (
        Busy,
        FluxionError,
        GraphError,
        InputError,
        JobspecError,
        PolicyError,
        UnknownJobError,
        Unsatisfiable,
    )
    from fluxion_py.graph.resource_graph import ResourceGraph
    from fluxion_py.graph.vertex import Vertex
    from fluxion_py.hostlist import Hostlist
    from fluxion_py.idset import IDset
    from fluxion_py.instances.instance import Instance
    from fluxion_py.jobspec.model import Count, Jobspec, Resource, Task
    from fluxion_py.match.explain import Explanation
    from fluxion_py.match.matcher import Matcher
    from fluxion_py.match.policy import Policy
    from fluxion_py.placement import TaskPlacement
    from fluxion_py.planner import Planner
    from fluxion_py.queues.queue import Queue
    from fluxion_py.simulation.simulation import Simulation

_HOME = {
    "Allocation": "allocation",
    "Busy": "errors",
    "Count": "jobspec.model",
    "Explanation": "match.explain",
    "FluxionError": "errors",
    "GraphError": "errors",
    "Hostlist": "hostlist",
    "IDset": "idset",
    "InputError": "errors",
    "Instance": "instances.instance",
    "Jobspec": "jobspec.model",
    "JobspecError": "errors",
    "Matcher": "match.matcher",
    "Planner": "planner",
    "Policy": "match.policy",
    "PolicyError": "errors",
    "Queue": "queues.queue",
    "Resource": "jobspec.model",
    "ResourceGraph": "graph.resource_graph",
    "Simulation": "simulation.simulation",
    "Task": "jobspec.model",
    "TaskPlacement": "placement",
    "UnknownJobError": "errors",
    "Unsatisfiable": "errors",
    "Vertex": "graph.vertex",
}

__all__ = [
    "Allocation",
    "Busy",
    "Count",
    "Explanation",
    "FluxionError",
    "GraphError",
    "Hostlist",
    "IDset",
    "InputError",
    "Instance",
    "Jobspec",
    "JobspecError",
    "Matcher",
    "Planner",
    "Policy",
    "PolicyError",
    "Queue",
    "Resource",
    "ResourceGraph",
    "Simulation",
    "Task",
    "TaskPlacement",
    "UnknownJobError",
    "Unsatisfiable",
    "Vertex",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
