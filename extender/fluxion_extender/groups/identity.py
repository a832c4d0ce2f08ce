"""To which group a pod belongs, and which place in it is its own (fluence-design.md B.12)."""

from collections.abc import Callable
from dataclasses import dataclass

from fluxion_extender.groups.wishes import collect
from fluxion_extender.objects.meta import Metadata
from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import Job, Workload

JOBSET = "jobset.sigs.k8s.io/"
LWS = "leaderworkerset.sigs.k8s.io/"
MPI = "training.kubeflow.org/"
INDEX = "batch.kubernetes.io/job-completion-index"
POD_GROUP = "scheduling.x-k8s.io/pod-group"
OLD_SIZE = "fluence.group-size"


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of an object, by which the mirror keeps it."""

    kind: str
    namespace: str
    name: str


Lookup = Callable[[Ref], Workload | None]
"""How to find an owner; None while it is not known."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The place of a pod.

    `how` is the rule by which the group was found. `role` names the kind of member, `job` the child
    job, `index` the place in it (-1: any). `size` is the number of members that the pod itself
    names, 0 if it does not. `owner` is where the plan is written; None: on the pods themselves.
    """

    key: str
    how: str
    name: str
    owner: Ref | None = None
    role: str = ""
    job: int = 0
    index: int = -1
    size: int = 0


def identify(pod: Pod, find: Lookup) -> Identity:
    """Return the identity of a pod; a pod of no group is a group of its own, by its UID."""
    for rule in _RULES:
        found = rule(pod, find)
        if found is not None:
            return found
    return Identity(f"pod:{pod.metadata.uid}", "pod", pod.metadata.name)


def job_of(pod: Pod, find: Lookup) -> Job | None:
    """Return the Job that made a pod, if it is known."""
    owner = pod.metadata.controller
    if owner is None or owner.kind != "Job":
        return None
    found = find(Ref("Job", pod.metadata.namespace, owner.name))
    return found if isinstance(found, Job) and found.metadata.uid == owner.uid else None


def _by_annotation(pod: Pod, find: Lookup) -> Identity | None:
    ours = collect(pod.metadata.annotations, pod.metadata.labels)
    name = ours.get("group")
    if not name:
        return None
    return _named(pod, "annotation", name, ours.get("group-size"), None)


def _by_scheduling_group(pod: Pod, find: Lookup) -> Identity | None:
    group = pod.spec.scheduling_group
    if group is None or not group.pod_group_name:
        return None
    owner = Ref("PodGroup", pod.metadata.namespace, group.pod_group_name)
    return _named(pod, "podgroup", group.pod_group_name, None, owner)


def _by_pod_group(pod: Pod, find: Lookup) -> Identity | None:
    name = pod.metadata.label(POD_GROUP)
    if not name:
        return None
    owner = Ref("PodGroup", pod.metadata.namespace, name)
    return _named(pod, "podgroup", name, pod.metadata.label(OLD_SIZE), owner)


def _named(pod: Pod, how: str, name: str, size: str | None, owner: Ref | None) -> Identity:
    number = int(size) if size and size.isdecimal() and len(size) < 7 else 0
    key = f"group:{pod.metadata.namespace}/{name}"
    if owner is None:
        controller = pod.metadata.controller
        if controller is not None and controller.kind == "Job":
            owner = Ref("Job", pod.metadata.namespace, controller.name)
    return Identity(key, how, name, owner, _role(pod), 0, _index(pod.metadata), number)


def _by_jobset(pod: Pod, find: Lookup) -> Identity | None:
    label = pod.metadata.label
    name = label(f"{JOBSET}jobset-name")
    if not name:
        return None
    uid = label(f"{JOBSET}jobset-uid") or name
    attempt = label(f"{JOBSET}restart-attempt") or "0"
    return Identity(
        f"jobset:{pod.metadata.namespace}/{uid}/{attempt}",
        "jobset",
        name,
        Ref("JobSet", pod.metadata.namespace, name),
        label(f"{JOBSET}replicatedjob-name") or "",
        _number(label(f"{JOBSET}job-index"), 0),
        _index(pod.metadata),
    )


def _by_leader_worker_set(pod: Pod, find: Lookup) -> Identity | None:
    label = pod.metadata.label
    name, group = label(f"{LWS}name"), label(f"{LWS}group-index")
    if not name or group is None:
        return None
    index = _number(label(f"{LWS}worker-index"), 0)
    size = _number(pod.metadata.annotation(f"{LWS}size"), 0)
    owner = Ref("LeaderWorkerSet", pod.metadata.namespace, name)
    key = f"lws:{pod.metadata.namespace}/{name}/{group}/{label(f'{LWS}group-key') or ''}"
    role = "leader" if index == 0 else "worker"
    # The leader has place 0; workers are numbered from 1 in the group and from 0 in their role.
    return Identity(key, "lws", f"{name}-{group}", owner, role, 0, max(0, index - 1), size)


def _by_mpi_job(pod: Pod, find: Lookup) -> Identity | None:
    label = pod.metadata.label
    name = label(f"{MPI}job-name")
    role = (label(f"{MPI}job-role") or label(f"{MPI}replica-type") or "").lower()
    if not name or role not in ("launcher", "worker"):
        return None
    owner = Ref("MPIJob", pod.metadata.namespace, name)
    index = _number(label(f"{MPI}replica-index"), -1)
    return Identity(
        f"mpijob:{pod.metadata.namespace}/{name}", "mpijob", name, owner, role, 0, index
    )


def _by_job(pod: Pod, find: Lookup) -> Identity | None:
    """Take an Indexed Job as a gang; another one only if it says so."""
    controller = pod.metadata.controller
    if controller is None or controller.kind != "Job":
        return None
    owner = Ref("Job", pod.metadata.namespace, controller.name)
    job = job_of(pod, find)
    policy = collect(pod.metadata.annotations, job.metadata.annotations if job else None).get(
        "policy", ""
    )
    if policy == "independent":
        return None
    index = _index(pod.metadata)
    if index < 0 and not policy:
        return None
    return Identity(f"job:{controller.uid}", "job", controller.name, owner, "", 0, index)


_RULES = (
    _by_annotation,
    _by_scheduling_group,
    _by_pod_group,
    _by_jobset,
    _by_leader_worker_set,
    _by_mpi_job,
    _by_job,
)


def _index(metadata: Metadata) -> int:
    return _number(metadata.annotation(INDEX) or metadata.label(INDEX), -1)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else otherwise


def _role(pod: Pod) -> str:
    """Return what tells the members of a named group apart: the Job of each, if it has one."""
    owner = pod.metadata.controller
    return owner.name if owner is not None and owner.kind == "Job" else ""
