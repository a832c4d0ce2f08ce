"""`fluence doctor` on a real API server."""

import json

import pytest

from fluxion_extender.console import main
from tests.kube.rig.control_plane import ControlPlane
from tests.kube.rig.gangs import PODS
from tests.kube.rig.objects import node, pod
from tests.kube.rig.scheduler import plain_configuration

ZONE = "topology.kubernetes.io/zone"


def examined(
    plane: ControlPlane, capsys: pytest.CaptureFixture[str], *options: str, status: int = 0
) -> dict[str, tuple[str, str]]:
    """Return state and text of each check."""
    assert main(["doctor", "--kubeconfig", str(plane.kubeconfig), "--json", *options]) == status
    findings = json.loads(capsys.readouterr().out)
    return {one["check"]: (one["state"], one["found"]) for one in findings}


def test_it_counts_nodes_labels_and_pods_of_others(
    plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.add_nodes(node(f"n{number}", labels={ZONE: "z"} if number else {}) for number in range(3))
    for name in ("a", "b"):
        plane.api.create(PODS, pod(name, scheduler="other"))
        plane.api.bind("default", name, "n1")
    plane.api.create(PODS, pod("c"))
    found = examined(plane, capsys)
    assert found["API server"] == ("ok", "v1.36")
    assert found["rights"][0] == "ok"
    assert found["nodes"] == ("ok", "3, of which 3 ready and not cordoned")
    assert found["topology labels"] == ("warn", "zone on 2/3")
    assert found["pods"][1].startswith("2 of other schedulers")
    assert found["pods"][1].endswith("0 of fluence bound, 1 waiting")


def test_a_scheduler_without_the_service_is_a_failure(
    plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    path = plain_configuration(plane, 0, "fluence")
    state, text = examined(plane, capsys, "--config", str(path), status=1)["scheduler file"]
    assert state == "fail"
    assert "percentageOfNodesToScore" in text


def test_an_api_server_that_is_away_is_one_line(
    plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    text = plane.kubeconfig.read_text().replace(plane.api.url, "https://127.0.0.1:9")
    path = plane.folder / "away.kubeconfig"
    path.write_text(text)
    assert main(["doctor", "--kubeconfig", str(path)]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err.splitlines()[0]
