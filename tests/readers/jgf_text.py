"""Small JGF texts for tests."""

import json
from typing import Any

Json = dict[str, Any]


def vertex(identity: int, kind: str, path: str, **metadata: object) -> Json:
    """Return one entry of `graph.nodes` with a containment path."""
    return {
        "id": str(identity),
        "metadata": {"type": kind, "paths": {"containment": path}, **metadata},
    }


def edge(source: int, target: int, **metadata: object) -> Json:
    """Return one entry of `graph.edges`."""
    found: Json = {"source": str(source), "target": str(target)}
    return {**found, "metadata": metadata} if metadata else found


def jgf(nodes: list[Json], edges: list[Json], **top: object) -> str:
    """Return a JGF text."""
    return json.dumps({"graph": {"nodes": nodes, "edges": edges}, **top})


def machine(nodes: int = 2, cores: int = 2) -> tuple[list[Json], list[Json]]:
    """Return nodes and edges of cluster c0 with nodes and cores, ranks on both."""
    vertices, edges = [vertex(0, "cluster", "/c0", basename="c", id=0)], []
    for node in range(nodes):
        at = len(vertices)
        vertices.append(vertex(at, "node", f"/c0/node{node}", id=node, rank=node))
        edges.append(edge(0, at))
        for core in range(cores):
            path = f"/c0/node{node}/core{core}"
            vertices.append(vertex(len(vertices), "core", path, id=core, rank=node))
            edges.append(edge(at, len(vertices) - 1))
    return vertices, edges
