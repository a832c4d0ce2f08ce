"""What a user does wrong is said in one line, and nothing is started."""

import socket
from pathlib import Path

import pytest

from fluxion_extender.console import main

NODES = "{kind: Node, metadata: {name: n0}, status: {allocatable: {cpu: 4, pods: 110}}}"
CLUSTER = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: "SERVER"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {token: x}}]
"""


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 1) -> str:
    assert main(words) == status
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.startswith("error: ")
    return error.splitlines()[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not a kubeconfig", "not understood"),
        ("[]", "no access to a cluster"),
        ("a: [", "no access to a cluster"),
        (CLUSTER.replace("SERVER", "ftp//x"), "the server 'ftp//x' is no http or https URL"),
        (CLUSTER.replace("current-context: a", "current-context: b"), "no access to a cluster"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_a_broken_kubeconfig(
    command: str, text: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    more = ["--port", port] if command == "serve" else []
    assert why in said(capsys, command, "--kubeconfig", str(path), *more)


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config"
    path.write_text(CLUSTER.replace("SERVER", "https://127.0.0.1:1"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = said(capsys, "serve", "--kubeconfig", str(path), "--port", str(port))
    assert found == f"error: cannot listen at 127.0.0.1:{port}: Address already in use"


def test_certificates_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cert"
    path.write_text("x")
    both = ("--tls-cert", str(path), "--tls-key", str(path))
    assert str(path) in said(capsys, "serve", *both)
    missing = str(tmp_path / "none")
    found = said(capsys, "serve", "--tls-cert", missing, "--tls-key", missing)
    assert "No such file or directory" in found


def test_a_level_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'=' is no level" in said(capsys, "serve", "--levels", ",=")


def test_a_pod_that_no_api_server_would_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nodes").write_text(NODES)
    spec = '{containers: [{name: a, resources: {requests: {cpu: "1x"}}}]}'
    (tmp_path / "pods").write_text(f"{{kind: Pod, metadata: {{name: p}}, spec: {spec}}}")
    files = ("--nodes", str(tmp_path / "nodes"), "--pods", str(tmp_path / "pods"))
    assert "pod default/p: cpu: '1x' is no quantity" in said(capsys, "replay", *files)


@pytest.mark.parametrize("text", ["[" * 20_000, '{"a":' * 20_000 + "1" + "}" * 20_000])
def test_a_manifest_that_is_too_deep(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deep"
    path.write_text(text)
    assert "nested too deeply" in said(capsys, "render", str(path))
