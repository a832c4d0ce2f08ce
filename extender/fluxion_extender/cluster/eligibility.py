"""Which nodes a class of pods may be on, as a property of the nodes that constraints name."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fluxion_extender.cluster.graph import ClusterGraph
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import PodSpec
from fluxion_extender.pods.predicates import admits

MAX_KINDS = 512
"""Kinds of pods, by selectors and tolerations, that are kept at the same time."""


class Eligibility:
    """The kinds of pods that there are, and for each the nodes whose labels and taints let it in.

    A node that changes is judged again for every kind; nothing else is ever computed twice.
    """

    def __init__(self, graph: ClusterGraph) -> None:
        self._graph = graph
        self._nodes: dict[str, Node] = {}
        self._kinds: dict[bytes, tuple[str, PodSpec]] = {}
        self._admitted: dict[str, set[str]] = {}
        self._last = 0
        self._last_veto = 0

    def kind(self, spec: PodSpec) -> str:
        """Return the property that the nodes for such a pod have."""
        signature = _ENCODER.encode(
            (spec.node_selector, spec.affinity and spec.affinity.node_affinity, spec.tolerations)
        )
        found = self._kinds.get(signature)
        if found is None:
            if len(self._kinds) >= MAX_KINDS:
                self._drop(next(iter(self._kinds)))
            self._last += 1
            found = self._kinds[signature] = (f"takes-{self._last}", spec)
            self._admitted[found[0]] = set()
            for node in self._nodes.values():
                self._judge(node, *found)
        return found[0]

    def admitted(self, spec: PodSpec) -> set[str]:
        """Return the names of the nodes that let such a pod in."""
        return self._admitted[self.kind(spec)]

    def constraints(self, spec: PodSpec, *more: str) -> Mapping[str, Any]:
        """Return the constraint of a class; `more` are properties, or ^properties."""
        return {"properties": [self.kind(spec), *more]}

    def node_changed(self, node: Node) -> bool:
        """Judge a node that came or changed; return whether some kind may now go there."""
        self._nodes[node.metadata.name] = node
        opened = False
        for name, spec in self._kinds.values():
            opened |= self._judge(node, name, spec)
        return opened

    def node_gone(self, name: str) -> None:
        """Forget a node."""
        self._nodes.pop(name, None)
        for names in self._admitted.values():
            names.discard(name)

    def restore_marks(self, name: str) -> None:
        """Set the properties of a node whose vertex was made anew."""
        for key, names in self._admitted.items():
            if name in names:
                self._graph.mark(name, key, True)

    def new_veto(self) -> str:
        """Return a property by which a group marks the nodes that it may not have."""
        self._last_veto += 1
        return f"veto-{self._last_veto}"

    def mark(self, names: Iterable[str], key: str, there: bool) -> None:
        """Set or remove a property of those nodes that are there."""
        for name in names:
            if name in self._graph.nodes:
                self._graph.mark(name, key, there)

    def _judge(self, node: Node, key: str, spec: PodSpec) -> bool:
        """Say whether a kind of pods was let in that was not before."""
        name = node.metadata.name
        before, now = name in self._admitted[key], admits(node, spec)
        if before != now:
            (self._admitted[key].add if now else self._admitted[key].discard)(name)
            if name in self._graph.nodes:
                self._graph.mark(name, key, now)
        return now and not before

    def _drop(self, signature: bytes) -> None:
        key, _ = self._kinds.pop(signature)
        self.mark(self._admitted.pop(key), key, False)


_ENCODER = msgspec.json.Encoder(order="sorted")
