"""What kube-scheduler's own filters refuse: another node, or the room is given back."""

import json
from collections.abc import Iterator

import pytest

from tests.kube.rig import books
from tests.kube.rig.api import Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import PODS, PREFIX, bare_gang, members, wait_bound, wait_refused
from tests.kube.rig.objects import node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess

VOLUMES = "/api/v1/persistentvolumes"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
PORTS = [{"containerPort": 80, "hostPort": 8080}]


@pytest.fixture
def cluster(plane: ControlPlane, service: FluenceProcess) -> Iterator[ControlPlane]:
    """The service at work on three nodes."""
    plane.add_nodes(node(f"n{number}") for number in range(3))
    service.start_ready()
    start_with_extender(plane, service.url)
    yield plane
    plane.api.delete(CLAIMS)
    plane.api.delete(VOLUMES)


def with_port(one: Json) -> Json:
    """Let a pod want port 8080 of its node."""
    one["spec"]["containers"][0]["ports"] = PORTS
    return one


def occupy(plane: ControlPlane, *nodes: str) -> None:
    """Have a pod of another scheduler use port 8080."""
    for name in nodes:
        plane.api.create(PODS, with_port(pod(f"port-{name}", "100m", scheduler="other")))
        plane.api.bind("default", f"port-{name}", name)


def test_a_gang_moves_away_from_a_host_port_that_is_in_use(cluster: ControlPlane) -> None:
    """The first choice would be n0 and n1; n0 has the port no more."""
    occupy(cluster, "n0")
    for one in bare_gang("gang", 2, "5"):
        cluster.api.create(PODS, with_port(one))
    pods = wait_bound(cluster, "gang", 2)
    assert set(books.bound(pods).values()) == {"n1", "n2"}


def test_the_only_node_that_is_left_is_found(cluster: ControlPlane) -> None:
    """A list of one name is no question about a nominated node."""
    occupy(cluster, "n0", "n1")
    cluster.api.create(PODS, with_port(pod("one", labels={"gang": "one"})))
    pods = wait_bound(cluster, "one", 1, 20)
    assert books.bound(pods) == {"one": "n2"}


def test_a_gang_that_finds_too_few_ports_waits_whole(cluster: ControlPlane) -> None:
    """Two of three nodes are no use to three; nobody is bound, and others use the room."""
    occupy(cluster, "n0")
    for one in bare_gang("gang", 3, "5"):
        cluster.api.create(PODS, with_port(one))
    wait_refused(cluster, "gang", 3)
    for one in bare_gang("other", 3, "5"):
        cluster.api.create(PODS, one)
    wait_bound(cluster, "other", 3, 120)
    assert not books.bound(members(cluster, "gang"))


def claim(plane: ControlPlane, name: str, where: str) -> None:
    """Create a claim that is bound to a volume of one node."""
    terms = [
        {
            "matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In", "values": [where]}
            ]
        }
    ]
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "local"}
    made = plane.api.create(
        CLAIMS,
        {
            "metadata": {
                "name": name,
                "annotations": {"pv.kubernetes.io/bind-completed": "yes"},
            },
            "spec": {**spec, "volumeName": name, "resources": {"requests": {"storage": "1Gi"}}},
        },
    )
    reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": name}
    plane.api.create(
        VOLUMES,
        {
            "metadata": {"name": name},
            "spec": {
                **spec,
                "capacity": {"storage": "1Gi"},
                "local": {"path": "/none"},
                "claimRef": {**reference, "uid": made["metadata"]["uid"]},
                "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            },
        },
    )
    bound = {"status": {"phase": "Bound"}}
    plane.api.patch(f"{CLAIMS}/{name}/status", bound)
    plane.api.patch(f"{VOLUMES}/{name}/status", bound)


def with_claim(one: Json, name: str) -> Json:
    """Let a pod use a claim."""
    source = {"persistentVolumeClaim": {"claimName": name}}
    one["spec"]["volumes"] = [{"name": "data", **source}]
    return one


def test_a_pod_follows_its_volume(cluster: ControlPlane) -> None:
    """The volume is on n2, which the service cannot know."""
    claim(cluster, "data", "n2")
    cluster.api.create(PODS, with_claim(pod("one", labels={"gang": "one"}), "data"))
    assert books.bound(wait_bound(cluster, "one", 1, 20)) == {"one": "n2"}


@pytest.mark.slow  # the time after which a plan that nobody uses is given up
def test_the_room_of_a_gang_without_its_claim_is_given_to_others(cluster: ControlPlane) -> None:
    """Its claim does not exist: kube-scheduler never asks. It starts when the claim comes."""
    for one in bare_gang("gang", 3, "5"):
        cluster.api.create(PODS, with_claim(one, "data"))
    wait_until(lambda: all(map(books.refusal, members(cluster, "gang"))), "it is refused")
    cluster.api.create(PODS, pod("other", "5", labels={"gang": "other"}))
    wait_bound(cluster, "other", 1, 120)
    assert not books.bound(members(cluster, "gang"))


def test_required_affinity_to_nodes_is_part_of_the_match(cluster: ControlPlane) -> None:
    """Of three nodes two have the label: a gang of two goes there at once, one of three waits."""
    for name in ("n1", "n2"):
        cluster.api.patch(f"/api/v1/nodes/{name}", {"metadata": {"labels": {"disk": "fast"}}})
    fast = {"key": "disk", "operator": "In", "values": ["fast"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [fast]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    for name, size in (("three", 3), ("two", 2)):
        for one in bare_gang(name, size, "5"):
            one["spec"]["affinity"] = affinity
            cluster.api.create(PODS, one)
    wait_refused(cluster, "three", 3)
    assert set(books.bound(wait_bound(cluster, "two", 2)).values()) == {"n1", "n2"}


def test_a_jobspec_is_honoured_by_a_real_scheduler(cluster: ControlPlane) -> None:
    """The same request as for an HPC machine: two nodes with one task of 2 cores each."""
    jobspec = {
        "version": 9999,
        "resources": [
            {
                "type": "node",
                "count": 2,
                "with": [
                    {
                        "type": "slot",
                        "label": "task",
                        "count": 1,
                        "with": [{"type": "core", "count": 2}],
                    }
                ],
            }
        ],
        "tasks": [{"command": ["app"], "slot": "task", "count": {"per_slot": 1}}],
        "attributes": {"system": {"duration": 3600}},
    }
    for one in bare_gang("spec", 2, "2"):
        one["metadata"]["annotations"][f"{PREFIX}jobspec"] = json.dumps(jobspec)
        cluster.api.create(PODS, one)
    pods = wait_bound(cluster, "spec", 2)
    assert len(set(books.bound(pods).values())) == 2
