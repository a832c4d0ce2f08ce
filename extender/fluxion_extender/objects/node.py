"""Nodes."""

import msgspec

from fluxion_extender.objects.meta import Metadata, Struct
from fluxion_extender.objects.pod import Quantities


class Taint(Struct):
    """A taint."""

    key: str
    effect: str
    value: str | None = None


class NodeSpec(Struct):
    """What an administrator says of a node."""

    unschedulable: bool | None = None
    taints: list[Taint] | None = None


class Condition(Struct):
    """One condition of a node."""

    type: str
    status: str


class NodeStatus(Struct):
    """What the kubelet says of a node."""

    allocatable: Quantities | None = None
    capacity: Quantities | None = None
    conditions: list[Condition] | None = None


class Node(Struct):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)

    @property
    def ready(self) -> bool:
        """Whether the kubelet says so; a node without the condition counts as ready."""
        for condition in self.status.conditions or ():
            if condition.type == "Ready":
                return condition.status == "True"
        return True
