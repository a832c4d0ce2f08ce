"""Pods and pod templates."""

from typing import Any

import msgspec

from fluxion_extender.objects.meta import Metadata, Struct

Quantities = dict[str, str | int | float]


class Resources(Struct):
    """Requests and limits of a container or a pod."""

    requests: Quantities | None = None
    limits: Quantities | None = None
    claims: list[Any] | None = None


class Port(Struct):
    """A port of a container."""

    host_port: int | None = None


class Container(Struct):
    """A container or an init container."""

    name: str = ""
    resources: Resources | None = None
    restart_policy: str | None = None
    ports: list[Port] | None = None


class Toleration(Struct):
    """One toleration of taints."""

    key: str | None = None
    operator: str | None = None
    value: str | None = None
    effect: str | None = None


class Requirement(Struct):
    """One expression on labels or fields of a node."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeTerm(Struct):
    """Expressions that must all hold."""

    match_expressions: list[Requirement] | None = None
    match_fields: list[Requirement] | None = None


class NodeSelector(Struct):
    """Terms of which one must hold."""

    node_selector_terms: list[NodeTerm] | None = None


class NodeAffinity(Struct):
    """Affinity to nodes; only the required part is read."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(Struct):
    """Affinity; that to pods is kept raw, only its presence counts."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: dict[str, Any] | None = None
    pod_anti_affinity: dict[str, Any] | None = None


class Volume(Struct):
    """A volume; only whether it binds the pod to something."""

    persistent_volume_claim: dict[str, Any] | None = None
    ephemeral: dict[str, Any] | None = None
    csi: dict[str, Any] | None = None


class Gate(Struct):
    """A scheduling gate."""

    name: str


class SchedulingGroup(Struct):
    """The group of Kubernetes 1.36 and later."""

    pod_group_name: str | None = None


class PodSpec(Struct):
    """What a pod asks for."""

    node_name: str | None = None
    scheduler_name: str | None = None
    containers: list[Container] = msgspec.field(default_factory=list)
    init_containers: list[Container] | None = None
    overhead: Quantities | None = None
    resources: Resources | None = None
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    priority: int | None = None
    preemption_policy: str | None = None
    active_deadline_seconds: int | None = None
    scheduling_gates: list[Gate] | None = None
    scheduling_group: SchedulingGroup | None = None
    volumes: list[Volume] | None = None
    resource_claims: list[Any] | None = None
    topology_spread_constraints: list[Any] | None = None


class ContainerStatus(Struct):
    """What a running container has; it may differ from the spec while it is resized."""

    name: str = ""
    allocated_resources: Quantities | None = None
    resources: Resources | None = None


GATED = "SchedulingGated"
"""The reason of a pod that is not to be tried yet."""


class PodCondition(Struct):
    """Something that is true of a pod, or not, and why."""

    type: str = ""
    status: str = ""
    reason: str | None = None


class PodStatus(Struct):
    """How a pod is."""

    phase: str = "Pending"
    reason: str | None = None
    conditions: list[PodCondition] | None = None
    nominated_node_name: str | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(Struct):
    """A pod."""

    metadata: Metadata
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)

    @property
    def key(self) -> str:
        """Namespace and name."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def finished(self) -> bool:
        """Whether it uses nothing any more."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def refused(self) -> bool:
        """Whether kube-scheduler has tried it in vain: it tries again when something happens."""
        return any(
            each.type == "PodScheduled" and each.status == "False" and each.reason != GATED
            for each in self.status.conditions or ()
        )


class PodTemplate(Struct):
    """What a controller makes pods of."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
