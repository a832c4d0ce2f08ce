"""The commands that need no cluster."""

import json
from pathlib import Path

import pytest
import yaml

from fluxion_extender.console import main

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: lmp}
spec:
  completions: 8
  parallelism: 8
  completionMode: Indexed
  template:
    metadata:
      annotations: {fluxion.io/one-pod-per-node: "true"}
    spec:
      schedulerName: fluence
      containers:
        - {name: lmp, resources: {requests: {cpu: "94", memory: 340Gi}}}
"""


@pytest.fixture
def nodes(tmp_path: Path) -> str:
    items = [
        {
            "kind": "Node",
            "metadata": {"name": f"n{i}"},
            "status": {"allocatable": {"cpu": "96", "memory": "384Gi", "pods": "110"}},
        }
        for i in range(9)
    ]
    path = tmp_path / "nodes.json"
    path.write_text(json.dumps({"kind": "List", "items": items}))
    return str(path)


@pytest.fixture
def job(tmp_path: Path) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(JOB)
    return str(path)


def test_replay_prints_where_pods_would_go(
    nodes: str, job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--nodes", nodes, "--pods", job]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "default/lmp-0 -> n0"
    assert lines[-1] == "lmp: 8 of 8 pods placed on n[0-7]"


def test_replay_of_what_can_never_start_ends_with_19(
    nodes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "big.yaml"
    path.write_text(JOB.replace(": 8", ": 10"))
    assert main(["replay", "--nodes", nodes, "--pods", str(path), "--check", "-o", "json"]) == 19
    group = json.loads(capsys.readouterr().out)["groups"][0]
    assert (group["pods"], group["placed"]) == (10, 0)
    assert "needs 10 nodes of 94 cpu, 340Gi memory at once, 9 in this cluster" in group["reason"]


def test_render_shows_the_jobspec(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", job]) == 0
    found = yaml.safe_load(capsys.readouterr().out)
    node = found["resources"][0]
    assert (node["type"], node["count"]) == ("node", 8)
    amounts = {each["type"]: each["count"] for each in node["with"][0]["with"]}
    assert amounts == {"cpu": 94000, "memory": 340 * 2**30, "pods": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "neither JSON nor YAML"),
        ("[]", "is no Kubernetes object"),
        ("{}", "an object without a kind"),
        ("{kind: ConfigMap}", "there is nothing to place in it"),
        ("{kind: Job, spec: {parallelism: x}}", "Job: Expected"),
    ],
)
def test_a_bad_manifest_is_one_line(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert main(["render", str(path)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_the_service_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--url", "http://127.0.0.1:9"]) == 1
    assert "Connection refused" in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("serve", "status", "explain", "render", "replay"):
        assert main([command, "--help"]) == 0
        assert "Example:" in capsys.readouterr().out
