"""The kinds of objects that are watched, and their paths in the API."""

from dataclasses import dataclass

from fluxion_extender.groups.identity import Ref
from fluxion_extender.objects.meta import Struct
from fluxion_extender.objects.node import Node
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import (
    ConfigMap,
    DaemonSet,
    Job,
    JobSet,
    LeaderWorkerSet,
    MPIJob,
    PodGroup,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of objects; an `optional` one need not be known to the API server."""

    kind: str
    prefix: str
    plural: str
    type: type[Struct]
    optional: bool = False

    @property
    def path(self) -> str:
        """The path of all of them."""
        return f"{self.prefix}/{self.plural}"

    def object(self, namespace: str, name: str) -> str:
        """Return the path of one."""
        return f"{self.prefix}/namespaces/{namespace}/{self.plural}/{name}"


NODES = Resource("Node", "/api/v1", "nodes", Node)
PODS = Resource("Pod", "/api/v1", "pods", Pod)
DAEMON_SETS = Resource("DaemonSet", "/apis/apps/v1", "daemonsets", DaemonSet, True)
WORKLOADS = (
    Resource("Job", "/apis/batch/v1", "jobs", Job),
    Resource("PodGroup", "/apis/scheduling.x-k8s.io/v1alpha1", "podgroups", PodGroup, True),
    Resource("JobSet", "/apis/jobset.x-k8s.io/v1alpha2", "jobsets", JobSet, True),
    Resource(
        "LeaderWorkerSet", "/apis/leaderworkerset.x-k8s.io/v1", "leaderworkersets",
        LeaderWorkerSet, True,
    ),
    Resource("MPIJob", "/apis/kubeflow.org/v2beta1", "mpijobs", MPIJob, True),
)  # fmt: skip
CONFIG_MAPS = Resource("ConfigMap", "/api/v1", "configmaps", ConfigMap)
BY_KIND = {resource.kind: resource for resource in (NODES, PODS, CONFIG_MAPS, *WORKLOADS)}


def path_of(ref: Ref) -> str:
    """Return the path of an owner."""
    return BY_KIND[ref.kind].object(ref.namespace, ref.name)
