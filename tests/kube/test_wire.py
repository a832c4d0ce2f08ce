"""What kube-scheduler really sends has the shape that the samples have and that we rely on.

Shapes: who changes Kubernetes' version learns here what changed on the wire.
"""

import json
from pathlib import Path

import pytest

from tests.kube.rig.api import Api
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.echo import Call, EchoExtender
from tests.kube.rig.kubelet import pod_path
from tests.kube.rig.objects import node, pod
from tests.kube.rig.processes import wait_until
from tests.kube.rig.scheduler import start_with_extender

PODS = "/api/v1/namespaces/default/pods"
SAMPLES = Path(__file__).parent / "samples.json"
# What belongs to one connection, or differs with the length of a name.
OWN_HEADERS = {"Host", "Content-Length"}


def bound(api: Api, name: str) -> bool:
    return "nodeName" in api.get(f"{PODS}/{name}")["spec"]


@pytest.fixture
def calls(plane: ControlPlane, echo: EchoExtender) -> dict[str, Call]:
    """One call of each verb: a pod that fits four nodes, then one that must push it aside."""
    plane.add_nodes(node(f"n{number}", cpu="1") for number in range(4))
    start_with_extender(plane, echo.url)
    for number in range(4):
        plane.api.create(PODS, pod(f"first{number}"))
    wait_until(lambda: all(bound(plane.api, f"first{n}") for n in range(4)), "four are bound")
    plane.api.create(
        "/apis/scheduling.k8s.io/v1/priorityclasses",
        {"metadata": {"name": "urgent"}, "value": 1000},
    )
    plane.api.create(PODS, pod("second", priorityClassName="urgent"))
    wait_until(lambda: bound(plane.api, "second"), "the urgent pod is bound")
    verbs = ("filter", "prioritize", "bind", "preempt")
    return {verb: echo.of(verb)[0] for verb in verbs}


def shape(value: object) -> object:
    """Return what a value consists of, without what it says: names of members, kinds of values."""
    if isinstance(value, dict):
        if "UID" in value or "items" not in value:
            return {key: shape(member) for key, member in sorted(value.items())}
        return "list object"
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_each_verb_is_sent_as_it_was_recorded(calls: dict[str, Call]) -> None:
    """With names instead of nodes, whole, with its length, the pod not bound yet."""
    samples = json.loads(SAMPLES.read_text())
    for verb, call in calls.items():
        body = {**call.body}
        if verb == "preempt":  # the nodes are keys
            victims = body["NodeNameToMetaVictims"]
            body["NodeNameToMetaVictims"] = {"node": next(iter(victims.values()))}
        assert {"headers": headers(call), "body": shape(body)} == samples[verb], verb
        assert call.headers["Content-Length"] == str(len(call.raw))
    asked = calls["filter"].body
    assert sorted(asked["NodeNames"]) == ["n0", "n1", "n2", "n3"]
    assert "nodeName" not in asked["Pod"]["spec"]


def headers(call: Call) -> dict[str, str]:
    return {key: value for key, value in sorted(call.headers.items()) if key not in OWN_HEADERS}


def test_a_refusal_with_a_constant_text_is_asked_for_twice_and_rests(
    plane: ControlPlane, echo: EchoExtender
) -> None:
    """The first refusal writes the condition of the pod, which is a change, which asks again."""
    plane.add_nodes(node(f"n{number}") for number in range(4))
    echo.answers["filter"] = lambda body: {
        "NodeNames": [],
        "FailedAndUnresolvableNodes": dict.fromkeys(body["NodeNames"], "no"),
    }
    start_with_extender(plane, echo.url)
    plane.api.create(PODS, pod("waiting"))

    def reason() -> str:
        conditions = plane.api.get(f"{PODS}/waiting")["status"].get("conditions", [])
        return conditions[0]["message"] if conditions else ""

    wait_until(lambda: "4 no" in reason(), "the refusal is written")
    plane.api.create(PODS, pod("fence", labels={"fence": "yes"}))
    wait_until(lambda: any(call.pod == "fence" for call in echo.of("filter")), "a later pod came")
    assert [call.pod for call in echo.of("filter")].count("waiting") <= 2

    path = pod_path(plane.api.get(f"{PODS}/waiting"))
    before = len(echo.of("filter"))
    plane.api.patch(path, {"metadata": {"annotations": {"nudge": "1"}}})
    wait_until(lambda: len(echo.of("filter")) > before, "a changed annotation asks again", 5)
