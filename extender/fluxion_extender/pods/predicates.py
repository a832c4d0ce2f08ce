"""On which nodes a pod may be: selectors, required node affinity, taints (fluence-design.md B.11).

These are the rules that a plan for pods which do not exist yet must know; kube-scheduler decides
on these and on everything else once more. Pure functions of specs.
"""

from collections.abc import Mapping, Sequence

from fluxion_extender.objects.node import Node, Taint
from fluxion_extender.objects.pod import NodeTerm, PodSpec, Requirement, Toleration

NO_SCHEDULE = ("NoSchedule", "NoExecute")
DOOMED_TAINTS = frozenset(
    {"ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler"}
)
"""Taints of a node that will go soon: nothing new is planned there, whatever is tolerated."""
UNSCHEDULABLE_TAINT = Taint("node.kubernetes.io/unschedulable", "NoSchedule")


def takes_pods(node: Node) -> bool:
    """Say whether a node takes new pods at all: ready, and not about to be deleted."""
    if not node.ready or node.metadata.deletion_timestamp is not None:
        return False
    return not any(taint.key in DOOMED_TAINTS for taint in node.spec.taints or ())


def admits(node: Node, spec: PodSpec, tolerations: Sequence[Toleration] | None = None) -> bool:
    """Say whether a node's labels and taints let a pod in, whatever is free there.

    `tolerations` are instead of those of the pod's spec.
    """
    labels = node.metadata.labels or {}
    for key, value in (spec.node_selector or {}).items():
        if labels.get(key) != value:
            return False
    if not _affine(node.metadata.name, labels, spec):
        return False
    taints = [taint for taint in node.spec.taints or () if taint.effect in NO_SCHEDULE]
    if node.spec.unschedulable and not any(t.key == UNSCHEDULABLE_TAINT.key for t in taints):
        taints.append(UNSCHEDULABLE_TAINT)
    if tolerations is None:
        tolerations = spec.tolerations or ()
    return all(tolerates(tolerations, taint) for taint in taints)


def tolerates(tolerations: Sequence[Toleration], taint: Taint) -> bool:
    """Say whether one of some tolerations covers a taint."""
    return any(_covers(toleration, taint) for toleration in tolerations)


def _covers(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return bool(toleration.key) and (toleration.value or "") == (taint.value or "")


def _affine(name: str, labels: Mapping[str, str], spec: PodSpec) -> bool:
    affinity = spec.affinity and spec.affinity.node_affinity
    required = affinity and affinity.required_during_scheduling_ignored_during_execution
    if not required:
        return True
    return any(_holds(name, labels, term) for term in required.node_selector_terms or ())


def _holds(name: str, labels: Mapping[str, str], term: NodeTerm) -> bool:
    """Say whether a term holds; one without any expression never does."""
    if not term.match_expressions and not term.match_fields:
        return False
    fields = {"metadata.name": name}
    return all(_meets(labels, each) for each in term.match_expressions or ()) and all(
        _meets(fields, each) for each in term.match_fields or ()
    )


def _meets(labels: Mapping[str, str], requirement: Requirement) -> bool:
    value = labels.get(requirement.key)
    wanted = requirement.values or []
    match requirement.operator:
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            try:
                difference = int(value or "") - int(wanted[0])
            except (ValueError, IndexError):
                return False
            return difference > 0 if requirement.operator == "Gt" else difference < 0
        case _:
            return False


def only_needs_room(spec: PodSpec) -> bool:
    """Say whether nothing but amounts, labels and taints decides about a pod.

    Then it may be bound without kube-scheduler's Reserve and PreBind: no volume claims, devices,
    host ports, affinity to pods or spread constraints.
    """
    if spec.resource_claims or spec.topology_spread_constraints:
        return False
    if spec.affinity and (spec.affinity.pod_affinity or spec.affinity.pod_anti_affinity):
        return False
    if any(v.persistent_volume_claim or v.ephemeral or v.csi for v in spec.volumes or ()):
        return False
    containers = [*spec.containers, *(spec.init_containers or ())]
    if any(port.host_port for each in containers for port in each.ports or ()):
        return False
    return not any(each.resources and each.resources.claims for each in containers)
