"""What the service must be allowed to do in a cluster: asked by `fluence doctor`, granted by RBAC.

`extender/deploy/rbac.yaml` grants exactly these; a test compares them.
"""

from typing import NamedTuple

FOLLOW = ("list", "watch")


class Right(NamedTuple):
    """Verbs on one resource. `crd`: the resource exists only where its operator is installed.

    `namespace`: asked for and granted only in the service's own namespace.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    crd: bool = False
    namespaced: bool = False

    @property
    def name(self) -> str:
        """The name as kubectl has it: `jobs.batch`."""
        resource, _, part = self.resource.partition("/")
        name = f"{resource}.{self.group}" if self.group else resource
        return f"{name}/{part}" if part else name


RIGHTS = (
    Right("", "nodes", FOLLOW),
    Right("", "pods", ("get", *FOLLOW, "patch", "delete")),
    Right("", "configmaps", ("get",)),
    Right("", "pods/binding", ("create",)),
    Right("", "events", ("create",)),
    Right("apps", "daemonsets", FOLLOW),
    Right("batch", "jobs", (*FOLLOW, "patch")),
    Right("scheduling.x-k8s.io", "podgroups", (*FOLLOW, "patch"), crd=True),
    Right("jobset.x-k8s.io", "jobsets", (*FOLLOW, "patch"), crd=True),
    Right("leaderworkerset.x-k8s.io", "leaderworkersets", (*FOLLOW, "patch"), crd=True),
    Right("kubeflow.org", "mpijobs", (*FOLLOW, "patch"), crd=True),
    Right("coordination.k8s.io", "leases", ("get", "create", "update"), namespaced=True),
)
