"""What the machine is: vertices, edges per subsystem, paths, and the invariants they keep."""

from fluxion_py.graph.resource_graph import InvalidGraphError, ResourceGraph
from fluxion_py.graph.vertex import Vertex

__all__ = ["InvalidGraphError", "ResourceGraph", "Vertex"]
