"""Gangs as users write them, and what can be seen of them."""

from collections.abc import Iterable

from tests.kube.rig import books
from tests.kube.rig.api import Json
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.objects import pod
from tests.kube.rig.processes import wait_until

PREFIX = "fluence.flux-framework.org/"
PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
ONE_PER_NODE = {f"{PREFIX}one-pod-per-node": "true"}
JOB_NAME = "batch.kubernetes.io/job-name"


def bare_gang(name: str, size: int, cpu: str, memory: str = "1Gi") -> list[Json]:
    """Return pods without an owner that are one gang by their annotations."""
    marks = {f"{PREFIX}group": name, f"{PREFIX}group-size": str(size)}
    return [
        pod(f"{name}-{number}", cpu, memory, labels={"gang": name}, annotations=marks)
        for number in range(size)
    ]


def members(plane: ControlPlane, name: str) -> list[Json]:
    """Return the pods of a bare gang or of a Job."""
    return [one for one in plane.api.items(PODS) if name in groups_of(one)]


def groups_of(one: Json) -> tuple[str | None, str | None]:
    """Return the bare gang and the Job of a pod."""
    labels = one["metadata"].get("labels", {})
    return labels.get("gang"), labels.get(JOB_NAME)


def bound_count(plane: ControlPlane, name: str) -> int:
    """Return how many members have a node."""
    return len(books.bound(members(plane, name)))


def wait_bound(plane: ControlPlane, name: str, size: int, seconds: float = 60) -> list[Json]:
    """Wait until the gang has all its nodes; return its pods."""

    wait_until(
        lambda: bound_count(plane, name) == size,
        f"{name} has {size} nodes",
        seconds,
        0.05,
        lambda: describe(members(plane, name)),
    )
    return members(plane, name)


def wait_refused(plane: ControlPlane, name: str, size: int, seconds: float = 60) -> list[str]:
    """Wait until every member was refused; return the reasons. None may have a node."""

    def reasons() -> list[str]:
        pods = members(plane, name)
        assert not books.bound(pods), f"{name} is not whole: {describe(pods)}"
        return [text for text in map(books.refusal, pods) if text]

    wait_until(lambda: len(reasons()) == size, f"{size} pods of {name} are refused", seconds, 0.05)
    return reasons()


def describe(pods: Iterable[Json]) -> str:
    """Return a line about pods, for messages."""
    texts = [
        f"{one['metadata']['name']}: {one['spec'].get('nodeName') or books.refusal(one)}"
        for one in pods
    ]
    return "; ".join(texts[:12])
