"""Kinds of objects that operators bring: definitions without a schema, and their objects.

No operator runs: a test creates the Jobs and pods of an object as its controller would.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from tests.kube.rig.api import ApiError, Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.processes import wait_until

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Kind(NamedTuple):
    """A kind of custom objects."""

    name: str
    plural: str
    group: str
    version: str

    @property
    def path(self) -> str:
        """The path of those of the namespace `default`."""
        return f"/apis/{self.group}/{self.version}/namespaces/default/{self.plural}"


JOB_SET = Kind("JobSet", "jobsets", "jobset.x-k8s.io", "v1alpha2")
LEADER_WORKER_SET = Kind("LeaderWorkerSet", "leaderworkersets", "leaderworkerset.x-k8s.io", "v1")
MPI_JOB = Kind("MPIJob", "mpijobs", "kubeflow.org", "v2beta1")
MINI_CLUSTER = Kind("MiniCluster", "miniclusters", "flux-framework.org", "v1alpha2")
POD_GROUP = Kind("PodGroup", "podgroups", "scheduling.x-k8s.io", "v1alpha1")
KINDS = (JOB_SET, LEADER_WORKER_SET, MPI_JOB, MINI_CLUSTER, POD_GROUP)


def define_kinds(plane: ControlPlane) -> None:
    """Create all definitions, as far as they are not there, and wait until they are served."""
    for kind in KINDS:
        with suppress(ApiError):  # a test before this one has
            plane.api.create(DEFINITIONS, _definition(kind))
    wait_until(lambda: all(_is_served(plane, kind) for kind in KINDS), "all kinds are served")


def _is_served(plane: ControlPlane, kind: Kind) -> bool:
    with suppress(ApiError):
        plane.api.items(kind.path)
        return True
    return False


def _definition(kind: Kind) -> Json:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    # The API server keeps *.k8s.io for kinds that it has approved.
    approved = {"api-approved.kubernetes.io": "unapproved, a test"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "annotations": approved},
        "spec": {
            "group": kind.group,
            "scope": "Namespaced",
            "names": {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower()},
            "versions": [version],
        },
    }


def create_custom(
    plane: ControlPlane,
    kind: Kind,
    name: str,
    spec: Json,
    annotations: Mapping[str, str] | None = None,
) -> Json:
    """Create an object; return it as the API server has it."""
    body = {
        "apiVersion": f"{kind.group}/{kind.version}",
        "kind": kind.name,
        "metadata": {"name": name, "annotations": dict(annotations or {})},
        "spec": spec,
    }
    return plane.api.create(kind.path, body)


def owned(child: Json, owner: Json) -> Json:
    """Return an object with a controller."""
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    return {**child, "metadata": {**child["metadata"], "ownerReferences": [reference]}}
