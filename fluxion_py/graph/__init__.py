"""What the machine is: vertices, edges per subsystem, paths, and the invariants they keep."""

from fluxion_py.graph.resource_graph import InvalidGraphError, NoVertexError, ResourceGraph
from fluxion_py.graph.vertex import Vertex

__all__ = ["InvalidGraphError", "NoVertexError", "ResourceGraph", "Vertex"]
