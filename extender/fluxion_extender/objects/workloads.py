"""The owners of pods: DaemonSets, Jobs, JobSets, PodGroups, LeaderWorkerSets, MPIJobs."""

import msgspec

from fluxion_extender.objects.meta import Metadata, Struct
from fluxion_extender.objects.pod import PodTemplate


class JobSpec(Struct):
    """What a Job asks for."""

    parallelism: int | None = None
    completions: int | None = None
    completion_mode: str | None = None
    suspend: bool | None = None
    active_deadline_seconds: int | None = None
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class JobStatus(Struct):
    """How far a Job is."""

    succeeded: int | None = None
    completion_time: str | None = None


class Job(Struct):
    """A batch/v1 Job."""

    metadata: Metadata
    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)

    @property
    def size(self) -> int:
        """How many pods it has at a time: parallelism, or what is left to complete."""
        parallelism = 1 if self.spec.parallelism is None else self.spec.parallelism
        if self.spec.completions is None:
            return parallelism
        return min(parallelism, max(0, self.spec.completions - (self.status.succeeded or 0)))


class JobTemplate(Struct):
    """What a JobSet makes Jobs of."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)
    spec: JobSpec = msgspec.field(default_factory=JobSpec)


class ReplicatedJob(Struct):
    """One kind of Job of a JobSet."""

    name: str
    replicas: int | None = None
    template: JobTemplate = msgspec.field(default_factory=JobTemplate)


class JobSetSpec(Struct):
    """What a JobSet asks for."""

    replicated_jobs: list[ReplicatedJob] | None = None
    suspend: bool | None = None


class JobSet(Struct):
    """A jobset.x-k8s.io JobSet."""

    metadata: Metadata
    spec: JobSetSpec = msgspec.field(default_factory=JobSetSpec)


class PodGroupSpec(Struct):
    """What a PodGroup asks for."""

    min_member: int | None = None
    schedule_timeout_seconds: int | None = None


class PodGroup(Struct):
    """A scheduling.x-k8s.io PodGroup."""

    metadata: Metadata
    spec: PodGroupSpec = msgspec.field(default_factory=PodGroupSpec)


class ReplicaSpec(Struct):
    """One role of an MPIJob."""

    replicas: int | None = None
    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class RunPolicy(Struct):
    """How an MPIJob runs."""

    suspend: bool | None = None


class MPIJobSpec(Struct):
    """What an MPIJob asks for."""

    mpi_replica_specs: dict[str, ReplicaSpec] | None = None
    run_policy: RunPolicy | None = None


class MPIJob(Struct):
    """A kubeflow.org MPIJob."""

    metadata: Metadata
    spec: MPIJobSpec = msgspec.field(default_factory=MPIJobSpec)


class LeaderWorkerTemplate(Struct):
    """What a LeaderWorkerSet makes pods of."""

    size: int | None = None
    leader_template: PodTemplate | None = None
    worker_template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class LeaderWorkerSetSpec(Struct):
    """What a LeaderWorkerSet asks for."""

    leader_worker_template: LeaderWorkerTemplate = msgspec.field(
        default_factory=LeaderWorkerTemplate
    )


class LeaderWorkerSet(Struct):
    """A leaderworkerset.x-k8s.io LeaderWorkerSet."""

    metadata: Metadata
    spec: LeaderWorkerSetSpec = msgspec.field(default_factory=LeaderWorkerSetSpec)


class DaemonSetSpec(Struct):
    """What a DaemonSet runs on every node."""

    template: PodTemplate = msgspec.field(default_factory=PodTemplate)


class DaemonSet(Struct):
    """An apps/v1 DaemonSet."""

    metadata: Metadata
    spec: DaemonSetSpec = msgspec.field(default_factory=DaemonSetSpec)


class ConfigMap(Struct):
    """A ConfigMap."""

    metadata: Metadata
    data: dict[str, str] | None = None


Workload = Job | JobSet | PodGroup | MPIJob | LeaderWorkerSet | ConfigMap
"""Everything that says what a group is: its owners, and a jobspec by itself."""
