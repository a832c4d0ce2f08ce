"""Behind our scheduling gate: kube-scheduler is not bothered before a gang has its nodes."""

from collections.abc import Iterator

import pytest

from tests.kube.rig import books
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import Recorder
from tests.kube.rig.gangs import PODS, PREFIX, bare_gang, members, wait_bound
from tests.kube.rig.objects import node
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender
from tests.kube.rig.service import FluenceProcess


@pytest.fixture
def recorder(plane: ControlPlane, service: FluenceProcess) -> Iterator[Recorder]:
    """The service at work on three nodes, and all that kube-scheduler asks it."""
    plane.add_nodes(node(f"n{number}") for number in range(3))
    service.start_ready()
    one = Recorder(service)
    start_with_extender(plane, one.url)
    yield one
    plane.scheduler.stop()
    one.close()


def test_gated_pods_are_asked_for_when_they_have_their_nodes(
    plane: ControlPlane, service: FluenceProcess, recorder: Recorder
) -> None:
    """A gang of four waits in silence, a gang of three passes it; a fourth node ends the wait."""
    for name, size in (("four", 4), ("three", 3)):
        for one in bare_gang(name, size, "5"):
            one["spec"]["schedulingGates"] = [{"name": f"{PREFIX}gang"}]
            plane.api.create(PODS, one)
    pods = wait_bound(plane, "three", 3)
    for one in pods:
        assert one["spec"]["nodeSelector"] == {"kubernetes.io/hostname": one["spec"]["nodeName"]}
        assert not one["spec"].get("schedulingGates")
    waits = {one["name"]: one for one in service.json("/status")["groups"]}["four"]
    assert (waits["placed"], waits["pods"]) == (0, 4)
    assert not [call for call in recorder.of("filter") if call.pod.startswith("four")]
    plane.api.delete(f"{PODS}?labelSelector=gang%3Dthree")
    wait_until(lambda: len(plane.api.items(PODS)) == 4, "the three are gone")
    assert not books.bound(members(plane, "four"))
    plane.add_nodes([node("n3")])
    assert books.shared_nodes(wait_bound(plane, "four", 4)) == []
