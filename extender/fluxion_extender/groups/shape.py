"""The whole of a group, from the specs of its owners: so many pods of such classes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from fluxion_extender.groups.identity import Identity, Lookup, Ref, job_of
from fluxion_extender.groups.wishes import PREFIX, Wishes, collect, parse_wishes
from fluxion_extender.objects.pod import Pod, PodSpec, PodTemplate
from fluxion_extender.objects.workloads import (
    ConfigMap,
    Job,
    JobSet,
    LeaderWorkerSet,
    MPIJob,
    PodGroup,
)
from fluxion_extender.pods.requests import Amounts, effective_request
from fluxion_py.errors import InputError, short

MAX_MEMBERS = 200_000
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class PodClass:
    """Pods of one shape: `jobs` child jobs of `count` pods each; `label` is of a jobspec's slot.

    `role` says which kind of member may take its places ("": any of this shape); `name` is that of
    the class in its group, in plans and bookings.
    """

    role: str
    spec: PodSpec
    request: Amounts
    count: int
    jobs: int = 1
    one_per_node: bool = False
    label: str = ""
    name: str = ""

    @property
    def total(self) -> int:
        """How many pods."""
        return self.count * self.jobs


@dataclass(frozen=True, slots=True)
class Shape:
    """What a group needs to start. `missing` says what is not known yet; then it cannot.

    `wants` is the ConfigMap that has to be read for it.
    """

    classes: tuple[PodClass, ...] = ()
    wishes: Wishes = field(default_factory=Wishes)
    duration: int = 0
    priority: int = 0
    suspended: bool = False
    missing: str = ""
    wants: Ref | None = None

    @property
    def size(self) -> int:
        """How many pods start together."""
        return sum(each.total for each in self.classes)

    @property
    def counts(self) -> dict[str, int]:
        """How many pods of each class, by its name."""
        return {each.name: each.total for each in self.classes}


def shape_of(identity: Identity, members: Sequence[Pod], find: Lookup) -> Shape:
    """Return the shape of a group of which some pods are known. Raises `InputError`.

    The owners' specs count, not the pods that there are: whoever comes first starts the matching
    of the whole (B.2). Only groups of pods without an owner must be complete first.
    """
    pod = members[0]
    job = job_of(pod, find)
    owner = find(identity.owner) if identity.owner is not None else None
    texts = collect(
        pod.metadata.annotations,
        owner.metadata.annotations if owner else None,
        job.metadata.annotations if job else None,
    )
    wishes, wants = with_config_map(parse_wishes(texts), pod.metadata.namespace, find)
    context = _Context(identity, members, find, wishes, texts)
    classes, missing, suspended = _READERS[identity.how](context)
    if sum(each.total for each in classes) > MAX_MEMBERS:
        raise InputError(f"group {identity.name} has too many members", hint=f"up to {MAX_MEMBERS}")
    deadline = pod.spec.active_deadline_seconds or (job and job.spec.active_deadline_seconds) or 0
    return Shape(
        _named_apart(classes),
        wishes,
        wishes.duration or deadline,
        pod.spec.priority or 0,
        suspended,
        missing or (f"ConfigMap {wants.name} is not known yet" if wants is not None else ""),
        wants,
    )


def with_config_map(wishes: Wishes, namespace: str, find: Lookup) -> tuple[Wishes, Ref | None]:
    """Return wishes with the jobspec of a ConfigMap, `configmap:NAME[/KEY]`, in the place of it.

    Without KEY the one text there is. Also returns the ConfigMap while it is not known. Raises
    `InputError` if it has no such text.
    """
    name, colon, rest = (wishes.jobspec or "").partition(":")
    if name != "configmap" or not colon or "\n" in rest:
        return wishes, None
    where = f"{PREFIX}jobspec"
    name, _, key = rest.strip().partition("/")
    if not _NAME.fullmatch(name):
        raise InputError(f"{short(name)} is no ConfigMap", where=where, hint="configmap:NAME[/KEY]")
    ref = Ref("ConfigMap", namespace, name)
    found = find(ref)
    if not isinstance(found, ConfigMap):
        return wishes, ref
    texts = found.data or {}
    if not key and len(texts) != 1:
        what = f"ConfigMap {name} has {len(texts)} texts"
        raise InputError(what, where=where, hint="one, or configmap:NAME/KEY")
    text = texts.get(key) if key else next(iter(texts.values()))
    if text is None:
        raise InputError(f"ConfigMap {name} has no text {short(key)}", where=where)
    return replace(wishes, jobspec=text), None


def _named_apart(classes: Sequence[PodClass]) -> tuple[PodClass, ...]:
    """Return the classes that have pods, each with a name of its own."""
    found: list[PodClass] = []
    for each in classes:
        if each.total:
            known = sum(other.role == each.role for other in found)
            name = f"{each.role}#{known}" if known else each.role
            found.append(replace(each, name=name))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Context:
    identity: Identity
    members: Sequence[Pod]
    find: Lookup
    wishes: Wishes
    texts: Mapping[str, str]

    def make(
        self,
        role: str,
        template: Pod | PodTemplate,
        count: int,
        jobs: int = 1,
    ) -> PodClass:
        """Return the class of a pod or of a template."""
        meta = template.metadata
        own = collect(meta.annotations, meta.labels)
        flag = own.get("one-pod-per-node", self.texts.get("one-pod-per-node"))
        alone = flag == "true" if flag is not None else bool(self.wishes.one_per_node)
        spec = template.spec
        if spec.node_name:  # a bound pod is of the same class as one that waits
            spec = msgspec.structs.replace(spec, node_name=None)
        slot = own.get("slot", "")
        return PodClass(role, spec, effective_request(spec), count, jobs, alone, slot)


_Found = tuple[list[PodClass], str, bool]


def _single(context: _Context) -> _Found:
    return [context.make("", context.members[0], 1)], "", False


def _of_job(context: _Context) -> _Found:
    pod, name = context.members[0], context.identity.name
    job = job_of(pod, context.find)
    if job is None:
        return [], f"Job {name} is not known yet", False
    count = job.size
    least = context.wishes.min_available
    count = min(count, least) if least else count
    made = context.make("", pod, count)
    owner = job.metadata.controller
    if (
        owner is not None
        and owner.kind == "MiniCluster"
        and "one-pod-per-node" not in context.texts
    ):
        made = replace(made, one_per_node=True)
    return [made], "", bool(job.spec.suspend)


def _of_name(context: _Context) -> _Found:
    """Read a group that has only a name: what its Jobs will make, and the bare pods there are."""
    identity, find = context.identity, context.find
    owner = find(identity.owner) if identity.owner is not None else None
    wanted = identity.size
    if isinstance(owner, PodGroup):
        wanted = owner.spec.min_member or wanted
    classes: list[PodClass] = []
    jobs: dict[str, Pod] = {}
    suspended = False
    for pod in context.members:
        job = job_of(pod, find)
        if job is None:
            controller = pod.metadata.controller
            if controller is not None and controller.kind == "Job":
                return [], f"Job {controller.name} is not known yet", False
            _count_in(classes, context.make("", pod, 1))
        elif job.metadata.name not in jobs:
            jobs[job.metadata.name] = pod
            suspended = suspended or bool(job.spec.suspend)
            size = job.size
            if wanted and len(context.members) <= size:
                size = min(size, max(wanted, 1))
            classes.append(context.make(job.metadata.name, pod, size))
    there = sum(each.total for each in classes)
    if not wanted and not jobs:
        kind = "PodGroup" if identity.how == "podgroup" else "group"
        return classes, f"the size of {kind} {identity.name} is not known", False
    if there < wanted:
        return classes, f"{there} of {wanted} members are there", suspended
    return classes, "", suspended


def _count_in(classes: list[PodClass], made: PodClass) -> None:
    for at, each in enumerate(classes):
        if not each.role and (each.request, each.spec, each.label) == (
            made.request,
            made.spec,
            made.label,
        ):
            classes[at] = replace(each, count=each.count + 1)
            return
    classes.append(made)


def _of_jobset(context: _Context) -> _Found:
    identity = context.identity
    jobset = context.find(identity.owner) if identity.owner else None
    if not isinstance(jobset, JobSet):
        return [], f"JobSet {identity.name} is not known yet", False
    classes = []
    for replicated in jobset.spec.replicated_jobs or ():
        job = Job(replicated.template.metadata, replicated.template.spec)
        jobs = 1 if replicated.replicas is None else replicated.replicas
        classes.append(context.make(replicated.name, job.spec.template, job.size, jobs))
    return classes, "", bool(jobset.spec.suspend)


def _of_leader_worker_set(context: _Context) -> _Found:
    identity = context.identity
    found = context.find(identity.owner) if identity.owner else None
    if isinstance(found, LeaderWorkerSet):
        spec = found.spec.leader_worker_template
        size = identity.size or spec.size or 1
        leader = context.make("leader", spec.leader_template or spec.worker_template, 1)
        return [leader, context.make("worker", spec.worker_template, size - 1)], "", False
    if not identity.size:
        return [], f"LeaderWorkerSet {identity.name} is not known yet", False
    pod = context.members[0]
    return (
        [context.make("leader", pod, 1), context.make("worker", pod, identity.size - 1)],
        "",
        False,
    )


def _of_mpi_job(context: _Context) -> _Found:
    identity = context.identity
    found = context.find(identity.owner) if identity.owner else None
    if not isinstance(found, MPIJob):
        return [], f"MPIJob {identity.name} is not known yet", False
    policy = found.spec.run_policy
    classes = [
        context.make(role.lower(), spec.template, 1 if spec.replicas is None else spec.replicas)
        for role, spec in sorted((found.spec.mpi_replica_specs or {}).items())
    ]
    return classes, "", bool(policy and policy.suspend)


_READERS = {
    "pod": _single,
    "job": _of_job,
    "annotation": _of_name,
    "podgroup": _of_name,
    "jobset": _of_jobset,
    "lws": _of_leader_worker_set,
    "mpijob": _of_mpi_job,
}


def plan_owner(identity: Identity, find: Lookup) -> Ref | None:
    """Return the object that a plan is written on: the owner, or the Job where there is none."""
    if identity.owner is not None and find(identity.owner) is not None:
        return identity.owner
    return None
