"""JobSets, LeaderWorkerSets, MPIJobs and PodGroups are matched from their owner's spec."""

from typing import Any

import msgspec

from fluxion_extender.objects.pod import Pod
from fluxion_extender.objects.workloads import JobSet, LeaderWorkerSet, MPIJob, PodGroup
from tests.extender.objects import GROUP, World, make_job, make_node, make_pod, pod_of_job

ALONE = {"metadata": {"annotations": {f"{GROUP}one-pod-per-node": "true"}}}


def template(cpu: str, alone: bool = False) -> dict[str, Any]:
    container = {"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}
    return {**(ALONE if alone else {}), "spec": {"containers": [container]}}


def slices(count: int, nodes: int, cpu: str = "4") -> World:
    w = World()
    for rack in range(count):
        for _ in range(nodes):
            w.add(make_node(f"n{len(w.names)}", cpu, labels={"rack": f"r{rack}"}))
    return w


def jobset(name: str, notes: dict[str, str], *jobs: tuple[str, int, int, str]) -> JobSet:
    """Return a JobSet; each of `jobs` is a name, replicas, parallelism, CPU of a pod."""
    replicated = [
        {
            "name": kind,
            "replicas": replicas,
            "template": {
                "spec": {"parallelism": size, "completions": size, "template": template(cpu)}
            },
        }
        for kind, replicas, size, cpu in jobs
    ]
    document = {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"js-{name}",
            "annotations": notes,
        },
        "spec": {"replicatedJobs": replicated},
    }
    return msgspec.convert(document, JobSet)


def member(name: str, kind: str, job: int, index: int, cpu: str) -> Pod:
    labels = {
        "jobset.sigs.k8s.io/jobset-name": name,
        "jobset.sigs.k8s.io/jobset-uid": f"js-{name}",
        "jobset.sigs.k8s.io/replicatedjob-name": kind,
        "jobset.sigs.k8s.io/job-index": str(job),
    }
    owner = f"{name}-{kind}-{job}"
    return pod_of_job(owner, index, cpu, labels=labels)


def test_every_job_of_a_jobset_has_a_rack_to_itself() -> None:
    w = slices(4, 2)
    w.seen(make_pod("x", "4", scheduler="other", node="n2"))
    notes = {"alpha.jobset.sigs.k8s.io/exclusive-topology": "rack"}
    w.owner("JobSet", jobset("js", notes, ("slice", 3, 2, "3")))
    assert w.node_of(member("js", "slice", 1, 0, "3")) == "n4"  # r1 is not large enough
    nodes = [[w.node_of(member("js", "slice", j, i, "3")) for i in range(2)] for j in range(3)]
    assert nodes == [["n0", "n1"], ["n4", "n5"], ["n6", "n7"]]
    w.check()
    w.owner("JobSet", jobset("other", notes, ("slice", 1, 1, "1")))
    assert w.node_of(member("other", "slice", 0, 0, "1")) == "n3"  # the only rack left
    w.owner("JobSet", jobset("third", notes, ("slice", 1, 1, "1")))
    assert w.node_of(member("third", "slice", 0, 0, "1")) is None
    w.check()


def test_jobs_of_several_kinds_start_together_or_not_at_all() -> None:
    w = slices(1, 3)
    w.owner("JobSet", jobset("js", {}, ("driver", 1, 1, "1"), ("worker", 2, 2, "3")))
    assert w.node_of(member("js", "driver", 0, 0, "1")) is None
    assert w.used() == {}
    w.add(make_node("n3", "4"))
    w.scheduler.settle(w.now)
    driver = w.node_of(member("js", "driver", 0, 0, "1"))
    workers = [w.node_of(member("js", "worker", j, i, "3")) for j in range(2) for i in range(2)]
    assert workers == ["n0", "n1", "n2", "n3"]
    assert driver == "n0"
    w.check()


def test_a_jobset_that_is_not_known_yet_waits() -> None:
    w = slices(1, 2)
    assert "JobSet js is not known yet" in w.filter(member("js", "a", 0, 0, "1")).reason


def test_an_mpi_job_of_a_launcher_and_workers_needs_no_node_for_the_launcher() -> None:
    w = World(*(make_node(f"n{i}", "96") for i in range(8)))
    roles = {
        "Launcher": {"replicas": 1, "template": template("1")},
        "Worker": {"replicas": 8, "template": template("94", alone=True)},
    }
    document = {
        "metadata": {"name": "mpi", "namespace": "default"},
        "spec": {"mpiReplicaSpecs": roles},
    }
    w.owner("MPIJob", msgspec.convert(document, MPIJob))

    def pod(role: str, index: int, cpu: str) -> Pod:
        labels = {
            "training.kubeflow.org/job-name": "mpi",
            "training.kubeflow.org/job-role": role,
            "training.kubeflow.org/replica-index": str(index),
        }
        return make_pod(f"mpi-{role}-{index}", cpu, labels=labels)

    assert [w.node_of(pod("worker", i, "94")) for i in range(8)] == [f"n{i}" for i in range(8)]
    assert w.node_of(pod("launcher", 0, "1")) == "n0"
    w.check()


def test_every_group_of_a_leader_worker_set_is_a_gang() -> None:
    w = World(*(make_node(f"n{i}", "4") for i in range(3)))
    document = {
        "metadata": {"name": "lws", "namespace": "default"},
        "spec": {
            "leaderWorkerTemplate": {
                "size": 3,
                "leaderTemplate": template("2"),
                "workerTemplate": template("4"),
            }
        },
    }
    w.owner("LeaderWorkerSet", msgspec.convert(document, LeaderWorkerSet))

    def pod(group: int, index: int) -> Pod:
        labels = {
            "leaderworkerset.sigs.k8s.io/name": "lws",
            "leaderworkerset.sigs.k8s.io/group-index": str(group),
            "leaderworkerset.sigs.k8s.io/worker-index": str(index),
        }
        return make_pod(f"lws-{group}-{index}", "4" if index else "2", labels=labels)

    leader = w.node_of(pod(0, 0))
    workers = [w.node_of(pod(0, index)) for index in (1, 2)]
    assert workers == ["n0", "n1"]
    assert leader == "n2"
    assert w.node_of(pod(1, 0)) is None
    w.check()


def test_a_pod_group_waits_for_as_many_as_it_says() -> None:
    w = World(*(make_node(f"n{i}", "1") for i in range(4)))
    document = {"metadata": {"name": "pg", "namespace": "default"}, "spec": {"minMember": 3}}
    w.owner("PodGroup", msgspec.convert(document, PodGroup))
    labels = {"scheduling.x-k8s.io/pod-group": "pg"}
    pods = [make_pod(f"p{i}", labels=labels) for i in range(3)]
    assert [w.node_of(pod) for pod in pods[:2]] == [None, None]
    assert w.node_of(pods[2]) == "n2"
    assert [w.node_of(pod) for pod in pods[:2]] == ["n0", "n1"]
    late = make_pod("late", labels=labels)
    assert w.node_of(late) == "n3"
    w.check()


def test_the_pod_group_of_a_job_takes_its_size_from_the_job() -> None:
    w = World(*(make_node(f"n{i}", "1") for i in range(4)))
    w.owner("Job", make_job("lmp", 4))
    labels = {"scheduling.x-k8s.io/pod-group": "lmp"}
    assert w.node_of(pod_of_job("lmp", 2, labels=labels)) == "n2"
    assert len(w.used()) == 4


def test_pairs_of_agent_and_environment_are_groups_of_two_on_one_node() -> None:
    w = World(*(make_node(f"n{i}", "4") for i in range(5)))
    for pair in range(7):
        notes = {
            f"{GROUP}group": f"pair{pair}",
            f"{GROUP}group-size": "2",
            f"{GROUP}colocate": "kubernetes.io/hostname",
        }
        agent = make_pod(f"agent{pair}", "2", annotations=notes)
        environment = make_pod(f"env{pair}", "2", annotations=notes)
        w.seen(agent, environment)
        nodes = {w.node_of(agent), w.node_of(environment)}
        assert len(nodes) == 1
        assert (None in nodes) == (pair >= 5)
    w.check()


def test_a_pair_of_two_shapes_is_on_one_node_too() -> None:
    w = World(make_node("n0", "2"), make_node("n1", "4"))
    notes = {
        f"{GROUP}group": "pair",
        f"{GROUP}group-size": "2",
        f"{GROUP}colocate": "node",
    }
    agent, environment = (make_pod(f"p{cpu}", cpu, annotations=notes) for cpu in ("1", "2"))
    w.seen(agent, environment)
    assert (w.node_of(agent), w.node_of(environment)) == ("n1", "n1")
    w.check()
