"""The pods that controllers would make of their owners: for rehearsals without a cluster."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fluxion_extender.groups.identity import INDEX, JOBSET, LWS, MPI, Ref
from fluxion_extender.objects.pod import Pod, PodTemplate
from fluxion_extender.objects.workloads import Job, JobSet, LeaderWorkerSet, MPIJob, Workload


def pods_of(owner: Workload, owners: dict[Ref, Workload]) -> Iterator[Pod]:
    """Go through the pods of an owner; the Jobs of a JobSet are added to `owners`."""
    match owner:
        case Job():
            yield from _of_job(owner, {})
        case JobSet():
            yield from _of_jobset(owner, owners)
        case MPIJob():
            for role, spec in sorted((owner.spec.mpi_replica_specs or {}).items()):
                for index in range(1 if spec.replicas is None else spec.replicas):
                    labels = {f"{MPI}job-name": owner.metadata.name, f"{MPI}job-role": role.lower()}
                    labels[f"{MPI}replica-index"] = str(index)
                    name = f"{owner.metadata.name}-{role.lower()}-{index}"
                    yield _pod(owner, "MPIJob", name, spec.template, labels, {})
        case LeaderWorkerSet():
            parts = owner.spec.leader_worker_template
            size = parts.size or 1
            for index in range(size):
                labels = {f"{LWS}name": owner.metadata.name, f"{LWS}group-index": "0"}
                labels[f"{LWS}worker-index"] = str(index)
                leader = parts.leader_template if index == 0 else None
                name = f"{owner.metadata.name}-0-{index}"
                notes = {f"{LWS}size": str(size)}
                template = leader or parts.worker_template
                yield _pod(owner, "LeaderWorkerSet", name, template, labels, notes)


def _of_job(job: Job, labels: Mapping[str, str]) -> Iterator[Pod]:
    if job.spec.suspend:
        return
    for index in range(job.size):
        notes = {INDEX: str(index)} if job.spec.completion_mode == "Indexed" else {}
        name = f"{job.metadata.name}-{index}"
        yield _pod(job, "Job", name, job.spec.template, labels, notes)


def _of_jobset(jobset: JobSet, owners: dict[Ref, Workload]) -> Iterator[Pod]:
    meta = jobset.metadata
    for replicated in jobset.spec.replicated_jobs or ():
        for number in range(1 if replicated.replicas is None else replicated.replicas):
            name = f"{meta.name}-{replicated.name}-{number}"
            job = Job(
                msgspec.structs.replace(meta, name=name, uid=f"Job-{name}"),
                replicated.template.spec,
            )
            job.spec.completion_mode = "Indexed"
            owners[Ref("Job", meta.namespace, name)] = job
            labels = {
                f"{JOBSET}jobset-name": meta.name,
                f"{JOBSET}replicatedjob-name": replicated.name,
                f"{JOBSET}job-index": str(number),
            }
            yield from _of_job(job, labels)


def _pod(
    owner: Workload,
    kind: str,
    name: str,
    template: PodTemplate,
    labels: Mapping[str, str],
    notes: Mapping[str, str],
) -> Pod:
    meta, own = owner.metadata, template.metadata
    document: dict[str, Any] = {
        "metadata": {
            "name": name,
            "namespace": meta.namespace,
            "uid": f"Pod-{name}",
            "labels": {**(own.labels or {}), **labels},
            "annotations": {**(own.annotations or {}), **notes},
            "ownerReferences": [
                {"kind": kind, "name": meta.name, "uid": meta.uid, "controller": True}
            ],
        },
        "spec": msgspec.to_builtins(template.spec),
    }
    return msgspec.convert(document, Pod)
