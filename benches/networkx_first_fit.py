"""The scheduler that one writes in an afternoon: first fit over a networkx graph.

A depth-first walk from the root, children in the order of the graph, that takes the first free
vertices it meets; marks of who holds what are attributes of the vertices. The baseline of the
ratios, and no more than that: no time, no policies, no filters.
"""

import networkx as nx

from fluxion_py import ResourceGraph


class NetworkxFirstFit:
    """First fit at now: `cores` of one socket, or whole `nodes`."""

    def __init__(self, graph: ResourceGraph) -> None:
        self._tree: nx.DiGraph[str] = graph.to_networkx()
        self._root = next(name for name, degree in self._tree.in_degree() if degree == 0)
        self._held: dict[int, list[str]] = {}
        for _, vertex in self._tree.nodes(data=True):
            vertex["job"] = 0

    def allocate_cores(self, jobid: int, count: int) -> bool:
        """Give a job free cores, wherever the walk finds them first; False if there are too few."""
        free: list[str] = []
        for name in nx.dfs_preorder_nodes(self._tree, self._root):
            vertex = self._tree.nodes[name]
            if vertex["type"] == "core" and not vertex["job"]:
                free.append(name)
                if len(free) == count:
                    return self._give(jobid, free)
        return False

    def allocate_nodes(self, jobid: int, count: int) -> bool:
        """Give a job nodes on which nothing is taken, whole; False if there are too few."""
        taken: list[str] = []
        found = 0
        for name in nx.dfs_preorder_nodes(self._tree, self._root):
            if self._tree.nodes[name]["type"] != "node":
                continue
            inside = [name, *nx.descendants(self._tree, name)]
            if any(self._tree.nodes[inner]["job"] for inner in inside):
                continue
            taken += inside
            found += 1
            if found == count:
                return self._give(jobid, taken)
        return False

    def cancel(self, jobid: int) -> None:
        """Give back what a job holds."""
        for name in self._held.pop(jobid):
            self._tree.nodes[name]["job"] = 0

    @property
    def jobs(self) -> list[int]:
        """The ids of the jobs that hold something."""
        return sorted(self._held)

    def _give(self, jobid: int, names: list[str]) -> bool:
        for name in names:
            self._tree.nodes[name]["job"] = jobid
        self._held[jobid] = names
        return True
