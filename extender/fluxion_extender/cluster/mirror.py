"""Nodes, pods and owners as the API server has them, brought into the graph and the ledger."""

from collections.abc import Mapping, Sequence

from fluxion_extender.cluster.eligibility import Eligibility
from fluxion_extender.cluster.graph import ClusterGraph
from fluxion_extender.cluster.ledger import Charge, Ledger
from fluxion_extender.cluster.levels import Level, place_of
from fluxion_extender.objects.node import Node
from fluxion_extender.pods.predicates import takes_pods
from fluxion_extender.pods.requests import Amounts, add
from fluxion_extender.quantities import amounts


class Mirror:
    """What the cluster has and what is taken. All methods may be repeated without harm.

    A node that is deleted takes nothing more at once, and leaves the graph with its last pod.
    """

    def __init__(self, levels: Sequence[Level] = (), policy: str = "low") -> None:
        self.graph = ClusterGraph(levels, policy)
        self.ledger = Ledger()
        self.eligibility = Eligibility(self.graph)
        self.nodes: dict[str, Node] = {}
        self.suspicious: dict[str, float] = {}
        self.totals: Amounts = {}
        self._charges_on: dict[str, int] = {}

    # ---- nodes ----

    def node_seen(self, node: Node) -> list[str]:
        """Take in a node as it is now; return the nodes whose vertices were made anew.

        What is booked on those has to be booked again.
        """
        name = node.metadata.name
        before = self.nodes.get(name)
        if before is not None and before == node:
            return []
        self.nodes[name] = node
        labels = node.metadata.labels or {}
        self._set_allocatable(name, amounts(node.status.allocatable))
        vertex = self.graph.nodes.get(name)
        again = [each.name for each in self.graph.use_levels(labels) if each.name != name]
        for other in again:
            self.remake(other)
        if vertex is not None and vertex.place != place_of(labels, self.graph.levels):
            self.graph.remove_node(name)
            vertex = None
            again.append(name)
        if vertex is None:
            self.graph.add_node(name, labels, self._sizes(name), up=self._up(name))
            self.eligibility.restore_marks(name)
        else:
            self.graph.resize(name, self._sizes(name))
            self.graph.set_up(name, self._up(name))
        if self.eligibility.node_changed(node):
            self.graph.changes += 1
        return again

    def remake(self, name: str) -> None:
        """Make the vertex of a node anew, where its labels say; it has to be booked on again."""
        node = self.nodes.get(name)
        self.graph.remove_node(name)
        labels = node.metadata.labels or {} if node is not None else {}
        self.graph.add_node(name, labels, self._sizes(name), up=self._up(name))
        self.eligibility.restore_marks(name)

    def node_gone(self, name: str) -> None:
        """Take nothing more on a node that was deleted."""
        if self.nodes.pop(name, None) is None:
            return
        self.eligibility.node_gone(name)
        if name in self.graph.nodes:
            self.graph.set_up(name, False)
        self._set_allocatable(name, {})
        self._forget_if_empty(name)

    def suspect(self, name: str, until: float) -> None:
        """Give a node nothing for a while: its kubelet refused a pod that should have fitted."""
        self.suspicious[name] = max(until, self.suspicious.get(name, 0))
        if name in self.graph.nodes:
            self.graph.set_up(name, self._up(name))

    def trust(self, now: float) -> None:
        """Let the suspicion of nodes end."""
        for name in [name for name, until in self.suspicious.items() if until <= now]:
            del self.suspicious[name]
            if name in self.graph.nodes:
                self.graph.set_up(name, self._up(name))

    def usable(self, name: str) -> bool:
        """Say whether a node is there and takes pods."""
        return name in self.nodes and self._up(name)

    def _set_allocatable(self, name: str, found: Amounts) -> None:
        book = self.ledger.book(name)
        add(self.totals, book.allocatable, -1)
        add(self.totals, found)
        book.allocatable = found

    def _up(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and name not in self.suspicious and takes_pods(node)

    def _sizes(self, name: str) -> Amounts:
        """Return what is there for us: what a node has less what strangers occupy."""
        book = self.ledger.book(name)
        return {
            resource: max(0, number - book.foreign.get(resource, 0))
            for resource, number in book.allocatable.items()
        }

    def _forget_if_empty(self, name: str) -> None:
        if name in self.nodes or self._charges_on.get(name):
            return
        self.ledger.nodes.pop(name, None)
        if name in self.graph.nodes:
            self.graph.remove_node(name)

    # ---- what is taken ----

    def charge(self, key: str, node: str, request: Mapping[str, int], *, ours: bool) -> None:
        """Enter what a pod, or the place of one, takes; nothing happens if it is known."""
        entry = Charge(node, request, ours)
        before = self.ledger.charges.get(key)
        if before == entry:
            return
        self.ledger.charge(key, entry)
        if before is not None:
            self._count(before, -1)
        self._count(entry, 1)

    def discharge(self, key: str) -> None:
        """Take out what was entered under a key, if anything was."""
        charge = self.ledger.discharge(key)
        if charge is not None:
            self._count(charge, -1)

    def _count(self, charge: Charge, by: int) -> None:
        node = charge.node
        self._charges_on[node] = self._charges_on.get(node, 0) + by
        if not charge.ours and node in self.graph.nodes:
            self.graph.resize(node, self._sizes(node))
        if by < 0:
            self._forget_if_empty(node)
