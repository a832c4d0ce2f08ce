"""Gangs that operators make: the object is there, the test makes its Jobs and pods."""

from collections.abc import Iterator

import pytest

from tests.kube.rig import books
from tests.kube.rig.api import Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.custom import (
    JOB_SET,
    LEADER_WORKER_SET,
    MINI_CLUSTER,
    MPI_JOB,
    POD_GROUP,
    create_custom,
    define_kinds,
    owned,
)
from tests.kube.rig.gangs import JOBS, PODS, members, wait_bound, wait_refused
from tests.kube.rig.history import History
from tests.kube.rig.objects import container, job, node, pod
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

JOBSET_LABEL = "jobset.sigs.k8s.io/"
LWS_LABEL = "leaderworkerset.sigs.k8s.io/"
MPI_LABEL = "training.kubeflow.org/"
RACK = "topology.kubernetes.io/rack"


@pytest.fixture
def cluster(plane: ControlPlane, service: FluenceProcess) -> Iterator[ControlPlane]:
    """The service at work, with all kinds; nothing may ever be overbooked."""
    define_kinds(plane)
    history = History(plane.api)
    history.start()
    service.start_ready()
    start_with_extender(plane, service.url)
    yield plane
    history.stop()
    assert history.overbooked() == []


def template(cpu: str) -> Json:
    """Return the template of a pod as owners have it."""
    spec = {"schedulerName": "fluence", "restartPolicy": "Never", "containers": [container(cpu)]}
    return {"metadata": {}, "spec": spec}


def job_set(plane: ControlPlane, name: str, annotations: dict[str, str] | None = None) -> None:
    """Create a JobSet of a driver and two Jobs of three workers, and what its controller makes."""
    roles = (("driver", 1, 1), ("workers", 2, 3))
    replicated = [
        {
            "name": role,
            "replicas": replicas,
            "template": {
                "spec": {
                    "parallelism": size,
                    "completions": size,
                    "completionMode": "Indexed",
                    "template": template("5"),
                }
            },
        }
        for role, replicas, size in roles
    ]
    made = create_custom(plane, JOB_SET, name, {"replicatedJobs": replicated}, annotations)
    for role, replicas, size in roles:
        for index in range(replicas):
            labels = {
                "gang": name,
                f"{JOBSET_LABEL}jobset-name": name,
                f"{JOBSET_LABEL}jobset-uid": made["metadata"]["uid"],
                f"{JOBSET_LABEL}replicatedjob-name": role,
                f"{JOBSET_LABEL}replicatedjob-replicas": str(replicas),
                f"{JOBSET_LABEL}job-index": str(index),
                f"{JOBSET_LABEL}restart-attempt": "0",
            }
            child = job(f"{name}-{role}-{index}", size, "5", labels=labels)
            child["metadata"]["labels"] = labels
            plane.api.create(JOBS, owned(child, made))


def test_all_jobs_of_a_jobset_start_together(cluster: ControlPlane) -> None:
    """Seven pods that need a node each: on six nodes none starts, on seven all do."""
    cluster.add_nodes(node(f"n{number}") for number in range(6))
    job_set(cluster, "set")
    wait_refused(cluster, "set", 7)
    cluster.add_nodes([node("n6")])
    pods = wait_bound(cluster, "set", 7)
    assert books.shared_nodes(pods) == []


def test_each_job_of_a_jobset_has_a_rack_to_itself(cluster: ControlPlane) -> None:
    """As `exclusive-topology` asks: no rack has pods of two Jobs."""
    racks = {f"n{number}": f"r{number // 3}" for number in range(9)}
    cluster.add_nodes(node(name, labels={RACK: rack}) for name, rack in racks.items())
    job_set(cluster, "set", {"alpha.jobset.sigs.k8s.io/exclusive-topology": RACK})
    pods = wait_bound(cluster, "set", 7)
    jobs_of: dict[str, set[str]] = {}
    for one in pods:
        name = one["metadata"]["labels"]["batch.kubernetes.io/job-name"]
        jobs_of.setdefault(racks[one["spec"]["nodeName"]], set()).add(name)
    assert sorted(map(len, jobs_of.values())) == [1, 1, 1]


def test_each_group_of_a_leader_worker_set_starts_whole(cluster: ControlPlane) -> None:
    """The leader comes first; room is kept for its workers. The second group finds none."""
    cluster.add_nodes(node(f"n{number}") for number in range(5))
    leader_worker = {"size": 3, "workerTemplate": template("5")}
    spec = {"replicas": 2, "leaderWorkerTemplate": leader_worker}
    made = create_custom(cluster, LEADER_WORKER_SET, "lws", spec)

    def create(group: int, worker: int) -> None:
        labels = {
            "gang": f"lws-{group}",
            f"{LWS_LABEL}name": "lws",
            f"{LWS_LABEL}group-index": str(group),
            f"{LWS_LABEL}group-key": f"key{group}",
            f"{LWS_LABEL}worker-index": str(worker),
        }
        name = f"lws-{group}" + (f"-{worker}" if worker else "")
        one = pod(name, "5", labels=labels, annotations={f"{LWS_LABEL}size": "3"})
        cluster.api.create(PODS, owned(one, made))

    create(0, 0)
    wait_bound(cluster, "lws-0", 1)
    create(1, 0)
    wait_refused(cluster, "lws-1", 1)
    for worker in (1, 2):
        create(0, worker)
    assert books.shared_nodes(wait_bound(cluster, "lws-0", 3)) == []
    for worker in (1, 2):
        create(1, worker)
    wait_refused(cluster, "lws-1", 3)
    cluster.api.delete(f"{PODS}?labelSelector=gang%3Dlws-0")
    wait_bound(cluster, "lws-1", 3)


def test_the_launcher_and_the_workers_of_an_mpijob_start_together(cluster: ControlPlane) -> None:
    """Whoever comes first, the room of all is kept: a stranger in between gets the rest."""
    cluster.add_nodes(node(f"n{number}") for number in range(4))
    replicas = {
        "Launcher": {"replicas": 1, "template": template("1")},
        "Worker": {"replicas": 4, "template": template("6")},
    }
    made = create_custom(cluster, MPI_JOB, "mpi", {"mpiReplicaSpecs": replicas})

    def create(role: str, index: int, cpu: str) -> None:
        labels = {"gang": "mpi", f"{MPI_LABEL}job-name": "mpi", f"{MPI_LABEL}job-role": role}
        name = "mpi-launcher" if role == "launcher" else f"mpi-worker-{index}"
        if role == "worker":
            labels[f"{MPI_LABEL}replica-index"] = str(index)
        cluster.api.create(PODS, owned(pod(name, cpu, labels=labels), made))

    create("launcher", 0, "1")
    wait_bound(cluster, "mpi", 1)
    cluster.api.create(PODS, pod("thief", "6", labels={"gang": "thief"}))
    wait_refused(cluster, "thief", 1)
    for index in range(4):
        create("worker", index, "6")
    pods = wait_bound(cluster, "mpi", 5)
    assert len(set(books.bound(pods).values())) == 4


def test_a_minicluster_has_one_pod_on_each_node(cluster: ControlPlane) -> None:
    """Small pods that would all fit one node, from a Job that a MiniCluster owns."""
    cluster.add_nodes(node(f"n{number}") for number in range(4))
    made = create_custom(cluster, MINI_CLUSTER, "mini", {"size": 4})
    cluster.api.create(JOBS, owned(job("mini", 4, "100m"), made))
    assert books.shared_nodes(wait_bound(cluster, "mini", 4)) == []


def test_a_podgroup_says_how_many_are_needed(cluster: ControlPlane) -> None:
    """The label of scheduler-plugins; pods come one after another, none starts before the last."""
    cluster.add_nodes(node(f"n{number}") for number in range(4))
    create_custom(cluster, POD_GROUP, "pg", {"minMember": 3})
    labels = {"gang": "pg", "scheduling.x-k8s.io/pod-group": "pg"}
    for number in range(2):
        cluster.api.create(PODS, pod(f"pg-{number}", "5", labels=labels))
    reasons = wait_refused(cluster, "pg", 2)
    assert all("2 of 3" in reason or "1 of 3" in reason for reason in reasons), reasons
    cluster.api.create(PODS, pod("pg-2", "5", labels=labels))
    wait_bound(cluster, "pg", 3)
    assert len(members(cluster, "pg")) == 3
