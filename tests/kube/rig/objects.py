"""Nodes, pods and jobs as the API takes them."""

from collections.abc import Mapping

from tests.kube.rig.api import Json

SCHEDULER = "fluence"


def node(
    name: str,
    cpu: str = "8",
    memory: str = "32Gi",
    pods: str = "110",
    labels: Mapping[str, str] | None = None,
    extended: Mapping[str, str] | None = None,
) -> Json:
    """Return a node that is ready. There is no kubelet: what it says of itself stays as it is."""
    amounts = {"cpu": cpu, "memory": memory, "pods": pods, "ephemeral-storage": "100Gi"}
    amounts.update(extended or {})
    ready = {"type": "Ready", "status": "True", "reason": "Rig", "message": "ready"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "status": {"capacity": amounts, "allocatable": amounts, "conditions": [ready]},
    }


def container(cpu: str = "1", memory: str = "1Gi", **others: object) -> Json:
    """Return a container with these requests; `others` are members of the container."""
    requests = {"cpu": cpu, "memory": memory}
    return {"name": "main", "image": "none", "resources": {"requests": requests}, **others}


def pod(
    name: str,
    cpu: str = "1",
    memory: str = "1Gi",
    scheduler: str = SCHEDULER,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: object,
) -> Json:
    """Return a pod of one container; `spec` has further members of its spec."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": dict(labels or {}),
            "annotations": dict(annotations or {}),
        },
        "spec": {
            "schedulerName": scheduler,
            "restartPolicy": "Never",
            "containers": [container(cpu, memory)],
            **spec,
        },
    }


def job(
    name: str,
    size: int,
    cpu: str = "1",
    memory: str = "1Gi",
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    scheduler: str = SCHEDULER,
    **spec: object,
) -> Json:
    """Return an Indexed Job of `size` pods at once; annotations and labels go on the pods."""
    template = pod("", cpu, memory, scheduler, labels, annotations)
    del template["apiVersion"], template["kind"], template["metadata"]["name"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "completionMode": "Indexed",
            "parallelism": size,
            "completions": size,
            "backoffLimit": 1000,
            "template": template,
            **spec,
        },
    }
